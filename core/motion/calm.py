"""Motion that is known where there is structure, spread over the flat parts between."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels
from interneg.motion.flow import Flow

# OpenCV is imported where it is used: what only lists nodes never loads it.

# A gradient of this share of the noise's deviation is structure by half.
_FAINT = 0.15
_AROUND, _FAR, _STEP = 16.0, 64.0, 4
_EDGE = 2.0
_LEAST = np.float32(1e-9)


def calmed(motion: Flow, luma: Pixels, variance: Pixels) -> Flow:
    """The motion, in flat parts that of the structure around, and known there if it ends in the picture.

    motion: of the picture's own size. luma: (H, W) float32, of the first frame, its noise removed. variance:
    (H, W) or (1, 1), of the noise that was removed, in the square of its units; of any space.
    In flat parts a search finds what noise says, and tears the noise that should average out. There any
    motion shows the same, so a smooth one is right: normalised convolution by structure (Knutsson and Westin,
    1993).
    """
    import cv2

    height, width = luma.shape
    across, down = cv2.Sobel(luma, -1, 1, 0) / 8, cv2.Sobel(luma, -1, 0, 1) / 8
    structure = cv2.GaussianBlur(across * across + down * down, (0, 0), 2.0)
    structure /= structure + np.float32(_FAINT**2) * variance + _LEAST
    sure = motion.confidence * structure
    weighted = np.dstack([motion.field * sure[..., None], sure])
    small = cv2.resize(weighted, (-(-width // _STEP), -(-height // _STEP)), interpolation=cv2.INTER_AREA)
    near, far = (cv2.GaussianBlur(small, (0, 0), s / _STEP) for s in (_AROUND, _FAR))
    small = near + np.float32(1e-4) * far
    around = cv2.resize(small[..., :2] / (small[..., 2:] + _LEAST), (width, height))
    known = cv2.GaussianBlur(np.minimum(2 * sure, 1), (0, 0), _EDGE)[..., None]
    field = np.asarray(around + known * (motion.field - around), np.float32)
    flat = 1 - np.minimum(2 * structure, 1)
    confidence = motion.confidence + flat * (1 - motion.confidence)
    return Flow(field, np.asarray(confidence * _inside(field), np.float32), motion.level)


def _inside(field: Pixels) -> Pixels:
    """1 where the motion ends in the picture, falling to 0 within a pixel of its end."""
    height, width = field.shape[:2]
    x = field[..., 0] + np.arange(width, dtype=np.float32)
    y = field[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    room = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    return np.asarray(np.clip(room + 1, 0, 1), np.float32)
