"""Things: what stands out of what is usual, and which of them are alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from interneg.defects.components import pixels
from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Floats = npt.NDArray[np.float64]

PLACE, AREA, CONTRAST, LENGTH, WIDTH, ANGLE = np.s_[:2], 2, 3, 4, 5, 6
"""The columns of what is known of things, (N, 7): x and y, then in pixels, in LOG_Y, pixels, and radians."""

LIKE, AKIN = (0.4, 0.5, 0.5, 0.5), (0.3, 0.45, 0.4, 0.4)
"""Which shares of the larger's area, contrast, length and width the smaller of two like, or akin, has."""

# So many pixels of these count as none.
_NONE = 4.0, 0.0, 1.0, 1.0
# What is so many times as long as wide points somewhere; what is like it does, within so many degrees.
_SLENDER, _TURNED = 2.5, 20.0


def labelled(there: Mask) -> npt.NDArray[np.int32]:
    """Number what hangs together, from 1 on, (H, W)."""
    import cv2

    return np.asarray(cv2.connectedComponents(there.astype(np.uint8), connectivity=8)[1], np.int32)


def things_of(labels: npt.NDArray[np.int32], apart: Pixels) -> Floats:
    """What is known of each thing, (N, 7). labels: their numbers, apart: what they differ by, (H, W)."""
    y, x = pixels(labels)
    label = labels[y, x]
    area = np.bincount(label)[1:].astype(np.float64)

    def mean(values: npt.NDArray[np.generic]) -> Floats:
        return np.bincount(label, values)[1:] / area

    middle = mean(x), mean(y)
    dx, dy = x - middle[0][label - 1], y - middle[1][label - 1]
    # The second moments of a pixel are 1/12, those of a bar its length squared over 12.
    across, down, both = mean(dx * dx) + 1 / 12, mean(dy * dy) + 1 / 12, mean(dx * dy)
    spread = np.hypot(across - down, 2 * both)
    long, wide = (np.sqrt(np.maximum(6 * (across + down + s), 1)) for s in (spread, -spread))
    angle = np.arctan2(2 * both, across - down) / 2
    return np.column_stack([*middle, area, mean(apart[y, x]), long, wide, angle])


def alike(own: Floats, others: Floats, shares: tuple[float, ...], turned: bool) -> npt.NDArray[np.bool_]:
    """Which of the others, (N, 7), are like a thing, (7,), in size and contrast.

    turned: whether a slender one may point to elsewhere.
    """
    same = np.ones(len(others), np.bool_)
    for column, share, none in zip((AREA, CONTRAST, LENGTH, WIDTH), shares, _NONE, strict=True):
        a, b = others[:, column] + none, own[column] + none
        same &= np.minimum(a, b) > share * np.maximum(a, b)
    if not turned and own[LENGTH] > _SLENDER * own[WIDTH]:
        same &= np.cos(2 * (others[:, ANGLE] - own[ANGLE])) > np.cos(np.radians(2 * _TURNED))
    return same
