"""Surroundings: what is around pixels that lie in few places of a picture, without a look at all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Points = npt.NDArray[np.intp]
Box = tuple[slice, slice]

# Pixels in the same or in neighbouring squares, of so many pixels a side, are looked at together.
_CELL = 32


def boxes(y: Points, x: Points, size: tuple[int, int]) -> Iterator[tuple[Box, Points]]:
    """Boxes of a picture (H, W) that hold pixels at (y, x), and which of them each holds; each is in one."""
    import cv2

    cells = np.zeros([-(-n // _CELL) for n in size], np.uint8)
    cells[y // _CELL, x // _CELL] = 1
    count, labels = cv2.connectedComponents(cells, connectivity=8)
    label = labels[y // _CELL, x // _CELL]
    order = np.argsort(label, kind="stable")
    ends = np.cumsum(np.bincount(label, minlength=count))
    for first, last in pairwise(ends):
        held = order[first:last]
        yield (
            np.s_[int(y[held].min()) : int(y[held].max()) + 1, int(x[held].min()) : int(x[held].max()) + 1],
            held,
        )


def means_around(
    there: Mask, y: Points, x: Points, width: int, planes: Callable[[Box], Mapping[str, Pixels]]
) -> dict[str, Pixels]:
    """The means of planes around pixels at (y, x), (N,) float32 each, by the names of the planes.

    there: (H, W), what is not looked at, the pixels themselves among it. width: of the square that is, odd.
    planes: gives the planes, (h, w) float32 each, in a box of the picture.
    """
    import cv2

    reach, made = width // 2, dict[str, Pixels]()
    for (rows, columns), held in boxes(y, x, (there.shape[0], there.shape[1])):
        top, left = max(0, rows.start - reach), max(0, columns.start - reach)
        wide = np.s_[top : rows.stop + reach, left : columns.stop + reach]
        away = (~there[wide]).astype(np.float32)

        def blurred(plane: Pixels) -> Pixels:
            return np.asarray(cv2.blur(plane, (width, width), borderType=cv2.BORDER_REFLECT), np.float32)

        at = y[held] - top, x[held] - left
        weight = np.maximum(blurred(away), np.float32(0.02)).reshape(away.shape)[at]
        for name, plane in planes(wide).items():
            values = made.setdefault(name, np.empty(len(y), np.float32))
            values[held] = blurred(plane * away).reshape(away.shape)[at] / weight
    return made
