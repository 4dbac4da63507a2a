from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from filelock import FileLock

from interneg.engines import files, upkeep
from interneg.engines.manifest import SYSTEM, TIMINGS, _seal
from interneg.engines.store import (
    EngineKey,
    Figures,
    Made,
    QualificationKey,
    Record,
    Store,
    StoredEngine,
    StoreEntry,
)
from interneg.publish import temporary_name

HOUR = 3600
ENGINE = EngineKey(
    model="tiny", weights="0" * 64, precision="fp16", profile="hd", shapes="64x64 1152x2048 1152x2048",
    runtime="tensorrt-rtx", version="1.4", target="portable", system=SYSTEM,
)  # fmt: skip
OTHER = msgspec.structs.replace(ENGINE, model="other")
FOREIGN = msgspec.structs.replace(ENGINE, system="Windows AMD64")
MADE = Made(interneg="0.1.0", driver="", cuda="", seconds=1.0, at="2026-11-24T12:00:00Z")
RECORD = Record(
    QualificationKey(
        model="tiny", weights="0" * 64, precision="fp32", runtime="openvino", version="1", device="CPU",
        system=SYSTEM, golden=1,
    ),
    "OpenCV",
    Figures(maximum=0, p999=0, mean=0, psnr=120, nans=0),
)  # fmt: skip


def put(store: Store, key: EngineKey = ENGINE, blob: bytes = b"blob" * 100) -> StoredEngine:
    return store.build(key, lambda: (blob, MADE), force=True)


def blob_of(found: StoredEngine) -> Path:
    return found.path.parent / found.manifest.file


def wanted(key: EngineKey) -> str:
    return ""


def unwanted(*keys: EngineKey) -> Callable[[EngineKey], str]:
    return lambda key: "TensorRT for RTX 1.5 is installed" if key in keys else ""


def visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix != ".lock")


def aged(path: Path, seconds: float) -> Path:
    """Give a file an age by the clock of its folder."""
    now = files.probe(path.parent)
    os.utime(path, (now - seconds, now - seconds))
    return path


def left(path: Path, seconds: float = 2 * HOUR) -> Path:
    path.write_bytes(b"left over")
    return aged(path, seconds)


def states(entries: list[StoreEntry]) -> dict[Path, str]:
    assert len({entry.path for entry in entries}) == len(entries)
    assert all(bool(entry.reason) == (entry.state != "ok") for entry in entries)
    assert all(entry.folder == entry.path.parent for entry in entries)
    return {entry.path: entry.state for entry in entries}


@pytest.fixture
def folder(store: Store) -> Path:
    store.folders[0].mkdir()
    return store.folders[0]


def leftovers(folder: Path, seconds: float = 2 * HOUR, digits: str = "01234567") -> set[Path]:
    """One of each kind that a killed writer leaves."""
    blob = folder / f"{ENGINE.stem}.0123456789ab-{digits}.engine"
    paths = [
        blob,
        temporary_name(blob),
        temporary_name(folder / f"{ENGINE.stem}.manifest.json"),
        temporary_name(folder / f"{ENGINE.stem}.0123456789abcdef.cache"),
        temporary_name(folder / RECORD.key.file),
        temporary_name(folder / files.PROBE),
    ]
    return {left(path, seconds) for path in paths}


def test_every_state_is_told(store: Store, folder: Path) -> None:
    keys = {name: msgspec.structs.replace(ENGINE, profile=name) for name in ("old", "cut", "edit", "junk")}
    ok, foreign = put(store), put(store, FOREIGN)
    old, cut, edit, junk = (put(store, key) for key in keys.values())
    blob_of(cut).write_bytes(b"")
    edit.path.write_text(edit.path.read_text().replace('"cuda": ""', '"cuda": "13"'))
    junk.path.write_text("junk")
    store.publish(RECORD)
    store.write_cache(ENGINE, "NVIDIA L4", b"kernels")
    (cache,) = folder.glob("*.cache")
    lost = {*leftovers(folder), blob_of(edit), blob_of(junk)}
    entries = store.entries(current=unwanted(keys["old"]))
    assert states(entries) == {
        ok.path: "ok",
        cache: "ok",
        foreign.path: "foreign",
        old.path: "stale",
        cut.path: "truncated",
        edit.path: "tampered",
        junk.path: "unreadable",
    } | dict.fromkeys(lost, "orphan")
    by_path = {entry.path: entry for entry in entries}
    assert by_path[ok.path].manifest == ok.manifest and by_path[ok.path].key == ENGINE
    assert by_path[cut.path].key == keys["cut"] and by_path[junk.path].key is None
    assert by_path[old.path].reason == "TensorRT for RTX 1.5 is installed"
    assert states(store.entries())[old.path] == "ok", "nothing is stale unless one says what is"


def test_only_a_thorough_look_hashes_the_blobs(store: Store) -> None:
    found = put(store)
    blob_of(found).write_bytes(b"BLOB" * 100)
    assert states(store.entries()) == {found.path: "ok"}
    assert states(store.entries(thorough=True)) == {found.path: "tampered"}


def test_all_folders_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one, two = put(Store([tmp_path / "one"])), put(Store([tmp_path / "two"]), OTHER)
    store = Store([tmp_path / "one", tmp_path / "none", tmp_path / "file" / "below", tmp_path / "two"])
    assert states(store.entries()) == {one.path: "ok", two.path: "ok"}
    assert store.prune(wanted) == []
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("dry_run", [False, True])
def test_prune_removes_what_is_of_no_use(store: Store, folder: Path, dry_run: bool) -> None:
    kept, foreign, stale, cut = put(store), put(store, FOREIGN), put(store, OTHER), None
    junk = put(store, msgspec.structs.replace(ENGINE, profile="junk"))
    cut = put(store, msgspec.structs.replace(ENGINE, profile="cut"))
    turned = put(store, msgspec.structs.replace(ENGINE, profile="turned"))
    junk.path.write_text("junk")
    blob_of(cut).unlink()
    blob_of(turned).write_bytes(b"BLOB" * 100)
    record = store.publish(RECORD)
    store.write_cache(ENGINE, "NVIDIA L4", b"kernels")
    (cache,) = folder.glob("*.cache")
    store.write_cache(OTHER, "NVIDIA L4", b"kernels")
    (gone,) = {*folder.glob("*.cache")} - {cache}
    lost = leftovers(folder)
    before = visible(folder)
    removed = states(store.prune(unwanted(OTHER), dry_run=dry_run))
    assert removed == {
        stale.path: "stale",
        junk.path: "unreadable",
        cut.path: "truncated",
        turned.path: "tampered",
        gone: "orphan",
    } | dict.fromkeys(lost, "orphan")
    if dry_run:
        assert visible(folder) == before
    else:
        assert record is not None
        expected = [kept.path, blob_of(kept), foreign.path, blob_of(foreign), record, cache]
        assert visible(folder) == sorted(expected)
        assert store.prune(unwanted(OTHER)) == []
        assert store.read(kept) == b"blob" * 100


def test_a_dry_run_leaves_no_lock_files(store: Store, folder: Path) -> None:
    found = put(store)
    for lock in folder.glob(".*.lock"):
        lock.unlink()
    leftovers(folder)
    before = sorted(folder.iterdir())
    assert found.path in states(store.prune(unwanted(ENGINE), dry_run=True))
    assert sorted(folder.iterdir()) == before


def test_files_of_others_are_never_touched(store: Store, folder: Path) -> None:
    theirs = [
        "notes.txt", "model.engine", "a.json", ".a.tmp", ".notes.txt.01234567.tmp", "x.cache", ".nfs0000001",
        f"{ENGINE.stem}.engine", f"{ENGINE.stem}.0123456789ab-01234567.engine.bak", "tiny.manifest.json",
    ]  # fmt: skip
    paths = sorted(left(folder / name, 1000 * HOUR) for name in theirs)
    (folder / "folder").mkdir()
    assert store.entries(thorough=True) == store.prune(lambda key: "away with it") == []
    assert visible(folder) == sorted([*paths, folder / "folder"])


@pytest.mark.parametrize("skew", [-400 * 24 * HOUR, 0, 400 * 24 * HOUR])
def test_young_leftovers_stay_and_old_ones_go_whatever_the_clocks_say(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, skew: float
) -> None:
    """The folder's server has a clock of its own, and mtimes are by it."""
    real = files.probe
    young, old = leftovers(folder, 60), leftovers(folder, 2 * HOUR, "89abcdef")
    for path in (*young, *old):
        time = path.stat().st_mtime + skew
        os.utime(path, (time, time))
    monkeypatch.setattr(files, "probe", lambda folder: real(folder) + skew)
    assert {*states(store.prune(wanted))} == old
    assert {*visible(folder)} == young


def test_a_leftover_from_a_clock_far_ahead_goes(store: Store, folder: Path) -> None:
    lost = leftovers(folder, -24 * HOUR)
    assert {*states(store.prune(wanted))} == lost


@pytest.mark.parametrize("age", [-1000 * HOUR, 1000 * HOUR])
def test_the_age_of_an_engine_decides_nothing(store: Store, folder: Path, age: float) -> None:
    found = put(store)
    for path in folder.iterdir():
        aged(path, age)
    assert store.engine(ENGINE) == found and states(store.entries()) == {found.path: "ok"}
    assert store.prune(wanted) == [] and store.read(found) == b"blob" * 100


@pytest.mark.parametrize("locks", [True, False])
def test_what_is_being_built_is_never_removed(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, locks: bool
) -> None:
    before = put(store)
    store.write_cache(ENGINE, "NVIDIA L4", b"kernels")
    lost = leftovers(folder) if locks else leftovers(folder, 60)
    started, finish = threading.Event(), threading.Event()

    def slow() -> tuple[bytes, Made]:
        started.set()
        assert finish.wait(60)
        return b"new", MADE

    if not locks:

        def acquire(*_: object, **__: object) -> None:
            raise OSError(37, "No locks available")

        monkeypatch.setattr(FileLock, "acquire", acquire)
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(store.build, ENGINE, slow, force=True)
        assert started.wait(60)
        removed = states(store.prune(unwanted(ENGINE) if locks else wanted))
        finish.set()
        found = building.result(60)
    assert found.manifest != before.manifest and store.read(found) == b"new"
    named = {path for path in lost if ENGINE.stem in path.name}
    assert not {*removed} & ({before.path} | named)
    assert all(path.exists() for path in named)
    assert list(folder.glob("*.cache"))


def test_an_engine_that_is_finished_while_prune_waits_stays(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prune lists a broken engine, a builder mends it, and only then prune gets the lock."""
    found = put(store)
    found.path.write_text("junk")
    real = upkeep._engines

    def late(*arguments: Any) -> Any:
        entries = list(real(*arguments))
        put(store, blob=b"mended")
        return entries

    monkeypatch.setattr(upkeep, "_engines", late)
    assert store.prune(wanted) == []
    mended = store.engine(ENGINE)
    assert mended is not None and store.read(mended) == b"mended"


def test_a_blob_younger_than_a_broken_manifest_may_be_waiting_for_its_own(store: Store) -> None:
    """A builder without a lock is about to put its manifest in the place of the broken one."""
    found = put(store)
    found.path.write_text("junk")
    aged(found.path, 3 * HOUR)
    aged(blob_of(found), 4 * HOUR)
    young = found.path.with_name(f"{ENGINE.stem}.0123456789ab-01234567.engine")
    young.write_bytes(b"new")
    assert states(store.prune(wanted)) == {found.path: "unreadable"}
    assert visible(store.folders[0]) == [young]


def test_an_engine_of_another_version_of_interneg_stays(store: Store) -> None:
    found = put(store)
    raw = msgspec.json.decode(found.path.read_bytes()) | {"colour": "blue"}
    del raw["seal"]
    found.path.write_bytes(msgspec.json.encode(raw | {"seal": _seal(raw)}))
    aged(blob_of(found), 2 * HOUR)
    assert states(store.entries()) == {found.path: "foreign"}
    assert store.prune(lambda key: "away with it") == []
    assert blob_of(found).exists()


def test_a_manifest_that_is_out_of_reach_is_not_taken_for_broken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = put(store)
    aged(blob_of(found), 2 * HOUR)
    real = Path.read_bytes

    def denied(self: Path) -> bytes:
        if self == found.path:
            raise PermissionError(13, "Permission denied")
        return real(self)

    with monkeypatch.context() as context:
        context.setattr(Path, "read_bytes", denied)
        assert states(store.entries()) == {found.path: "unreadable"}
        assert store.prune(lambda key: "away with it") == []
    assert store.engine(ENGINE) == found


def test_a_cache_in_the_overlay_of_an_engine_in_the_shared_store_stays(tmp_path: Path) -> None:
    farm, own = Store([tmp_path / "farm"]), Store([tmp_path / "own"])
    put(farm)
    own.write_cache(ENGINE, "NVIDIA L4", b"kernels")
    both = Store([tmp_path / "farm", tmp_path / "own"])
    assert both.prune(wanted) == []
    assert Counter(states(both.prune(unwanted(ENGINE))).values()) == {"stale": 1, "orphan": 1}
    assert visible(tmp_path / "own") == []


def test_a_folder_that_cannot_be_written_is_not_pruned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    farm, own = tmp_path / "farm", tmp_path / "own"
    shared, mine = put(Store([farm])), put(Store([own]))
    real = files.probe

    def probe(folder: Path) -> float:
        if folder == farm:
            raise OSError(30, "Read-only file system")
        return real(folder)

    monkeypatch.setattr(files, "probe", probe)
    caplog.set_level("INFO")
    assert states(Store([farm, own]).prune(unwanted(ENGINE))) == {mine.path: "stale"}
    assert shared.path.exists() and blob_of(shared).exists()
    assert f"{farm} is not pruned" in caplog.text


def test_what_cannot_be_removed_is_said_and_not_reported(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = put(store)

    def denied(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", denied)
    assert found.path not in states(store.prune(unwanted(ENGINE)))
    assert "could not be removed: Permission denied" in caplog.text and found.path.exists()
    assert "Error:" not in caplog.text


def test_timings_of_kernels_serve_all_engines_and_stay(store: Store, folder: Path) -> None:
    store.write_cache(
        msgspec.structs.replace(ENGINE, model=TIMINGS, weights=""), "sm89 NVIDIA L4", b"kernels"
    )
    assert [entry.state for entry in store.entries()] == ["ok"]
    assert store.prune(wanted) == []
