"""What the levels of a frame were meant to be: their mean over the frames around, events left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from interneg.frame import Frame
from interneg.node import View
from interneg.nodes._flicker import GRID, LUMA, Change, changes, levels

Double = npt.NDArray[np.float64]

# How far beyond the levels of most of the picture its slope holds.
_BEYOND = 0.7
_FEWEST = 3
# Smaller flicker cannot be told from the errors of its measurement.
_LEAST = 5e-4
# This share of normal deviates is within so many standard deviations.
_SHARE, _DEVIATIONS = 0.45, 0.598
# In deviations, for keep = 1: what is flicker for certain, more where few differences tell its size, and from
# how many times that it is an event for certain.
_ALIKE = 1.7
_UNSURE = 6.0
_UNLIKE = 1.5


@dataclass(frozen=True, eq=False)
class Path:
    """Where the levels of a window's own frame lie in each frame of it: level + slopes * (level - pivot) +
    fields + rows.

    offsets: (n,) of the frames, rising. slopes: (n,); fields: (n, *GRID); rows: (n, h): float64, 0 for the
    frame itself. lowest, highest: between these levels the slopes were seen.
    """

    offsets: npt.NDArray[np.intp]
    pivot: float
    lowest: float
    highest: float
    slopes: Double
    fields: Double
    rows: Double


@dataclass(frozen=True, eq=False)
class Correction:
    """What is to be added to a level: exposure + slope * (level - pivot) + field + rows.

    The level is held between `lowest` and `highest`. field: GRID, of mean 0; rows: (h,), float64.
    """

    exposure: float
    slope: float
    field: Double
    rows: Double
    pivot: float
    lowest: float
    highest: float

    def towards(self, other: Correction, share: float) -> Correction:
        """Between this (0) and another (1) of the same frame."""
        return replace(
            self,
            exposure=self.exposure + share * (other.exposure - self.exposure),
            slope=self.slope + share * (other.slope - self.slope),
            field=self.field + share * (other.field - self.field),
            rows=self.rows + share * (other.rows - self.rows),
        )


def path(view: View, plane: int, colour: bool, bands: bool) -> Path:
    """Follow one plane of levels from the window's own frame to both sides, up to where frames tell nothing.

    colour, bands: what is measured beside luma; see `changes`.

    Changes between neighbours are added up, so a window costs one new measurement per new frame.
    """
    own = levels(view, 0)[LUMA]
    lowest, pivot, highest = (float(v) for v in np.percentile(own, (1, 50, 99)))
    lowest, highest = lowest - _BEYOND, highest + _BEYOND
    here = Change(1.0, np.zeros(GRID), np.zeros(len(own)))
    found = {0: here}
    first, last = _ends(view.window.frames, view.window.centre)
    for offset in range(1, last + 1):
        step = changes(view, offset - 1, colour, bands)[plane]
        if not step.known:
            break
        to = found[offset - 1]
        found[offset] = Change(
            step.slope * to.slope, step.slope * to.field + step.field, step.slope * to.rows + step.rows
        )
    for offset in range(-1, first - 1, -1):
        step = changes(view, offset, colour, bands)[plane]
        if not step.known:
            break
        to = found[offset + 1]
        found[offset] = Change(
            to.slope / step.slope, (to.field - step.field) / step.slope, (to.rows - step.rows) / step.slope
        )
    offsets = sorted(found)
    slopes = np.array([found[o].slope - 1 for o in offsets])
    fields = np.array([found[o].field + slope * pivot for o, slope in zip(offsets, slopes, strict=True)])
    rows = np.array([found[o].rows for o in offsets])
    return Path(np.array(offsets), pivot, lowest, highest, slopes, fields, rows)


def _ends(frames: tuple[Frame, ...], centre: int) -> tuple[int, int]:
    """The offsets of the first and the last frame of the shot: beyond them the end frame repeats."""

    def repeats(at: int, inner: int) -> bool:
        a, b = frames[at], frames[inner]
        return a.number == b.number and a.digest == b.digest

    first, last = 0, len(frames) - 1
    while first < centre and repeats(first, first + 1):
        first += 1
    while last > centre and repeats(last, last - 1):
        last -= 1
    return first - centre, last - centre


def correction(followed: Path, reach: int, keep: float) -> Correction:
    """What brings the window's own frame to the level of the frames around it.

    reach: how many frames the window has on each side. keep: 0..1, how soon a change is an event, which
    stays; 0: never.
    The mean is weighted by a raised cosine, which is symmetric, so that a steady fade stays as it is.
    """
    near = 0.5 + 0.5 * np.cos(np.pi * followed.offsets / (reach + 1))
    exposures = followed.fields.mean(axis=(1, 2))
    fields = followed.fields - exposures[:, None, None]
    centre = int(np.searchsorted(followed.offsets, 0))
    whole = near * _likeness(exposures, centre, keep)
    local = whole[:, None, None] * _likeness(fields, centre, keep)
    rows = whole[:, None] * _likeness(followed.rows, centre, keep)
    return Correction(
        float(np.average(exposures, weights=whole)),
        float(np.average(followed.slopes, weights=whole)),
        np.average(fields, axis=0, weights=local),
        np.average(followed.rows, axis=0, weights=rows),
        followed.pivot,
        followed.lowest,
        followed.highest,
    )


def _likeness(values: Double, centre: int, keep: float) -> Double:
    """1 where a value is the centre's but for flicker, 0 where an event lies between; values: (n, ...).

    How large flicker is, second differences tell: a fade has none, and a step or a lightning few.
    """
    apart = np.abs(values - values[centre])
    if keep == 0:
        return np.ones(values.shape)
    if len(values) < _FEWEST:
        return np.asarray(apart == 0, np.float64)  # two levels: flicker, or a step?
    second = np.abs(values[:-2] - 2 * values[1:-1] + values[2:])
    size = float(np.quantile(second, _SHARE)) / (_DEVIATIONS * np.sqrt(6))
    near = (_ALIKE + _UNSURE / len(second)) / keep * max(size, _LEAST)
    far = np.clip((apart - near) / ((_UNLIKE - 1) * near), 0, 1)
    return np.asarray(1 - far * far * (3 - 2 * far))
