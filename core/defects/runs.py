"""Shapes as texts: the lengths of runs of pixels that are off and on in turn, row by row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def runs(shape: Mask) -> str:
    """The shape, (h, w), as lengths in decimals with spaces between; the first is of pixels that are off."""
    flat = np.concatenate([[False], shape.ravel()])
    changes = np.flatnonzero(np.diff(flat))
    return " ".join(map(str, np.diff([0, *changes, shape.size])))


def shape_of(text: str, width: int, height: int) -> Mask:
    """The shape, (h, w), that `runs` made a text of. Raises ValueError where it is none of that size."""
    lengths = np.array([int(n) for n in text.split()], np.int64)
    if (lengths < 0).any() or lengths.sum() != width * height:
        raise ValueError(f"expected runs of {width} x {height} = {width * height} pixels in all")
    on = np.arange(len(lengths)) % 2 == 1
    return np.repeat(on, lengths).reshape(height, width)
