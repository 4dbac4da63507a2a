from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from interneg.engines.store import Store
from tests.engines.stores import ENGINE, names, read_only


def test_a_cache_comes_back_for_its_engine_and_gpu_only(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    other = msgspec.structs.replace(ENGINE, version="10.14.0")
    assert store.read_cache(ENGINE, "NVIDIA L4") is None
    store.write_cache(ENGINE, "NVIDIA L4", b"kernels")
    assert store.read_cache(ENGINE, "NVIDIA L4") == b"kernels"
    assert store.read_cache(ENGINE, "NVIDIA T4") is None and store.read_cache(other, "NVIDIA L4") is None
    store.write_cache(ENGINE, "NVIDIA L4", b"")
    assert store.read_cache(ENGINE, "NVIDIA L4") == b""
    assert len(names(store.folders[0])) == 1 and not caplog.text


@pytest.mark.parametrize("damage", ["truncated", "empty", "flipped", "another's"])
def test_a_damaged_cache_is_ignored(store: Store, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    store.write_cache(ENGINE, "NVIDIA T4", b"other kernels")
    (theirs,) = store.folders[0].iterdir()
    store.write_cache(ENGINE, "NVIDIA L4", b"kernels")
    (path,) = {*store.folders[0].iterdir()} - {theirs}
    data = path.read_bytes()
    path.write_bytes(
        {
            "truncated": data[:-1],
            "empty": b"",
            "flipped": data[:-1] + b"x",
            "another's": theirs.read_bytes(),
        }[damage]
    )
    assert store.read_cache(ENGINE, "NVIDIA L4") is None
    assert path.name in caplog.text and "damaged" in caplog.text


def test_a_cache_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    store = Store([tmp_path / "file" / "store"])
    store.write_cache(ENGINE, "NVIDIA L4", b"kernels")
    assert store.read_cache(ENGINE, "NVIDIA L4") is None
    assert "cannot be written" in caplog.text


def test_the_newer_cache_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    farm, own = tmp_path / "farm", tmp_path / "own"
    store = Store([farm, own])
    Store([farm]).write_cache(ENGINE, "NVIDIA L4", b"the farm's, of another driver")
    with monkeypatch.context() as context:
        read_only(context, farm)
        store.write_cache(ENGINE, "NVIDIA L4", b"mine")
    assert store.read_cache(ENGINE, "NVIDIA L4") == b"mine"
    store.write_cache(ENGINE, "NVIDIA L4", b"the farm's, new")
    assert store.read_cache(ENGINE, "NVIDIA L4") == b"the farm's, new"
