"""One connection of the server: what it waits for, and the heartbeats that it gets meanwhile."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

from interneg.plugin.worker import protocol
from interneg.plugin.worker.pictures import Pictures
from interneg.plugin.worker.protocol import Kind

_WORKING = protocol.packed(Kind.WORKING, {})


class Connection:
    """A host at the other end of a socket.

    client: the name that it said hello with, None before. pictures: its mappings. called_off: set once it
    has hung up. busy: whether a request of it is worked on. sending: held by who writes to the socket.
    """

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self.client: str | None = None
        self.pictures = Pictures()
        self.called_off = threading.Event()
        self.busy = False
        self.sending = threading.Lock()

    def send(self, kind: Kind, body: Any) -> None:
        """Send a message, waiting for a beat that is under way. Raises OSError where nobody takes it."""
        with self.sending:
            self.peer.sendall(protocol.packed(kind, body))

    def beat(self) -> None:
        """Say that the work goes on; a host that does not read is not waited for."""
        if not self.sending.acquire(blocking=False):
            return
        try:
            if self.busy:
                # Not through the socket, which would wait; its descriptor never does.
                os.write(self.peer.fileno(), _WORKING)
        except OSError:
            pass  # its own thread will see it
        finally:
            self.sending.release()
