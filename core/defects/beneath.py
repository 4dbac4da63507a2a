"""What is left of the picture beneath a translucent scratch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from interneg.defects.lines import Scratch
from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

# The profile of a scratch is averaged over so many rows; that of its sides lies so many pixels beyond it.
_ROWS, _SIDE = 25, 2
# Which share of the detail of its sides a scratch has to let through.
_THROUGH = 0.4


def uncovered(planes: Pixels, lines: list[Scratch], reach: int) -> tuple[Pixels, Pixels]:
    """Take scratches off planes (C, H, W) float32, one after the other: what they add on average over rows.

    The planes are in a perceptual encoding and finite. reach: how many pixels beyond a line are taken for its
    soft rim. Returns the planes, changed near the lines alone, and what they are expected to be wrong by
    there, (H, W) float32 in their units: what the same changes right and left of a line, where there is none.
    It is inf away from the lines, and where a line lets less than `_THROUGH` of the detail through.
    """
    made, wrong = planes.copy() if lines else planes, np.full(planes.shape[1:], np.inf, np.float32)
    for line in lines:
        _take_off(made, wrong, line, reach)
    return made, wrong


def _take_off(planes: Pixels, wrong: Pixels, line: Scratch, reach: int) -> None:
    """Take a scratch off, and note what is wrong then; see `uncovered`."""
    height, width = planes.shape[1:]
    half = int(np.ceil(line.half)) + reach
    middle = np.rint(line.at(height)).astype(int)
    rows = np.arange(height)[:, None]
    columns = np.clip(middle[:, None] + np.arange(-half, half + 1), 0, width - 1)
    errors, through = [], []
    for plane in planes:
        beside = [middle + side * (2 * half + _SIDE) for side in (-1, 1)]
        errors.append(np.mean([np.abs(_added(plane, b, half)) for b in beside], axis=0).mean(axis=1))
        own, near = (_detail(plane, at) for at in (middle, np.stack(beside)))
        through.append(own / np.maximum(near, np.float32(1e-4)))
        plane[rows, columns] -= _added(plane, middle, half)
    error = np.mean(errors, axis=0)
    shown = np.median(through, axis=0) >= _THROUGH
    wrong[rows[shown], columns[shown]] = error[shown, None]


def _added(plane: Pixels, middle: npt.NDArray[np.int64], half: int) -> Pixels:
    """What columns around the middle ones have more than those beside, on average over some rows."""
    import cv2

    side = half + _SIDE
    columns = np.clip(middle[:, None] + np.arange(-side, side + 1), 0, plane.shape[1] - 1)
    strip = plane[np.arange(len(plane))[:, None], columns]
    left, right = strip[:, :_SIDE].mean(1), strip[:, -_SIDE:].mean(1)
    share = (np.arange(2 * half + 1, dtype=np.float32) + _SIDE) / np.float32(2 * side)
    more = strip[:, _SIDE : _SIDE + 2 * half + 1] - left[:, None] * (1 - share) - right[:, None] * share
    return np.asarray(cv2.blur(more, (1, _ROWS), borderType=cv2.BORDER_REPLICATE), np.float32)


def _detail(plane: Pixels, at: npt.NDArray[np.int64]) -> Pixels:
    """The deviation of the finest detail down one or more columns, around each row, (H,)."""
    import cv2

    found = []
    for middle in np.atleast_2d(at):
        column = plane[np.arange(len(plane)), np.clip(middle, 0, plane.shape[1] - 1)][:, None]
        fine = column - cv2.blur(column, (1, 5), borderType=cv2.BORDER_REPLICATE).reshape(column.shape)
        square = cv2.blur(fine * fine, (1, 3 * _ROWS), borderType=cv2.BORDER_REPLICATE)
        found.append(np.sqrt(square.ravel()))
    return np.asarray(np.mean(found, axis=0), np.float32)
