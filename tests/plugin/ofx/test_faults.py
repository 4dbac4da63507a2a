"""A worker that dies, hangs or does not start never takes the host with it, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from interneg.plugin.worker.client import Client
from interneg.plugin.worker.protocol import Kind
from tests.plugin.ofx.environment import setting
from tests.plugin.ofx.expected import expected
from tests.plugin.ofx.host import Host
from tests.plugin.ofx.ofx_objects import RenderAborted, RenderFailed
from tests.plugin.ofx.plates import clip
from tests.toys import Waiting, WindowMean

pytestmark = pytest.mark.hosted

WAITING = "org.interneg.Waiting"
KILLS = 100
FEW = 5
"""How many of them end a worker that started as in a host, which takes longer."""


def worker(folder: Path) -> Client:
    client = Client.connect("test", folder / "worker.sock")
    assert client is not None
    return client


def worker_process(folder: Path) -> int:
    with worker(folder) as client:
        return int(client.welcome["pid"])


def workers() -> list[psutil.Process]:
    """What was started here for workers: it has our runtime folder in its environment, or the lock open."""
    folder, found = os.environ["INTERNEG_WORKER_DIR"], []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("INTERNEG_WORKER_DIR") == folder
            if not ours:
                ours = any(file.path == f"{folder}/worker.lock" for file in process.open_files())
            if ours and process.pid not in (os.getpid(), os.getppid()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@contextmanager
def nothing_left(folder: Path) -> Iterator[None]:
    """No process, descriptor, socket or shared memory more than before."""
    shared, memory = set(os.listdir("/dev/shm")), _memory()
    yield
    with worker(folder) as client:
        client.ask(Kind.STOP, {})
    deadline = time.monotonic() + 10
    while workers() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert workers() == []
    assert psutil.Process().children() == []
    assert set(os.listdir("/dev/shm")) <= shared
    assert set(os.listdir(folder)) <= {"worker.lock", "worker.log", "worker.log.1"}
    assert _memory() == memory


def _memory() -> int:
    """Shared memory and sockets that this process holds open."""
    links = (_link(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd"))
    return sum("memfd:" in link or "socket:" in link for link in links)


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return ""


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The command of a worker that starts at once."""
    program = Path(__file__).with_name("quick_worker.py")
    path = str(tmp_path_factory.mktemp("quick") / "socket")
    command = [sys.executable, str(program), path, "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as mother:
        assert mother.stdout
        mother.stdout.readline()
        yield f"{sys.executable} -I -S {program} {path}"
        mother.kill()


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "start"), [(KILLS - FEW, "quick"), (FEW, "real")])
def test_a_worker_killed_in_the_middle_of_a_render(
    bundle: Path, runtime: Path, quick: str, kills: int, start: str
) -> None:
    """Killed once the render is under way: it is begun again by another worker, or fails with a message."""
    chance, source = np.random.default_rng(kills), clip(1001, 1003)
    wanted = expected(Waiting(), 1002, source).pixels
    command = quick if start == "quick" else os.environ["INTERNEG_WORKER"]
    with nothing_left(runtime), setting(INTERNEG_WORKER=command), Host(bundle) as host:
        instance = host.create(WAITING, source)
        instance.render(1002)
        for _ in range(kills):
            pid = worker_process(runtime)
            wait = float(chance.uniform(0, 0.04))
            instance.set("seconds", 0.03)
            killer = threading.Timer(wait, os.kill, (pid, signal.SIGKILL))
            killer.start()
            try:
                shown = instance.render(1002).pixels
            except RenderFailed as failed:
                assert failed.message
            else:
                np.testing.assert_array_equal(shown, wanted)
            killer.join()
            instance.set("seconds", 0.0)
            np.testing.assert_array_equal(instance.render(1002).pixels, wanted)
            assert instance.message is None
        host.check()


@pytest.mark.slow
def test_workers_killed_again_and_again_in_one_render(bundle: Path, runtime: Path) -> None:
    source = clip(1001, 1003)
    with nothing_left(runtime), Host(bundle) as host:
        instance = host.create(WAITING, source)
        instance.set("seconds", 20.0)
        over = threading.Event()

        def kill() -> None:
            while not over.wait(0.05):
                for process in workers():
                    process.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(RenderFailed) as failed:
            instance.render(1002)
        over.set()
        killer.join()
        message, deadline = failed.value.message, time.monotonic() + 30
        assert message
        instance.set("seconds", 0.0)
        while instance.message and time.monotonic() < deadline:
            with suppress(RenderFailed):  # for a while no other start is tried
                instance.render(1002)
            assert instance.message in (None, message)
            time.sleep(0.1)
        instance.render(1002)


def test_a_worker_that_hangs(bundle: Path, runtime: Path) -> None:
    """It is ended after a while, and the next render has another one."""
    source = clip(1001, 1003)
    with nothing_left(runtime), setting(INTERNEG_TIMEOUT="1"), Host(bundle) as host:
        instance = host.create(WAITING, source)
        instance.render(1002)
        pid = worker_process(runtime)
        os.kill(pid, signal.SIGSTOP)
        try:
            instance.render(1002)
        except RenderFailed as failed:
            assert failed.message and "did not answer" in failed.message
        instance.render(1002)
        assert instance.message is None
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@contextmanager
def counted_starts(folder: Path, then: str) -> Iterator[Path]:
    """A runtime folder, and a worker that never answers: it is counted, then its shell runs `then`."""
    run, program, starts = folder / "run", folder / "worker", folder / "starts"
    run.mkdir(mode=0o700)
    program.write_text(f"#!/bin/sh\necho >>{starts}\n{then}\n")
    program.chmod(0o755)
    with setting(INTERNEG_WORKER_DIR=str(run), INTERNEG_WORKER=str(program)):
        yield starts
        for _ in range(100):  # what is killed takes a moment
            if not (left := workers()):
                break
            time.sleep(0.05)
        assert left == []


@pytest.mark.parametrize("then", ["exit 3", "sleep 333 & sleep 334", "exec sleep 333"])
def test_a_failed_start_is_not_tried_again_at_each_frame(
    bundle: Path, runtime: Path, tmp_path: Path, then: str
) -> None:
    with counted_starts(tmp_path, then) as starts, setting(INTERNEG_START_TIMEOUT="1"), Host(bundle) as host:
        instance, messages = host.create(WAITING, clip(1001, 1003)), set()
        for number in (1001, 1002, 1003):
            with pytest.raises(RenderFailed) as failed:
                instance.render(number)
            messages.add(failed.value.message)
        (message,) = messages
        assert message
        assert ("ended as soon as" if then == "exit 3" else "did not answer for 1 seconds") in message
        assert starts.read_text() == "\n"


def test_a_start_is_called_off(bundle: Path, runtime: Path, tmp_path: Path) -> None:
    with counted_starts(tmp_path, "sleep 333 & sleep 334") as starts, Host(bundle) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        for count in (1, 2):
            instance.abort_at = instance.polls + 20
            with pytest.raises(RenderAborted):
                instance.render(1002)
            assert starts.read_text() == count * "\n"


@pytest.mark.parametrize(
    "told", ["", "{", "[]", '{"command": []}', '{"command": [1, 2]}', '{"command": "sh"}']
)
def test_a_bundle_that_does_not_say_how_to_start_the_worker(
    bundle: Path, runtime: Path, tmp_path: Path, told: str
) -> None:
    ours = tmp_path / bundle.name
    shutil.copytree(bundle, ours)
    (ours / "Contents/Resources/worker.json").write_text(told)
    (tmp_path / "run").mkdir(mode=0o700)
    with setting(INTERNEG_WORKER="", INTERNEG_WORKER_DIR=str(tmp_path / "run")), Host(ours) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed, match=r"does not say how .* run `interneg install` again"):
            instance.render(1002)


def test_a_worker_whose_python_is_gone(bundle: Path, runtime: Path, tmp_path: Path) -> None:
    ours = tmp_path / bundle.name
    shutil.copytree(bundle, ours)
    (ours / "Contents/Resources/worker.json").write_text('{"command": ["/gone/python", "-I"]}')
    (tmp_path / "run").mkdir(mode=0o700)
    with setting(INTERNEG_WORKER="", INTERNEG_WORKER_DIR=str(tmp_path / "run")), Host(ours) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed, match="/gone/python cannot be run: run `interneg install` again"):
            instance.render(1002)


@pytest.mark.parametrize("count", [64, 72])
def test_a_worker_with_too_many_connections_says_so(bundle: Path, runtime: Path, count: int) -> None:
    with nothing_left(runtime), Host(bundle) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        instance.render(1002)
        pid = worker_process(runtime)
        host.purge(WAITING)  # its connection is closed
        with ExitStack() as others:
            for _ in range(count):
                others.enter_context(worker(runtime))
            with pytest.raises(RenderFailed, match="64 connections already"):
                instance.render(1002)
        deadline = time.monotonic() + 10
        while instance.message and time.monotonic() < deadline:
            with suppress(RenderFailed):  # until it has seen that they hung up
                instance.render(1002)
        assert instance.message is None
        assert worker_process(runtime) == pid


def test_a_worker_in_the_host_s_own_process_is_not_killed(
    bundle: Path, runtime: Path, tmp_path: Path
) -> None:
    with (
        socket.socket(socket.AF_UNIX) as listening,
        setting(INTERNEG_WORKER_DIR=str(tmp_path), INTERNEG_TIMEOUT="0.2"),
        Host(bundle) as host,
    ):
        tmp_path.chmod(0o700)
        listening.bind(str(tmp_path / "worker.sock"))
        listening.listen()
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed, match="did not answer"):
            instance.render(1002)


@pytest.mark.parametrize("gpu", ["../x", "-1", "one", "1000", "0 "])
def test_a_gpu_that_is_no_number(bundle: Path, runtime: Path, gpu: str) -> None:
    with setting(INTERNEG_GPU=gpu), Host(bundle) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed, match=f"INTERNEG_GPU is '{gpu}'"):
            instance.render(1002)


def test_a_relative_runtime_folder(bundle: Path, runtime: Path) -> None:
    """The worker would look for it elsewhere."""
    with setting(INTERNEG_WORKER_DIR="run"), Host(bundle) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed, match="run is no absolute path"):
            instance.render(1002)


@pytest.mark.parametrize("command", ["/no/such/program", "/bin/false", ""])
def test_no_worker_to_start(bundle: Path, tmp_path: Path, runtime: Path, command: str) -> None:
    folder = tmp_path / "empty"
    folder.mkdir(mode=0o700)
    with setting(INTERNEG_WORKER=command, INTERNEG_WORKER_DIR=str(folder)), Host(bundle) as host:
        told = bundle / "Contents/Resources/worker.json"
        kept = told.read_bytes() if told.exists() else None
        told.unlink(missing_ok=True)
        try:
            instance = host.create(WAITING, clip(1001, 1003))
            with pytest.raises(RenderFailed) as failed:
                instance.render(1002)
            assert failed.value.status == 1
            assert failed.value.message
        finally:
            if kept is not None:
                told.write_bytes(kept)


@pytest.mark.parametrize("wrong", ["open to others", "a link", "a file"])
def test_a_folder_that_is_not_to_be_trusted(bundle: Path, tmp_path: Path, runtime: Path, wrong: str) -> None:
    folder = tmp_path / "folder"
    if wrong == "a file":
        folder.touch()
    elif wrong == "a link":
        (tmp_path / "other").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "other")
    else:
        folder.mkdir()
        folder.chmod(0o755)
    with setting(INTERNEG_WORKER_DIR=str(folder)), Host(bundle) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed) as failed:
            instance.render(1002)
        assert failed.value.message and str(folder) in failed.value.message


def test_the_worker_takes_nothing_from_the_host(bundle: Path, runtime: Path, tmp_path: Path) -> None:
    """Neither what hosts set for programs of their own, nor their open files, terminal and children."""
    ours = {
        "LD_LIBRARY_PATH": "/nowhere",
        "LD_PRELOAD": "",
        "PYTHONHOME": "/nowhere",
        "PYTHONPATH": "/nowhere",
    }
    with nothing_left(runtime), setting(**ours), Host(bundle) as host, open(tmp_path / "ours", "w") as file:
        os.set_inheritable(file.fileno(), True)
        host.create(WAITING, clip(1001, 1003)).render(1002)
        process = psutil.Process(worker_process(runtime))
        assert not set(ours) & set(process.environ())
        assert process.cwd() == "/"
        assert str(tmp_path / "ours") not in [f.path for f in process.open_files()]
        assert os.getsid(process.pid) != os.getsid(0)
        assert process.ppid() != os.getpid()
        for stream in (1, 2):
            assert os.readlink(f"/proc/{process.pid}/fd/{stream}") == str(runtime / "worker.log")


def test_eight_renders_lose_their_worker_at_once(bundle: Path, runtime: Path) -> None:
    source = clip(1001, 1008)
    with nothing_left(runtime), Host(bundle) as host:
        instances = [host.create(WAITING, source) for _ in range(8)]
        instances[0].render(1001)
        pid = worker_process(runtime)
        for instance in instances:
            instance.set("seconds", 0.3)
        shown: dict[int, np.ndarray] = {}

        def render(i: int) -> None:
            shown[i] = instances[i].render(1001 + i, sequence=False).pixels

        threads = [threading.Thread(target=render, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        with worker(runtime) as client:
            deadline = time.monotonic() + 10
            while not client.ask(Kind.STATUS, {})["rendering"] and time.monotonic() < deadline:
                time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
        for i in range(8):
            np.testing.assert_array_equal(shown[i], expected(Waiting(), 1001 + i, source).pixels)
        assert len(workers()) == 1


_TALK = """
import socket, sys
path, *answers = sys.argv[1:]
listening = socket.socket(socket.AF_UNIX)
listening.bind(path)
listening.listen()
print(flush=True)
while True:
    peer = listening.accept()[0]
    for answer in answers:
        header = socket.recv_fds(peer, 16, 128)[0]
        left = int.from_bytes(header[8:12], "little")
        while left > 0 and (part := peer.recv(left)):
            left -= len(part)
        peer.sendall(bytes.fromhex(answer))
"""
"""A worker that answers each message with the next of what it is told."""

_DONE = b'{"notes": []}'


def _message(kind: int, body: bytes, *, magic: bytes = b"INTG", version: int = 1, length: int = -1) -> bytes:
    return struct.pack("<4sHHII", magic, version, kind, len(body) if length < 0 else length, 0) + body


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"INTG",
        b"nonsense" * 10,
        _message(66, _DONE, magic=b"GTNI"),
        _message(66, _DONE, version=2),
        _message(66, _DONE, length=2**31),
        _message(66, _DONE, length=200),
        _message(64, _DONE),
        _message(99, _DONE),
        _message(66, b"[" * 10000),
        _message(66, b"\xff\xfe"),
        _message(66, b""),
        _message(67, b"{}"),
        _message(67, b'{"code": 7, "message": ["%s%n"]}'),
        _message(67, b'{"code": "usage", "message": "%s%s%s%n \\u0000 \\ud800"}'),
    ],
)
def test_a_worker_that_talks_nonsense(bundle: Path, runtime: Path, tmp_path: Path, answer: bytes) -> None:
    """The render fails with a message, and the host goes on."""
    folder = tmp_path / "r"
    folder.mkdir(mode=0o700)
    welcome = _message(64, b'{"version": "0", "pid": 0}')
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        _TALK,
        str(folder / "worker.sock"),
        welcome.hex(),
        answer.hex(),
    ]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as talking,
        setting(INTERNEG_WORKER_DIR=str(folder), INTERNEG_WORKER="/bin/false", INTERNEG_TIMEOUT="1"),
        Host(bundle) as host,
    ):
        assert talking.stdout
        talking.stdout.readline()
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed) as failed:
            instance.render(1002)
        assert failed.value.message
        talking.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take another user's place")
def test_a_worker_of_another_user_is_refused(bundle: Path, runtime: Path, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    folder.mkdir(mode=0o700)
    program = (
        "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); os.setuid(65534); "
        "s.listen(); print(flush=True); s.accept()[0].recv(1); sys.exit(7)"
    )
    command = [sys.executable, "-I", "-c", program, str(folder / "worker.sock")]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as other,
        setting(INTERNEG_WORKER_DIR=str(folder)),
        Host(bundle) as host,
    ):
        assert other.stdout
        other.stdout.readline()
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed) as failed:
            instance.render(1002)
        assert failed.value.message and "another user" in failed.value.message
        other.kill()


def test_little_memory_for_pictures_is_enough(bundle: Path, runtime: Path) -> None:
    """Frames that do not fit are copied again, and what was shared before is given back."""
    source = clip(1001, 1030, height=200, width=160)
    with nothing_left(runtime), setting(INTERNEG_POOL_MB="1"), Host(bundle) as host:
        instance = host.create("org.interneg.WindowMean", source)
        for number in range(1004, 1028, 3):
            wanted = expected(WindowMean(), number, source).pixels
            np.testing.assert_array_equal(instance.render(number).pixels, wanted)
            assert _memory() < 16
