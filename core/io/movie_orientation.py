"""How a movie asks to be turned and mirrored: its display matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from interneg.io.side_data import side_data

__all__ = ["TURNS", "orientation_of"]

_STRAIGHT = 0.02
"""How small the lesser side of a direction is, of one degree, which FFmpeg lets pass too."""
TURNS = {
    2: "mirrored left to right",
    3: "turned by 180 degrees",
    4: "mirrored top to bottom",
    5: "mirrored at the diagonal from the top left",
    6: "turned by 90 degrees clockwise",
    7: "mirrored at the diagonal from the top right",
    8: "turned by 90 degrees counter-clockwise",
}
"""What is done to a picture to show it, after EXIF's numbers; 1 is upright."""


def orientation_of(picture: Any) -> int | None:
    """EXIF's number for how a decoded picture (av.VideoFrame) is to be shown; None for an oblique turn.

    The matrix is that of ISO/IEC 14496-12, 6.2.2: x' = a x + c y, y' = b x + d y, with y downwards. Scale and
    place in it are not looked at.
    """
    matrix = side_data(picture, "DISPLAYMATRIX")
    if matrix is None:
        return 1
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].astype(np.float64)
    if max(abs(b), abs(c)) <= _STRAIGHT * min(abs(a), abs(d)):
        return {(False, False): 1, (True, False): 2, (True, True): 3, (False, True): 4}[a < 0, d < 0]
    if max(abs(a), abs(d)) <= _STRAIGHT * min(abs(b), abs(c)):
        return {(False, False): 5, (True, False): 6, (True, True): 7, (False, True): 8}[c < 0, b < 0]
    return None
