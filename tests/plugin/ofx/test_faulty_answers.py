"""A worker that answers nonsense or nothing, has no place left, or is not ours: the host goes on."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.plugin.ofx.environment import setting
from tests.plugin.ofx.host import Host
from tests.plugin.ofx.ofx_objects import RenderFailed
from tests.plugin.ofx.plates import clip
from tests.plugin.ofx.workers import WAITING, nothing_left, worker, worker_process

pytestmark = pytest.mark.hosted


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
