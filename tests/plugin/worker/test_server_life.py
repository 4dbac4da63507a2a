"""How a worker keeps to itself while nobody asks, and how it ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from interneg.errors import InternegError
from interneg.plugin.worker.protocol import Kind
from tests.plugin.worker.talking import wait_until

Start = Callable[..., Any]
Ask = Callable[..., Any]


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
