"""Donors: what a frame around shows in place of a hole, fitted to what is whole around the hole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from interneg.defects.blend import spread_each
from interneg.defects.components import components
from interneg.defects.evidence import Neighbour
from interneg.defects.middle import upper_median
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
    return all_fitted(here, piece, [(n, other, spoilt)])[0]


def all_fitted(
    here: Pixels, piece: Piece, shown: Sequence[tuple[Neighbour, Pixels, Mask | None]]
) -> list[tuple[Pixels, float]]:
    """What `fitted` gives for each of some neighbours, (h, w, C), which are looked at together."""
    count, ring = here.shape[2], np.flatnonzero(piece.ring)
    known = here.reshape(-1, count)[ring]
    grid = np.stack(np.meshgrid(*(np.arange(s.start, s.stop, dtype=np.float32) for s in piece.area[::-1])))
    donors = [
        _Donor.of(grid, fields, other, spoilt)
        for fields, (_, other, spoilt) in zip(_fields(piece, [n for n, _, _ in shown]), shown, strict=True)
    ]
    every = -(-len(ring) // _LOOKED)
    looked, few = ring[::every], np.ascontiguousarray(known[::every])
    flats = [d.places.reshape(len(d.places), 2, -1)[..., looked] for d in donors]
    first = _misfits(few, [d.sampled(flat[:, 0], flat[:, 1]) for d, flat in zip(donors, flats, strict=True)])
    best = [int(np.argmin(m)) for m in first]
    starts = [flat[b] for flat, b in zip(flats, best, strict=True)]
    at = np.zeros((len(donors), 2), np.float32)
    for k, step in enumerate(_STEPS):
        going = [j for j in range(len(donors)) if k != 1 or at[j].any()]
        tried = at[going, None] + step * _AROUND
        seen = [
            donors[j].sampled(starts[j][0] + t[:, :1], starts[j][1] + t[:, 1:])
            for j, t in zip(going, tried, strict=True)
        ]
        for j, t, misfits in zip(going, tried, _misfits(few, seen), strict=True):
            at[j] = t[int(np.argmin(misfits))]
    patches = [d.sampled(*(d.places[b] + a[:, None, None])) for d, b, a in zip(donors, best, at, strict=True)]
    left = _misfits(known, [p.reshape(1, -1, p.shape[2])[:, ring] for p in patches])
    return [(p, float(m[0])) for p, m in zip(patches, left, strict=True)]


@dataclass(frozen=True, eq=False)
class _Donor:
    """What of a neighbour may be looked at, (h, w, C), and where the piece may lie in it, (F, 2, h, w)."""

    near: Pixels
    places: Pixels

    @classmethod
    def of(cls, grid: Pixels, fields: Sequence[Pixels], other: Pixels, spoilt: Mask | None) -> Self:
        """grid: x and y of the piece, (2, h, w); fields: see `_fields`; other, spoilt: as in `fitted`."""
        places = np.empty((len(fields), *grid.shape), np.float32)
        for place, field in zip(places, fields, strict=True):
            np.add(field, grid, out=place)
        # Only what the search may reach is looked at; beyond the picture its edge repeats.
        reach, (height, width) = sum(_STEPS) + _TAPS, other.shape[:2]
        left, top = (
            min(max(int(v - reach), 0), n - 1)
            for v, n in zip(np.minimum.reduce(places, axis=(0, 2, 3)).tolist(), (width, height), strict=True)
        )
        right, bottom = (
            min(max(int(v + reach), 0), n - 1)
            for v, n in zip(np.maximum.reduce(places, axis=(0, 2, 3)).tolist(), (width, height), strict=True)
        )
        box = np.s_[top : bottom + 1, left : right + 1]
        near = np.ascontiguousarray(other[box], np.float32)
        if spoilt is not None and spoilt[box].any():
            near = np.dstack([near, spoilt[box].astype(np.float32)])
        places -= np.array([left, top], np.float32)[:, None, None]
        return cls(near, places)

    def sampled(self, x: Pixels, y: Pixels) -> Pixels:
        """What it shows at places, (m, n) each, (m, n, C)."""
        import cv2

        patch = cv2.remap(self.near, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(patch, np.float32).reshape(*x.shape, -1)


def _fields(piece: Piece, around: Sequence[Neighbour]) -> list[list[Pixels]]:
    """What the motion to each neighbour may be at the piece, two or three of (2, h, w) or (2, 1, 1)."""
    size, ring = piece.ring.shape, np.flatnonzero(piece.ring)
    fields = np.empty((2, *size, len(around)), np.float32)
    sure = np.empty((*size, len(around)), np.bool_)
    rows, columns = (slice(max(0, s.start - _WIDE), s.stop + _WIDE) for s in piece.area)
    inner = tuple(
        slice(s.start - w.start, s.stop - w.start) for s, w in zip(piece.area, (rows, columns), strict=True)
    )
    steady = list[Pixels]()
    for k, n in enumerate(around):
        field, known = n.field[rows, columns], n.confidence[rows, columns] > 0.5
        fields[..., k], sure[..., k] = field[inner].transpose(2, 0, 1), known[inner]
        steady.append(field[::_EVERY, ::_EVERY][known[::_EVERY, ::_EVERY]])
    sure &= piece.ring[..., None]
    done = [[f[:, None, None]] for f in upper_median(fields.reshape(2, -1, len(around))[:, ring]).T]
    enough = np.flatnonzero(np.count_nonzero(sure, axis=(0, 1)) > len(ring) / 4)
    if len(enough):
        made = spread_each(fields[..., enough], sure[..., enough])
        for j, which in enumerate(enough):
            done[which].append(made[..., j])
    for found, seen in zip(done, steady, strict=True):
        if len(seen):
            found.append(upper_median(seen)[:, None, None])
    return done


def _misfits(known: Pixels, seen: Sequence[Pixels]) -> list[npt.NDArray[np.float32]]:
    """The mean difference of each of (K, N, C) or (K, N, C + 1) from (N, C), a difference of light apart.

    A further channel says where what is seen is damaged; such a pixel is left out of all. inf where none is
    left. seen: of each donor.
    """
    count, done, whole = known.shape[1], dict[int, npt.NDArray[np.float32]](), []
    for k, patches in enumerate(seen):
        if patches.shape[2] > count:
            spoilt = (patches[..., count] > SPOILT).any(axis=0)
            if spoilt.all():
                done[k] = np.full(len(patches), np.inf, np.float32)
                continue
            if spoilt.any():
                done[k] = _misfit(known[~spoilt], [patches[:, ~spoilt, :count]])
                continue
        whole.append(k)
    if whole:
        together, first = _misfit(known, [seen[k][..., :count] for k in whole]), 0
        for k in whole:
            done[k] = together[first : first + len(seen[k])]
            first += len(seen[k])
    return [done[k] for k in range(len(seen))]


def _misfit(known: Pixels, seen: Sequence[Pixels]) -> npt.NDArray[np.float32]:
    """The mean difference of each of (K, N, C), of all of some, from (N, C), a difference of light apart."""
    difference = np.concatenate(seen)
    difference -= known
    difference -= upper_median(difference)[:, None]
    np.abs(difference, out=difference)
    return np.asarray(np.add.reduce(difference, axis=(1, 2)) / np.float32(known.size), np.float32)
