"""Donors: what a frame around shows in place of a hole, fitted to what is whole around the hole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interneg.defects.blend import spread
from interneg.defects.evidence import Neighbour
from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Mask = npt.NDArray[np.bool_]

SPOILT = 0.1
"""From how much damage on a donor's pixel is no longer looked at."""

# Holes are filled in pieces of at most so many pixels, with a ring around, a gap away, that tells what fits.
_PIECE, _RING, _GAP = 32, 6, 1
# How far a donor is shifted to fit the ring better.
_SHIFT = 2
# Beyond the ring the motion is looked at so far away, at one pixel of so many in each direction.
_WIDE, _EVERY = 32, 4


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a hole: its area of the picture, and in it the hole, and what is whole around it; (h, w)."""

    area: tuple[slice, slice]
    hole: Mask
    ring: Mask


def pieces(hole: Mask) -> Iterator[Piece]:
    """Each connected hole of (H, W), a large one cut by a grid, with the ring around it."""
    import cv2

    height, width = hole.shape
    count, labels, facts, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8), connectivity=8)
    margin = _RING + _GAP
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1,) * 2)
    for label in range(1, count):
        x, y, w, h = (int(v) for v in facts[label, :4])
        down, across = -(-h // _PIECE), -(-w // _PIECE)
        for row in range(down):
            for column in range(across):
                top, bottom = y + h * row // down, y + h * (row + 1) // down
                left, right = x + w * column // across, x + w * (column + 1) // across
                y0, x0 = max(0, top - margin), max(0, left - margin)
                area = np.s_[y0 : min(height, bottom + margin), x0 : min(width, right + margin)]
                mine = np.zeros((area[0].stop - y0, area[1].stop - x0), np.bool_)
                inside = np.s_[top - y0 : bottom - y0, left - x0 : right - x0]
                mine[inside] = labels[top:bottom, left:right] == label
                if not mine.any():
                    continue
                near = cv2.dilate(mine.astype(np.uint8), kernel) > 0
                yield Piece(area, mine, near & ~hole[area])


def fitted(here: Pixels, piece: Piece, n: Neighbour, other: Pixels) -> tuple[Pixels, float]:
    """What a neighbour shows at the piece, and the mean difference from what is there on the ring.

    here: (h, w, C) float32, the piece's area of the own frame; other: (H, W, C), the neighbour, not moved;
    it may have a further channel, which says where it is damaged itself, and is taken along. The flow around
    the hole is continued into it, or its median taken, near or wide, whatever fits the ring best, and
    shifted by up to `_SHIFT` pixels and a quarter. A difference of light counts as none.
    """
    import cv2

    field, sure = n.field[piece.area], piece.ring & (n.confidence[piece.area] > 0.5)
    rows, columns = (np.arange(s.start, s.stop, dtype=np.float32) for s in piece.area)
    fields = [np.broadcast_to(np.median(field[piece.ring], axis=0), field.shape)]
    if sure.sum() > piece.ring.sum() / 4:
        smooth = spread(field, sure)
        fields.append(np.where(sure[..., None], field, smooth))

    wide = tuple(slice(max(0, s.start - _WIDE), s.stop + _WIDE, _EVERY) for s in piece.area)
    steady = n.field[wide][n.confidence[wide] > 0.5]
    if len(steady):
        fields.append(np.broadcast_to(np.median(steady, axis=0), field.shape))

    # OpenCV never returns from REFLECT_101 of a single row or column.
    border = cv2.BORDER_REFLECT if min(other.shape[:2]) == 1 else cv2.BORDER_REFLECT_101

    def sampled(flow: Pixels, x: float, y: float) -> Pixels:
        at = (flow[..., 0] + columns + np.float32(x), flow[..., 1] + rows[:, None] + np.float32(y))
        patch = cv2.remap(other, *at, cv2.INTER_CUBIC, borderMode=border)
        return np.asarray(patch, np.float32).reshape(*here.shape[:2], -1)

    def misfit(patch: Pixels) -> float:
        count = here.shape[2]
        whole = piece.ring & ~(patch[..., count:] > SPOILT).any(axis=2)
        if not whole.any():
            return np.inf
        difference = (here - patch[..., :count])[whole]
        return float(np.abs(difference - np.median(difference, axis=0)).mean())

    least, first = min((misfit(sampled(f, 0, 0)), k) for k, f in enumerate(fields))
    flow, at = fields[first], (0.0, 0.0)
    for step in (1.0, 0.5, 0.25):
        for _ in range(_SHIFT if step == 1 else 1):
            tried = [(at[0] + step * x, at[1] + step * y) for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1))]
            costs = [misfit(sampled(flow, *t)) for t in tried]
            if min(costs) >= least:
                break
            least, at = min(costs), tried[int(np.argmin(costs))]
    return sampled(flow, *at), least
