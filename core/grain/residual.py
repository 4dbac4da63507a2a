"""Blocks of a plate in which its grain shows without its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interneg.frame import Pixels
from interneg.grain.spectrum import BLOCK, RADII, WINDOW, phases, transform
from interneg.motion.flow import between, moved

# OpenCV is imported where it is used: what only lists nodes never loads it.

TILE = 8
"""Height and width of the tiles within a block in which its strength is measured."""
_INNER = slice(BLOCK // 4, BLOCK - BLOCK // 4)
_INSIDE = BLOCK // 2 // TILE
# Blocks of a frame that are looked at, at most: the smoothest of each class of brightness.
_MOST = 480
_CLASSES = 16
# The picture's own structure is looked for in what this takes away the grain from.
_SMOOTH = 1.5
# Motion is looked for with less grain than the picture has: it would be followed.
_CALM = 2.0
# Cycles per pixel from which on a single frame's blocks are taken to show grain alone.
_FINE = 0.12
# Level and slopes of a block, of length 1 each and square to one another under the window.
_RAMP = (np.arange(BLOCK, dtype=np.float32) - BLOCK / 2) / BLOCK
_PLANE = [
    plane / np.sqrt((np.square(plane) * WINDOW).sum())
    for plane in (np.ones_like(WINDOW), _RAMP[:, None] + 0 * WINDOW, _RAMP[None, :] + 0 * WINDOW)
]
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Blocks:
    """M blocks of C channels.

    grain: (M, C, BLOCK, BLOCK // 2 + 1) complex64, transforms of windowed blocks of grain, with its variance.
    passed: what the tiles' strength is measured on, as a gain over frequency, of the shape of a transform.
    levels, strengths: (M, C, T, T), of each tile: its mean, and the mean square of the grain that passed.
    structure: (M, T, T), how much picture each tile shows, and activity: (M,), each block.
    """

    grain: npt.NDArray[np.complex64]
    passed: Pixels
    levels: Pixels
    strengths: Pixels
    structure: Pixels
    activity: Pixels


def of_pair(first: Pixels, second: Pixels, usable: npt.NDArray[np.bool_]) -> Blocks:
    """The difference of two frames along the motion, over sqrt(2): grain of which the picture is gone.

    first, second: (C, H, W) float32 of neighbouring frames. usable: (H, W), of the first frame.
    The second frame's blocks are moved by whole pixels and the rest of the way by the phase of their
    transforms, which takes nothing from grain, as interpolation would. Blocks are chosen by the sum of both
    frames, which tells nothing of the grain in their difference.
    """
    import cv2

    motion, _ = between(*(cv2.GaussianBlur(_luma(f), (0, 0), _CALM) for f in (first, second)))
    other = moved(np.ascontiguousarray(second.transpose(1, 2, 0)), motion.field).reshape(*first.shape[1:], -1)
    mean = (first + other.transpose(2, 0, 1)) / 2
    places, activity, structure = _chosen(mean, usable)
    shifts = _block_motion(motion.field, places)
    whole = np.rint(shifts)
    there = places + whole.astype(np.int64)
    inside = ((there >= 0) & (there <= np.array(first.shape[1:]) - BLOCK)).all(1)
    places, activity, there = places[inside], activity[inside], there[inside]
    a, b = _cut(first, places), _cut(second, there)
    even = a.mean((2, 3), keepdims=True) - b.mean((2, 3), keepdims=True)
    grain = transform(a) - transform(b + even) * phases((shifts - whole)[inside])[:, None]
    grain *= np.float32(np.sqrt(0.5))
    return _blocks(grain, np.ones_like(RADII), mean, structure, places, activity)


def of_frame(frame: Pixels, usable: npt.NDArray[np.bool_]) -> Blocks:
    """The flattest blocks of one frame, less their slope; tiles are measured by fine detail alone."""
    places, activity, structure = _chosen(frame, usable)
    blocks = _cut(frame, places)
    for plane in _PLANE:
        blocks -= np.tensordot(blocks * WINDOW, plane, 2)[..., None, None] * plane
    grain = transform(blocks)
    passed = np.asarray(1 - np.exp(-((RADII / _FINE) ** 4)), np.float32)
    return _blocks(grain, passed, frame, structure, places, activity)


def standing(first: Pixels, second: Pixels, places: npt.NDArray[np.int64], passed: Pixels) -> Pixels:
    """The correlation of the fine detail of two frames at the same places, (M, C)."""
    a, b = (transform(_cut(f, places)) * passed for f in (first, second))
    both = (a * b.conj()).real.sum((2, 3))
    power = (np.square(np.abs(a)) + np.square(np.abs(b))).sum((2, 3)) / 2
    return np.asarray(both / np.maximum(power, 1e-20), np.float32)


def _luma(planes: Pixels) -> Pixels:
    return planes[0] if len(planes) == 1 else np.tensordot(_LUMA, planes, 1)


def _chosen(mean: Pixels, usable: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], Pixels, Pixels]:
    """The corners (y, x) of blocks with least picture among those as bright, its amount, and it per pixel."""
    import cv2

    luma = _luma(mean)
    smooth = cv2.GaussianBlur(luma, (0, 0), _SMOOTH)
    slope = cv2.Sobel(smooth, -1, 1, 0, scale=0.125) ** 2 + cv2.Sobel(smooth, -1, 0, 1, scale=0.125) ** 2
    height, width = luma.shape
    ys, xs = (np.unique([*range(0, size - BLOCK + 1, BLOCK // 2), size - BLOCK]) for size in (height, width))
    corners = np.stack(np.meshgrid(ys, xs, indexing="ij"), -1).reshape(-1, 2)
    corners = corners[_means(usable.astype(np.float32), corners) > 1 - 1e-4]
    activity, bright = _means(slope, corners), _means(luma, corners)
    if len(corners) > _MOST:
        classes = np.searchsorted(np.quantile(bright, np.linspace(0, 1, _CLASSES + 1)[1:-1]), bright)
        flattest = np.lexsort((activity, classes))
        rank = np.empty(len(corners), np.int64)
        starts = np.searchsorted(classes[flattest], np.arange(_CLASSES))
        rank[flattest] = np.arange(len(corners)) - starts[classes[flattest]]
        kept = rank < _MOST // _CLASSES
        corners, activity = corners[kept], activity[kept]
    return corners, activity, np.asarray(cv2.blur(slope, (TILE, TILE)), np.float32)


def _means(plane: Pixels, corners: npt.NDArray[np.int64]) -> Pixels:
    """The mean of a plane over each block."""
    import cv2

    sums = cv2.integral(plane, sdepth=cv2.CV_64F)
    y, x = corners.T
    total = sums[y + BLOCK, x + BLOCK] - sums[y, x + BLOCK] - sums[y + BLOCK, x] + sums[y, x]
    return np.asarray(total / BLOCK**2, np.float32)


def _block_motion(field: Pixels, corners: npt.NDArray[np.int64]) -> Pixels:
    """How far each block moves, (M, 2), y and x: the median over it."""
    found = [
        np.median(field[y : y + BLOCK : 4, x : x + BLOCK : 4].reshape(-1, 2), axis=0) for y, x in corners
    ]
    return np.array(found, np.float32).reshape(-1, 2)[:, ::-1]


def _cut(planes: Pixels, corners: npt.NDArray[np.int64]) -> Pixels:
    """The blocks at the corners, (M, C, BLOCK, BLOCK)."""
    views = np.lib.stride_tricks.sliding_window_view(planes, (BLOCK, BLOCK), axis=(1, 2))
    return np.ascontiguousarray(views[:, corners[:, 0], corners[:, 1]].transpose(1, 0, 2, 3))


def _blocks(
    grain: npt.NDArray[np.complex64],
    passed: Pixels,
    mean: Pixels,
    structure: Pixels,
    corners: npt.NDArray[np.int64],
    activity: Pixels,
) -> Blocks:
    """Measure the tiles of the inner quarter of each block; the inner quarters cover the picture once."""
    count, channels = grain.shape[:2]
    scale = BLOCK * np.sqrt(np.square(WINDOW).mean())
    shown = np.fft.irfft2(grain * passed, s=(BLOCK, BLOCK)).astype(np.float32)[..., _INNER, _INNER] * scale
    tiles = (_INSIDE, TILE, _INSIDE, TILE)
    weights = np.square(WINDOW[_INNER, _INNER]).reshape(tiles).sum((1, 3))
    strengths = np.square(shown).reshape(count, channels, *tiles).sum((3, 5)) / weights
    inner = _cut(mean, corners)[..., _INNER, _INNER].reshape(count, channels, *tiles)
    rough = _cut(structure[None], corners)[:, 0, _INNER, _INNER].reshape(count, *tiles)
    return Blocks(grain, passed, inner.mean((3, 5)), strengths, rough.mean((2, 4)), activity)
