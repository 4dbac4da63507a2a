"""A result held within what was given around each pixel, in R, G and B, so that no edge has a halo."""

from __future__ import annotations

from itertools import product

import numpy as np

from interneg.colour.working import to_luma, to_rgb
from interneg.frame import Mask, Pixels
from interneg.resize import PEAKS, hold, reach

# OpenCV is imported where it is used: what only lists nodes never loads it.

_FAR_BELOW = -0.25
_COLOURFUL = 0.4
_BLOCK = 64


def hold_rgb(result: Pixels, given: Pixels, scale: int, doubt: Pixels) -> None:
    """`hold` R, G and B each, in place: held in luma alone, one channel could ring in another's stead.

    result: (C, H * scale, W * scale) float32, Y, Cb, Cr or Y in LOG_Y. given: (C, H, W), the picture it was
    made from, not written to. doubt: by how much that may be wrong, (H, W) or (1, 1), in the same units. All
    are finite.
    """
    source = given.copy()
    if len(source) == 3:
        to_rgb(source)
        to_rgb(result)
    for plane, channel in zip(result, source, strict=True):
        hold(plane, channel, scale, peaks=PEAKS, doubt=doubt)
    if len(source) == 3:
        to_luma(result)


def hold_extremes(result: Pixels, given: Pixels, scale: int, above: float = 1.0) -> None:
    """Hold R, G and B strictly, in place, around what is above 1 (or `above`) or far below 0.

    There the encoding is so steep that a ringing of 0.1 is a stop of light. result: (C, H *
    scale, W * scale) and given: (C, H, W) float32 in LOG_Y, finite, as in `hold_rgb`. What lies elsewhere
    stays as it is, to float rounding.
    """
    import cv2

    ordinary = given[0].max() <= above and given[0].min() >= _FAR_BELOW
    if ordinary and np.abs(given[1:]).max(initial=0) <= _COLOURFUL:
        return
    source = given.copy()
    if len(source) == 3:
        to_rgb(source)
    beyond = ((source > above) | (source < _FAR_BELOW)).any(axis=0).view(np.uint8)
    near = cv2.dilate(beyond, np.ones((5, 5), np.uint8)).view(np.bool_)
    height, width = near.shape
    for top, left in product(range(0, height, _BLOCK), range(0, width, _BLOCK)):
        here = near[top : top + _BLOCK, left : left + _BLOCK]
        if here.any():
            _hold_block(result, source, here, top, left, scale)


def _hold_block(result: Pixels, source: Pixels, near: Mask, top: int, left: int, scale: int) -> None:
    """`hold` R, G and B of one block of `result`, in place, where `near` says so."""
    height, width = near.shape
    part = result[:, top * scale : (top + height) * scale, left * scale : (left + width) * scale]
    y, x = max(0, top - 2), max(0, left - 2)  # `reach` looks two pixels around
    if len(source) == 3:
        to_rgb(part)
    for plane, channel in zip(part, source[:, y : top + height + 2, x : left + width + 2], strict=True):
        below, above = (b[top - y :, left - x :][:height, :width] for b in reach(channel))
        below[~near], above[~near] = -np.inf, np.inf
        np.clip(plane, *(b.repeat(scale, 0).repeat(scale, 1) for b in (below, above)), out=plane)
    if len(source) == 3:
        to_luma(part)
