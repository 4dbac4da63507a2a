"""NaN and inf in pixels: found once per frame, kept from neighbours, put back unchanged."""

from __future__ import annotations

import numpy as np

from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.


def nonfinite(planes: Pixels) -> Mask | None:
    """Return an (H, W) mask of the pixels with a NaN or inf in any plane, or None where there is none."""
    # A sum is finite where all is finite (short of overflow, which the exact test then settles).
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(planes.sum(dtype=np.float64)):
            return None
    bad = np.asarray(~np.isfinite(planes).all(axis=0))
    return bad if bad.any() else None


def fill(planes: Pixels, bad: Mask) -> Pixels:
    """Return a copy of (C, H, W) planes in which each pixel of `bad` has the values of the nearest good one.

    Planes without a single good pixel come back as zeros.
    """
    import cv2

    out = np.array(planes, order="C")
    if bad.all():
        out[:] = 0
        return out
    _, labels = cv2.distanceTransformWithLabels(
        bad.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(int(labels.max()) + 1, np.int64)
    good = ~bad
    of_label[labels[good]] = np.flatnonzero(good)
    source = of_label[labels[bad]]
    for plane in out:
        plane[bad] = plane.ravel()[source]
    return out
