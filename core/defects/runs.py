"""Shapes as texts: the lengths of runs of pixels that are off and on in turn, row by row."""

from __future__ import annotations

import numpy as np

from interneg.frame import Mask


def runs(shape: Mask) -> str:
    """The shape, (h, w), as lengths in decimals with spaces between; the first is of pixels that are off."""
    flat = np.concatenate([[False], shape.ravel()])
    changes = np.flatnonzero(np.diff(flat))
    return " ".join(map(str, np.diff([0, *changes, shape.size])))


def lengths_of(text: str, width: int, height: int) -> list[int]:
    """The lengths in a text of `runs`. Raises ValueError where they are none of a shape of that size."""
    lengths = [int(n) for n in text.split()]
    if not lengths or min(lengths) < 0 or sum(lengths) != width * height:
        raise ValueError(f"expected runs of {width} x {height} = {width * height} pixels in all")
    return lengths


def shape_of(text: str, width: int, height: int) -> Mask:
    """The shape, (h, w), that `runs` made a text of. Raises ValueError where it is none of that size."""
    lengths = lengths_of(text, width, height)
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(height, width)
