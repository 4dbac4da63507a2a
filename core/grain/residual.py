"""Blocks of a plate in which its grain shows without its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interneg.frame import Pixels
from interneg.grain.spectrum import BLOCK, RADII, WINDOW, Transforms, frequencies, phases, transform
from interneg.motion.calm import calmed
from interneg.motion.flow import between, moved

# OpenCV is imported where it is used: what only lists nodes never loads it.

TILE = 16
"""Height and width of the tiles within a block in which its strength is measured."""
_INNER = slice(BLOCK // 4, BLOCK - BLOCK // 4)
_INSIDE = BLOCK // 2 // TILE
# Blocks are chosen as the smoothest of so many classes of brightness.
_CLASSES = 16
# The picture's own structure is looked for in what this takes away the grain from.
_SMOOTH = 1.5
# Motion is looked for with less grain than the picture has, and where there is more structure than so many
# times the grain's variance: grain would be followed.
_CALM, _CALMER = 2.0, 8.0
# Cycles per pixel above which frames are compared at the same place: there is least picture there.
_FINE = 0.25
# A block with more than this share of clipped pixels shows no grain to go by.
_SPOILT = 0.02
# Height and width, in blocks, of the field of grain that tells what chance makes.
_PURE = 6
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Level and slopes of a block, of length 1 each and square to one another under the window.
_RAMP = (np.arange(BLOCK, dtype=np.float32) - BLOCK / 2) / BLOCK
_PLANE = [
    plane / np.sqrt((np.square(plane) * WINDOW).sum())
    for plane in (np.ones_like(WINDOW), _RAMP[:, None] + 0 * WINDOW, _RAMP[None, :] + 0 * WINDOW)
]

Mask = npt.NDArray[np.bool_]
Corners = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Blocks:
    """M blocks of C channels.

    grain: (M, C, BLOCK, BLOCK // 2 + 1) complex64, transforms of windowed blocks of grain, with its variance.
    levels: (M, C, T, T), the mean of each tile; spoilt: the share of its pixels that are clipped.
    structure: (M, T, T), how much picture each tile shows, and activity: (M,), each block.
    standing: (M, C), the correlation of the fine detail of two frames at the same place; 0 for one frame.
    travel: (M,), by how many pixels the picture moves from one frame to the other.
    """

    grain: Transforms
    levels: Pixels
    spoilt: Pixels
    structure: Pixels
    activity: Pixels
    standing: Pixels
    travel: Pixels

    def chosen(self, which: npt.NDArray[np.int64] | Mask) -> Blocks:
        """Some of the blocks. which: (M,) bool, or (K,) of their places."""
        return Blocks(*(value[which] for value in vars(self).values()))


def of_pair(first: Pixels, second: Pixels, spoilt: tuple[Pixels, Pixels], most: int) -> Blocks:
    """The difference of two frames along the motion, over sqrt(2): grain of which the picture is gone.

    first, second: (C, H, W) float32 of neighbouring frames. spoilt: where each is clipped, 1, else 0, of that
    shape. most: blocks, at most. The second frame's blocks are moved by whole pixels, and the rest of the way
    by the phase of their transforms, which takes nothing from grain, as interpolation would. Blocks are
    chosen by the sum of both frames, which tells nothing of the grain in their difference.
    """
    import cv2

    luma, there = (cv2.GaussianBlur(_luma(f), (0, 0), _CALM) for f in (first, second))
    grainy = np.square(np.median(np.abs(_luma(first) - luma)) / 0.6745)
    variance = np.full((1, 1), _CALMER * grainy, np.float32)
    field = calmed(between(luma, there)[0], luma, variance).field
    mean, bad = (_mean(a, _moved(b, field)) for a, b in ((first, second), spoilt))
    corners, activity, structure = _chosen(mean, bad, most)
    shifts = _block_motion(field, corners)
    whole = np.rint(shifts).astype(np.int64)
    arrived = corners + whole
    inside = ((arrived >= 0) & (arrived <= np.array(first.shape[1:]) - BLOCK)).all(1)
    corners, shifts, arrived = corners[inside], shifts[inside], arrived[inside]
    own = _cut(first, corners)
    other = _cut(second, arrived)
    other += own.mean((2, 3), keepdims=True) - other.mean((2, 3), keepdims=True)
    here = transform(own)
    grain = here - transform(other) * phases(shifts - whole[inside])[:, None]
    grain *= np.float32(np.sqrt(0.5))
    same = standing(here, transform(_cut(second, corners)))
    travel = np.hypot(*shifts.T).astype(np.float32)
    return _blocks(grain, mean, bad, structure, corners, activity[inside], same, travel)


def of_frame(frame: Pixels, spoilt: Pixels, most: int) -> Blocks:
    """The flattest blocks of one frame, less their slope. frame, spoilt (C, H, W), most: as in `of_pair`."""
    corners, activity, structure = _chosen(frame, spoilt, most)
    blocks = _cut(frame, corners)
    for plane in _PLANE:
        blocks -= np.tensordot(blocks * WINDOW, plane, 2)[..., None, None] * plane
    none = np.zeros(blocks.shape[:2], np.float32)
    return _blocks(transform(blocks), frame, spoilt, structure, corners, activity, none, none[:, 0])


def pure(power: Pixels, correlation: Pixels) -> Transforms:
    """Blocks of nothing but grain, with a variance of 1, as `Blocks.grain`: what chance makes of it.

    power: (C, RINGS), mean 1. correlation: (C, C).
    """
    size, count = _PURE * BLOCK, len(power)
    radii = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    values, vectors = np.linalg.eigh(correlation)
    mixed = (vectors * np.sqrt(np.maximum(values, 0))).astype(np.float32)
    noise = np.random.default_rng(0).standard_normal((count, size, size), np.float32)
    noise = np.tensordot(mixed, noise, 1)
    gains = np.stack([np.interp(radii, frequencies(), np.sqrt(p)) for p in power])
    field = np.fft.irfft2(np.fft.rfft2(noise) * gains, s=(size, size)).astype(np.float32)
    steps = np.arange(0, size - BLOCK + 1, BLOCK // 2)
    corners = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)
    return transform(_cut(field, corners))


def strengths(grain: Transforms, gain: Pixels) -> Pixels:
    """The mean square of each tile, (M, C, T, T), of transforms (M, C, ...) times a gain (..., )."""
    scale = np.float32(BLOCK * np.sqrt(np.square(WINDOW).mean()))
    shown = np.fft.irfft2(grain * gain, s=(BLOCK, BLOCK)).astype(np.float32)[..., _INNER, _INNER] * scale
    return _tiled(np.square(shown)) / _tiled(np.square(WINDOW)[None, None, _INNER, _INNER])


def joined(parts: Sequence[Blocks]) -> Blocks:
    """All blocks as one."""
    return Blocks(
        *(np.concatenate(values) for values in zip(*(vars(p).values() for p in parts), strict=True))
    )


def _luma(planes: Pixels) -> Pixels:
    return planes[0] if len(planes) == 1 else np.asarray(np.tensordot(_LUMA, planes, 1), np.float32)


def _mean(one: Pixels, other: Pixels) -> Pixels:
    return np.asarray((one + other) / 2, np.float32)


def _moved(planes: Pixels, field: Pixels) -> Pixels:
    interleaved = np.ascontiguousarray(planes.transpose(1, 2, 0))
    return moved(interleaved, field).reshape(interleaved.shape).transpose(2, 0, 1)


def _chosen(mean: Pixels, spoilt: Pixels, most: int) -> tuple[Corners, Pixels, Pixels]:
    """The corners (y, x) of blocks with least picture among those as bright, its amount, and it per pixel."""
    import cv2

    luma = _luma(mean)
    smooth = cv2.GaussianBlur(luma, (0, 0), _SMOOTH)
    slope = cv2.Sobel(smooth, -1, 1, 0, scale=0.125) ** 2 + cv2.Sobel(smooth, -1, 0, 1, scale=0.125) ** 2
    height, width = luma.shape
    ys, xs = (np.unique([*range(0, size - BLOCK + 1, BLOCK // 2), size - BLOCK]) for size in (height, width))
    corners = np.stack(np.meshgrid(ys, xs, indexing="ij"), -1).reshape(-1, 2)
    corners = corners[_means(spoilt.max(0), corners) <= _SPOILT]
    activity, bright = _means(slope, corners), _means(luma, corners)
    if len(corners) > most:
        classes = np.searchsorted(np.quantile(bright, np.linspace(0, 1, _CLASSES + 1)[1:-1]), bright)
        flattest = np.lexsort((activity, classes))
        rank = np.empty(len(corners), np.int64)
        starts = np.searchsorted(classes[flattest], np.arange(_CLASSES))
        rank[flattest] = np.arange(len(corners)) - starts[classes[flattest]]
        kept = rank < most // _CLASSES
        corners, activity = corners[kept], activity[kept]
    return corners, activity, slope


def _means(plane: Pixels, corners: Corners) -> Pixels:
    """The mean of a plane over each block."""
    import cv2

    sums = cv2.integral(plane, sdepth=cv2.CV_64F)
    y, x = corners.T
    total = sums[y + BLOCK, x + BLOCK] - sums[y, x + BLOCK] - sums[y + BLOCK, x] + sums[y, x]
    return np.asarray(total / BLOCK**2, np.float32)


def _block_motion(field: Pixels, corners: Corners) -> Pixels:
    """How far each block moves, (M, 2), y and x: the median over it."""
    found = [
        np.median(field[y : y + BLOCK : 4, x : x + BLOCK : 4].reshape(-1, 2), axis=0) for y, x in corners
    ]
    return np.array(found, np.float32).reshape(-1, 2)[:, ::-1]


def standing(here: Transforms, there: Transforms) -> Pixels:
    """The correlation of the fine detail of two frames' blocks, (M, C)."""
    fine = (RADII > _FINE).astype(np.float32)
    both = (here * there.conj() * fine).real.sum((2, 3))
    power = ((np.square(np.abs(here)) + np.square(np.abs(there))) * fine).sum((2, 3)) / 2
    return np.asarray(both / np.maximum(power, 1e-20), np.float32)


def _cut(planes: Pixels, corners: Corners) -> Pixels:
    """The blocks at the corners, (M, C, BLOCK, BLOCK)."""
    views = np.lib.stride_tricks.sliding_window_view(planes, (BLOCK, BLOCK), axis=(1, 2))
    return np.ascontiguousarray(views[:, corners[:, 0], corners[:, 1]].transpose(1, 0, 2, 3))


def _blocks(
    grain: Transforms,
    mean: Pixels,
    spoilt: Pixels,
    structure: Pixels,
    corners: Corners,
    activity: Pixels,
    same: Pixels,
    travel: Pixels,
) -> Blocks:
    """Look at the tiles of the inner quarter of each block; the inner quarters cover the picture once."""
    levels, bad, rough = (
        _tiled(_cut(planes, corners)[..., _INNER, _INNER]) for planes in (mean, spoilt, structure[None])
    )
    return Blocks(grain, levels, bad, rough[:, 0], activity, same, travel)


def _tiled(blocks: Pixels) -> Pixels:
    """The means of the tiles of inner quarters (M, C, BLOCK / 2, BLOCK / 2)."""
    tiles = blocks.reshape(*blocks.shape[:2], _INSIDE, TILE, _INSIDE, TILE)
    return np.asarray(tiles.mean((3, 5)), np.float32)
