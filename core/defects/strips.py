"""Strips: what a picture shows along an upright line, and whether it is where the scene is in another one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from interneg.defects.middle import median
from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

# How far on both sides of a line its strip reaches, and in steps of what, in pixels.
_REACH, _STEP = 8, 0.2
# A line that is so near to where the scene has moved to, in pixels, stays; so does one whose strip is so
# alike there, unless it is more alike, by so much, where the line is.
_NEAR, _ALIKE, _MORE = 0.4, 0.8, 0.01
# It has clearly left where it is so far away, its strip so unlike there, and so alike where the line is.
_FAR, _UNLIKE, _SAME = 0.8, 0.65, 0.85
_LEAST = 1e-12


def strip(
    luma: Pixels, at: npt.NDArray[np.float64], places: npt.NDArray[np.number[Any]], down: float = 0.0
) -> Pixels:
    """What a picture shows beside a line, (H, len(places)) float32.

    luma: (H, W) float32. at: the line's column in each row, (H,). places: how far from it, in pixels, to the
    right. down: how many rows lower it is looked. The picture's edge is continued.
    """
    import cv2

    across = np.asarray(at[:, None] + places, np.float32)
    rows = np.broadcast_to(np.arange(len(at), dtype=np.float32)[:, None] + np.float32(down), across.shape)
    return np.asarray(
        cv2.remap(
            np.ascontiguousarray(luma), across, np.ascontiguousarray(rows), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )  # fmt: skip


def left(
    own: Pixels, other: Pixels, at: npt.NDArray[np.float64], motion: tuple[float, float], gone: float
) -> int:
    """Whether a line is elsewhere in another frame than the scene has moved to: 0 no, 1 yes, 2 clearly.

    own, other: luma, (H, W) float32. at: the line's column in each row of the own frame, (H,). motion: how
    far right and down the scene beside the line has moved. gone: how far right the line is seen to be there.

    The scene takes a line of its own along with all that is around it. Where one is less than its width from
    where the scene is, it looks much the same in both places: then what is more alike counts.
    """
    apart = abs(gone - motion[0])
    if apart <= _NEAR:
        return 0
    scene, line = (_alike(own, other, at, (right, motion[1])) for right in (motion[0], gone))
    if apart > _FAR and scene < _UNLIKE and line > _SAME:
        return 2
    return int(scene <= _ALIKE or line > scene + _MORE)


def _alike(own: Pixels, other: Pixels, at: npt.NDArray[np.float64], motion: tuple[float, float]) -> float:
    """How alike the strip of a frame and that of another one, so far right and down, are: their correlation.

    Of each the median of its rows counts, which grain hardly changes. It is the highest within `_NEAR`.
    """
    count, slack = round(_REACH / _STEP), round(_NEAR / _STEP)
    places = np.arange(-count - slack, count + slack + 1) * _STEP
    here = median(strip(own, at, places[slack:-slack]))
    there = median(strip(other, at + motion[0], places, motion[1]))
    here = here - here.mean()
    moved = np.stack([there[k : k + len(here)] for k in range(2 * slack + 1)])
    moved -= moved.mean(axis=1, keepdims=True)
    norms = np.sqrt((here * here).sum() * (moved * moved).sum(axis=1) + _LEAST)
    return float(((moved * here).sum(axis=1) / norms).max())
