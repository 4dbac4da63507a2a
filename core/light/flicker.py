"""How brightness changes between two frames, apart from what moves.

Levels are natural logarithms of light: a change of exposure is a sum, and one of gamma a slope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from interneg.colour import WorkingSpace
from interneg.frame import Double, Pixels
from interneg.light.bands import camera, row_means
from interneg.light.waves import GRID, multiples, on_grid, sampled
from interneg.motion.flow import flow, moved
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.


LUMA = 0
"""Of the planes of levels the one that stands for all; 1, 2 and 3 are R, G and B alone."""

_SIZE = 320
_BLUR = 1.0
_DARKEST = 1e-5
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)[:, None, None]
_CUBIC = 2
# The field's cosines, and how large a slope and the slowest of them usually are.
_GAMMA = 0.1
_FIELD = 0.15
# So many pixels are blurred into one.
_PATCH = 16
# Samples so many deviations off are outliers, round by round (graduated non-convexity, Blake and Zisserman,
# 1987): the first rounds see a quarter of the samples, if these are so many.
_FIRST, _LAST, _MANY = (10.0, 5.0, 3.5, 2.5), (2.5, 2.5), 4096
_FEWEST = 32
_QUIET = 0.002
# Of how many samples one is looked at, in either direction, where much is averaged.
_EVERY = 2
# What a pixel counts whose motion is not known, and how uneven it may be to count at all.
_STILL = 0.05
_EVEN = 0.05


@dataclass(frozen=True, eq=False)
class Change:
    """Where the levels of one frame lie in another: slope * level + field + rows.

    field: GRID float64, over the picture. rows: (h,) float64, from its top to its bottom.
    known: False where the two frames have nothing to go by.
    """

    slope: float
    field: Double
    rows: Double
    known: bool = True


def levels(view: View, offset: int) -> Pixels:
    """The levels of the frame at `offset`, reduced to 320 pixels or less.

    (4, h, w) float32: luma, R, G, B; or (1, h, w) of a grey picture. Natural logarithms of the scene-linear
    light; what is below 1e-5 counts as 1e-5, and NaN and inf as the light around. Measured once per frame.
    """

    def reduced() -> Pixels:
        import cv2

        light = view.planes(offset, WorkingSpace.LINEAR_RGB)
        height, width = (-(-s // 2 ** _reduction(view)) for s in light.shape[1:])
        small = np.stack([cv2.resize(p, (width, height), interpolation=cv2.INTER_AREA) for p in light])
        if len(small) == 3:
            small = np.concatenate([(small * _LUMA).sum(axis=0, keepdims=True), small])
        return np.asarray(np.log(np.maximum(small, _DARKEST)), np.float32)

    found: Pixels = view.measure("flicker levels 2", reduced, offset)
    return found


def changes(view: View, first: int, colour: bool, bands: bool) -> tuple[Change, ...]:
    """Measure the changes from the frame at offset `first` to the one after it, once per pair.

    colour: of all planes of levels, else of the first. bands: whether rows are measured; else they are 0.
    Returns one change for each plane. Raises InputError where the frames differ in size.
    """

    def compare() -> tuple[Change, ...]:
        between = flow(view, first, first + 1, _reduction(view))
        height, width = view.window.frame.pixels.shape[1:]
        rows, columns = between.confidence.shape
        motion = between.field * np.array([columns / width, rows / height], np.float32)
        # Dense flow takes bands for motion; that of the camera cannot follow them.
        steady = camera(motion, between.confidence) if bands else None
        pairs = list(zip(levels(view, first), levels(view, first + 1), strict=True))
        return tuple(
            _change(*p, motion, between.confidence, steady) for p in (pairs if colour else pairs[:1])
        )

    found: tuple[Change, ...] = view.measure(f"flicker changes 2 {colour} {bands}", compare, first, first + 1)
    return found


def _change(here: Pixels, after: Pixels, motion: Pixels, confidence: Pixels, steady: Pixels | None) -> Change:
    """The change of one plane of levels; rows are measured along `steady`, if at all."""
    import cv2

    # Blurred, so that a motion that is wrong by half a pixel does not look like a change.
    soft = [cv2.GaussianBlur(p, (0, 0), _BLUR) for p in (here, after)]
    found = fitted(soft[0], moved(soft[1], motion, _CUBIC), motion, confidence)
    if steady is None or not found.known:
        return found
    there = moved(after, steady, _CUBIC)
    rest = (
        there - found.slope * here - cv2.resize(found.field, here.shape[::-1], interpolation=cv2.INTER_CUBIC)
    )
    return replace(
        found, rows=row_means(rest, _weights(here, there, np.ones_like(confidence)), steady[..., 1])
    )


def fitted(here: Pixels, there: Pixels, motion: Pixels, confidence: Pixels) -> Change:
    """Fit a change to the levels of two frames, the second seen from the first.

    here, there: (h, w) float32 levels, natural logarithms of light, finite. confidence: (h, w) float32, 0..1.
    motion: (h, w, 2) float32, x and y, in pixels of these. The result's rows are 0; it is not `known` where
    too few samples count.
    Least squares over exposure, slope and a field of cosines, held near 0 by how large these usually are.
    Samples that disagree lose their weight (Geman and McClure, 1985), so that what moves in a light of its
    own does not pull.
    """

    height, width = here.shape
    level, apart = 0.5 * (here + there), (there - here).ravel().astype(np.float64)
    weight = _weights(here, there, confidence).ravel()
    if np.count_nonzero(weight > _QUIET) < min(_FEWEST, weight.size / 2):
        return Change(1.0, np.zeros(GRID), np.zeros(height), known=False)
    pivot = float(np.average(level.ravel(), weights=weight))
    # A sample tells of the place half way between where it was and where it is.
    y, x = np.mgrid[:height, :width] + 0.5 + 0.5 * motion.transpose(2, 0, 1)[::-1]
    waves = sampled(y.ravel(), x.ravel(), height, width)
    model = np.vstack([level.ravel() - pivot, waves])
    few = np.s_[:] if apart.size < _MANY else np.arange(apart.size).reshape(here.shape)[::2, ::2].ravel()
    found = np.zeros(len(model))
    found[1] = np.median(apart[weight > 0.25 * weight.max()])
    for part, limits in ((few, _FIRST), (np.s_[:], _LAST)):
        found = _agreed(model[:, part], apart[part], weight[part], found, limits)
    # It was fitted to the mean of both levels, which the noise of neither makes flatter.
    slope = (2 + found[0]) / (2 - found[0])
    field = on_grid(found[1:]) * (slope + 1) / 2 + (1 - slope) * pivot
    return Change(float(slope), field, np.zeros(height))


def _agreed(model: Double, apart: Double, weight: Double, found: Double, limits: Sequence[float]) -> Double:
    """What most samples agree on, (terms,), from a first guess.

    model: (terms, N); apart: (N,), what it is to add up to; weight: (N,), what the samples count. limits: of
    each round, how many deviations away a sample is an outlier.
    """
    import cv2

    typical = weight > 0.25 * weight.max()
    held = np.diag(_PATCH / np.square(_usual()))
    for limit in limits:
        rest = apart - np.einsum("i,ij->j", found, model)
        scale = max(1.4826 * float(np.median(np.abs(rest[typical]))), _QUIET)
        trusted = weight / np.square(1 + np.square(rest / (limit * scale)))
        # Not by BLAS, whose sums may depend on how many threads are free.
        normal = cv2.mulTransposed(model * np.sqrt(trusted), False)
        found = np.linalg.solve(normal + held * scale**2, np.einsum("ij,j->i", model, trusted * apart))
    return np.asarray(found)


def _weights(here: Pixels, there: Pixels, confidence: Pixels) -> Double:
    """What each sample counts, (h, w): dark ones, which are all noise in the logarithm, little."""
    level = 0.5 * (here + there)
    light = np.exp(level)
    weight = light / (light + np.median(light)) * (confidence + _STILL * (1 - confidence) * _flat(level))
    return np.where(np.minimum(here, there) > np.log(2 * _DARKEST), weight, 0).astype(np.float64)


def mean_levels(view: View, offset: int, plane: int) -> Double:
    """A plane of the levels of the frame at `offset`, smooth over the picture: GRID, (9, 12) float64.

    Dark samples, which are all noise in the logarithm, count little. Measured once per frame.
    """

    def smooth() -> Double:
        own = levels(view, offset)[plane]
        height, width = own.shape
        y, x = np.mgrid[:height:_EVERY, :width:_EVERY] + 0.5
        level = own[::_EVERY, ::_EVERY].ravel().astype(np.float64)
        waves = sampled(y.ravel(), x.ravel(), height, width)
        weighted = waves * bright(level)
        # Not by BLAS, whose sums may depend on how many threads are free.
        normal = np.einsum("ij,kj->ik", weighted, waves) + 1e-6 * np.eye(len(waves))
        return on_grid(np.linalg.solve(normal, np.einsum("ij,j->i", weighted, level)))

    found: Double = view.measure(f"flicker mean levels 2 {plane}", smooth, offset)
    return found


def bright(level: Double) -> Double:
    """What samples of such levels, (N,) float64, count, (N,), 0..1: dark ones little.

    These are all noise in the logarithm.
    """
    light = np.exp(level)
    return np.asarray(light / (light + np.median(light)))


@cache
def _usual() -> Double:
    """How large the slope, the exposure and each further cosine usually are."""
    return np.array([_GAMMA, 1.0, *(_FIELD / (i * i + j * j) for j, i in multiples()[1:])])


def _flat(level: Pixels) -> Pixels:
    """1 where a level is the same all around, so that motion does not matter, falling to 0."""
    import cv2

    around = np.ones((3, 3), np.uint8)
    steep = cv2.dilate(level, around) - cv2.erode(level, around)
    return np.asarray(1 / (1 + np.square(steep / np.float32(_EVEN))), np.float32)


def _reduction(view: View) -> int:
    """The pyramid level at which frames are compared: at most 320 pixels in either direction."""
    size = max(view.window.frame.pixels.shape[1:])
    return max(0, int(np.ceil(np.log2(size / _SIZE))))
