"""How soft the sharpest edges of a picture are."""

from __future__ import annotations

import math

import numpy as np

from interneg.metrics.checks import Array, plane

# Edges that rise by less, or by less than so many times the noise, tell nothing. Of all others the sharpest
# tenth is what the lens and the scan can do; so many are needed for that.
_CONTRAST, _ABOVE_NOISE, _SHARPEST, _ENOUGH = 0.12, 10.0, 0.1, 200
_AROUND = 11


def edge_width(luma: Array, noise: float = 0.0) -> float:
    """The standard deviation, in pixels, of the Gaussian that the sharpest edges are as soft as.

    luma: (H, W) floats, encoded, 0..1, finite. noise: its standard deviation. At an edge that a Gaussian of
    deviation s made of a step of height c the slope is c / (s sqrt(2 pi)). A step from one pixel to the next
    measures 0.8. NaN where there are too few edges. Raises InputError for another shape.
    """
    import cv2

    picture = np.ascontiguousarray(plane(luma, "the luma"), np.float32)
    across, down = (cv2.Sobel(picture, cv2.CV_32F, dx, 1 - dx, scale=1 / 8) for dx in (1, 0))
    slope = cv2.magnitude(across, down)
    square = np.ones((_AROUND, _AROUND), np.uint8)
    height = cv2.dilate(picture, square) - cv2.erode(picture, square)
    steepest = slope >= cv2.dilate(slope, np.ones((3, 3), np.uint8))
    found = steepest & (height > max(_CONTRAST, _ABOVE_NOISE * noise)) & (slope > 0)
    if np.count_nonzero(found) < _ENOUGH:
        return math.nan
    widths = height[found] / (slope[found] * math.sqrt(2 * math.pi))
    return float(np.quantile(widths, _SHARPEST))
