"""Whom a worker refuses, and which messages end a connection."""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from interneg.errors import InternegError
from interneg.plugin.worker import protocol, wire
from interneg.plugin.worker.client import Client
from interneg.plugin.worker.protocol import Kind
from tests.plugin.worker.talking import HELLO, sent, wait_until

Start = Callable[..., Any]
Ask = Callable[..., Any]


def test_another_version_is_told_so(worker: Any) -> None:
    ((kind, body),) = sent(worker, struct.pack("<4sHHII", b"INTG", 7, 1, 2, 0) + b"{}")
    assert kind is Kind.FAILED and b'"version"' in body


def test_a_message_that_breaks_off_ends_its_connection(worker: Any) -> None:
    answers = sent(worker, HELLO + HELLO[:20])
    assert [kind for kind, _ in answers] == [Kind.WELCOME, Kind.FAILED]


def test_what_is_no_worker_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "worker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer() -> None:
            with listener.accept()[0] as peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(InternegError, match="cannot be understood"):
            Client.connect("test", path)
        thread.join()


def test_a_message_while_another_is_answered_ends_the_connection(worker: Any, ask: Ask) -> None:
    asked = ask("waiting", knobs={"seconds": 0.5})
    with worker.connect() as client:
        client.send(Kind.RENDER, asked.body, asked.descriptors)
        client.send(Kind.STATUS, {})
        with pytest.raises(InternegError, match="hung up"):
            client.answer()


def test_who_does_not_say_hello_is_hung_up_on(start_worker: Start) -> None:
    worker = start_worker("60", "1000", "30", "0.3")
    with worker.connect("quiet") as client, socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(worker.socket))
        stranger.settimeout(10)
        assert stranger.recv(1) == b""
        assert client.ask(Kind.STATUS, {})["clients"] == ["quiet"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_refused(start_worker: Start) -> None:
    worker = start_worker()
    with worker.connect() as client:
        worker.folder.chmod(0o711)
        worker.socket.chmod(0o777)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.setuid(65534)
                with socket.socket(socket.AF_UNIX) as peer:
                    peer.connect(str(worker.socket))
                    peer.settimeout(10)
                    try:
                        peer.sendall(HELLO)
                        code = len(peer.recv(1))
                    except (BrokenPipeError, ConnectionResetError):
                        code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        assert client.ask(Kind.STATUS, {})["clients"] == ["test"]
    assert "another user's" in worker.log.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_worker_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "worker.sock"
    script = (
        "import os, socket; os.setuid(65534); s = socket.socket(socket.AF_UNIX); "
        f"s.bind({str(path)!r}); s.listen(); print(); input()"
    )
    for folder in takewhile(lambda f: f != Path(tempfile.gettempdir()), (tmp_path, *tmp_path.parents)):
        folder.chmod(0o777)
    command = [sys.executable, "-I", "-S", "-u", "-c", script]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"\n"  # it listens
        with pytest.raises(InternegError, match="served by another user"):
            Client.connect("test", path)
    finally:
        process.communicate(b"\n")


def test_malformed_messages_leave_no_trace(start_worker: Start, ask: Ask) -> None:
    """Broken messages by the hundred, with descriptors of all kinds: no crash, no hang, no leak."""
    worker, asked = start_worker(), ask("waiting")
    rng = random.Random(5)
    reading, writing = os.pipe()
    unsealed = os.memfd_create("test")
    kinds = [*asked.descriptors, reading, writing, unsealed]
    whole = protocol.packed(Kind.RENDER, asked.body, 2)
    with worker.connect() as client:
        client.ask(Kind.RENDER, asked.body, asked.descriptors)
        descriptors, memory = worker.descriptors, client.ask(Kind.STATUS, {})["memory_mb"]
        for _ in range(4):
            for _ in range(300):
                data = bytearray(whole if rng.random() < 0.8 else HELLO)
                for _ in range(rng.randint(1, 3)):
                    at = rng.randrange(len(data))
                    data[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
                given = [rng.choice(kinds) for _ in range(rng.choice((0, 1, 2, 2, 2, 3, 100, 200)))]
                if rng.random() < 0.5:
                    with worker.connect("fuzz") as other:
                        try:
                            socket.send_fds(other.peer, [bytes(data)], given)
                            other.peer.shutdown(socket.SHUT_WR)
                            while wire.receive(other.peer) is not None:
                                pass
                        except (protocol.Malformed, ConnectionError, BrokenPipeError):
                            pass
                else:
                    sent(worker, bytes(data), given)
            client.ask(Kind.RENDER, asked.body, asked.descriptors)
            wait_until(lambda: worker.descriptors <= descriptors)
        assert client.ask(Kind.STATUS, {})["memory_mb"] <= memory + 8
    for descriptor in (reading, writing, unsealed):
        os.close(descriptor)


def test_an_unusable_descriptor_is_refused(worker: Any, ask: Ask) -> None:
    asked = ask("waiting")
    reading, writing = os.pipe()
    with worker.connect() as client, pytest.raises(InternegError, match="no shared memory"):
        client.ask(Kind.RENDER, asked.body, [asked.descriptors[0], reading])
    os.close(reading)
    os.close(writing)
