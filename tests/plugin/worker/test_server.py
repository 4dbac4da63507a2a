"""The worker as hosts meet it: a process behind a socket."""

from __future__ import annotations

import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from interneg.colour import Colour
from interneg.errors import HostMemoryError, InputError, InternegError, UsageError
from interneg.plugin.worker import protocol, wire
from interneg.plugin.worker.client import Client
from interneg.plugin.worker.protocol import Kind
from interneg.processor import cores

Start = Callable[..., Any]
Ask = Callable[..., Any]


def wait_until(true: Callable[[], Any], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def sent(worker: Any, data: bytes, descriptors: list[int] | None = None) -> list[tuple[Kind, bytes]]:
    """What a new connection answers to these bytes until it is closed."""
    if not worker.socket.exists():
        with worker.connect():
            pass
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(worker.socket))
        peer.settimeout(20)
        try:
            if descriptors:
                socket.send_fds(peer, [data], descriptors)
            else:
                peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
        except BrokenPipeError:
            pass  # it was refused by its start
        answers = []
        while (received := wire.receive(peer)) is not None:
            answers.append((received.header.kind, received.body))
        return answers


HELLO = protocol.packed(Kind.HELLO, {"client": "raw"})


def test_a_frame_comes_back_treated(worker: Any, ask: Ask) -> None:
    asked = ask("waiting")
    with worker.connect() as client:
        assert client.welcome["pid"] == worker.process.pid
        assert client.ask(Kind.RENDER, asked.body, asked.descriptors) == {"notes": []}
    source, output = asked.source.pixels, asked.output.pixels
    assert (output[..., :3] == source[..., :3] + np.float32(1)).all()
    assert (output[..., 3] == source[..., 3]).all()


def test_the_product_s_node_measures_and_says_so(worker: Any, ask: Ask) -> None:
    asked = ask("denoise-sr")
    with worker.connect() as client:
        (note,) = client.ask(Kind.RENDER, asked.body, asked.descriptors)["notes"]
        assert note.startswith("noise measured in frame 1")
        client.ask(Kind.RENDER, {**asked.body, "knobs": {"noise": 10}}, asked.descriptors)
        assert "denoise-sr-lite-x1 runs on" in client.ask(Kind.STATUS, {})["engines"][0]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"node": "waitin"}, UsageError, "did you mean 'waiting'"),
        ({"knobs": {"second": 1}}, UsageError, "no knob 'second'"),
        ({"knobs": {"seconds": 99}}, UsageError, "from 0 to 60"),
        ({"space": "scene_liner"}, UsageError, "no colour space"),
        ({"config": "/nowhere/config.ocio"}, UsageError, "cannot be read as an OCIO configuration"),
        ({"config": "show/config.ocio"}, UsageError, "'show/config.ocio' is a relative path"),
        ({"node": "reading", "knobs": {"file": "grain.exr"}}, InputError, "'grain.exr' is a relative path"),
        ({"node": "broken"}, InternegError, "unexpected RuntimeError: a fault of the node's; .*worker.log"),
    ],
)
def test_what_cannot_be_done_is_said_and_the_connection_goes_on(
    worker: Any, ask: Ask, changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    asked = ask("waiting")
    with worker.connect() as client:
        with pytest.raises(error, match=words):
            client.ask(Kind.RENDER, {**asked.body, **changes}, asked.descriptors)
        assert client.ask(Kind.RENDER, asked.body, asked.descriptors) == {"notes": []}


def test_faults_are_in_the_log_with_their_place(worker: Any, ask: Ask) -> None:
    asked = ask("broken")
    with worker.connect("Fault 1") as client, pytest.raises(InternegError):
        client.ask(Kind.RENDER, asked.body, asked.descriptors)
    text = worker.log.read_text()
    assert "Fault 1, broken, frame 1" in text and 'toys.py", line' in text


def test_the_first_message_is_hello(worker: Any) -> None:
    ((kind, body),) = sent(worker, protocol.packed(Kind.STATUS, {}))
    assert kind is Kind.FAILED and b'"protocol"' in body and b"hello" in body


def test_a_host_may_have_no_name(worker: Any) -> None:
    with worker.connect("") as client:
        assert "" in client.ask(Kind.STATUS, {})["clients"]


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


def test_heartbeats_come_while_the_work_takes_long(worker: Any, ask: Ask) -> None:
    asked = ask("waiting", knobs={"seconds": 3})
    kinds = []
    with worker.connect() as client:
        client.send(Kind.RENDER, asked.body, asked.descriptors)
        while Kind.DONE not in kinds:
            received = wire.receive(client.peer)
            assert received is not None
            kinds.append(received.header.kind)
    assert set(kinds[:-1]) == {Kind.WORKING} and 2 <= len(kinds) - 1 <= 4


def test_eight_connections_render_at_once(worker: Any, ask: Ask) -> None:
    requests = [ask("waiting", knobs={"seconds": 0.1}) for _ in range(8)]

    def work(asked: Any) -> None:
        with worker.connect() as client:
            for _ in range(3):
                client.ask(Kind.RENDER, asked.body, asked.descriptors)

    threads = [threading.Thread(target=work, args=(asked,)) for asked in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((a.output.pixels[..., 0] == a.source.pixels[..., 0] + np.float32(1)).all() for a in requests)


def test_requests_that_are_called_off_are_dropped(start_worker: Start, ask: Ask) -> None:
    worker = start_worker()
    with worker.connect() as watching:

        def status() -> Any:
            return watching.ask(Kind.STATUS, {})

        most = max(2, cores() // 4)
        running = [worker.connect("runs") for _ in range(most)]
        waiting = [worker.connect("waits") for _ in range(4)]
        requests = [ask("waiting", knobs={"seconds": 1}) for _ in (*running, *waiting)]
        for i, (client, asked) in enumerate(zip((*running, *waiting), requests, strict=True)):
            client.send(Kind.RENDER, asked.body, asked.descriptors)
            if i == most - 1:
                wait_until(lambda: status()["rendering"] == most)
        wait_until(lambda: status()["clients"].count("waits") == 4)
        for client in (*running[1:], *waiting):
            client.close()
        wait_until(lambda: "waits" not in status()["clients"])
        with running[0] as client:
            assert client.answer() == {"notes": []}
        wait_until(lambda: status()["rendering"] == 0)
        assert status()["rendered"] == 1
    for asked in requests[1:]:
        assert np.isnan(asked.output.pixels).all()


def test_a_render_that_can_never_fit_is_refused(start_worker: Start, ask: Ask) -> None:
    worker, asked = start_worker("20", "0.1"), ask("waiting")
    with worker.connect() as client, pytest.raises(HostMemoryError, match=r"worker's limit is 0\.1 MiB"):
        client.ask(Kind.RENDER, asked.body, asked.descriptors)


def test_pictures_are_let_go_of_once_their_host_hangs_up(start_worker: Start, ask: Ask) -> None:
    worker, asked = start_worker(), ask("waiting", knobs={"seconds": 1})
    for _ in range(2):
        with worker.connect() as client:
            client.send(Kind.RENDER, asked.body, asked.descriptors)
            wait_until(lambda: worker.pictures == 2)
        wait_until(lambda: worker.pictures == 0)


def test_many_connections_leave_room_to_ask_and_to_stop(start_worker: Start, ask: Ask) -> None:
    worker, asked = start_worker(), ask("waiting")
    with ExitStack() as stack:
        held = [stack.enter_context(worker.connect(f"Nuke {i}")) for i in range(70)]
        held[63].ask(Kind.RENDER, asked.body, asked.descriptors)
        with pytest.raises(InternegError, match="has 64 connections already"):
            held[64].ask(Kind.RENDER, asked.body, asked.descriptors)
        assert len(held[69].ask(Kind.STATUS, {})["clients"]) == 70
        held += [stack.enter_context(worker.connect("last")) for _ in range(2)]
        with pytest.raises(InternegError, match="has 64 connections already"):
            worker.connect()
        held[0].close()
        wait_until(lambda: len(held[69].ask(Kind.STATUS, {})["clients"]) == 71)
        held[64].ask(Kind.RENDER, asked.body, asked.descriptors)
        with worker.connect() as client:
            client.ask(Kind.STOP, {})
        assert worker.process.wait(10) == 0


def test_who_does_not_say_hello_is_hung_up_on(start_worker: Start) -> None:
    worker = start_worker("60", "1000", "30", "0.3")
    with worker.connect("quiet") as client, socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(worker.socket))
        stranger.settimeout(10)
        assert stranger.recv(1) == b""
        assert client.ask(Kind.STATUS, {})["clients"] == ["quiet"]


def test_it_keeps_no_folder_busy(worker: Any) -> None:
    worker.connect().close()
    assert os.readlink(f"/proc/{worker.process.pid}/cwd") == "/"


@pytest.mark.slow
def test_memory_is_given_back_while_nothing_is_asked_for(start_worker: Start, ask: Ask) -> None:
    worker, asked = start_worker("60", "1000", "2"), ask("waiting", size=(1600, 1000))
    with worker.connect() as client:
        client.ask(Kind.RENDER, asked.body, asked.descriptors)
        held = client.ask(Kind.STATUS, {})["memory_mb"]
        wait_until(lambda: client.ask(Kind.STATUS, {})["memory_mb"] < held - 20)
        client.ask(Kind.RENDER, asked.body, asked.descriptors)


def test_status_counts(start_worker: Start, ask: Ask) -> None:
    worker, asked = start_worker(), ask("waiting")
    with worker.connect("Nuke 15.1 (1)") as client, worker.connect("Resolve (2)"):
        client.ask(Kind.RENDER, asked.body, asked.descriptors)
        found = client.ask(Kind.STATUS, {})
    assert found["clients"] == ["Nuke 15.1 (1)", "Resolve (2)"]
    assert (found["rendered"], found["rendering"], found["limit_mb"]) == (1, 0, 1000)
    assert found["log"] == str(worker.log) and found["engines"] == []
    assert found["memory_mb"] > 20 and found["uptime"] >= 0


def test_stop_ends_it_and_leaves_no_socket(start_worker: Start) -> None:
    worker = start_worker()
    with worker.connect() as client:
        assert client.ask(Kind.STOP, {}) == {}
    assert worker.process.wait(10) == 0
    assert not worker.socket.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_the_middle_of_a_render(start_worker: Start, ask: Ask, number: int) -> None:
    worker, asked = start_worker(), ask("waiting", knobs={"seconds": 30})
    with worker.connect() as client:
        client.send(Kind.RENDER, asked.body, asked.descriptors)
        with worker.connect() as other:
            wait_until(lambda: other.ask(Kind.STATUS, {})["rendering"] == 1)
        worker.process.send_signal(number)
        assert worker.process.wait(10) == 0
    assert not worker.socket.exists()


def test_a_worker_that_hangs_is_found_out(start_worker: Start) -> None:
    worker = start_worker()
    with worker.connect() as client:
        worker.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: psutil.Process(worker.process.pid).status() == psutil.STATUS_STOPPED)
        client.peer.settimeout(0.5)
        with pytest.raises(InternegError, match=r"no sign of life for 0\.5 seconds"):
            client.ask(Kind.STATUS, {})


def test_it_ends_when_nobody_is_connected(start_worker: Start) -> None:
    worker = start_worker("0.5")
    with worker.connect():
        time.sleep(1.1)  # longer than it waits for somebody to connect
        assert worker.process.poll() is None
    assert worker.process.wait(10) == 0
    assert not worker.socket.exists()


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


def test_alpha_alone_is_a_grey_picture(worker: Any, ask: Ask) -> None:
    grey = ask("waiting", channels="A")
    with worker.connect() as client:
        client.ask(Kind.RENDER, grey.body, grey.descriptors)
    assert (grey.output.pixels == grey.source.pixels + np.float32(1)).all()


def test_a_host_that_does_not_read_holds_nobody_up(worker: Any, ask: Ask) -> None:
    with worker.connect("deaf") as deaf:
        deaf.peer.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                deaf.send(Kind.STATUS, {})
        with worker.connect() as client:
            slow = ask("waiting", knobs={"seconds": 3.0})
            client.send(Kind.RENDER, slow.body, slow.descriptors)
            received = wire.receive(client.peer)
            assert received is not None and received.header.kind is Kind.WORKING, "a heartbeat later"
        with worker.connect() as client:
            assert "deaf" in client.ask(Kind.STATUS, {})["clients"]


def test_the_spaces_of_a_configuration(worker: Any, tmp_path: Path) -> None:
    with worker.connect() as client:
        for config in (None, "", "ocio://cg-config-latest"):
            told = client.ask(Kind.SPACES, {"config": config})
            assert told == {"spaces": list(Colour(config or "ocio://studio-config-latest").spaces)}
        for wrong, says in ((str(tmp_path / "none.ocio"), "none.ocio"), ("none.ocio", "relative path")):
            with pytest.raises(UsageError, match=says):
                client.ask(Kind.SPACES, {"config": wrong})
        assert client.ask(Kind.SPACES, {})["spaces"]
