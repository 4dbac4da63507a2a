"""Repair: what other frames, or else other parts of the frame, show in place of what is damaged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from interneg.defects.blend import grained, levelled, spread
from interneg.defects.donors import SPOILT, Mask, Piece, fitted, pieces
from interneg.defects.evidence import Neighbour
from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

# How far away, in pixels, the own frame is searched for a donor.
_OWN = 24
# How much what donors disagree by in the hole counts beside what they differ by on the ring.
_DISAGREED = 0.5
# Another frame is used where it differs from the ring by less than this, or than so many times less than
# the own frame's best place.
_FITS, _RATHER = 0.03, 0.7
_LEAST = 1e-6
# What a place may be wrong by that no frame shows.
_HOPELESS = 1.0


def repaired(
    view: View,
    matte: Pixels,
    around: tuple[Neighbour, ...],
    under: tuple[Pixels, Pixels] | None = None,
    spoils: Mapping[int, Mask] | None = None,
) -> Pixels:
    """Fill what the matte covers, (C, H, W) float32 in the node's own working space, finite.

    matte: (H, W) float32, 0..1, how much of the picture is replaced; where it is 0 the pixels are the given
    ones. around: see `neighbours`. under: what is seen beneath the damage, (C, H, W), and what it is expected
    to be wrong by, (H, W), inf where nothing is seen (see `beneath`); it is averaged with what is taken from
    elsewhere, each weighed by its expected error. spoils: where frames around are known to be damaged, (H,
    W), by offset. Raises InputError where a frame has other channels.

    Each piece of a hole is taken from the frame that fits best: its flow is continued into the hole from
    around, it is shifted by up to `_SHIFT` pixels, and judged by what it differs by on the ring around the
    hole and from the other frames in it. Its light is bent to that of the ring; grain is added where it has
    less. Where no frame fits, the best fitting place of the own frame is taken, in the same way. Large holes
    are filled from their rims inwards. Where the whole frame is one hole, the nearest frame stands in for it,
    or itself where there is none.
    """
    given = view.planes()
    hole = matte > 0
    if not hole.any():
        return given
    picture = np.ascontiguousarray(given.transpose(1, 2, 0))
    others = {n.offset: _interleaved(view, n.offset, len(given)) for n in around}
    for offset, where in (spoils or {}).items():
        others[offset] = np.dstack([others[offset], where.astype(np.float32)])
    filled, rest = picture.copy(), hole
    while rest.any():  # the middle of a large hole has nothing whole around it until its rim is filled
        known, deep = filled.copy(), np.zeros_like(hole)
        for piece in pieces(rest):
            if not piece.ring.any():
                deep[piece.area] |= piece.hole
                continue
            here = known[piece.area]
            patch, error = _from_frames(here, piece, around, others)
            lacking = piece.hole & (error > _FITS)
            own = _from_own(known, piece, rest) if lacking.any() else None
            if own is not None:
                better = lacking & (own[0] < _RATHER * error)
                patch = np.where(better[..., None], levelled(own[1], here, piece.ring), patch)
                error = np.where(better, np.float32(own[0]), error)
            y, x = piece.area[0].start, piece.area[1].start
            patch = grained(patch, here, piece.hole, piece.ring, 1 + y * picture.shape[1] + x)
            if under is not None:
                seen, wrong = under[0][(slice(None), *piece.area)], under[1][piece.area]
                patch += _share(error, wrong)[..., None] * (seen.transpose(1, 2, 0) - patch)
            filled[piece.area][piece.hole] = patch[piece.hole]
        if deep.all():
            return _whole(view, given, matte, around)
        rest = deep
    share = matte[..., None]
    mixed = np.where(share == 1, filled, picture + share * (filled - picture))
    made = np.where(share > 0, mixed, picture)
    return np.ascontiguousarray(made.transpose(2, 0, 1), np.float32)


def _whole(view: View, given: Pixels, matte: Pixels, around: tuple[Neighbour, ...]) -> Pixels:
    """What stands in for a frame that is damaged all over: the nearest one, or itself where it is alone."""
    if not around:
        return given
    other = view.planes(around[0].offset)
    return np.where(matte == 1, other, given + matte * (other - given)).astype(np.float32)


def _share(error: Pixels, wrong: Pixels) -> Pixels:
    """How much what is seen beneath counts, being wrong by `wrong`, where what is filled in is by `error`."""
    a, b = (np.square(np.minimum(e, np.float32(_HOPELESS))) for e in (error + _LEAST, wrong))
    return np.asarray(np.where(np.isfinite(wrong), a / (a + b), 0), np.float32)


def _interleaved(view: View, offset: int, count: int) -> Pixels:
    planes = view.planes(offset)
    if len(planes) != count:
        numbers = [view.window.frames[view.window.centre + o].number for o in (offset, 0)]
        raise InputError(
            f"frame {numbers[0]} has {len(planes)} colour channels, frame {numbers[1]} has {count}: within a "
            "shot all frames have the same"
        )
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def _from_frames(
    here: Pixels, piece: Piece, around: tuple[Neighbour, ...], others: dict[int, Pixels]
) -> tuple[Pixels, Pixels]:
    """What the frames around show at the piece, in the light of its ring, and how wrong it may be, (h, w).

    The frame that fits best is taken, and where it is damaged itself the next one. Where none is left the
    error is `_HOPELESS`, and the ring is continued smoothly.
    """
    made, error = spread(here, piece.ring), np.full(piece.hole.shape, _HOPELESS, np.float32)
    count, fits = here.shape[2], []
    for n in around if piece.ring.any() else ():
        seen, misfit = fitted(here, piece, n, others[n.offset])
        whole = ~(seen[..., count:] > SPOILT).any(axis=2)
        if np.isfinite(misfit):
            fits.append((levelled(seen[..., :count], here, piece.ring & whole), misfit, whole))
    costs = []
    for k, (patch, misfit, whole) in enumerate(fits):
        apart = []
        for j, (other, _, also) in enumerate(fits):
            both = piece.hole & whole & also
            if j != k and both.any():
                apart.append(float(np.abs(patch - other)[both].mean()))
        costs.append(misfit + _DISAGREED * (float(np.median(apart)) if apart else 0.0))
    for k in np.argsort(costs, kind="stable")[::-1]:
        patch, _, whole = fits[k]
        made[whole] = patch[whole]
        error[whole] = costs[k]
    return made, error


def _from_own(picture: Pixels, piece: Piece, hole: Mask) -> tuple[float, Pixels] | None:
    """The place of the own frame, without holes, that fits best, and by how much it does not."""
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
