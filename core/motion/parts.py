"""Long shots in parts that overlap by half, each of which counts most in its middle."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def parts_of(count: int, longest: int) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """The parts of `count` frames, of `longest` or fewer, and how much each of their frames counts, (N,).

    A part's own end, where it knows least, counts least, but for the ends of the shot.
    """
    if count <= longest:
        yield slice(0, count), np.ones(count)
        return
    near = np.minimum(np.arange(1, longest + 1), np.arange(longest, 0, -1)).astype(np.float64)
    starts = np.linspace(0, count - longest, math.ceil(2 * (count - longest) / longest) + 1)
    for start in starts.round().astype(int).tolist():
        yield slice(start, start + longest), near
