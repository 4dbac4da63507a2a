from __future__ import annotations

import os
from pathlib import Path

import msgspec
import platformdirs
import pytest

from interneg.engines.store import Store
from interneg.errors import OutputError
from tests.engines.stores import BLOB, ENGINE, KEY, RECORD, never, put, read_only


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder of engines."""
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    return tmp_path / "cache" / "engines"


def test_the_users_own_folder_is_always_the_last(
    tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = tmp_path / "farm"
    monkeypatch.setenv("INTERNEG_ENGINES", str(farm))
    assert Store().folders == (farm, own)
    monkeypatch.setenv("INTERNEG_ENGINES", f"{own}{os.pathsep}{farm}")
    assert Store().folders == (own, farm), "unless it is listed already"
    assert Store([farm]).folders == (farm,), "or folders are given"


def test_a_share_that_is_not_mounted_is_not_made(
    tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = tmp_path / "mnt" / "farm" / "engines"
    monkeypatch.setenv("INTERNEG_ENGINES", str(farm))
    store = Store()
    with pytest.raises(OutputError, match="farm: mount the share, or make the folder"):
        put(store)
    assert store.publish(RECORD) is not None, "records go to the user's own folder"
    assert not (tmp_path / "mnt").exists()
    farm.parent.mkdir(parents=True)
    assert put(store).path.parent == farm


def test_a_tilde_is_the_home(tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("INTERNEG_ENGINES", "~/engines")
    assert Store().folders == (tmp_path / "engines", own)
    assert Store(["~/other"]).folders == (tmp_path / "other",)


@pytest.mark.parametrize("how", ["below a file", "/proc", "read-only"])
def test_a_read_only_store_gets_an_overlay(
    tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    (tmp_path / "file").write_text("")
    farm = {"below a file": tmp_path / "file" / "store", "/proc": Path("/proc/interneg")}.get(how, tmp_path)
    if how == "read-only":
        farm = tmp_path / "farm"
        shared = put(Store([farm]))
        read_only(monkeypatch, farm)
    monkeypatch.setenv("INTERNEG_ENGINES", str(farm))
    store = Store()
    caplog.set_level("INFO")
    assert store.target_folder() == own
    assert str(farm) in caplog.text
    if how == "read-only":
        assert store.build(ENGINE, never) == shared, "what is there is used"
    other = msgspec.structs.replace(ENGINE, model="other")
    built = put(store, key=other)
    assert built.path.parent == own and store.engine(other) == built and store.read(built) == BLOB
    record = store.publish(RECORD)
    assert record is not None and record.parent == own and store.find(KEY) == RECORD
    store.write_cache(other, "NVIDIA L4", b"kernels")
    assert store.read_cache(other, "NVIDIA L4") == b"kernels"


def test_a_valid_engine_is_found_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store([tmp_path / "farm"])
    found = put(store)
    read_only(monkeypatch, tmp_path / "farm")
    assert store.build(ENGINE, never) == found


def test_a_forced_build_behind_a_read_only_store_says_that_it_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shared = put(Store([tmp_path / "farm"]))
    read_only(monkeypatch, tmp_path / "farm")
    put(Store([tmp_path / "farm", tmp_path / "own"]), b"new", force=True)
    assert f"{shared.path} comes first" in caplog.text


def test_no_folder_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folders = [tmp_path / "file" / "a", Path("/proc/interneg")]
    store = Store(folders)
    with pytest.raises(OutputError) as refusal:
        store.target_folder()
    assert all(str(folder) in str(refusal.value) for folder in folders)
    assert refusal.value.exit_code == 6
    assert store.engine(ENGINE) is None
    with pytest.raises(OutputError):
        store.build(ENGINE, never)
