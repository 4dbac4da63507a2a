"""Putting a patch into a picture without a seam: its light bent to what is around, its grain brought up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Mask = npt.NDArray[np.bool_]

_SMALLEST = 2
# A pixel less the mean of those around, which leaves white noise its deviation: that sees the whole of what
# interpolation takes from grain. The median of its size over the deviation.
_FINE = (9 * np.eye(9, dtype=np.float32)[4].reshape(3, 3) - 1) / np.float32(np.sqrt(72))
_MEDIAN = 0.6745


def spread(values: Pixels, known: Mask) -> Pixels:
    """Continue values smoothly into where they are not known.

    values: (H, W, C) float32; known: (H, W). Returns the values where known, else a smooth surface through
    them, by a pyramid of averages (pull-push; Gortler et al., The Lumigraph, 1996); 0 where nothing is
    known.
    """
    weight = known.astype(np.float32)
    return _pulled(values * weight[..., None], weight)


def levelled(patch: Pixels, around: Pixels, ring: Mask) -> Pixels:
    """The patch, (H, W, C), plus the smooth difference that `around` has from it on the ring.

    This is Poisson blending with the difference continued harmonically (Pérez et al., 2003), the harmonic
    surface replaced by that of `spread`.
    """
    import cv2

    difference = spread(around - patch, ring)
    inside = cv2.blur(difference, (5, 5), borderType=cv2.BORDER_REPLICATE).reshape(difference.shape)
    return np.asarray(patch + inside, np.float32)


def grained(patch: Pixels, around: Pixels, hole: Mask, ring: Mask, seed: int) -> Pixels:
    """The patch with as much grain in the hole as `around` has on the ring, (H, W, C) float32.

    Grain is added where the patch has less, as an interpolated one has; never taken away. seed: of the noise.
    """
    here, there = rough(around, ring), rough(patch, hole | ring)
    lacking = np.sqrt(np.maximum(np.square(here) - np.square(there), 0))
    if not lacking.any():
        return patch
    rng = np.random.default_rng(seed)
    # One draw for all channels: most of grain is luma. White: interpolation takes of the finest most.
    noise = rng.standard_normal(hole.shape, np.float32)
    return np.asarray(patch + noise[..., None] * lacking * hole[..., None], np.float32)


def rough(planes: Pixels, where: Mask) -> Pixels:
    """The deviation of the grain of (H, W, C) planes in an area, (C,) float32, by what is finest in them."""
    import cv2

    found = np.zeros(planes.shape[2], np.float32)
    if min(planes.shape[:2]) > 2 and where.any():
        for channel in range(len(found)):
            edges = np.abs(cv2.filter2D(np.ascontiguousarray(planes[..., channel]), -1, _FINE))
            found[channel] = np.median(edges[where]) / _MEDIAN
    return found


def _pulled(weighted: Pixels, weight: Pixels) -> Pixels:
    """One step of the pyramid: what is coarser fills what is not known here."""
    import cv2

    height, width = weight.shape
    mean = weighted / np.maximum(weight, np.float32(1e-6))[..., None]
    if max(height, width) <= _SMALLEST or weight.all():
        total = max(float(weight.sum()), 1e-6)
        rest = weighted.sum(axis=(0, 1)) / np.float32(total)
        return np.where(weight[..., None] > 0, mean, rest).astype(np.float32)
    size = ((width + 1) // 2, (height + 1) // 2)
    small = cv2.resize(weighted, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)
    coarse = _pulled(small, cv2.resize(weight, size, interpolation=cv2.INTER_AREA))
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR).reshape(weighted.shape)
    share = np.minimum(weight, 1)[..., None]
    return np.asarray(share * mean + (1 - share) * fine, np.float32)
