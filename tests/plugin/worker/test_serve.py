"""Of all workers that are started one serves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interneg.plugin.worker.client import Client
from interneg.plugin.worker.protocol import Kind

Start = Callable[..., Any]
Ask = Callable[..., Any]


def test_of_two_one_serves(start_worker: Start) -> None:
    worker = start_worker()
    first = worker.process
    second = worker.start()
    with worker.connect() as client:
        serving = client.welcome["pid"]
        other = second if serving == first.pid else first
        assert other.wait(10) == 100
        assert other.stderr.read() == ""
    for process in (first, second):
        process.kill()
        process.wait()


def test_a_killed_worker_s_socket_is_taken_over(start_worker: Start, ask: Ask) -> None:
    worker, asked = start_worker(), ask("waiting")
    for _ in range(3):
        worker.connect().close()
        worker.process.kill()
        worker.process.wait()
        assert worker.socket.exists()
        assert Client.connect("early", worker.socket) is None
        worker.start()
        with worker.connect() as client:
            client.ask(Kind.RENDER, asked.body, asked.descriptors)
    assert sorted(p.name for p in worker.folder.iterdir()) == ["worker.lock", "worker.log", "worker.sock"]
