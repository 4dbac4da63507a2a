"""The times of frames: the rate that they stand for, and whether they keep to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from interneg.frame import Double
from interneg.io.rates import nominal_rate

__all__ = ["in_order", "is_even", "rate_of", "steps_of"]

_GAP = 1.75
"""A frame that lasts so many times as long as most is held, one that lasts so many times less lacks its time;
both say nothing of the rate."""
_USUAL = [Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)] + [
    Fraction(n) for n in (12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
]
_NEAR = 0.0025
"""How far a measured rate may be from a usual one that it stands for; 24 and 24000/1001 are 0.001 apart."""


def rate_of(times: Sequence[int], unit: Fraction, said: Iterable[Fraction]) -> Fraction | None:
    """Frames per second of frames shown at these times; None where there are none and nothing is said.

    times: increasing, in units of `unit` seconds. said: what the file says of its rate, the likeliest first:
    it counts where the times bear it out, for film in video too. Frames that are held longer than most do
    not count.
    """
    said = [nominal_rate(r) for r in said if r > 0]
    # Of film in video by 3:2 pulldown the file says the rate of the video; of fields, one of the fields.
    meant = [r * part for r in said for part in (1, Fraction(4, 5), Fraction(1, 2))]
    steps = steps_of(times)
    if not len(steps):
        return said[0] if said else None
    usually = np.median(steps)
    regular = steps[(steps < _GAP * usually) & (_GAP * steps > usually)]
    if not len(regular):  # as many of one length as of another, far from it
        regular = steps
    measured = 1 / (float(regular.mean()) * float(unit))
    # A time is rounded to a unit, or by a pattern of long and short, at each end of a run without gaps.
    rounding = (1 + len(steps) - len(regular)) * max(1.0, float(np.ptp(regular))) / float(regular.sum())

    def off(rate: Fraction) -> float:
        return abs(float(rate) / measured - 1)

    borne_out = [r for r in meant if off(r) <= rounding + 1e-6]
    if usual := [r for r in borne_out if r in _USUAL]:
        return usual[0]
    nearest = min(_USUAL, key=off)
    if off(nearest) <= max(rounding, _NEAR):
        return nearest
    if borne_out:
        return borne_out[0]
    return Fraction(measured).limit_denominator(1001) or Fraction(measured)


def steps_of(times: Sequence[int]) -> Double:
    """How long each frame is shown until the next, (N,) float64; exact however large the times are."""
    return np.array([after - before for before, after in pairwise(times)], np.float64)


def is_even(times: Sequence[int], unit: Fraction, rate: Fraction | None) -> bool:
    """Whether no frame is shown more than a quarter of a frame off its place at this rate.

    So film in video (3:2 pulldown by flags) is even at its own rate.
    """
    if rate is None:
        return False
    places = np.array([time - times[0] for time in times], np.float64)
    off = places - np.arange(len(times)) / float(rate * unit)
    return float(np.ptp(off)) <= 0.5 / float(rate * unit)


def in_order(
    shown: Sequence[int | None], decoded: Sequence[int | None], durations: Sequence[int]
) -> tuple[tuple[int, ...], bool] | None:
    """Increasing times of frames, and whether they are the file's own, all through; None where it has none.

    shown, decoded: the times of presentation and of decoding that go with each frame, in the order of
    showing; durations: of each. Where the container orders its frames by decoding alone (AVI), those times
    hold, as with FFmpeg. Frames without a time follow the one before, and times that begin anew, as in
    recordings that were joined, go on from there.
    """
    named = [times for times in (shown, decoded) if any(t is not None for t in times)]
    if not named:
        return None
    times = next((t for t in named if _increases(t)), named[0])
    first = next(k for k, t in enumerate(times) if t is not None)
    usual = max(1, int(np.median([max(0, d) for d in durations])))
    lengths = [d if d > 0 else usual for d in durations]
    due = (times[first] or 0) - sum(lengths[:first])
    out: list[int] = []
    shift, own = 0, True
    for time, length in zip(times, lengths, strict=True):
        if time is not None and out and time + shift <= out[-1]:
            shift, own = due - time, False
        out.append(due if time is None else time + shift)
        due = out[-1] + length
    return tuple(out), own


def _increases(times: Sequence[int | None]) -> bool:
    """Whether those that are known do."""
    known = [t for t in times if t is not None]
    return all(a < b for a, b in pairwise(known))
