"""Files in folders that several machines share: written whole or not at all, probed and locked."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from interneg.publish import temporary_name, write_whole

log = logging.getLogger("interneg.engines")

PROBE = "probe"


def write_first(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all, unless there is one: of several writers the first wins.

    Where the file system has no hard links the last one does. Raises OSError, leaving nothing behind.
    """
    part = temporary_name(path)
    try:
        write_whole(part, data)
        try:
            os.link(part, path)
        except FileExistsError:
            return
        except OSError:
            os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def probe(folder: Path) -> float:
    """Make sure that a folder is there and can be written. Returns the time that it gives to files.

    Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = temporary_name(folder / PROBE)
    with path.open("xb") as file:
        now = os.fstat(file.fileno()).st_mtime
    with suppress(OSError):
        path.unlink()
    return now


def words(error: OSError) -> str:
    """What went wrong, without the path that the message around it names anyway."""
    return error.strerror or str(error)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a file between processes; yields False where another holds it and `wait` is off.

    The lock is the operating system's: it goes with the process that held it, killed or not. The empty file
    stays, since removing it would let two processes hold "the" lock. Where a folder has no locks this goes on
    without, so nothing but double work may depend on it.
    """
    # The soft lock that filelock would otherwise turn to outlives a killed process.
    lock = FileLock(path, mode=0o666, poll_interval=0.2, fallback_to_soft=False)
    free = True
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            free = wait
            if wait:
                log.info("waiting for the process that holds %s", path)
                lock.acquire()
    except OSError as error:
        log.warning("%s cannot be locked, going on without it: %s", path, words(error))
    try:
        yield free
    finally:
        with suppress(OSError):  # a share that went away took its lock along
            lock.release()
