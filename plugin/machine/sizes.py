"""Sizes of memory: the units, and how they are written. All are powers of two: KiB, MiB, GiB."""

from __future__ import annotations

import math

from interneg.errors import UsageError

MIB = 2**20
GIB = 2**30


def size_text(count: int) -> str:
    """So many bytes for people: "1.50 GiB", or "3.2 MiB" where they are fewer than a hundredth of a GiB."""
    return f"{count / GIB:.2f} GiB" if count >= GIB / 100 else f"{count / MIB:.3g} MiB"


def bytes_asked(option: str, gib: float | None) -> int | None:
    """The bytes of an option that is in GiB, None where it was not given. Raises UsageError."""
    if gib is None:
        return None
    if not 0 < gib < math.inf:
        raise UsageError(f"{option} is a number of GiB above 0, not {gib:g}")
    return math.ceil(gib * GIB)
