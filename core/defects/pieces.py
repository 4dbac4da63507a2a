"""Pieces: the parts of holes that are filled one by one, each with what is whole around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from interneg.defects.components import components
from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

# Holes are filled in pieces of at most so many pixels, which overlap by so many on each side, with a ring
# around, a gap away, that tells what fits.
_PIECE, _OVERLAP, _RING, _GAP = 32, 6, 6, 1
# A ring has at least so many pixels, or else a wider one is looked at.
_FEWEST = 24


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a hole: its area of the picture, and in it the hole, and what is whole around it; (h, w).

    share: how much the piece counts, 0..1, where it overlaps others of the same hole, all of which add up to
    1; None where it is alone. far: whether the ring lies further away than it should, as deep in a hole.
    """

    area: tuple[slice, slice]
    hole: Mask
    ring: Mask
    share: Pixels | None = None
    far: bool = False


def pieces(hole: Mask) -> Iterator[Piece]:
    """Each connected hole of (H, W), a large one cut by a grid into parts that overlap, with its ring."""
    import cv2

    height, width = hole.shape
    labels, facts = components(hole)
    for label in range(1, len(facts)):
        x, y, w, h = (int(v) for v in facts[label, :4])
        cuts = [_cut(start, length) for start, length in ((y, h), (x, w))]
        for top, bottom, down in cuts[0]:
            for left, right, across in cuts[1]:
                if not (labels[top:bottom, left:right] == label).any():
                    continue
                margin = _RING + _GAP
                while True:
                    y0, x0 = max(0, top - margin), max(0, left - margin)
                    area = np.s_[y0 : min(height, bottom + margin), x0 : min(width, right + margin)]
                    mine = np.zeros((area[0].stop - y0, area[1].stop - x0), np.bool_)
                    inside = np.s_[top - y0 : bottom - y0, left - x0 : right - x0]
                    mine[inside] = labels[top:bottom, left:right] == label
                    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1,) * 2)
                    ring = (cv2.dilate(mine.astype(np.uint8), kernel) > 0) & ~hole[area]
                    if ring.sum() >= _FEWEST or mine.shape == hole.shape or margin > height + width:
                        break
                    margin *= 2
                share = None
                if len(cuts[0]) * len(cuts[1]) > 1:
                    share = np.zeros(mine.shape, np.float32)
                    share[inside] = np.outer(down, across)
                yield Piece(area, mine, ring, share, margin > _RING + _GAP)


def _cut(start: int, length: int) -> list[tuple[int, int, Pixels]]:
    """Cut a stretch into overlapping parts: where each begins and ends, and what its pixels count."""
    count = -(-length // _PIECE)
    edges = [start + length * k // count for k in range(count + 1)]
    parts = []
    for k in range(count):
        first = edges[k] - _OVERLAP * (k > 0)
        last = edges[k + 1] + _OVERLAP * (k < count - 1)
        at = np.arange(first, last, dtype=np.float32) + np.float32(0.5)
        rise = (at - first) / (2 * _OVERLAP) if k else np.ones_like(at)
        fall = (last - at) / (2 * _OVERLAP) if k < count - 1 else np.ones_like(at)
        parts.append((first, last, np.clip(np.minimum(rise, fall), 0, 1)))
    return parts
