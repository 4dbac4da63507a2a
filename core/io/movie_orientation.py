"""How a movie asks to be turned and mirrored: its display matrix."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from interneg.frame import Pixels

__all__ = ["UPRIGHT", "Orientation", "orientation_of"]

_STRAIGHT = 0.02
"""How small the lesser side of a direction is, of one degree, which FFmpeg lets pass too."""


class Orientation(NamedTuple):
    """What is done to a picture to show it: rows and columns exchanged, then either turned about."""

    transposed: bool
    columns_turned: bool
    rows_turned: bool

    def apply(self, pixels: Pixels) -> Pixels:
        """A picture, (C, H, W) float32, as it is to be shown: (C, H, W), or (C, W, H) where transposed."""
        out = pixels.transpose(0, 2, 1) if self.transposed else pixels
        if self.columns_turned:
            out = out[:, :, ::-1]
        if self.rows_turned:
            out = out[:, ::-1]
        return np.ascontiguousarray(out)

    def __str__(self) -> str:
        """In words: "turned by 90 degrees counter-clockwise and mirrored"."""
        return _WORDS[self]


UPRIGHT = Orientation(False, False, False)
_WORDS = {
    UPRIGHT: "as they are",
    Orientation(False, True, False): "mirrored left to right",
    Orientation(False, False, True): "mirrored top to bottom",
    Orientation(False, True, True): "turned by 180 degrees",
    Orientation(True, False, False): "mirrored at the diagonal from the top left",
    Orientation(True, True, False): "turned by 90 degrees clockwise",
    Orientation(True, False, True): "turned by 90 degrees counter-clockwise",
    Orientation(True, True, True): "mirrored at the diagonal from the top right",
}


def orientation_of(picture: Any) -> Orientation | None:
    """How a decoded picture (av.VideoFrame) is to be shown; None where it asks for an oblique turn.

    The matrix is that of ISO/IEC 14496-12, 6.2.2: x' = a x + c y, y' = b x + d y, with y downwards. Scale and
    place in it are not looked at.
    """
    try:
        matrix = picture.side_data.get("DISPLAYMATRIX")
    except ValueError:  # side data that PyAV has no name for stands beside it
        return _of_angle(int(picture.rotation))
    if matrix is None:
        return UPRIGHT
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].astype(np.float64)
    if max(abs(b), abs(c)) <= _STRAIGHT * min(abs(a), abs(d)):
        return Orientation(False, bool(a < 0), bool(d < 0))
    if max(abs(a), abs(d)) <= _STRAIGHT * min(abs(b), abs(c)):
        return Orientation(True, bool(c < 0), bool(b < 0))
    return None


def _of_angle(degrees: int) -> Orientation | None:
    """That of a turn counter-clockwise."""
    return {
        0: UPRIGHT,
        90: Orientation(True, False, True),
        180: Orientation(False, True, True),
        270: Orientation(True, True, False),
    }.get(degrees % 360)
