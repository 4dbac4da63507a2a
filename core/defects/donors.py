"""Donors: what a frame around shows in place of a hole, fitted to what is whole around the hole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from interneg.defects.evidence import Neighbour
from interneg.defects.motions import MOST, motions
from interneg.defects.pieces import Piece
from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

# From how much damage on, of 255, a donor's pixel is no longer looked at.
_SPOILT = 25
# How far a donor is shifted to fit the ring better, step by step, in pixels; the first step is taken twice.
_STEPS = (1.0, 1.0, 0.5, 0.25)
_AROUND = np.array([(0, 0), *((x, y) for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y)], np.float32)
# The search looks at so many pixels of the ring at most, of so many pieces at once.
_LOOKED, _AT_ONCE = 96, 64


class Donor(NamedTuple):
    """A frame around, its planes, (C, H, W) float32, not moved, and where it is damaged itself, (H, W)."""

    neighbour: Neighbour
    planes: Pixels
    spoilt: Mask | None = None


@dataclass(frozen=True, eq=False)
class Fit:
    """What a frame around shows at a piece, (h, w, C), its misfit on the ring, and where it is whole."""

    patch: Pixels
    misfit: float
    whole: Mask


def fitted(picture: Pixels, pieces: Sequence[Piece], shown: Sequence[Donor]) -> Iterator[list[Fit]]:
    """What frames around show at each of some pieces that have a ring: of each frame, in order.

    picture: (C, H, W) float32, the own frame. A misfit is the mean difference from what is there on the ring;
    inf where all of that is damaged. The flow around the hole is continued into it, or its median taken, near
    or wide, whatever fits the ring best, and shifted by up to two pixels and three quarters. A difference of
    light counts as none; nor does a pixel that is damaged.
    """
    donors = [_Donor(s) for s in shown]
    for first in range(0, len(pieces), _AT_ONCE):
        some = pieces[first : first + _AT_ONCE]
        yield from _fitted(picture, some, donors) if donors else [[] for _ in some]


def _fitted(picture: Pixels, pieces: Sequence[Piece], donors: Sequence[_Donor]) -> Iterator[list[Fit]]:
    """What `fitted` gives; the pieces are looked at together, as there is little to do for each."""
    rings = [np.flatnonzero(piece.ring) for piece in pieces]
    known = np.zeros((len(picture), len(pieces), _LOOKED), np.float32)
    looked = np.zeros((len(pieces), _LOOKED), np.bool_)
    starts = np.zeros((len(donors), len(pieces), MOST, 2, _LOOKED), np.float32)
    grids, fields, heres = [], [], []
    every = motions(pieces, [d.neighbour for d in donors])
    for p, (piece, ring, moved) in enumerate(zip(pieces, rings, every, strict=True)):
        rows, columns = piece.area
        few = ring[:: -(-len(ring) // _LOOKED)]
        here = picture[:, rows, columns].reshape(len(picture), -1)
        known[:, p, : len(few)], looked[p, : len(few)] = here[:, few], True
        grid = np.empty((2, *piece.ring.shape), np.float32)
        grid[0], grid[1] = np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop)[:, None]
        at = grid.reshape(2, -1)[:, few]
        for k, some in enumerate(moved):
            for m in range(MOST):
                motion = some[min(m, len(some) - 1)].reshape(2, -1)
                starts[k, p, m, :, : len(few)] = at + (motion if motion.shape[1] == 1 else motion[:, few])
        grids.append(grid)
        fields.append(moved)
        heres.append(here[:, ring])
    found = [_placed(d, known, looked, start) for d, start in zip(donors, starts, strict=True)]
    for p, (piece, ring, here) in enumerate(zip(pieces, rings, heres, strict=True)):
        patches, wholes = [], []
        for k, (best, at) in enumerate(found):
            some = fields[p][k]
            x, y = some[min(best[p], len(some) - 1)] + grids[p] + at[p][:, None, None]
            patch, spoilt = donors[k].at(x, y)
            patches.append(patch)
            wholes.append(np.ones(piece.ring.shape, np.bool_) if spoilt is None else ~spoilt)
        there = np.stack([patch.reshape(len(picture), -1)[:, ring] for patch in patches], axis=1)
        whole = np.stack([w.ravel()[ring] for w in wholes])
        misfits = _misfits(here[:, None], there[:, :, None], whole)[:, 0]
        yield [
            Fit(patch.transpose(1, 2, 0), float(misfit), w)
            for patch, misfit, w in zip(patches, misfits, wholes, strict=True)
        ]


def _placed(
    donor: _Donor, known: Pixels, looked: Mask, starts: Pixels
) -> tuple[npt.NDArray[np.intp], Pixels]:
    """Which of the motions fits each piece best, (P,), and by how much more it is shifted, (P, 2).

    known: what is on the rings, (C, P, L); looked: where there is something, (P, L); starts: the places of
    these pixels by each motion, (P, M, 2, L).
    """
    every = np.arange(len(starts))

    def best_of(which: npt.NDArray[np.intp], x: Pixels, y: Pixels) -> npt.NDArray[np.intp]:
        seen, spoilt = donor.at(x, y)
        whole = looked[which] if spoilt is None else looked[which] & ~spoilt.any(axis=1)
        return np.asarray(np.argmin(_misfits(known[:, which], seen, whole), axis=1))

    best = best_of(every, starts[:, :, 0], starts[:, :, 1])
    start, at = starts[every, best][:, :, None], np.zeros((len(starts), 2), np.float32)
    for k, step in enumerate(_STEPS):
        going = np.flatnonzero(at.any(axis=1)) if k == 1 else every
        tried = at[going, None] + step * _AROUND
        x, y = (start[going, axis] + tried[..., axis, None] for axis in (0, 1))
        if len(going):
            at[going] = tried[np.arange(len(going)), best_of(going, x, y)]
    return best, at


class _Donor:
    """A frame around, looked at between its pixels; beyond the picture its edge repeats."""

    def __init__(self, shown: Donor) -> None:
        self.neighbour = shown.neighbour
        self._planes = [np.ascontiguousarray(plane) for plane in shown.planes]
        spoilt = shown.spoilt
        self._spoilt = spoilt * np.uint8(255) if spoilt is not None and spoilt.any() else None

    def at(self, x: Pixels, y: Pixels) -> tuple[Pixels, Mask | None]:
        """What it shows at places of some shape, (C, ...), and where that is damaged; None for nowhere."""
        import cv2

        maps = x.reshape(-1, x.shape[-1]), y.reshape(-1, x.shape[-1])
        made = np.empty((len(self._planes), *maps[0].shape), np.float32)

        how = cv2.INTER_CUBIC
        for plane, out in zip(self._planes, made, strict=True):
            cv2.remap(plane, *maps, how, dst=out, borderMode=cv2.BORDER_REPLICATE)
        spoilt = None
        if self._spoilt is not None:
            damage = cv2.remap(self._spoilt, *maps, how, borderMode=cv2.BORDER_REPLICATE)
            spoilt = np.asarray(damage > _SPOILT).reshape(x.shape)
        return made.reshape(-1, *x.shape), spoilt


def _misfits(known: Pixels, seen: Pixels, looked: Mask) -> npt.NDArray[np.float32]:
    """The mean difference of each of (C, P, K, N) from (C, P, N), a difference of light apart; (P, K).

    looked: where there is something to be looked at, (P, N). inf where that is nowhere.
    """
    count = looked.sum(axis=1)
    difference = seen - known[:, :, None]
    # What is not looked at comes last.
    ordered = difference + np.where(looked, np.float32(0), np.float32(np.inf))[:, None]
    ordered.sort(axis=-1)
    middle = np.minimum(count // 2, looked.shape[1] - 1)
    light = ordered[:, np.arange(len(count)), :, middle].transpose(1, 0, 2)[..., None]
    difference -= np.where(np.isfinite(light), light, 0)
    np.abs(difference, out=difference)
    difference *= looked.astype(np.float32)[:, None]
    total = difference.sum(axis=3).sum(axis=0)
    several = np.maximum(count * len(seen), 1).astype(np.float32)[:, None]
    return np.where(count[:, None] > 0, total / several, np.float32(np.inf))
