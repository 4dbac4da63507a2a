"""A plate's own grain, given back to what was done to its degrained version."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

# Over so many pixels the plate's own grain passes into grain that is made, within what was changed.
_SEAM = 6
# Unchanged spots smaller than this, in pixels, count as changed there: they are alike by chance.
_CHANCE = 5
# Grain that is made is as strong as its profile says, but not so many times what was removed elsewhere in the
# frame, by level: a clip whose grain is hard to measure must not get more than it had.
_MOST, _LEVELS, _ENOUGH = 1.5, 8, 400


class Regrained(NamedTuple):
    """planes: (C, H, W) float32, with grain. untouched: (H, W) bool, where they are the plate's."""

    planes: Pixels
    untouched: Mask


def regrained(work: Pixels, clean: Pixels, plate: Pixels, made: Pixels, tolerance: float) -> Regrained:
    """Give `work` grain: the plate's own where it was not changed, else grain that is made.

    All (C, H, W) float32 in one encoding, finite. work: what was made of `clean`. clean: the plate without
    its grain. plate: with it. made: grain to be added to `work`. tolerance: by how much a pixel may differ
    between work and clean, or clean held to 0..1, in each channel and count as unchanged.

    Where nothing was changed the result is the plate, bit for bit. At the edge of what was changed both
    grains are mixed so that their variances add up to one.
    """
    import cv2

    # Files of whole numbers end at 0 and 1.
    held = np.minimum(np.abs(work - clean), np.abs(work - np.clip(clean, 0, 1)))
    changed = (held > np.float32(tolerance)).any(axis=0)
    made = _held(made, plate - clean, work, ~changed)
    planes = work + made
    if not changed.all():
        kept = cv2.morphologyEx(np.uint8(~changed), cv2.MORPH_OPEN, np.ones((_CHANCE, _CHANCE), np.uint8))
        away = cv2.distanceTransform(np.uint8(kept == 0), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        share = np.clip(1 - away.reshape(changed.shape) / np.float32(_SEAM + 1), 0, 1)
        if not kept.any():
            share = np.zeros(changed.shape, np.float32)
        share = np.where(changed, share, np.float32(1)).astype(np.float32)
        planes = work + share * (plate - clean) + np.sqrt(1 - share * share) * made
        planes[:, ~changed] = plate[:, ~changed]
    return Regrained(np.asarray(planes, np.float32), ~changed)


def _held(made: Pixels, own: Pixels, work: Pixels, unchanged: Mask) -> Pixels:
    """Grain that is made, held to the plate's own where nothing was changed, (C, H, W) float32.

    The medians of what is finest in both are compared: of that all is removed from a plate, while edges that
    lost a little, and coarse grain that stayed, say nothing.
    """
    if unchanged.sum() < _ENOUGH * _LEVELS:
        return made
    held = np.empty_like(made)
    for plane, had, level, out in zip(made, own, work, held, strict=True):
        at = level[unchanged]
        edges = np.quantile(at, np.linspace(0, 1, _LEVELS + 1))
        classes = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, _LEVELS - 1)
        here, there = (_finest(p)[unchanged] for p in (had, plane))
        shares = [
            _MOST * np.median(here[classes == k]) / max(float(np.median(there[classes == k])), 1e-9)
            if (classes == k).any()
            else 1.0
            for k in range(_LEVELS)
        ]
        out[...] = plane * np.interp(level, (edges[1:] + edges[:-1]) / 2, np.minimum(shares, 1))
    return held


def _finest(plane: Pixels) -> Pixels:
    """How much each pixel differs from those around it, (H, W) float32."""
    import cv2

    around = cv2.blur(plane, (3, 3), borderType=cv2.BORDER_REFLECT).reshape(plane.shape)
    return np.asarray(np.abs(plane - around), np.float32)
