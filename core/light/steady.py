"""What brings a frame to the level it was meant to have: the mean of the frames around, events left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from interneg.frame import Double, Frame
from interneg.light.flicker import LUMA, Change, changes, levels
from interneg.light.trend import trend
from interneg.light.waves import GRID
from interneg.node import View

# How far beyond the levels of most of the picture its slope holds.
_BEYOND = 0.7
_TINY = 1e-9
# A frame is darker than this share of those around it, and itself, are not.
_BRIGHT = 0.75
# Of the weights of points that differ from most of the picture.
_ROUNDS, _OUTLIER, _ALIKE = 5, 0.8, 0.01


@dataclass(frozen=True, eq=False)
class LevelPath:
    """Where the levels of a window's own frame lie in each frame of it: pivot + (1 + slopes) *
    (level - pivot + fields) + rows.

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

    The level is held between `lowest` and `highest`. field: GRID; rows: (h,), float64. event: 0..1, how far
    the frame was taken for an event, which stays.
    """

    exposure: float
    slope: float
    field: Double
    rows: Double
    pivot: float
    lowest: float
    highest: float
    event: float = 0.0

    def towards(self, other: Correction, share: float) -> Correction:
        """Between this (0) and another (1) of the same frame, whatever the pivot of that one."""
        exposure = other.exposure + other.slope * (self.pivot - other.pivot)
        return replace(
            self,
            exposure=self.exposure + share * (exposure - self.exposure),
            slope=self.slope + share * (other.slope - self.slope),
            field=self.field + share * (other.field - self.field),
            rows=self.rows + share * (other.rows - self.rows),
        )


def level_path(view: View, plane: int, colour: bool, bands: bool) -> LevelPath:
    """Follow one plane of levels from the window's own frame to both sides, up to where frames tell nothing.

    plane: of the levels, `LUMA` or 1, 2, 3 for R, G, B. colour, bands: what is measured beside luma; see
    `changes`. Levels are natural logarithms of light, free of NaN and inf. Raises InputError where the frames
    differ in size. Changes between neighbours are added up, so a window costs one new measurement per new
    frame.
    """
    own = levels(view, 0)[LUMA]
    lowest, pivot, highest = (float(v) for v in np.percentile(own, (1, 50, 99)))
    lowest, highest = lowest - _BEYOND, highest + _BEYOND
    first, last = _ends(view.window.frames, view.window.centre)
    found = {0: Change(1.0, np.zeros(GRID), np.zeros(len(own)))}
    for offset in range(1, last + 1):
        step = changes(view, offset - 1, colour, bands)[plane]
        if not step.known:
            break
        found[offset] = _later(found[offset - 1], step)
    for offset in range(-1, first - 1, -1):
        step = changes(view, offset, colour, bands)[plane]
        if not step.known:
            break
        found[offset] = _earlier(found[offset + 1], step)
    offsets = sorted(found)
    slopes = np.array([found[o].slope - 1 for o in offsets])
    fields = np.array(
        [(found[o].field + slope * pivot) / (1 + slope) for o, slope in zip(offsets, slopes, strict=True)]
    )
    rows = np.array([found[o].rows for o in offsets])
    return LevelPath(np.array(offsets), pivot, lowest, highest, slopes, fields, rows)


def _later(to: Change, step: Change) -> Change:
    """The change to a frame, and from it to a later one."""
    return Change(step.slope * to.slope, step.slope * to.field + step.field, step.slope * to.rows + step.rows)


def _earlier(to: Change, step: Change) -> Change:
    """The change to a frame, and from it to an earlier one, from which `step` leads."""
    return Change(
        to.slope / step.slope, (to.field - step.field) / step.slope, (to.rows - step.rows) / step.slope
    )


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


def correction(followed: LevelPath, reach: int, keep: float) -> Correction:
    """What brings the window's own frame to the level of the frames around it.

    reach: how many frames the window has on each side. keep: 0..1, how soon a change is an event, which
    stays; 0: never. All in natural logarithms of light. See `trend`.
    """
    offsets = followed.offsets
    exposures = _exposures(followed.fields)
    # Not by the brightest, which may be a flash.
    darker = max(float(np.quantile(exposures, _BRIGHT)), 0.0)
    exposure, whole = trend(exposures, offsets, reach, keep, light=True, darker=darker)
    # Nothing is taken from the frames of an event of the whole picture, and nothing changed in them.
    own = float(whole[np.searchsorted(offsets, 0)])
    whole = whole / max(own, _TINY)
    slope, field, rows = (
        own * trend(v, offsets, reach, keep, whole, darker=darker)[0]
        for v in (followed.slopes, followed.fields - exposures[:, None, None], followed.rows)
    )
    stretched = 1 + float(slope)
    return Correction(
        stretched * float(exposure),
        float(slope),
        stretched * field,
        rows,
        followed.pivot,
        followed.lowest,
        followed.highest,
        1 - own,
    )


def _exposures(fields: Double) -> Double:
    """The change of most of the picture, (n,), so that a lamp in a part of it does not count.

    From the mean of the half that is most alike, by iterated weights (Geman and McClure, 1985): the half
    alone would jump from one set of points to another.
    """
    flat = fields.reshape(len(fields), -1)
    ordered = np.sort(flat, axis=1)
    half = ordered.shape[1] // 2
    first = np.argmin(ordered[:, half:] - ordered[:, :-half], axis=1)
    found = np.array([row[at : at + half].mean() for row, at in zip(ordered, first, strict=True)])
    for _ in range(_ROUNDS):
        apart = np.abs(flat - found[:, None])
        scale = np.maximum(1.4826 * np.median(apart, axis=1, keepdims=True), _ALIKE)
        weight = 1 / np.square(1 + np.square(apart / (_OUTLIER * scale)))
        found = (weight * flat).sum(axis=1) / weight.sum(axis=1)
    return found
