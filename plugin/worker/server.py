"""The server: a socket, a thread for each connection, and one that sends heartbeats and sees who hung up."""

from __future__ import annotations

import errno
import logging
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import interneg
from interneg.errors import InternegError, OutputError
from interneg.plugin.worker import place, protocol, wire
from interneg.plugin.worker.answers import Answers
from interneg.plugin.worker.connection import Connection
from interneg.plugin.worker.memory import CalledOff
from interneg.plugin.worker.protocol import Action, Hello, Kind, Malformed, Render, SpaceQuery

if TYPE_CHECKING:
    from interneg.node import Node

log = logging.getLogger("interneg.worker")

REST = 30.0
"""Seconds without a request after which no memory is held in reserve, though hosts are connected."""

_BEAT = 1.0
_MOST_CONNECTIONS = 64
_SPARE_CONNECTIONS = 8
_FULL = (
    f"the worker has {_MOST_CONNECTIONS} connections already, as many as it renders for; close a host "
    "(interneg worker --status names them), or try again later"
)


class Server:
    """Answers all connections to one socket."""

    def __init__(
        self, path: Path, nodes: Mapping[str, type[Node]] | None, idle: float, memory: int | None
    ) -> None:
        self._path = path
        self._idle = idle
        self._answers = Answers(nodes, memory, path.with_suffix(".log"))
        self._worked: float | None = None
        self._lock = threading.Lock()
        self._connections: dict[int, Connection] = {}
        self._poll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._stopping = False

    def run(self) -> None:
        """Listen, until told to stop; leave no socket behind."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda number, frame: self.stop())
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            self._listen(listener)
            log.info("worker %s, process %d, listens at %s", interneg.__version__, os.getpid(), self._path)
            try:
                self._loop(listener)
            finally:
                self._path.unlink(missing_ok=True)
        with self._lock:
            for connection in self._connections.values():
                connection.called_off.set()
        log.info("worker ends after %d frames", self._answers.rendered)

    def stop(self) -> None:
        """End soon; may be called from any thread and from signal handlers."""
        self._stopping = True
        os.eventfd_write(self._wake, 1)

    def _listen(self, listener: socket.socket) -> None:
        self._path.unlink(missing_ok=True)
        try:
            listener.bind(str(self._path))
        except OSError as error:
            raise OutputError(
                f"the worker cannot listen at {self._path}: {error}; name a shorter or another folder in "
                "$INTERNEG_WORKER_DIR"
            ) from error
        listener.listen(_MOST_CONNECTIONS)
        listener.setblocking(False)

    def _loop(self, listener: socket.socket) -> None:
        self._poll.register(listener, select.EPOLLIN)
        self._poll.register(self._wake, select.EPOLLIN)
        alone, beat = time.monotonic(), time.monotonic()
        while not self._stopping:
            for descriptor, _ in self._poll.poll(_BEAT / 2):
                if descriptor == listener.fileno():
                    self._accept(listener)
                elif connection := self._connections.get(descriptor):
                    connection.called_off.set()
            now = time.monotonic()
            if now - beat >= _BEAT:
                beat = now
                with self._lock:
                    connected = list(self._connections.values())
                for connection in connected:
                    connection.beat()
            self._rest(now)
            if self._connections:
                alone = now
            elif now - alone >= self._idle:
                log.info("nobody was connected for %g seconds", self._idle)
                return

    def _rest(self, now: float) -> None:
        """Give memory back once nothing was asked for in a while."""
        worked = self._worked
        if worked and now - worked >= REST and not self._answers.running:
            self._worked = None
            self._answers.forget()

    def _accept(self, listener: socket.socket) -> None:
        try:
            peer, _ = listener.accept()
        except OSError as error:  # it has gone again, or no descriptor is left
            if error.errno in (errno.EMFILE, errno.ENFILE):
                log.warning("a host cannot connect: %s", error)
                time.sleep(_BEAT / 10)
            return
        peer.settimeout(wire.PATIENCE)
        if not place.is_own(peer):
            log.warning("a connection was refused: another user's")
            peer.close()
            return
        if len(self._connections) >= _MOST_CONNECTIONS + _SPARE_CONNECTIONS:
            log.warning("a connection was refused: %s", _FULL)
            with closing(peer), suppress(OSError):
                peer.sendall(protocol.packed(Kind.FAILED, {"code": "internal", "message": _FULL}))
            return
        connection = Connection(peer)
        with self._lock:
            self._connections[peer.fileno()] = connection
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        descriptor = connection.peer.fileno()
        try:
            while (
                received := wire.receive(connection.peer, forever=connection.client is not None)
            ) is not None:
                try:
                    self._answer(connection, received)
                finally:
                    wire.close(received.descriptors)
        except Malformed as error:
            log.warning("%s: %s", connection.client or "a stranger", error)
            with suppress(OSError):
                connection.send(Kind.FAILED, {"code": error.code, "message": str(error)})
        except OSError as error:
            log.info("%s: %s", connection.client or "a stranger", error)
        except CalledOff:
            log.info("%s called a request off", connection.client)
        finally:
            with self._lock:
                del self._connections[descriptor]
            connection.peer.close()
            connection.pictures.forget()

    def _answer(self, connection: Connection, received: wire.Received) -> None:
        request = protocol.parse_request(received.header, received.body)
        if isinstance(request, Hello):
            connection.client = request.client
            connection.send(Kind.WELCOME, {"version": interneg.__version__, "pid": os.getpid()})
        elif connection.client is None:
            raise Malformed("the first message of a connection is hello")
        elif isinstance(request, Render | Action):
            kind, answer = self._work(connection, request, received.descriptors)
            connection.send(kind, answer)
        elif isinstance(request, SpaceQuery):
            try:
                connection.send(Kind.DONE, self._answers.spaces(request.config))
            except InternegError as error:
                body = {"code": protocol.code_of(error), "message": str(error)}
                connection.send(Kind.FAILED, body)
        elif received.header.kind is Kind.STOP:
            connection.send(Kind.DONE, {})
            self.stop()
        else:
            with self._lock:
                clients = [c.client for c in self._connections.values() if c.client is not None]
            connection.send(Kind.DONE, self._answers.status(sorted(clients)))

    def _work(
        self, connection: Connection, request: Render | Action, descriptors: list[int]
    ) -> tuple[Kind, dict[str, Any]]:
        output = request.output if isinstance(request, Render) else None
        connection.called_off.clear()
        connection.busy = True
        self._poll.register(connection.peer, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLONESHOT)
        try:
            if self._is_beyond(connection):
                raise InternegError(_FULL)
            views = connection.pictures.views(descriptors, request.images, output)
            return Kind.DONE, self._answers.result(request, views, connection.called_off.is_set)
        except InternegError as error:
            log.warning("%s, %s, frame %d: %s", connection.client, request.node, request.time, error)
            return Kind.FAILED, {"code": protocol.code_of(error), "message": str(error)}
        except (Malformed, CalledOff):
            raise
        except Exception as error:  # whatever a node does, the host gets an answer
            log.exception("%s, %s, frame %d", connection.client, request.node, request.time)
            return Kind.FAILED, self._answers.failure(error)
        finally:
            self._poll.unregister(connection.peer)
            with connection.sending:
                connection.busy = False
            self._worked = time.monotonic()

    def _is_beyond(self, connection: Connection) -> bool:
        """Whether it came when there were as many as may render; what is spare is for status and stop."""
        with self._lock:
            return connection in list(self._connections.values())[_MOST_CONNECTIONS:]
