"""Colour that a correction takes along with structure, told from noise and given back."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

_DOUBT = 2.5
_STRIP = 128


def keep_colour(correction: Pixels, given: Pixels, sigma: Pixels) -> Pixels:
    """The correction without what it takes of colour along with structure: noise does not follow luma.

    correction: (3, H, W) float32, what is to be added to Y, Cb, Cr. given: (3, H, W), the picture in LOG_Y.
    sigma: (H, W), the standard deviation of the noise of its colour, in the same units; all are finite.
    In each 5x5 window what is taken is regressed on the restored luma, and its slope given back as far as it
    exceeds 2.5 standard errors (guided filter: He et al., 2013). Returns a new (3, H, W); luma stays.
    """
    kept = correction.copy()
    height = kept.shape[1]
    for top in range(0, height, _STRIP):  # strips stay in the cache
        bottom = min(top + _STRIP, height)
        rows = slice(max(0, top - 4), min(height, bottom + 4))  # two 5x5 windows look four pixels around
        back = _given_back(correction[:, rows], given[0, rows], sigma[rows])
        kept[1:, top:bottom] -= back[:, top - rows.start : bottom - rows.start]
    return kept


def _given_back(correction: Pixels, luma: Pixels, sigma: Pixels) -> Pixels:
    """What `keep_colour` takes off the two colour planes of a correction."""
    import cv2

    def mean(plane: Pixels) -> Pixels:
        return np.asarray(cv2.blur(plane, (5, 5)), np.float32)

    y = luma + correction[0]
    y_mean = mean(y)
    # Rounding may leave a flat part less than no variance.
    spread = np.maximum(mean(y * y) - y_mean * y_mean, np.float32(0))
    spread += np.square(sigma * np.float32(0.5)) + np.float32(1e-8)
    doubt = sigma * np.float32(_DOUBT / 5) / np.sqrt(spread)
    back = []
    for taken in correction[1:]:
        slope: Pixels = np.divide(mean(taken * y) - y_mean * mean(taken), spread)
        slope -= np.clip(slope, -doubt, doubt)
        back.append(mean(slope) * y - mean(slope * y_mean))
    return np.stack(back)
