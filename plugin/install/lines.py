"""One line of ours in a file of the user's, and files and folders of ours among the user's; nothing else."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from interneg.errors import OutputError
from interneg.publish import publish, temporary_name

MARK = "# by interneg install"


def add_line(path: Path, line: str) -> bool:
    """Add a line, which ends with the mark, to a file, in place of an older one of ours.

    Returns whether the file had to be made. A file that ends without a newline still does afterwards, so that
    `remove_line` gives every byte back. Raises OutputError.
    """
    made = not path.exists()
    before = b"" if made else _without(_read(path))
    ours = f"{line}  {MARK}".encode()
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    closed = not before or before.endswith((b"\n", b"\r"))
    _replace(path, before + (ours + newline if closed else newline + ours))
    return made


def remove_line(path: Path) -> bool:
    """Take our line out of a file again, and return whether it was there. Raises OutputError."""
    if not path.exists():
        return False
    before = _read(path)
    after = _without(before)
    if after == before:
        return False
    _replace(path, after)
    return True


def put_file(source: Path, path: Path) -> bool:
    """Copy a file of ours, and return whether it was not there before.

    Raises OutputError where another file is there: one that is not ours is never replaced.
    """
    content = _read(source) + f"\n{MARK}\n".encode()
    made = not path.exists()
    if not made and not is_ours(path):
        raise OutputError(f"{path} is there and is not Interneg's: move it away")
    _replace(path, content)
    return made


def remove_file(path: Path) -> bool:
    """Remove a file of ours, and return whether it was there. Raises OutputError."""
    if not is_ours(path):
        return False
    try:
        path.unlink()
    except OSError as error:
        raise OutputError(f"{path} cannot be removed: {error.strerror}") from error
    return True


def missing(folder: Path) -> list[Path]:
    """The folders that are made when that one is, itself the last; none where it is there."""
    return [path for path in (*reversed(folder.parents), folder) if not path.exists()]


def remove_empty(paths: Iterable[Path]) -> list[Path]:
    """Remove those of these files and folders that are empty, and return them. Raises OutputError."""
    removed = []
    for path in sorted(paths, reverse=True):  # what is in a folder comes before it
        try:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
            elif path.is_file() and not path.stat().st_size:
                path.unlink()
            else:
                continue
        except OSError as error:
            raise OutputError(f"{path} cannot be removed: {error.strerror}") from error
        removed.append(path)
    return removed


def is_ours(path: Path) -> bool:
    """Whether a file is one that `put_file` wrote."""
    return path.is_file() and _read(path).endswith(f"\n{MARK}\n".encode())


def _without(content: bytes) -> bytes:
    """The content without lines of ours."""
    mark = MARK.encode()
    lines = content.splitlines(keepends=True)
    kept = [line for line in lines if not line.rstrip().endswith(mark)]
    if kept and len(kept) < len(lines) and not lines[-1].endswith(b"\n") and lines[-1].endswith(mark):
        kept[-1] = kept[-1].removesuffix(b"\n").removesuffix(b"\r")  # the newline that we added before
    return b"".join(kept)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror}") from error


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; a link stays one."""
    target = path.resolve()
    fresh = temporary_name(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        if target.exists():
            shutil.copymode(target, fresh)
        publish(fresh, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
