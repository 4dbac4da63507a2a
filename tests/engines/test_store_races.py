"""Builds that fail, are killed, or run beside others."""

from __future__ import annotations

import errno
import os
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

from interneg.engines.store import Made, Store
from interneg.errors import EngineError, OutputError
from interneg.publish import final_name
from tests.engines.stores import BLOB, ENGINE, MADE, names, never, put, visible


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
