"""Files written whole or not at all: under a temporary name beside their place, then moved there.

A reader sees the old file or the new one, never a part of one, and a power cut leaves one of the two: the
content is on disk before the rename, and the rename before the call returns. Of several writers last wins.
"""

from __future__ import annotations

import errno
import glob
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from interneg.errors import OutputError

__all__ = [
    "LEFT_OVER",
    "claim",
    "final_name",
    "publish",
    "refusal",
    "remove_abandoned",
    "remove_old",
    "replacing",
    "sync_folder",
    "temporary_name",
    "write_whole",
]


LEFT_OVER = 3600.0
"""Seconds without a change after which nobody is writing a file any more."""

_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp((?:\.[^.]+)?)")


def temporary_name(path: Path) -> Path:
    """A hidden name beside `path` that no other process takes, with the same extension.

    "plate.1001.exr" gives ".plate.1001.0a1b2c3d.tmp.exr": writers that choose the format by the extension can
    write it.
    """
    return path.with_name(f".{path.stem}.{os.urandom(4).hex()}.tmp{path.suffix}")


def final_name(name: str) -> str | None:
    """The name of the file that a `temporary_name` is for; None for any other name."""
    found = _TEMPORARY.fullmatch(name)
    return found[1] + found[2] if found else None


def publish(temporary: Path, path: Path) -> None:
    """Move a finished file into place once it is on disk.

    temporary: a closed file in the folder of `path`. Raises OSError, and then `temporary` is still there.
    """
    # Windows syncs only what is open for writing; elsewhere a file may have been made read-only by now.
    with open(temporary, "rb" if os.name == "posix" else "rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, so that a power cut cannot keep a later rename and lose this.

    Does nothing where the system or the file system refuses it.
    """
    if os.name == "posix":
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all, in a folder that is there.

    Of several writers the last wins. Who may read the file is up to the umask, since others may share the
    folder. Raises OSError, leaving nothing behind.
    """
    part = temporary_name(path)
    try:
        with part.open("xb") as file:
            file.write(data)
        publish(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and move what was written there into place, whole and on disk.

    Makes the folder where it is not there. On any failure the temporary file goes and `path` is as it was.
    Raises OutputError for what the system refuses.
    """
    temporary = temporary_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        publish(temporary, path)
    except OSError as error:
        raise OutputError(f"{path}: {refusal(error)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def claim(file: BinaryIO) -> None:
    """Lock a file for as long as it is open, where the system can. Raises OSError where another holds it."""
    try:
        import fcntl
    except ImportError:  # Windows, which removes no open file anyway
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def remove_abandoned(path: Path) -> None:
    """Remove what killed writers of `path` left under temporary names; what is being written is claimed."""
    for left in path.parent.glob(f".{glob.escape(path.stem)}.{'[0-9a-f]' * 8}.tmp{path.suffix}"):
        with suppress(OSError), open(left, "rb+") as file:
            claim(file)
            left.unlink()


def remove_old(folder: Path, now: float) -> None:
    """Remove what killed writers left in a folder under temporary names, an hour before `now` or longer ago.

    now: in seconds as the folder's own file system counts, which may not be this machine's time.
    """
    for name in os.listdir(folder):
        if final_name(name):
            with suppress(OSError):
                if (folder / name).stat().st_mtime < now - LEFT_OVER:
                    (folder / name).unlink()


def refusal(error: OSError) -> str:
    """What the system refused, in plain words, to follow the name of the file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk is full or its quota used up ({errno.errorcode[error.errno]}: {error.strerror})"
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"a part of its path is a file, not a folder ({error.filename})"
    return f"the file could not be written: {error.strerror}"
