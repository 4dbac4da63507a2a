"""When the frames of a movie are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

__all__ = ["Timing"]


class Timing(NamedTuple):
    """The times of frames by their numbers, as counts of `unit` seconds from the first frame on.

    starts: when each begins. ends: when the next one does; of the last, when it is gone.
    """

    unit: Fraction
    starts: Mapping[int, int]
    ends: Mapping[int, int]

    @classmethod
    def of(
        cls, numbers: Sequence[int], times: Sequence[int], unit: Fraction, rate: Fraction | None
    ) -> Timing:
        """The timing of frames at given times, in units of `unit` seconds, and the time when the last ends.

        rate: frames per second, where they last equally long, but for the last one, which may be held.
        """
        if rate is None:
            counts = [t - times[0] for t in times]
        else:
            unit, held = 1 / rate, round((times[-1] - times[-2]) * unit * rate)
            counts = [*range(len(numbers)), len(numbers) - 1 + max(1, held)]
        starts = dict(zip(numbers, counts[:-1], strict=True))
        return cls(unit, starts, dict(zip(numbers, counts[1:], strict=True)))
