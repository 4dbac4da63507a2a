"""Repair: what other frames, or else other parts of the frame, show in place of what is damaged."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from interneg.defects.blend import levelled, levelled_each, spread
from interneg.defects.context import continued
from interneg.defects.donors import Donor, Fit, fitted
from interneg.defects.evidence import Neighbour
from interneg.defects.laid import HOPELESS, Filled
from interneg.defects.own import best_place
from interneg.defects.pieces import Piece, pieces
from interneg.engine import Engine
from interneg.errors import InputError
from interneg.frame import Mask, Pixels
from interneg.node import View
from interneg.spare import Spare

# OpenCV is imported where it is used: what only lists nodes never loads it.

# How much what donors disagree by in the hole counts beside what they differ by on the ring.
_DISAGREED = 0.5
# Another frame is used where it differs from the ring by less than this, or than so many times less than
# the own frame's best place.
_FITS, _RATHER = 0.05, 0.7
# How much the misfit of what the network fills counts beside that of a place that is copied.
_TRUSTED, _MUCH_RATHER = 0.5, 0.8
# What the network is expected to be wrong by deep in a hole, and how many times more in a large hole than on
# its ring.
_UNKNOWN, _LARGE = 0.3, 6.0
# Which share of its area a part of a large hole takes; of a scratch it is less.
_THICK = 0.3
# What is far from the ring of a hole differs from other frames in its light by no more than this, and what is
# near by twice as much.
_FLICKER = 0.08

_ROOM = Spare()


def repaired(
    view: View,
    matte: Pixels,
    around: tuple[Neighbour, ...],
    under: tuple[Pixels, Pixels] | None = None,
    spoils: Mapping[int, Mask] | None = None,
    filler: Callable[[], Engine] | None = None,
) -> Pixels:
    """Fill what the matte covers, (C, H, W) float32 in the node's own working space, finite.

    matte: (H, W) float32, 0..1, how much of the picture is replaced; where it is 0 the pixels are the given
    ones. around: see `neighbours`. under: what is seen beneath the damage, (C, H, W), and what it is expected
    to be wrong by, (H, W), inf where nothing is seen (see `uncovered`); it is averaged with what is taken
    from elsewhere, each weighed by its expected error. spoils: where frames around are known to be damaged,
    (H, W), by offset. filler: opens the network that fills what no frame shows (see `continued`); without it
    the own frame's best place is copied. Raises InputError where a frame has other channels.

    Each piece of a hole is taken from the frame that fits best: its flow is continued into the hole from
    around, it is shifted by some pixels, and judged by what it differs by on the ring around the hole and
    from the other frames in it. Its light is bent to that of the ring; grain is added where it has less.
    Where no frame fits, the network continues what is around. Where the whole frame is one hole, the nearest
    frame stands in for it, or itself where there is none.
    """
    given = view.planes()
    hole = matte > 0
    if not hole.any():
        return given
    if hole.all():
        return _whole(view, given, matte, around)
    picture = given.transpose(1, 2, 0)
    shown = [Donor(n, _alike(view, n.offset, len(given)), (spoils or {}).get(n.offset)) for n in around]
    filled = Filled(view, picture)
    lacking: list[tuple[Piece, Pixels, Pixels]] = []
    every = list(pieces(hole))
    fits = fitted(given, [piece for piece in every if piece.ring.any()], shown)
    for piece in every:
        patch, error = _from_frames(filled.here(piece), piece, next(fits) if piece.ring.any() else [])
        if (piece.hole & (error > _FITS)).any():
            lacking.append((piece, patch, error))
        else:
            filled.take(piece, patch, error)
    if lacking:
        with _ROOM.lent(given.shape) as room:
            _without_donors(filled, lacking, hole, filler, room)
    return filled.laid(given, matte, under)


def _without_donors(
    filled: Filled,
    lacking: list[tuple[Piece, Pixels, Pixels]],
    hole: Mask,
    filler: Callable[[], Engine] | None,
    room: Pixels,
) -> None:
    """Fill the pieces that no frame shows well from the frame itself, where that is likely to be better.

    room: for what is filled so far, (C, H, W).
    """
    picture, left = filled.so_far(hole, room)
    engine = None if filler is None else filler()
    pieces_of = [piece for piece, _, _ in lacking]
    misfits = [np.inf] * len(lacking) if engine is None else _judged(picture, left, pieces_of, engine)
    chosen: list[tuple[Mask, float, Pixels | None]] = []
    for (piece, _, error), misfit in zip(lacking, misfits, strict=True):
        best, least, made = _TRUSTED * misfit, _MUCH_RATHER * _TRUSTED, None
        found = best_place(picture, piece, hole)
        if found is not None and found[0] <= best:
            best, least, made = found[0], _RATHER, levelled(found[1], filled.here(piece), piece.ring)
        chosen.append((piece.hole & (error > _FITS) & (best < least * error), best, made))
    wanted = [k for k, (better, _, made) in enumerate(chosen) if made is None and better.any()]
    nets = dict[int, Pixels]()
    if engine is not None and wanted:
        boxes = [_box(pieces_of[k]) for k in wanted]
        nets = dict(zip(wanted, continued(picture, left, boxes, engine), strict=True))
    for k, ((piece, patch, error), (better, best, made)) in enumerate(zip(lacking, chosen, strict=True)):
        if k in nets:
            made = filled.here(piece)
            made[_inside(piece)] = nets[k]
        if made is not None:
            patch = np.where(better[..., None], made, patch)
            error = np.where(better, np.float32(best), error)
        filled.take(piece, patch, error)


def _judged(picture: Pixels, left: Mask, lacking: list[Piece], engine: Engine) -> list[float]:
    """What the network is expected to be wrong by in each piece: how it does on its ring, hidden as well."""
    hidden = left.copy()
    for piece in lacking:
        hidden[piece.area] |= piece.ring
    seen = [piece for piece in lacking if piece.ring.any() and not piece.far]
    made = continued(picture, hidden, [piece.area for piece in seen], engine)
    apart = {p: float(np.abs(m - picture[p.area])[p.ring].mean()) for p, m in zip(seen, made, strict=True)}
    misfits = []
    for piece in lacking:
        # A part of a large hole, not of a long thin one.
        large = piece.share is not None and piece.hole.mean() > _THICK
        alone = _UNKNOWN if piece.ring.any() else np.inf
        misfits.append(apart[piece] * (_LARGE if large else 1) if piece in apart else alone)
    return misfits


def _inside(piece: Piece) -> tuple[slice, slice]:
    """The rows and columns of the piece's area that its hole lies in."""
    rows, columns = (np.flatnonzero(piece.hole.any(axis=k)) for k in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _box(piece: Piece) -> tuple[slice, slice]:
    """The rows and columns of the picture that its hole lies in."""
    rows, columns = (
        slice(s.start + p.start, s.start + p.stop) for s, p in zip(piece.area, _inside(piece), strict=True)
    )
    return rows, columns


def _whole(view: View, given: Pixels, matte: Pixels, around: tuple[Neighbour, ...]) -> Pixels:
    """What stands in for a frame that is damaged all over: the nearest one, or itself where it is alone."""
    if not around:
        return given
    other = view.planes(around[0].offset)
    return np.where(matte == 1, other, given + matte * (other - given)).astype(np.float32)


def _alike(view: View, offset: int, count: int) -> Pixels:
    """The planes of the frame at `offset`, (C, H, W), which are as many as those of the window's own."""
    planes = view.planes(offset)
    if len(planes) != count:
        numbers = [view.window.frames[view.window.centre + o].number for o in (offset, 0)]
        raise InputError(
            f"frame {numbers[0]} has {len(planes)} colour channels, frame {numbers[1]} has {count}: within a "
            "shot all frames have the same"
        )
    return planes


def _from_frames(here: Pixels, piece: Piece, found: Sequence[Fit]) -> tuple[Pixels, Pixels]:
    """What the frames around show at the piece, in the light of its ring, and how wrong it may be, (h, w).

    here: what is given there, (h, w, C); found: what each of them shows. The frame that fits best is taken,
    and where it is damaged itself the next one. Where none is left the error is `HOPELESS`, and the ring is
    continued smoothly.
    """
    error, fits = np.full(piece.hole.shape, HOPELESS, np.float32), list[Fit]()
    seen = [fit for fit in found if np.isfinite(fit.misfit)]
    if seen:
        most, rings = _FLICKER if piece.far else 2 * _FLICKER, [piece.ring & fit.whole for fit in seen]
        level = levelled_each([fit.patch for fit in seen], here, rings, most)
        fits = [replace(fit, patch=patch) for fit, patch in zip(seen, level, strict=True)]
    costs = _costs(fits, piece.hole)
    shows = np.logical_or.reduce([fit.whole for fit in fits]) if fits else np.zeros_like(piece.hole)
    made = np.zeros_like(here) if shows.all() else spread(here, piece.ring)
    for k in np.argsort(costs, kind="stable")[::-1]:
        whole = fits[k].whole
        np.copyto(made, fits[k].patch, where=whole[..., None])
        error[whole] = costs[k]
    return made, error


def _costs(fits: Sequence[Fit], hole: Mask) -> list[float]:
    """How wrong each may be: what it differs by on the ring, and in the hole from most of the others."""
    inside = np.flatnonzero(hole)
    shown = [f.patch.transpose(2, 0, 1).reshape(f.patch.shape[2], -1)[:, inside] for f in fits]
    wholes = [f.whole.ravel()[inside] for f in fits]
    apart: list[list[float]] = [[] for _ in fits]
    for j, k in combinations(range(len(fits)), 2):
        both = wholes[j] & wholes[k]
        if both.any():
            difference = np.abs(shown[j] - shown[k])
            between = float((difference if both.all() else difference[:, both]).mean())
            apart[j].append(between)
            apart[k].append(between)
    return [
        f.misfit + _DISAGREED * (statistics.median(gaps) if gaps else 0.0)
        for f, gaps in zip(fits, apart, strict=True)
    ]
