"""The worker: a socket, a thread for each connection, and one that sends heartbeats and sees who hung up."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import re
import resource
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
from interneg.errors import InternegError, OutputError, UsageError
from interneg.plugin.batch.memory import keep_freed_memory
from interneg.plugin.worker import place, protocol, wire
from interneg.plugin.worker.memory import CalledOff
from interneg.plugin.worker.pictures import Pictures
from interneg.plugin.worker.protocol import Action, Hello, Kind, Malformed, Render

if TYPE_CHECKING:
    from interneg.node import Node
    from interneg.plugin.worker.rendering import Renderer

# numpy, colour and engines are imported by the first render: a host waits for the welcome.

log = logging.getLogger("interneg.worker")

IDLE = 300.0
"""Seconds after which a worker that nobody is connected to ends."""

REST = 30.0
"""Seconds without a request after which no memory is held in reserve, though hosts are connected."""

_BEAT = 1.0
_TAKEOVER = 10.0
_MOST_CONNECTIONS = 64
_SPARE_CONNECTIONS = 8
_LOG_BYTES, _LOGS = 5_000_000, 3


def serve(
    nodes: Mapping[str, type[Node]] | None = None,
    *,
    idle: float = IDLE,
    memory: int | None = None,
    console: bool = False,
) -> bool:
    """Serve until nobody was connected for `idle` seconds, `stop` was asked for, or SIGTERM or SIGINT came.

    nodes: by name; by default those of interneg.nodes. memory: bytes for pictures and measurements, by
    default $INTERNEG_MEMORY_MB, else half of the machine's. console: whether the log goes to the terminal
    too. Returns False, at once, where another worker serves this user and GPU, else True. To be called in the
    main thread; the process's folder is then the root, so that it keeps none of a host's busy. Raises
    UsageError for a limit that is not above 0, and UsageError or OutputError where the folder cannot be used.
    """
    memory = _memory_set() if memory is None else memory
    for limit, name in ((idle, "idle"), (memory, "memory")):
        if limit is not None and not limit > 0:
            raise UsageError(f"the worker's limit '{name}' is a number above 0, not {limit:g}")
    folder, stem = place.folder(), place.stem()
    if gpu := os.environ.get("INTERNEG_GPU"):
        os.environ.update(CUDA_DEVICE_ORDER="PCI_BUS_ID", CUDA_VISIBLE_DEVICES=gpu)
    os.umask(0o077)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a mapping holds a descriptor
    path = folder / f"{stem}.sock"
    lock = _locked(folder / f"{stem}.lock", path)
    if lock is None:
        return False
    os.chdir("/")
    keep_freed_memory()
    with open(lock, "rb"):
        _start_log(folder / f"{stem}.log", console)
        Server(path, nodes, idle, memory).run()
    return True


def _memory_set() -> int | None:
    """The bytes that $INTERNEG_MEMORY_MB allows, None where it is not set. Raises UsageError."""
    text = os.environ.get("INTERNEG_MEMORY_MB", "")
    if text and not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise UsageError(f"$INTERNEG_MEMORY_MB is '{text}': expected a whole number of MB above 0")
    return int(text) * 2**20 if text else None


class _Connection:
    """One connection; what it waits for, if anything."""

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self.client: str | None = None
        self.pictures = Pictures()
        self.called_off = threading.Event()
        self.busy = False
        self.sending = threading.Lock()

    def send(self, kind: Kind, body: Any) -> None:
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


_WORKING = protocol.packed(Kind.WORKING, {})
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
        self._nodes = nodes
        self._idle = idle
        self._memory = memory
        self._started = time.monotonic()
        self._rendered = 0
        self._worked: float | None = None
        self._lock = threading.Lock()
        self._starting = threading.Lock()  # one of its own: imports can be slow, and hearts beat on
        self._renderer: Renderer | None = None
        self._connections: dict[int, _Connection] = {}
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
        log.info("worker ends after %d frames", self._rendered)

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
        renderer, worked = self._renderer, self._worked
        if renderer and worked and now - worked >= REST and not renderer.admission.running:
            self._worked = None
            renderer.forget()

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
        connection = _Connection(peer)
        with self._lock:
            self._connections[peer.fileno()] = connection
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: _Connection) -> None:
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

    def _answer(self, connection: _Connection, received: wire.Received) -> None:
        request = protocol.parse_request(received.header, received.body)
        if isinstance(request, Hello):
            connection.client = request.client
            connection.send(Kind.WELCOME, {"version": interneg.__version__, "pid": os.getpid()})
        elif connection.client is None:
            raise Malformed("the first message of a connection is hello")
        elif isinstance(request, Render | Action):
            kind, answer = self._work(connection, request, received.descriptors)
            connection.send(kind, answer)
        elif received.header.kind is Kind.STOP:
            connection.send(Kind.DONE, {})
            self.stop()
        else:
            connection.send(Kind.DONE, self._status())

    def _work(
        self, connection: _Connection, request: Render | Action, descriptors: list[int]
    ) -> tuple[Kind, dict[str, Any]]:
        output = request.output if isinstance(request, Render) else None
        connection.called_off.clear()
        connection.busy = True
        self._poll.register(connection.peer, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLONESHOT)
        try:
            if self._is_beyond(connection):
                raise InternegError(_FULL)
            views = connection.pictures.views(descriptors, request.images, output)
            called_off = connection.called_off.is_set
            renderer = self._ready()
            if isinstance(request, Render):
                answer = renderer.render(request, views, called_off)
                self._rendered += 1
            else:
                answer = renderer.act(request, views, called_off)
            return Kind.DONE, answer
        except InternegError as error:
            log.warning("%s, %s, frame %d: %s", connection.client, request.node, request.time, error)
            return Kind.FAILED, {"code": protocol.code_of(error), "message": str(error)}
        except MemoryError:
            log.exception("%s, %s, frame %d", connection.client, request.node, request.time)
            self._ready().forget()
            return Kind.FAILED, {"code": "memory", "message": "the worker ran out of memory"}
        except (Malformed, CalledOff):
            raise
        except Exception as error:  # whatever a node does, the host gets an answer
            log.exception("%s, %s, frame %d", connection.client, request.node, request.time)
            return Kind.FAILED, {
                "code": "internal",
                "message": f"unexpected {type(error).__name__}: {error}; {self._log_path} says where",
            }
        finally:
            self._poll.unregister(connection.peer)
            with connection.sending:
                connection.busy = False
            self._worked = time.monotonic()

    def _is_beyond(self, connection: _Connection) -> bool:
        """Whether it came when there were as many as may render; what is spare is for status and stop."""
        with self._lock:
            return connection in list(self._connections.values())[_MOST_CONNECTIONS:]

    @property
    def _log_path(self) -> Path:
        return self._path.with_suffix(".log")

    def _ready(self) -> Renderer:
        with self._starting:
            if self._renderer is None:
                import psutil

                from interneg.nodes import NODES
                from interneg.plugin.worker.rendering import Renderer

                memory = self._memory or psutil.virtual_memory().total // 2
                self._renderer = Renderer(NODES if self._nodes is None else self._nodes, memory)
            return self._renderer

    def _status(self) -> dict[str, Any]:
        import psutil

        with self._lock:
            clients = sorted(c.client for c in self._connections.values() if c.client is not None)
            renderer = self._renderer
        return {
            "pid": os.getpid(),
            "version": interneg.__version__,
            "uptime": round(time.monotonic() - self._started, 1),
            "clients": clients,
            "rendering": renderer.admission.running if renderer else 0,
            "rendered": self._rendered,
            "memory_mb": round(psutil.Process().memory_info().rss / 2**20),
            "limit_mb": round((self._memory or psutil.virtual_memory().total // 2) / 2**20),
            "engines": renderer.engines if renderer else [],
            "log": str(self._log_path),
        }


def _locked(path: Path, sock: Path) -> int | None:
    """The lock, held; None where another worker holds it and answers.

    One that holds it and does not answer is about to listen, or to end, and is waited for.
    """
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise OutputError(f"the worker's lock {path} cannot be made: {error.strerror}; remove it") from error
    end = time.monotonic() + _TAKEOVER
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if _answers(sock):
                os.close(lock)
                return None
            if time.monotonic() > end:
                os.close(lock)
                raise UsageError(
                    f"another worker holds {path} and does not answer; end it, and start again"
                ) from None
            time.sleep(0.02)


def _answers(path: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _start_log(path: Path, console: bool) -> None:
    """Log to a file that is rotated, and to the terminal where that is asked for."""
    from logging.handlers import RotatingFileHandler

    handlers: list[logging.Handler] = [RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOGS)]
    if console:
        handlers.append(logging.StreamHandler())
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=handlers
    )
