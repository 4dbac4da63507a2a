"""Putting a patch into a picture without a seam: its light bent to what is around, its grain brought up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from interneg.defects.middle import median
from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Mask = npt.NDArray[np.bool_]

_SMALLEST = 2
_RELAXED = 24
_CROSS = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)
# A pixel less the mean of those around, which leaves white noise its deviation: that sees the whole of what
# interpolation takes from grain. The median of its size over the deviation.
_FINE = (9 * np.eye(9, dtype=np.float32)[4].reshape(3, 3) - 1) / np.float32(np.sqrt(72))
_MEDIAN = 0.6745
# Noise is drawn in squares of so many pixels a side.
_TILE = 64


def spread(values: Pixels, known: Mask) -> Pixels:
    """Continue values smoothly into where they are not known.

    values: (H, W, C) float32; known: (H, W). Returns the values where known, else a smooth surface through
    them, by a pyramid of averages (pull-push; Gortler et al., The Lumigraph, 1996); 0 where nothing is
    known.
    """
    return np.asarray(spread_each(values[None], np.broadcast_to(known[..., None], values.shape))[0])


def spread_each(values: Pixels, known: Mask) -> Pixels:
    """What `spread` makes of each of up to four pictures of one size, (C, H, W, K) and (H, W, K)."""
    weight = known.astype(np.float32, order="C")
    return _pulled(np.multiply(values, weight, order="C"), weight)


def membrane(values: Pixels, known: Mask) -> Pixels:
    """Stretch a membrane over what is not known: nearly harmonic, so without a step at its rim.

    values: (H, W, C) float32; known: (H, W). Returns the values where known, else `spread`, relaxed.
    """
    import cv2

    made = np.where(known[..., None], values, spread(values, known))
    if known.all():
        return made
    # Only what is not known changes, and depends on what is right beside it.
    parts = (np.flatnonzero(~known.all(axis=k)) for k in (1, 0))
    box = tuple(slice(max(0, p[0] - 1), p[-1] + 2) for p in parts)
    inside, kept = np.ascontiguousarray(made[box]), known[box][..., None]
    for _ in range(_RELAXED):
        mean = cv2.filter2D(inside, -1, _CROSS, borderType=cv2.BORDER_REPLICATE).reshape(inside.shape)
        np.copyto(inside, mean, where=~kept)
    made[box] = inside
    return made


def levelled(patch: Pixels, around: Pixels, ring: Mask, most: float = np.inf) -> Pixels:
    """The patch, (H, W, C), plus the smooth difference that `around` has from it on the ring, up to `most`.

    This is Poisson blending with the difference continued harmonically (Pérez et al., 2003), the harmonic
    surface replaced by that of `spread`.
    """
    return levelled_each([patch], around, [ring], most)[0]


def levelled_each(
    patches: Sequence[Pixels], around: Pixels, rings: Sequence[Mask], most: float = np.inf
) -> list[Pixels]:
    """What `levelled` makes of each of up to four patches, (H, W, C), with a ring of its own, (H, W)."""
    import cv2

    limit, count = np.float32(most), around.shape[2]
    differences = np.empty((count, *around.shape[:2], len(patches)), np.float32)
    for k, patch in enumerate(patches):
        np.subtract(around, patch, out=differences[..., k].transpose(1, 2, 0))
    np.clip(differences, -limit, limit, out=differences)
    smooth = spread_each(differences, np.stack(rings, axis=2))
    for plane in smooth:
        cv2.blur(plane, (5, 5), dst=plane, borderType=cv2.BORDER_REPLICATE)
    return [patch + smooth[..., k].transpose(1, 2, 0) for k, patch in enumerate(patches)]


def lacking_grain(
    patch: Pixels, around: Pixels, hole: Mask, ring: Mask, most: Callable[[], float] = lambda: np.inf
) -> Pixels:
    """The deviation of the grain that a patch lacks in the hole beside what `around` has on the ring, (C,).

    patch, around: (H, W, C) float32. most: what the grain of the picture is; the ring may show more, of
    texture. 0 where the patch has as much or more, as none is ever taken away.
    """
    here, there = rough(around, ring), rough(patch, hole | ring)
    if (here > there).any():
        here = np.minimum(here, np.float32(most()))
    return np.asarray(np.sqrt(np.maximum(np.square(here) - np.square(there), 0)), np.float32)


def noise(area: tuple[slice, slice], seed: int) -> Pixels:
    """White noise of a deviation of 1 in an area of the picture, (h, w) float32.

    It is a function of place and seed, so that parts of one hole have one grain. One plane for all channels:
    most of grain is luma. White: interpolation takes of the finest most.
    """
    rows, columns = area
    tiles = [range(s.start // _TILE, -(-s.stop // _TILE)) for s in (rows, columns)]
    made = np.block([[_tile(seed, y, x) for x in tiles[1]] for y in tiles[0]])
    top, left = rows.start - tiles[0].start * _TILE, columns.start - tiles[1].start * _TILE
    return made[top : top + rows.stop - rows.start, left : left + columns.stop - columns.start]


@lru_cache(maxsize=256)
def _tile(seed: int, y: int, x: int) -> Pixels:
    return np.random.default_rng((seed, y, x)).standard_normal((_TILE, _TILE), np.float32)


def rough(planes: Pixels, where: Mask) -> Pixels:
    """The deviation of the grain of (H, W, C) planes in an area, (C,) float32, by what is finest in them."""
    import cv2

    found = np.zeros(planes.shape[2], np.float32)
    if min(planes.shape[:2]) > 2 and where.any():
        for k in range(len(found)):
            edges = np.abs(cv2.filter2D(np.ascontiguousarray(planes[..., k]), -1, _FINE))
            found[k] = median(edges[where]) / np.float32(_MEDIAN)
    return found


def _pulled(weighted: Pixels, weight: Pixels) -> Pixels:
    """One step of the pyramid: what is coarser fills what is not known here.

    weighted: (C, H, W, K), the values of K pictures, which OpenCV takes for channels, times their weight;
    weight: (H, W, K).
    """
    import cv2

    height, width, count = weight.shape
    mean: Pixels = np.asarray(weighted / np.maximum(weight, np.float32(1e-6)), np.float32)
    full = weight.all(axis=(0, 1))
    if max(height, width) <= _SMALLEST or full.all():
        total = np.maximum(weight.sum(axis=(0, 1)), np.float32(1e-6))
        rest = weighted.sum(axis=(1, 2)) / total
        return np.asarray(np.where(weight > 0, mean, rest[:, None, None]), np.float32)
    size = ((width + 1) // 2, (height + 1) // 2)
    small = np.empty((len(weighted), size[1], size[0], count), np.float32)
    less, fine = np.empty(small.shape[1:], np.float32), np.empty_like(mean)
    cv2.resize(weight, size, dst=less, interpolation=cv2.INTER_AREA)
    for plane, reduced in zip(weighted, small, strict=True):
        cv2.resize(plane, size, dst=reduced, interpolation=cv2.INTER_AREA)
    for plane, enlarged in zip(_pulled(small, less), fine, strict=True):
        cv2.resize(plane, (width, height), dst=enlarged, interpolation=cv2.INTER_LINEAR)
    # What is known everywhere here needs nothing of what is coarser.
    share = np.minimum(weight, 1)
    share[..., full] = 1
    mean -= fine
    mean *= share
    mean += fine
    return mean
