"""The level of a picture: its mean over an area, which neither noise nor coding moves."""

from __future__ import annotations

from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.


def keep_level(correction: Pixels) -> None:
    """Take out of each plane of a correction, in place, its mean over some 72 pixels around.

    correction: (C, H, W) float32, finite, what is to be added to a picture in any encoding. Noise and coding
    leave the mean as it was; a network told of strong ones lifts it by up to a code value.
    """
    import cv2

    height, width = correction.shape[1:]
    size = (-(-width // 8), -(-height // 8))
    for plane in correction:
        small = cv2.blur(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), (9, 9))
        plane -= cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
