"""Starting to serve: the folder, the lock that one worker holds, the log, the limits of the process."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import resource
import socket
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from interneg.errors import OutputError, UsageError
from interneg.plugin.machine.allocator import keep_freed_memory
from interneg.plugin.machine.sizes import MIB
from interneg.plugin.worker import place
from interneg.plugin.worker.server import Server

if TYPE_CHECKING:
    from interneg.node import Node

IDLE = 300.0
"""Seconds after which a worker that nobody is connected to ends."""

_TAKEOVER = 10.0
"""Seconds for which a lock is waited for that a worker holds and does not answer."""

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
    memory = memory_set() if memory is None else memory
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


def memory_set() -> int | None:
    """The bytes that $INTERNEG_MEMORY_MB allows, None where it is not set. Raises UsageError."""
    text = os.environ.get("INTERNEG_MEMORY_MB", "")
    if text and not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise UsageError(f"$INTERNEG_MEMORY_MB is '{text}': expected a whole number of MiB above 0")
    return int(text) * MIB if text else None


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
