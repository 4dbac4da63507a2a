"""A client of the worker: for `interneg worker --status`, and for tests and measurements."""

from __future__ import annotations

import fcntl
import mmap
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from interneg.errors import InternegError
from interneg.plugin.worker import place, protocol, wire
from interneg.plugin.worker.protocol import Kind

if TYPE_CHECKING:
    from interneg.frame import Pixels


SILENCE = 20.0
"""Seconds without a sign of life after which a worker hangs."""


class Client:
    """A connection to the worker of this user."""

    def __init__(self, peer: socket.socket, welcome: dict[str, Any]) -> None:
        self.peer = peer
        self.welcome = welcome

    @classmethod
    def connect(cls, name: str, path: Path | None = None) -> Self | None:
        """Connect and say hello; None where no worker listens. path: of the socket, where it is another one.

        Raises InternegError where the worker does not understand, or the folder is not to be trusted.
        """
        path = path or place.folder() / f"{place.stem()}.sock"
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.settimeout(SILENCE)
        try:
            peer.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            peer.close()
            return None
        if not place.is_own(peer):
            peer.close()
            raise InternegError(f"{path} is served by another user")
        client = cls(peer, {})
        try:
            client.welcome = client.ask(Kind.HELLO, {"client": name})
        except BaseException:
            client.close()
            raise
        return client

    def ask(self, kind: Kind, body: Any, descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """Send a request and wait for its answer. Raises the InternegError that `failed` stands for."""
        self.send(kind, body, descriptors)
        return self.answer()

    def send(self, kind: Kind, body: Any, descriptors: Sequence[int] = ()) -> None:
        """Send a request; why a worker hung up before, its answer says."""
        data = protocol.packed(kind, body, len(descriptors))
        with suppress(BrokenPipeError):
            if descriptors:
                data = data[socket.send_fds(self.peer, [data], list(descriptors)) :]
            self.peer.sendall(data)

    def answer(self) -> dict[str, Any]:
        """Wait for the answer."""
        while (received := self._received()) is not None:
            body: dict[str, Any] = msgspec.json.decode(received.body)
            if received.header.kind is Kind.FAILED:
                raise protocol.error_of(body["code"], body["message"])
            if received.header.kind is not Kind.WORKING:
                return body
        raise InternegError("the worker hung up without an answer; its log says why")

    def _received(self) -> wire.Received | None:
        try:
            return wire.receive(self.peer)
        except TimeoutError:
            raise InternegError(
                f"the worker has given no sign of life for {self.peer.gettimeout():g} seconds: end its "
                "process, and look into its log"
            ) from None
        except protocol.Malformed as error:
            raise InternegError(f"the worker's answer cannot be understood: {error}") from None

    def close(self) -> None:
        """Hang up."""
        self.peer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SharedPicture:
    """A picture in shared memory, as hosts make it."""

    def __init__(self, width: int, height: int, channels: str = "RGBA", x: int = 0, y: int = 0) -> None:
        import numpy as np

        self.image = protocol.Image(width, height, channels, x, y)  # type: ignore[arg-type]
        self.descriptor = os.memfd_create("interneg", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.posix_fallocate(self.descriptor, 0, self.image.bytes)
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        shared = mmap.mmap(self.descriptor, self.image.bytes)
        self.pixels: Pixels = np.frombuffer(shared, np.float32).reshape(height, width, len(channels))

    def close(self) -> None:
        """Give up the descriptor; the pixels stay as long as somebody looks at them."""
        os.close(self.descriptor)
