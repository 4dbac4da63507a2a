"""Strips: what a picture shows along an upright line, and whether it is where the scene is in another one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

# How far on both sides of a line its strip reaches, and in steps of what, in pixels.
_REACH, _STEP = 8, 0.2
# Where a frame shows a strip within so many pixels of where the scene has moved to, so alike, it stays there.
_NEAR, _ALIKE = 0.4, 0.8
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


def stays(own: Pixels, other: Pixels, at: npt.NDArray[np.float64], motion: tuple[float, float]) -> bool:
    """Whether a line of a frame is where the scene has moved to in another one, with all that is around it.

    own, other: luma, (H, W) float32. at: the line's column in each row of the own frame, (H,). motion: how
    far right and down the scene beside the line has moved. Of each strip the median of its rows counts, which
    grain hardly changes; the two are compared by their correlation.
    """
    count, slack = round(_REACH / _STEP), round(_NEAR / _STEP)
    places = np.arange(-count - slack, count + slack + 1) * _STEP
    here = np.median(strip(own, at, places[slack:-slack]), axis=0)
    there = np.median(strip(other, at + motion[0], places, motion[1]), axis=0)
    here = here - here.mean()
    for k in range(2 * slack + 1):
        moved = there[k : k + len(here)]
        moved = moved - moved.mean()
        alike = float((here * moved).sum() / np.sqrt((here * here).sum() * (moved * moved).sum() + _LEAST))
        if alike > _ALIKE:
            return True
    return False
