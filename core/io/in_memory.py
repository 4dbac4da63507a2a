"""Image files made in memory first: OpenImageIO keeps Python waiting while it opens and closes files.

On a disk that hangs that would be for ever, and SIGTERM would not be heard; on a slow one the other threads
would stand still. So only Python itself writes to the disk.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interneg.texts import utf8_name

__all__ = ["made_in_memory"]

_AT_ONCE = 2**20
"""Bytes that are copied at a time."""


@contextmanager
def made_in_memory(path: Path) -> Iterator[str]:
    """Give a name by which a library may write and read a file that is at `path` once the context has ended.

    The name is in UTF-8 and without an extension. It takes as much memory as the file is large; where the
    system has no files in memory (outside Linux) the name is that of the file itself. Raises OSError where
    the file cannot be made or written. Where anything fails, `path` may hold a part of it.
    """
    if not (hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir()):
        with utf8_name(path, "ab") as name:
            yield name
        return
    with open(path, "wb") as file, open(os.memfd_create("interneg"), "rb") as memory:
        yield f"/proc/{os.getpid()}/fd/{memory.fileno()}"
        memory.seek(0)
        shutil.copyfileobj(memory, file, _AT_ONCE)
