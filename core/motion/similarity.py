"""Similarities: a shift, a rotation and a scale, and the points of a picture that they move."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interneg.errors import InputError
from interneg.node import View

Points = npt.NDArray[np.complex128]
"""Points of a picture as complex numbers x + iy; see `Motion`."""


@dataclass(frozen=True)
class Motion:
    """A similarity: the point z of one picture lies at turn * z + shift in another.

    Points are x + iy from the middle of the picture, y growing downwards, in square pixels as high as those
    of the picture; abs(turn) is the scale, and its angle the rotation, clockwise as seen.
    """

    turn: complex = 1
    shift: complex = 0

    def __call__(self, z: Points) -> Points:
        """Where points of any shape lie in the other picture."""
        return self.turn * z + self.shift

    def after(self, first: Motion) -> Motion:
        """First that one, then this one."""
        return Motion(self.turn * first.turn, self.turn * first.shift + self.shift)

    @property
    def inverse(self) -> Motion:
        """The way back."""
        return Motion(1 / self.turn, -self.shift / self.turn)

    def times(self, share: float) -> Motion:
        """That share of the shift, of the angle and of the logarithm of the scale; 0 moves nothing."""
        return Motion(complex(self.turn**share), share * self.shift)


def squared(size: tuple[int, ...], aspect: float) -> tuple[float, float]:
    """The size of a picture of (H, W) pixels, each `aspect` times as wide as high, in square pixels."""
    return size[0], size[1] * aspect


def points(height: int, width: int, size: tuple[float, float]) -> Points:
    """Where the pixels of a reduction to (height, width) lie in a picture of `size` (H, W), see `squared`.

    Returns (height, width) complex128: the centres of the pixels, from the middle of the picture.
    """
    x = (np.arange(width) + 0.5) * (size[1] / width) - size[1] / 2
    y = (np.arange(height) + 0.5) * (size[0] / height) - size[0] / 2
    return np.asarray(x + 1j * y[:, None])


def aspect_of(view: View, offset: int = 0) -> float:
    """How many times as wide as high the pixels of the frame at `offset` are.

    Raises InputError where the frame says what cannot be.
    """
    frame = view.window.frames[view.window.centre + offset]
    if not 0 < frame.pixel_aspect < math.inf:
        raise InputError(
            f"frame {frame.number} has a pixel aspect of {frame.pixel_aspect}, expected a number above 0: "
            "mend its header"
        )
    return frame.pixel_aspect
