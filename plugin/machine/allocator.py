"""How the C library keeps memory that is freed. Nothing here does anything outside glibc."""

from __future__ import annotations

import ctypes
import platform

from interneg.plugin.machine.sizes import GIB


def keep_freed_memory() -> None:
    """Have the C library keep what is freed for the next picture, instead of giving it back each time.

    The system clears every page that it hands out anew, which took a tenth of the time of a 1080p render. All
    threads share what is kept; else each would keep its own. To be called once, before threads are started.
    Source of the constants: glibc's malloc.h.
    """
    if _is_glibc():
        trim_threshold, mmap_threshold, arena_max = -1, -3, -8
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(arena_max, 1)
        mallopt(mmap_threshold, GIB)
        mallopt(trim_threshold, 2 * GIB - 1)


def give_back() -> None:
    """Give what was freed and kept back to the system."""
    if _is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _is_glibc() -> bool:
    return platform.libc_ver()[0] == "glibc"
