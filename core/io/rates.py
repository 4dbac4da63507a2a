"""Frames per second, as files say them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

__all__ = ["nominal_rate", "rate_in"]


def rate_in(metadata: Mapping[str, Any]) -> Fraction | None:
    """Frames per second as the metadata of a file says it, None where it does not.

    metadata: "FramesPerSecond" (two integers or a number, as EXR and movies have it), "dpx:FrameRate" or
    "dpx:TemporalFrameRate" (a number); the first that is above 0 counts.
    """
    for name in ("FramesPerSecond", "framesPerSecond", "dpx:FrameRate", "dpx:TemporalFrameRate"):
        value = metadata.get(name)
        if isinstance(value, tuple) and len(value) == 2 and value[0] > 0 and value[1] > 0:
            return Fraction(value[0], value[1])
        if isinstance(value, (int, float)) and 0 < value < 1000:
            return nominal_rate(Fraction(value))
    return None


def nominal_rate(rate: Fraction) -> Fraction:
    """The rate that a rounded number stands for: 23.976 is 24000/1001."""
    for whole in (24, 30, 48, 60, 120):
        if abs(float(rate) - whole * 1000 / 1001) < 2e-3:
            return Fraction(whole * 1000, 1001)
    return rate.limit_denominator(1001)
