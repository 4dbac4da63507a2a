"""The worker as hosts meet it: a process behind a socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.errors import HostMemoryError, InputError, InternegError, UsageError
from interneg.plugin.worker import protocol, wire
from interneg.plugin.worker.protocol import Kind
from interneg.processor import cores
from tests.plugin.worker.talking import sent, wait_until

Start = Callable[..., Any]
Ask = Callable[..., Any]


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
