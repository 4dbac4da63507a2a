"""Donors: what a frame around shows in place of a hole, fitted to what is whole around the hole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interneg.defects.blend import spread
from interneg.defects.evidence import Neighbour
from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

SPOILT = 0.1
"""From how much damage on a donor's pixel is no longer looked at."""

# Holes are filled in pieces of at most so many pixels, which overlap by so many on each side, with a ring
# around, a gap away, that tells what fits.
_PIECE, _OVERLAP, _RING, _GAP = 32, 6, 6, 1
# A ring has at least so many pixels, or else a wider one is looked at.
_FEWEST = 24
# How far a donor is shifted to fit the ring better, step by step, in pixels; the first step is taken twice.
_STEPS = (1.0, 1.0, 0.5, 0.25)
_AROUND = np.array([(0, 0), *((x, y) for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y)], np.float32)
# The search looks at so many pixels of the ring at most, and interpolates from so many around.
_LOOKED, _TAPS = 96, 3
# Beyond the ring the motion is looked at so far away, at one pixel of so many in each direction.
_WIDE, _EVERY = 32, 4


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
    count, labels, facts, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8), connectivity=8)
    for label in range(1, count):
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


def fitted(
    here: Pixels, piece: Piece, n: Neighbour, other: Pixels, spoilt: Mask | None = None
) -> tuple[Pixels, float]:
    """What a neighbour shows at the piece, and the mean difference from what is there on the ring.

    here: (h, w, C) float32, the piece's area of the own frame; other: (H, W, C), the neighbour, not moved.
    spoilt: where it is damaged itself, (H, W); that is taken along as a further channel of what is returned,
    and not looked at. The flow around the hole is continued into it, or its median taken, near or wide,
    whatever fits the ring best, and shifted by up to two pixels and three quarters. A difference of light
    counts as none.
    """
    import cv2

    rows, columns = (np.arange(s.start, s.stop, dtype=np.float32) for s in piece.area)
    fields = _fields(piece, n)
    places = np.stack([fields[..., 0] + columns, fields[..., 1] + rows[:, None]], axis=-1)
    # Only what the search may reach is looked at; beyond the picture its edge repeats.
    reach = sum(_STEPS) + _TAPS
    limits = other.shape[1], other.shape[0]
    low, high = (
        [int(np.clip(getattr(places[..., k], end)() + way * reach, 0, limits[k] - 1)) for k in (0, 1)]
        for end, way in (("min", -1), ("max", 1))
    )
    box = np.s_[low[1] : high[1] + 1, low[0] : high[0] + 1]
    near = np.ascontiguousarray(other[box], np.float32)
    if spoilt is not None:
        near = np.dstack([near, spoilt[box].astype(np.float32)])
    places -= np.array(low, np.float32)
    count = here.shape[2]

    def sampled(at: Pixels) -> Pixels:
        patch = cv2.remap(
            near,
            np.ascontiguousarray(at[..., 0]),
            np.ascontiguousarray(at[..., 1]),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(patch, np.float32).reshape(*at.shape[:2], -1)

    ring = np.flatnonzero(piece.ring)
    looked = ring[:: -(-len(ring) // _LOOKED)]
    known, flat = here.reshape(-1, count)[looked], places.reshape(len(places), -1, 2)[:, looked]
    best = int(np.argmin(_misfits(known, sampled(flat))))
    at = np.zeros(2, np.float32)
    for k, step in enumerate(_STEPS):
        if k == 1 and not at.any():
            continue
        tried = at + step * _AROUND
        at = tried[int(np.argmin(_misfits(known, sampled(flat[best] + tried[:, None]))))]
    patch = sampled(places[best] + at)
    known, seen = here.reshape(-1, count)[ring], patch.reshape(1, -1, patch.shape[2])[:, ring]
    return patch, float(_misfits(known, seen)[0])


def _fields(piece: Piece, n: Neighbour) -> Pixels:
    """What the motion may be at the piece, (2 or 3, h, w, 2)."""
    field, sure = n.field[piece.area], piece.ring & (n.confidence[piece.area] > 0.5)
    fields = [np.broadcast_to(_median(field[piece.ring]), field.shape)]
    if sure.sum() > piece.ring.sum() / 4:
        fields.append(np.where(sure[..., None], field, spread(field, sure)))
    wide = tuple(slice(max(0, s.start - _WIDE), s.stop + _WIDE, _EVERY) for s in piece.area)
    steady = n.field[wide][n.confidence[wide] > 0.5]
    if len(steady):
        fields.append(np.broadcast_to(_median(steady), field.shape))
    return np.stack(fields)


def _misfits(known: Pixels, seen: Pixels) -> npt.NDArray[np.float32]:
    """The mean difference of each of (K, N, C) or (K, N, C + 1) from (N, C), a difference of light apart.

    A further channel says where what is seen is damaged; such a pixel is left out of all. inf where none is
    left.
    """
    count = known.shape[1]
    if seen.shape[2] > count:
        spoilt = (seen[..., count] > SPOILT).any(axis=0)
        if spoilt.any():
            if spoilt.all():
                return np.full(len(seen), np.inf, np.float32)
            known, seen = known[~spoilt], seen[:, ~spoilt]
        seen = seen[..., :count]
    difference = seen - known
    difference -= _median(difference)[:, None]
    np.abs(difference, out=difference)
    return np.asarray(np.add.reduce(difference, axis=(1, 2)) / np.float32(known.size), np.float32)


def _median(values: Pixels) -> Pixels:
    """The median, or of an even number the upper one, of (..., N, C) along N; faster than numpy's."""
    middle, values = values.shape[-2] // 2, values.copy()
    values.partition(middle, axis=-2)
    return values[..., middle, :]
