"""Curves: a number that changes over time, as the value of a knob."""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal, NamedTuple


class Key(NamedTuple):
    """The value of a curve at one time, and how it goes on from there to the next key.

    frame: whole, or between two frames. onward: in a straight line, held until the next key, or a cubic with
    these slopes (per frame) behind this key and before the next.
    """

    frame: float
    value: float
    onward: Literal["line", "hold"] | tuple[float, float] = "line"


class Curve(NamedTuple):
    """A number over time: one key or more, in order. Before the first and after the last it is held."""

    keys: tuple[Key, ...]

    def at(self, frame: float) -> float:
        """The number at a time."""
        i = bisect_right([k.frame for k in self.keys], frame) - 1
        if i < 0:
            return self.keys[0].value
        key = self.keys[i]
        if i == len(self.keys) - 1 or key.onward == "hold":
            return key.value
        following = self.keys[i + 1]
        span, rise = following.frame - key.frame, following.value - key.value
        t = (frame - key.frame) / span
        if key.onward == "line":
            return key.value + t * rise
        leave, arrive = (span * slope for slope in key.onward)
        return key.value + t * (leave + t * (3 * rise - 2 * leave - arrive + t * (leave + arrive - 2 * rise)))
