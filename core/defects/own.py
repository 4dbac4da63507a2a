"""The own frame's best place: what stands in for a hole that no other frame shows."""

from __future__ import annotations

import numpy as np

from interneg.defects.pieces import Piece
from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

# How far away, in pixels, the own frame is searched for a donor.
_OWN = 24
_LEAST = 1e-6


def best_place(picture: Pixels, piece: Piece, hole: Mask) -> tuple[float, Pixels] | None:
    """The place of the own frame, without holes, that fits a piece best, and by how much it does not.

    picture: (H, W, C) float32; hole: all that is damaged, (H, W). Returns the root mean square of what
    differs on the ring, and what is there, (h, w, C); None where no place is whole.
    """
    import cv2

    if not piece.ring.any():
        return None
    height, width = hole.shape
    rows, columns = piece.area
    y0, x0 = max(0, rows.start - _OWN), max(0, columns.start - _OWN)
    around = np.s_[y0 : min(height, rows.stop + _OWN), x0 : min(width, columns.stop + _OWN)]
    here = picture[piece.area]
    ring = piece.ring.astype(np.float32)
    weights = np.repeat(ring[..., None], here.shape[2], 2)
    field = np.ascontiguousarray(picture[around])
    misfits = cv2.matchTemplate(field, np.ascontiguousarray(here), cv2.TM_SQDIFF, mask=weights)
    used = np.uint8(piece.ring | piece.hole)
    holes = cv2.matchTemplate(hole[around].astype(np.float32), used.astype(np.float32), cv2.TM_CCORR)
    misfits = np.where(holes > 0.5, np.inf, misfits / (weights.sum() + _LEAST))
    y, x = np.unravel_index(int(np.argmin(misfits)), misfits.shape)
    if not np.isfinite(misfits[y, x]):
        return None
    patch = field[y : y + here.shape[0], x : x + here.shape[1]]
    return float(np.sqrt(max(misfits[y, x], 0))), patch
