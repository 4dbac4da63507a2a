"""Enlarged: a plane measured at a fraction of a picture's size, made larger where it is looked at."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from interneg.defects.surroundings import Box, Points, boxes
from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.


class Enlarged:
    """A plane (h, w) or (h, w, C) float32 in the size of a picture, (H, W), interpolated linearly.

    Only the small one is kept. A part is what the whole would be there, bit for bit.
    """

    def __init__(self, plane: Pixels, size: tuple[int, int]) -> None:
        self._plane, self.size = plane, size
        by = size[0] // plane.shape[0]
        self._by = by if plane.shape[:2] == (size[0] / by, size[1] / by) else 0

    def __getitem__(self, box: Box) -> Pixels:
        """What is in rows and columns of the picture, (h, w) or (h, w, C)."""
        import cv2

        if self._by == 1:
            return self._plane[box]
        if not self._by:
            return self._uneven[box]
        (rows, down), (columns, across) = (
            _slices(part.start, part.stop, part.step, length, self._by)
            for part, length in zip(box, self.size, strict=True)
        )
        part_of = self._plane[rows, columns]
        height, width = (n * self._by for n in part_of.shape[:2])
        made = cv2.resize(part_of, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(made.reshape(height, width, *part_of.shape[2:])[down, across], np.float32)

    def at(self, y: Points, x: Points) -> Pixels:
        """What is at pixels (N,) of the picture, (N,) or (N, C)."""
        made = np.empty((len(y), *self._plane.shape[2:]), np.float32)
        for box, held in boxes(y, x, self.size):
            made[held] = self[box][y[held] - box[0].start, x[held] - box[1].start]
        return made

    def whole(self, out: Pixels | None = None) -> Pixels:
        """All of it, (H, W) or (H, W, C). out: what is filled; None for a new array."""
        import cv2

        made = np.empty((*self.size, *self._plane.shape[2:]), np.float32) if out is None else out
        cv2.resize(
            np.ascontiguousarray(self._plane), self.size[::-1], dst=made, interpolation=cv2.INTER_LINEAR
        )
        return made

    @cached_property
    def _uneven(self) -> Pixels:
        """All of it, where the size is no multiple."""
        return self.whole()

    @cached_property
    def farthest(self) -> float:
        """The largest of its values, whatever their signs."""
        return float(np.abs(self._plane).max())


@lru_cache(maxsize=16)
def _slices(
    start: int | None, stop: int | None, step: int | None, length: int, by: int
) -> tuple[slice, slice]:
    """What of the small plane shows a part of the picture's length, and where in that, enlarged, it is."""
    start, stop, step = slice(start, stop, step).indices(length)
    first, last = max(0, start // by - 1), -(-stop // by) + 1
    return slice(first, last), slice(start - first * by, max(stop, start) - first * by, step)
