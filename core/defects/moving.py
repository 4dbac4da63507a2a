"""Moving: whether the frame before or after shows a spot some pixels away, as a thing that moves."""

from __future__ import annotations

import numpy as np

from interneg.defects.evidence import Evidence, luma_of
from interneg.defects.middle import median
from interneg.defects.pieces import Piece
from interneg.frame import Mask, Pixels
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

SOFT, RING = 3, 6
"""How many pixels away a spot's soft edge is looked for, and how wide the ring around that is."""

# How far away a moving thing is looked for, and with how much around it; which share of its contrast may be
# left where it is found.
_SEARCH, _MARGIN, _FOUND = 16, 2, 0.25


def moves(view: View, seen: Evidence, box: tuple[slice, slice], spot: Mask, sign: int) -> bool:
    """Whether the frame before or after shows a spot some pixels away.

    box: of the picture; spot: where in it that lies, (h, w); sign: 1 of a bright one, else -1.
    """
    margin = SOFT + RING
    rows, columns = box
    top, left = max(0, rows.start - margin), max(0, columns.start - margin)
    area = np.s_[
        top : min(seen.luma.shape[0], rows.stop + margin),
        left : min(seen.luma.shape[1], columns.stop + margin),
    ]
    shape = np.zeros(seen.luma[area].shape, np.bool_)
    shape[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = spot
    piece = Piece(area, shape, ring_of(shape))
    unlike = np.minimum.reduce([sign * (seen.luma[area] - n.luma[area]) for n in seen.nearest])
    return bool(piece.ring.any()) and again(view, seen, piece, shape, np.maximum(unlike, 0))


def again(view: View, seen: Evidence, piece: Piece, shape: Mask, unlike: Pixels) -> bool:
    """Whether the frame before or after shows the same some pixels away.

    shape: where in the piece's area it is, and unlike: what it differs by from these frames, (h, w).
    """
    import cv2

    rows, columns = np.nonzero(shape)
    y0, y1 = max(0, int(rows.min()) - _MARGIN), int(rows.max()) + 1 + _MARGIN
    x0, x1 = max(0, int(columns.min()) - _MARGIN), int(columns.max()) + 1 + _MARGIN
    patch = np.ascontiguousarray(seen.luma[piece.area][y0:y1, x0:x1])
    allowed = _FOUND * float(np.square(unlike[shape]).sum())
    height, width = seen.luma.shape
    for n in seen.nearest:
        across, down = np.rint(median(n.field[piece.area][piece.ring])).astype(int)
        top, left = piece.area[0].start + y0 + down, piece.area[1].start + x0 + across
        y, x = max(0, top - _SEARCH), max(0, left - _SEARCH)
        bottom, right = (
            min(height, top + patch.shape[0] + _SEARCH),
            min(width, left + patch.shape[1] + _SEARCH),
        )
        if bottom - y < patch.shape[0] or right - x < patch.shape[1]:
            continue
        there = np.ascontiguousarray(luma_of(view, n.offset)[y:bottom, x:right])
        if float(cv2.matchTemplate(there, patch, cv2.TM_SQDIFF).min()) < allowed:
            return True
    return False


def ring_of(shape: Mask) -> Mask:
    """What is around a shape, beyond its soft edge, (h, w)."""
    return dilated(shape, SOFT + RING) & ~dilated(shape, SOFT)


def dilated(shape: Mask, pixels: int) -> Mask:
    """The shape, and so many pixels around it, (h, w)."""
    import cv2

    return np.asarray(cv2.dilate(shape.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=pixels) > 0)
