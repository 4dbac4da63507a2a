"""Where pictures lie: a frame moved into another window, fitted to a size, copied into shared memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from interneg.frame import Box, Frame, Pixels
from interneg.plugin.worker.protocol import Image
from interneg.processor import cores

_BAND = 64
"""Rows that are copied at a time."""


def placed(frame: Frame, other: Frame) -> Frame:
    """The frame with the data window of another one: what it does not have is 0, as hosts have it."""
    box, own = other.data_window, frame.data_window
    if box == own:
        return frame
    pixels = np.zeros((box.height, box.width, len(frame.channels)), np.float32).transpose(2, 0, 1)
    copy_common(frame.pixels, own, pixels, box)
    return frame.with_pixels(pixels, data_window=box)


def fitted(result: Frame, given: Frame, mask: Frame | None) -> Frame:
    """The result at the size of what it was made from, for hosts in which the two may not differ.

    Each pixel of R, G, B or Y is the mean of those that stand for it, which never rings and keeps NaN and inf
    to themselves. Where the mask is 0, and in all other channels, the given pixels come through bit for bit.
    """
    scale = result.width // given.width
    if scale == 1:
        return result
    pixels = given.pixels.copy(order="K")
    for i in given.colour_channels:
        blocks = result.pixels[i].reshape(given.height, scale, given.width, scale)
        pixels[i] = blocks.mean(axis=(1, 3), dtype=np.float32)
    planes = list(given.colour_channels)
    keep = ~np.isfinite(given.pixels[planes]).all(axis=0)
    if mask is not None:
        amount = mask.pixels[mask.channels.index("A") if "A" in mask.channels else 0]
        keep |= ~(amount > 0)
    for i in planes:
        pixels[i][keep] = given.pixels[i][keep]
    return given.with_pixels(pixels)


def write(result: Frame, image: Image, view: Pixels) -> None:
    """Put the part of a result that an image shows into its memory; the rest becomes 0.

    view: (H, W, C) float32.
    """
    box = Box(image.x, image.y, image.x + image.width, image.y + image.height)
    window = result.data_window
    if not (window.x0 <= box.x0 and window.y0 <= box.y0 and window.x1 >= box.x1 and window.y1 >= box.y1):
        view[:] = 0
    copy_common(result.pixels[: len(image.channels)], window, view.transpose(2, 0, 1), box)


def copy_common(source: Pixels, window: Box, target: Pixels, box: Box) -> None:
    """Copy what two (C, H, W) pictures with these windows have in common from one to the other."""
    x0, x1 = max(window.x0, box.x0), min(window.x1, box.x1)
    y0, y1 = max(window.y0, box.y0), min(window.y1, box.y1)

    def copy(top: int) -> None:
        bottom = min(top + _BAND, y1)
        target[:, top - box.y0 : bottom - box.y0, x0 - box.x0 : x1 - box.x0] = source[
            :, top - window.y0 : bottom - window.y0, x0 - window.x0 : x1 - window.x0
        ]

    if x0 < x1:
        for _ in _copiers().map(copy, range(y0, y1, _BAND)):
            pass


@cache
def _copiers() -> ThreadPoolExecutor:
    """One core alone does not fill the memory's bandwidth."""
    return ThreadPoolExecutor(min(4, cores()), "interneg-copy")
