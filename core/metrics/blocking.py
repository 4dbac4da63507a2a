"""Blockiness: how much the borders of a block codec's grid stand out of the picture."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from interneg.errors import InputError
from interneg.metrics.checks import Array, Double, plane, same_shape

PERIODS = (8, 16)
"""Transform blocks (JPEG, DV, MPEG-2, most of H.264) and macroblocks."""

SMALLEST_FOR_BLOCKS = 12
"""Blockiness needs pictures of this width and height, or more."""

_REACH = 4
_VISIBLE = 0.5
_BORDERS = 4
_SURE = 7.0


class Grid(NamedTuple):
    """Where block borders lie: before every column x + k * period and every row y + k * period.

    period: in pixels, 8 or more; x, y: 0 .. period - 1. An uncropped JPEG, MPEG-2 or H.264 has (8, 0, 0).
    """

    period: int
    x: int
    y: int


def blockiness(luma: Array, grid: Grid) -> float:
    """Return how much stronger the steps on the grid are than those around them.

    luma: (H, W) in 8-bit code values, from `luma601` or a grey picture times 255. It must hold at least one
        border each way with 5 pixels on both sides.
    Returns the mean over both directions of (on - off) / (off + 0.5), where `on` is the mean size of the
    steps across the borders and `off` that at 2, 3 and 4 pixels from them. A step is what a border adds to
    the slopes on its two sides, |I[b] - I[b-1] - (I[b-1] - I[b-2] + I[b+1] - I[b]) / 2|; the half code value
    keeps invisible steps in flat pictures from counting. About 0 (either sign) for a picture without this
    grid, 0.3 to 0.6 for a key frame of H.264 at QP 37, 2 and above for JPEG of quality 20. NaN spreads.
    Being relative, it can also rise where a codec first removes fine noise and leaves the borders.
    Raises InputError for a grid that is none, and for a picture of less than 12x12 or without a border.
    Source: our own combination: the slope-corrected step of Minami, Zakhor, An Optimization Approach for
    Removing Blocking Effects in Transform Coding, IEEE CSVT 5(2), 1995, and the on-grid to off-grid ratio of
    Wang, Bovik, Evans, Blind Measurement of Blocking Artifacts in Images, ICIP 2000.
    """
    if grid.period < 2 * _REACH or not (0 <= grid.x < grid.period and 0 <= grid.y < grid.period):
        raise InputError(f"a grid has a period of 8 or more and 0 <= x, y < period, not {grid}")
    total = 0.0
    for steps, phase in zip(_profiles(luma), (grid.x, grid.y), strict=True):
        around = _around(steps)
        on = _phase(len(around), grid.period, phase)
        if not on.size:
            height, width = luma.shape
            raise InputError(f"a picture of {width}x{height} has no whole block border of {grid} inside")
        off = float(around[on].mean())
        total += (float(steps[_REACH:-_REACH][on].mean()) - off) / (off + _VISIBLE)
    return total / 2.0


def blockiness_excess(reference: Array, test: Array, grid: Grid) -> float:
    """Return the blockiness of the test above that of its clean reference, on one and the same grid.

    reference, test: (H, W) in 8-bit code values, as for `blockiness`, of one size. Returns 0 where the test
    is as good as the reference. Raises InputError as `blockiness` does, and where the sizes differ. To say
    how much of the damage a restoration removed, compare blockiness_excess(clean, restored, grid) with
    blockiness_excess(clean, damaged, grid).
    """
    same_shape(reference, test)
    return blockiness(test, grid) - blockiness(reference, grid)


def find_grid(luma: Array) -> Grid | None:
    """Find the block grid of a picture, at any phase, of period 8 or 16.

    luma: (H, W) in 8-bit code values, as for `blockiness`. Raises InputError for less than 12x12 pixels.
    Returns None where no grid stands out by seven standard errors: a clean picture, one with a NaN, or one
    that is smaller than about five blocks each way.
    """
    profiles = _profiles(luma)
    best: Grid | None = None
    surest = _SURE
    for period in PERIODS:
        (across, x), (down, y) = (_surest_phase(steps, period) for steps in profiles)
        sure = (across + down) / math.sqrt(2.0)
        if sure > surest:
            best, surest = Grid(period, x, y), sure
    return best


def _profiles(luma: Array) -> tuple[Double, Double]:
    """The mean step before each column and each row from the third to the last but one."""
    y = plane(luma, "the luma").astype(np.float64)
    if min(y.shape) < SMALLEST_FOR_BLOCKS:
        raise InputError(f"blockiness needs 12x12 pixels or more, not {y.shape[1]}x{y.shape[0]}")
    slopes = np.diff(y, axis=1), np.diff(y, axis=0).T
    columns, rows = (np.abs(d[:, 1:-1] - 0.5 * (d[:, :-2] + d[:, 2:])).mean(axis=0) for d in slopes)
    return columns, rows


def _around(steps: Double) -> Double:
    """The mean step at 2, 3 and 4 pixels from each border that has them on both sides."""
    n = len(steps) - 2 * _REACH
    near = [steps[_REACH + o : _REACH + o + n] for d in range(2, _REACH + 1) for o in (-d, d)]
    return np.asarray(np.mean(near, axis=0))


def _phase(count: int, period: int, phase: int) -> npt.NDArray[np.intp]:
    """Which entries of `_around` are borders of a phase; its first entry is the border before column 6."""
    return np.arange((phase - _REACH - 2) % period, count, period)


def _surest_phase(steps: Double, period: int) -> tuple[float, int]:
    """The phase that stands out most, and by how many standard errors."""
    around = _around(steps)
    rise = (steps[_REACH:-_REACH] - around) / (around + _VISIBLE)
    best = -math.inf, 0
    for phase in range(period):
        on = _phase(len(rise), period, phase)
        if len(on) < _BORDERS:
            continue
        rest = np.delete(rise, np.concatenate([np.clip(on + o, 0, len(rise) - 1) for o in (-1, 0, 1)]))
        error = math.sqrt((rest.var() + rise[on].var()) / 2.0 / len(on)) + 1e-9
        best = max(best, (float(rise[on].mean() - rest.mean()) / error, phase))
    return best
