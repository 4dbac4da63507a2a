"""SMPTE time code: counting frames, and the packing that EXR and DPX headers hold (SMPTE ST 12-1)."""

from __future__ import annotations

import re
from fractions import Fraction

__all__ = ["advance", "pack", "unpack"]

_TEXT = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")


def advance(start: str, frames: int, rate: Fraction) -> str | None:
    """The time code `frames` after `start` ("01:00:00:00"; a semicolon means drop frame).

    None where `start` is no time code. Wraps at 24 hours.
    """
    found = _TEXT.fullmatch(start.strip())
    if not found:
        return None
    h, m, s, f = (int(found[k]) for k in (1, 2, 3, 5))
    per_second = round(rate)
    dropped = per_second // 15 if found[4] != ":" else 0
    minutes = 60 * h + m
    count = (60 * minutes + s) * per_second + f - dropped * (minutes - minutes // 10) + frames
    count %= 86400 * per_second - dropped * (1440 - 144)
    if dropped:
        tens, rest = divmod(count, 600 * per_second - 9 * dropped)
        lost = max(0, (rest - dropped) // (60 * per_second - dropped))
        count += dropped * (9 * tens + lost)
    seconds, f = divmod(count, per_second)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{';' if dropped else ':'}{f:02}"


def pack(text: str, rate: Fraction = Fraction(24)) -> int | None:
    """The 32 bits of a time code, BCD; None where it counts frames above 39, which need more.

    Above 30 frames a second pairs of frames are counted, and the second of a pair has the field mark
    (SMPTE ST 12-1, 12.1: bit 15 as EXR packs it): so 50 and 60 frames a second fit.
    """
    found = _TEXT.fullmatch(text)
    if not found:
        return None
    h, m, s, f = (int(found[k]) for k in (1, 2, 3, 5))
    mark = 0
    if round(rate) > 30:
        f, mark = f // 2, (f % 2) << 15
    if f > 39:
        return None
    drop = 0x40 if found[4] != ":" else 0
    return (
        sum((v // 10 << 4 | v % 10) << shift for v, shift in ((h, 24), (m, 16), (s, 8), (f, 0))) | drop | mark
    )


def unpack(bits: int, rate: Fraction = Fraction(24)) -> str:
    """The time code of packed bits, as text."""
    h, m, s, f = (bits >> 24 & 0x3F, bits >> 16 & 0x7F, bits >> 8 & 0x7F, bits & 0x3F)
    h, m, s, f = ((v >> 4) * 10 + (v & 15) for v in (h, m, s, f))
    if round(rate) > 30:
        f = 2 * f + (bits >> 15 & 1)
    return f"{h:02}:{m:02}:{s:02}{';' if bits & 0x40 else ':'}{f:02}"
