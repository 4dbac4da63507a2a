"""Overshoot: light and dark lines that a filter draws beside edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from interneg.errors import InputError
from interneg.metrics.checks import Array, Double, plane, same_shape

ANGLES = (0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0, 135.0)
"""Of the edge's normal against the row, in degrees."""

PLATEAUS = ((0.1, 0.9), (0.9, 0.1), (0.25, 0.75), (0.6, 0.4))
"""Before and behind the edge, encoded."""

_CELL = 48
_MARGIN = 10
_SAMPLES = 16


@dataclass(frozen=True)
class Overshoot:
    """max and mean: how far values lie beyond what they should stay within; 0 where none does."""

    max: float
    mean: float


@dataclass(frozen=True, eq=False)
class StepChart:
    """One straight anti-aliased edge per 48x48 cell: a column of cells per angle, a row per pair of plateaus.

    picture: (H, W) float32, encoded, each pixel the mean of the ideal chart over its area.
    low, high: (H, W) the plateaus of the pixel's cell.
    inside: (H, W) the pixels far enough (10 of the unscaled pixels) from the neighbouring cells.
    """

    picture: npt.NDArray[np.float32]
    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]
    inside: npt.NDArray[np.bool_]

    def overshoot(self, restored: Array) -> Overshoot:
        """Measure a picture of this chart's size: what lies beyond the plateaus over the step's height.

        restored: (H, W) encoded, for example the chart of scale 1 enlarged to this chart's size.
        A filter that keeps within the plateaus has 0. The mean runs over all pixels inside, so compare it
        only between pictures of one chart. NaN inside makes both NaN.
        """
        same_shape(self.picture, plane(restored, "the restored chart"))
        beyond = np.maximum(restored - self.high, self.low - restored) / (self.high - self.low)
        return _summary(beyond[self.inside])


def step_chart(scale: int = 1) -> StepChart:
    """Draw the chart at `scale` times the resolution; every scale shows the same geometry.

    Each sample grid is 16x16 points per unscaled pixel or finer, so the means are within 1/256 of the area.
    """
    if scale < 1:
        raise InputError(f"the scale of a chart is 1 or more, not {scale}")
    size, fine = _CELL * scale, max(_SAMPLES // scale, 4)
    centres = (np.arange(size * fine) + 0.5) / (fine * scale) - _CELL / 2
    cells = []
    for angle in np.deg2rad(ANGLES):
        # Off the pixel raster by a third of a pixel, so that axis-aligned edges are anti-aliased as well.
        behind = centres * np.cos(angle) + centres[:, None] * np.sin(angle) > 1.0 / 3.0
        cells.append(behind.reshape(size, fine, size, fine).mean(axis=(1, 3)))
    share = np.concatenate(cells, axis=1)
    ones = np.ones_like(share)
    column = np.abs(centres[fine // 2 :: fine]) < _CELL / 2 - _MARGIN
    inside = np.tile(np.logical_and.outer(column, column), (len(PLATEAUS), len(ANGLES)))
    picture = np.concatenate([before + (after - before) * share for before, after in PLATEAUS])
    low, high = (np.concatenate([pick(pair) * ones for pair in PLATEAUS]) for pick in (min, max))
    return StepChart(picture.astype(np.float32), low.astype(np.float32), high.astype(np.float32), inside)


def overshoot(reference: Array, test: Array, radius: int = 2) -> Overshoot:
    """Measure what lies beyond the range that the reference has around each pixel.

    reference, test: (H, W) planes in one unit, which is the unit of the result.
    radius: of the square neighbourhood (2: 5x5 pixels) whose minimum and maximum are the envelope.
    Noise and detail that the reference does not have count as well. NaN in either makes both figures NaN.
    """
    same_shape(plane(reference, "the reference"), plane(test, "the test"))
    if radius < 1:
        raise InputError(f"the radius is 1 pixel or more, not {radius}")
    if np.isnan(reference).any() or np.isnan(test).any():
        return Overshoot(float("nan"), float("nan"))
    around = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    # Both in one precision, so that the rounding of one is no overshoot of the other.
    r, t = reference.astype(np.float32), test.astype(np.float32)
    return _summary(np.maximum(t - cv2.dilate(r, around), cv2.erode(r, around) - t))


def _summary(beyond: Array) -> Overshoot:
    positive: Double = np.maximum(beyond.astype(np.float64), 0.0)
    return Overshoot(float(positive.max()), float(positive.mean()))
