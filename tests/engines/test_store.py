from __future__ import annotations

import errno
import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from interneg.engines.manifest import Manifest, rebuild_command
from interneg.engines.store import EngineKey, Made, Store, StoredEngine
from interneg.errors import EngineError, OutputError
from interneg.publish import final_name
from tests.engines.stores import BLOB, ENGINE, MADE, RECORD, blob_of, names, never, put, read_only, visible


def sealed(manifest: Manifest, **changes: object) -> bytes:
    """A manifest forged with a seal that fits."""
    raw = msgspec.to_builtins(msgspec.structs.replace(manifest, **changes))
    rest = {name: value for name, value in raw.items() if name != "seal"}
    raw["seal"] = hashlib.sha256(msgspec.json.encode(rest, order="deterministic")).hexdigest()
    return msgspec.json.encode(raw)


def test_an_engine_comes_back(store: Store) -> None:
    assert store.engine(ENGINE) is None
    found = put(store)
    assert store.engine(ENGINE) == found
    assert found.manifest.key == ENGINE and found.manifest.made == MADE
    assert found.manifest.sha256 == hashlib.sha256(BLOB).hexdigest()
    assert found.manifest.sha256[:12] in found.manifest.file
    assert store.read(found) == BLOB
    assert store.build(ENGINE, never) == found
    assert visible(store.folders[0]) == sorted([found.path.name, found.manifest.file])


def test_others_can_read_what_one_user_publishes(store: Store) -> None:
    before = os.umask(0o022)
    try:
        found, record = put(store), store.publish(RECORD)
    finally:
        os.umask(before)
    assert record is not None
    for path in (found.path, blob_of(found), record):
        assert path.stat().st_mode & 0o777 == 0o644, path


@pytest.mark.parametrize("field", EngineKey.__struct_fields__)
def test_an_engine_holds_for_its_own_key_only(store: Store, field: str) -> None:
    put(store)
    other = msgspec.structs.replace(ENGINE, **{field: "other"})
    assert store.engine(other) is None
    assert other.stem != ENGINE.stem


@pytest.mark.parametrize("word", ["../../etc/x", "a b/c\\d:e*?", "ü" * 300, ".hidden", "x" * 300, ""])
def test_a_stem_is_safe_as_a_file_name(store: Store, word: str) -> None:
    key = msgspec.structs.replace(ENGINE, model=word, target=word)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}", key.stem)
    assert store.read(put(store, key=key)) == BLOB
    assert [entry.key for entry in store.entries()] == [key]


def test_the_name_says_what_it_is() -> None:
    assert ENGINE.stem.startswith("tiny-fp16-hd-sm89-NVIDIA-L4-")


def test_the_command_that_rebuilds() -> None:
    assert rebuild_command(ENGINE) == (
        "build_engines.py --models tiny --precisions fp16 --profiles hd --targets current --runtime tensorrt"
    )
    rtx = msgspec.structs.replace(ENGINE, runtime="tensorrt-rtx", target="portable")
    assert rebuild_command(rtx).endswith("--targets portable --runtime tensorrt-rtx")
    compatible = msgspec.structs.replace(ENGINE, options="version-compatible")
    assert rebuild_command(compatible).endswith(" --version-compatible")


def damaged(store: Store, damage: str) -> StoredEngine:
    """An engine damaged in a way that `engine` notices."""
    found = put(store)
    path, blob, text = found.path, blob_of(found), found.path.read_text()
    other = msgspec.structs.replace(ENGINE, model="other")
    match damage:
        case "edited":
            path.write_text(text.replace("570.86", "570.87"))
        case "binary":
            path.write_bytes(b"\xff\xfe\x00")
        case "empty":
            path.write_bytes(b"")
        case "half":
            path.write_text(text[: len(text) // 2])
        case "no manifest":
            path.write_text("[1, 2]")
        case "nested":
            path.write_text("[" * 100_000)
        case "no seal":
            path.write_text(msgspec.json.encode({"key": 1}).decode())
        case "another key":
            path.write_bytes(put(store, key=other).path.read_bytes())
        case "a path":
            outside = store.folders[0].parent / "outside.engine"
            outside.write_bytes(BLOB)
            path.write_bytes(sealed(found.manifest, file="../outside.engine"))
        case "another's blob":
            path.write_bytes(sealed(found.manifest, file=put(store, key=other).manifest.file))
        case "another version":
            raw = msgspec.json.decode(path.read_bytes()) | {"colour": "blue"}
            raw["seal"] = hashlib.sha256(
                msgspec.json.encode({k: v for k, v in raw.items() if k != "seal"}, order="deterministic")
            ).hexdigest()
            path.write_bytes(msgspec.json.encode(raw))
        case "missing":
            blob.unlink()
        case "truncated":
            blob.write_bytes(BLOB[:-1])
        case "longer":
            blob.write_bytes(BLOB + b"0")
        case "a folder":
            path.unlink()
            path.mkdir()
    return found


DAMAGES = {
    "edited": ("tampered", "its seal does not fit"),
    "binary": ("unreadable", "no JSON"),
    "empty": ("unreadable", "no JSON"),
    "half": ("unreadable", "no JSON"),
    "nested": ("unreadable", "no JSON"),
    "no manifest": ("unreadable", "no manifest"),
    "no seal": ("unreadable", "no manifest"),
    "another key": ("tampered", "about another engine"),
    "a path": ("tampered", "names '../outside.engine'"),
    "another's blob": ("tampered", "not a blob of its own"),
    "another version": ("foreign", "another version of Interneg"),
    "missing": ("truncated", "is missing"),
    "truncated": ("truncated", f"has {len(BLOB) - 1} bytes, not {len(BLOB)}"),
    "longer": ("tampered", f"has {len(BLOB) + 1} bytes, not {len(BLOB)}"),
    "a folder": ("unreadable", "Is a directory"),
}


@pytest.mark.parametrize("damage", [d for d in DAMAGES])
def test_a_damaged_engine_is_refused_by_name(
    store: Store, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    state, reason = DAMAGES[damage]
    found = damaged(store, damage)
    with pytest.raises(EngineError) as refusal:
        store.engine(ENGINE)
    message = str(refusal.value)
    assert str(found.path) in message and reason in message and rebuild_command(ENGINE) in message
    assert str(found.path) in caplog.text and reason in caplog.text
    assert "Error:" not in caplog.text and "ERROR" not in caplog.text
    assert [entry.state for entry in store.entries() if entry.path == found.path] == [state]
    if damage != "a folder":
        assert store.read(put(store, b"new")) == b"new", "it can be built again without more ado"


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_search_goes_on_after_a_damaged_engine(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Store([tmp_path / "first"]), Store([tmp_path / "second"])
    damaged(first, damage)
    good = put(second)
    assert Store([tmp_path / "first", tmp_path / "none", tmp_path / "second"]).engine(ENGINE) == good
    assert DAMAGES[damage][1] in caplog.text


@pytest.mark.parametrize("damage", ["truncated", "missing", "flipped"])
def test_a_blob_that_is_not_the_manifests_is_never_returned(store: Store, damage: str) -> None:
    found = put(store)
    blob = blob_of(found)
    if damage == "missing":
        blob.unlink()
    else:
        blob.write_bytes(BLOB[:-1] if damage == "truncated" else BLOB[:-1] + b"x")
    with pytest.raises(EngineError) as refusal:
        store.read(found)
    assert found.manifest.file in str(refusal.value) and rebuild_command(ENGINE) in str(refusal.value)


def test_a_tampered_blob_is_built_again(store: Store) -> None:
    found = put(store)
    blob_of(found).write_bytes(BLOB[:-1] + b"x")
    assert store.engine(ENGINE) == found, "its size fits"
    assert store.read(put(store, b"new")) == b"new"


def test_a_tampered_blob_in_a_read_only_store_gives_way_to_the_overlay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    farm, own = tmp_path / "farm", tmp_path / "own"
    found = put(Store([farm]))
    blob_of(found).write_bytes(BLOB[:-1] + b"x")
    store = Store([farm, own])
    read_only(monkeypatch, farm)
    built = put(store, b"new")
    assert built.path.parent == own
    first = store.engine(ENGINE)
    assert first is not None and first.path == found.path, "by its size it is whole"
    assert store.read(first) == b"new"
    assert found.manifest.file in caplog.text


def test_an_engine_that_is_rebuilt_while_it_is_read(store: Store) -> None:
    found = put(store)
    put(store, b"new", force=True)
    assert not blob_of(found).exists(), "the old blob is not left lying"
    assert store.read(found) == b"new"


def test_an_engine_that_is_rebuilt_while_it_is_looked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store)
    real = Path.read_bytes
    rebuilt: list[bool] = []

    def late(self: Path) -> bytes:
        data = real(self)
        if self.name.endswith(".manifest.json") and not rebuilt:
            rebuilt.append(True)
            put(store, b"new", force=True)
        return data

    monkeypatch.setattr(Path, "read_bytes", late)
    found = store.engine(ENGINE)
    assert found is not None and found.manifest.size == 3


def test_a_rebuild_of_the_same_bytes_does_not_touch_the_blob_in_use(store: Store) -> None:
    first = put(store)
    with blob_of(first).open("rb") as reader:
        second = put(store, force=True)
        assert reader.read() == BLOB
    assert second.manifest.sha256 == first.manifest.sha256 and second.manifest.file != first.manifest.file
    assert store.read(second) == BLOB


def test_what_make_raises_comes_through_and_leaves_nothing(store: Store) -> None:
    def fails() -> tuple[bytes, Made]:
        raise EngineError("no kernel for this layer")

    with pytest.raises(EngineError, match="no kernel"):
        store.build(ENGINE, fails)
    assert visible(store.folders[0]) == []
    assert store.read(put(store)) == BLOB


def test_an_engine_that_cannot_be_described_never_replaces_one(store: Store) -> None:
    found = put(store)
    nameless = msgspec.structs.replace(MADE, seconds=float("nan"))
    with pytest.raises(EngineError, match="cannot be described"):
        store.build(ENGINE, lambda: (b"new", nameless), force=True)
    assert store.engine(ENGINE) == found and store.read(found) == BLOB


@pytest.mark.parametrize("present", [False, True], ids=["new", "rebuild"])
@pytest.mark.parametrize(("call", "number"), [("fsync", 1), ("replace", 1), ("fsync", 3), ("replace", 2)])
def test_a_full_disk_at_any_step_leaves_nothing_torn(
    store: Store, monkeypatch: pytest.MonkeyPatch, call: str, number: int, present: bool
) -> None:
    before = put(store) if present else None
    left = visible(store.folders[0]) if present else []
    real, calls = getattr(os, call), []

    def full(*arguments: object) -> Any:
        calls.append(arguments)
        if len(calls) == number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OutputError) as refusal:
        put(store, b"new", force=True)
    assert str(store.folders[0]) in str(refusal.value) and "No space left" in str(refusal.value)
    assert visible(store.folders[0]) == left
    assert store.engine(ENGINE) == before


def child(code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """A process that runs `code` with `store`, `key` and `made` at hand, as far as possible from pytest."""
    head = f"""
import os, sys, time
import msgspec
from interneg.engines.store import EngineKey, Made, Store
store = Store([sys.argv[1]])
key = msgspec.json.decode({msgspec.json.encode(ENGINE)!r}, type=EngineKey)
made = msgspec.json.decode({msgspec.json.encode(MADE)!r}, type=Made)
"""
    command = [sys.executable, "-c", head + code, *map(str, arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.mark.skipif(os.name == "nt", reason="needs resource limits")
def test_a_disk_without_room_for_the_blob(store: Store) -> None:
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    store.build(key, lambda: (bytes(100_000), made))
except Exception as error:
    print(type(error).__name__, error)
"""
    out, err = child(code, store.folders[0]).communicate(timeout=60)
    assert out.startswith("OutputError"), err
    assert str(store.folders[0]) in out and "100000 bytes" in out
    assert visible(store.folders[0]) == []


# Many processes

BUILD = """
from interneg.engines import files
if "lockless" in sys.argv:
    def acquire(self, *arguments, **options):
        raise OSError(37, "No locks available")
    files.FileLock.acquire = acquire
def make():
    with open(sys.argv[2], "a") as log:
        log.write("made\\n")
    time.sleep(0.3)
    return str(os.getpid()).encode() * 50_000, made
print("ready", flush=True)
sys.stdin.readline()
found = store.build(key, make)
data = store.read(found)
pid = data[: len(data) // 50_000]
print(pid.decode(), data == pid * 50_000, flush=True)
"""


@pytest.mark.parametrize("locks", ["locks", "lockless"])
def test_eight_processes_build_one_engine(store: Store, tmp_path: Path, locks: str) -> None:
    builders = [child(BUILD, store.folders[0], tmp_path / "made", locks) for _ in range(8)]
    for builder in builders:
        assert builder.stdout is not None and builder.stdout.readline() == "ready\n"
    results = []
    for builder in builders:
        assert builder.stdin is not None
        builder.stdin.write("go\n")
        builder.stdin.flush()
    for builder in builders:
        out, err = builder.communicate(timeout=120)
        assert builder.returncode == 0, err
        assert ("cannot be locked, going on without it" in err) == (locks == "lockless")
        results.append(out.split())
    assert all(whole == "True" for _, whole in results)
    pids = {str(builder.pid) for builder in builders}
    assert {pid for pid, _ in results} <= pids
    made = len((tmp_path / "made").read_text().split())
    if locks == "locks":
        assert made == 1 and len({pid for pid, _ in results}) == 1
        assert len(visible(store.folders[0])) == 2
    else:
        assert made > 1, "without locks they do not wait for each other"
    found = store.engine(ENGINE)
    assert found is not None and store.read(found)
    assert not [n for n in names(store.folders[0]) if final_name(n)]


PUBLISH = """
number = 0
print("ready", flush=True)
while True:
    number += 1
    blob = (b"%d." % (os.getpid() * 1000 + number)) * 40_000
    store.build(key, lambda: (blob, made), force=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_a_killed_builder_leaves_a_valid_store(store: Store) -> None:
    random = Random(1)
    torn = 0
    published: set[str] = set()
    for kill in range(500):
        if kill >= 50 and torn > 5 and len(published) > 5:  # a busy machine needs more
            break
        builder = child(PUBLISH, store.folders[0])
        assert builder.stdout is not None and builder.stdout.readline() == "ready\n"
        time.sleep(random.uniform(0, 0.05))
        builder.kill()
        builder.communicate(timeout=60)
        states = [entry.state for entry in store.entries(thorough=True)]
        assert set(states) <= {"ok", "orphan"} and states.count("ok") <= 1
        torn += "orphan" in states
        found = store.engine(ENGINE)  # raises where there is a manifest without its blob
        if found is not None:
            data = store.read(found)
            assert data == data[: len(data) // 40_000] * 40_000
            published.add(found.manifest.sha256)
        for path in store.folders[0].iterdir():
            os.utime(path, (1, 1))
        store.prune(lambda key: "")
        assert visible(store.folders[0]) == (
            [] if found is None else sorted([found.path.name, found.manifest.file])
        )
        assert store.engine(ENGINE) == found
    assert torn > 5 and len(published) > 5, "the kills came at other moments than those this is about"
    assert store.read(put(store, b"last", force=True)) == b"last", "no lock outlives its process"


@pytest.mark.skipif(os.name == "nt", reason="flock")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK])
def test_a_folder_without_locks_gets_no_lock_that_can_go_stale(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    import fcntl

    def flock(handle: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    during: list[Path] = []

    def make() -> tuple[bytes, Made]:
        during.extend(path for path in store.folders[0].iterdir() if path.stat().st_size)
        return BLOB, MADE

    assert store.read(store.build(ENGINE, make)) == BLOB
    assert "cannot be locked, going on without it" in caplog.text
    assert not during, "no file says who holds a lock"


def test_waiting_for_another_builder_is_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    started, finish = threading.Event(), threading.Event()

    def slow() -> tuple[bytes, Made]:
        started.set()
        assert finish.wait(60)
        return BLOB, MADE

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.build, ENGINE, slow)
        assert started.wait(60)
        second = pool.submit(store.build, ENGINE, never)
        for _ in range(600):
            if "waiting for" in caplog.text:
                break
            time.sleep(0.1)
        assert f".{ENGINE.stem}.lock" in caplog.text and not second.done()
        finish.set()
        assert first.result(60) == second.result(60)
