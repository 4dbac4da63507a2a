"""Messages over a Unix socket, with the file descriptors that travel beside them."""

from __future__ import annotations

import array
import os
import socket
from collections.abc import Sequence
from typing import NamedTuple

from interneg.plugin.worker.protocol import HEADER, MOST_DESCRIPTORS, Header, Malformed, parse_header

PATIENCE = 10.0
"""Seconds within which a message that has begun goes on; the time-out of the worker's sockets."""


class Received(NamedTuple):
    """A message as it came; who takes it closes its descriptors."""

    header: Header
    body: bytes
    descriptors: list[int]


def receive(connection: socket.socket, *, forever: bool = False) -> Received | None:
    """Wait for a message; None where the other side hangs up before it begins.

    forever: whether the socket's time-out does not hold until it begins.
    Raises Malformed for what is none, TimeoutError where none begins in time, OSError where the connection
    breaks.
    """
    descriptors: list[int] = []
    try:
        start = _start(connection, descriptors, forever)
        if not start:
            return None
        header = parse_header(start + _rest(connection, HEADER.size - len(start)))
        if len(descriptors) != header.descriptors:
            raise Malformed(f"{header.descriptors} descriptors were announced, {len(descriptors)} came")
        return Received(header, _rest(connection, header.length), descriptors)
    except BaseException:
        close(descriptors)
        raise


def close(descriptors: Sequence[int]) -> None:
    """Close them all."""
    for descriptor in descriptors:
        os.close(descriptor)


def _start(connection: socket.socket, descriptors: list[int], forever: bool) -> bytes:
    """The first bytes of a header, and into `descriptors` what came with them."""
    room = socket.CMSG_SPACE(MOST_DESCRIPTORS * array.array("i").itemsize)
    while True:
        try:
            start, extras, flags, _ = connection.recvmsg(HEADER.size, room, socket.MSG_CMSG_CLOEXEC)
        except TimeoutError:
            if forever:
                continue
            raise
        except ConnectionResetError:
            return b""  # hung up, and had something left to read
        break
    for level, kind, data in extras:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            whole = array.array("i")
            whole.frombytes(data[: len(data) - len(data) % whole.itemsize])
            descriptors += whole
    if flags & socket.MSG_CTRUNC:
        raise Malformed(f"more than {MOST_DESCRIPTORS} descriptors came, or more than this process may open")
    return start


def _rest(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        try:
            piece = connection.recv(count - len(data))
        except TimeoutError:
            raise Malformed("the message stops in the middle") from None
        if not piece:
            raise Malformed("the message breaks off")
        data += piece
    return bytes(data)
