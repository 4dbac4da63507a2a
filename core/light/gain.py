"""A frame's light times the gain that steadies it."""

from __future__ import annotations

import math

import numpy as np

from interneg.frame import Pixels
from interneg.light.steady import Correction

# OpenCV is imported where it is used: what only lists nodes never loads it.

# The logarithm of the largest gain.
_MOST = math.log(4)
_STRIP = 64


def multiply(
    plane: Pixels,
    what: Correction,
    out: Pixels,
    exposure: float = 1.0,
    local: float = 1.0,
    bands: float = 1.0,
) -> None:
    """Multiply a plane of light into `out` by a gain from a quarter to 4, so that it has its steady level.

    plane, out: (H, W) float32, scene-linear, finite; 0 stays 0 and negative light stays negative. exposure,
    local, bands: 0..1, how much of the correction of the whole picture (gain and gamma), of its field and of
    its rows is made.
    """
    import cv2

    height, width = plane.shape
    field, rows = what.field.astype(np.float32), what.rows.astype(np.float32)[:, None]
    gain = cv2.resize(field * local, (width, height), interpolation=cv2.INTER_CUBIC)
    gain += exposure * (what.exposure - what.slope * what.pivot)
    if bands:
        gain += bands * cv2.resize(rows, (1, height), interpolation=cv2.INTER_LINEAR)
    lowest, highest = math.exp(what.lowest), math.exp(what.highest)
    for top in range(0, height, _STRIP):  # strips stay in the cache
        strip = slice(top, top + _STRIP)
        level = cv2.log(np.clip(np.abs(plane[strip]), lowest, highest))
        level *= exposure * what.slope
        level += gain[strip]
        np.clip(level, -_MOST, _MOST, out=level)
        np.multiply(plane[strip], cv2.exp(level), out=out[strip])
