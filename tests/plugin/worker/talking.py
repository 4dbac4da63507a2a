"""Raw messages to a worker, and waiting for what it does."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

from interneg.plugin.worker import protocol, wire
from interneg.plugin.worker.protocol import Kind

HELLO = protocol.packed(Kind.HELLO, {"client": "raw"})


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
