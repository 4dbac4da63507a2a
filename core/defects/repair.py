"""Repair: what other frames, or else other parts of the frame, show in place of what is damaged."""

from __future__ import annotations

import numpy as np

from interneg.defects.blend import grained, levelled, spread
from interneg.defects.donors import Mask, Piece, fitted, pieces
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


def repaired(
    view: View, matte: Pixels, around: tuple[Neighbour, ...], planes: Pixels | None = None
) -> Pixels:
    """Fill what the matte covers, (C, H, W) float32 in the node's own working space, finite.

    matte: (H, W) float32, 0..1, how much of the picture is replaced; where it is 0 the pixels are the given
    ones. around: see `neighbours`. planes: what is to be filled, of the window's own frame; by default its
    planes. Raises InputError where a frame has other channels.

    Each piece of a hole is taken from the frame that fits best: its flow is continued into the hole from
    around, it is shifted by up to `_SHIFT` pixels, and judged by what it differs by on the ring around the
    hole and from the other frames in it. Its light is bent to that of the ring; grain is added where it has
    less. Where no frame fits, the best fitting place of the own frame is taken, in the same way.
    """

    given = view.planes() if planes is None else planes
    hole = matte > 0
    if not hole.any():
        return given
    picture = np.ascontiguousarray(given.transpose(1, 2, 0))
    others = {n.offset: _interleaved(view, n.offset, len(given)) for n in around}
    filled = picture.copy()
    for piece in pieces(hole):
        best = _from_frames(picture, piece, around, others)
        if best is None or best[0] > _FITS:
            own = _from_own(picture, piece, hole)
            if own is not None and (best is None or own[0] < _RATHER * best[0]):
                best = own
        here = picture[piece.area]
        patch = spread(here, piece.ring) if best is None else levelled(best[1], here, piece.ring)
        y, x = piece.area[0].start, piece.area[1].start
        patch = grained(patch, here, piece.hole, piece.ring, 1 + y * picture.shape[1] + x)
        filled[piece.area][piece.hole] = patch[piece.hole]
    share = matte[..., None]
    mixed = np.where(share == 1, filled, picture + share * (filled - picture))
    made = np.where(share > 0, mixed, picture)
    return np.ascontiguousarray(made.transpose(2, 0, 1), np.float32)


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
    picture: Pixels, piece: Piece, around: tuple[Neighbour, ...], others: dict[int, Pixels]
) -> tuple[float, Pixels] | None:
    """What the frame that fits best shows at the piece, and by how much it does not fit."""
    if not piece.ring.any():
        return None
    here = picture[piece.area]
    found = []
    for n in around:
        patch, misfit = fitted(here, piece, n, others[n.offset])
        found.append((misfit, patch, levelled(patch, here, piece.ring)[piece.hole]))
    costs = []
    for k, (misfit, _, shown) in enumerate(found):
        apart = [float(np.abs(shown - other[2]).mean()) for j, other in enumerate(found) if j != k]
        costs.append(misfit + _DISAGREED * (float(np.median(apart)) if apart else 0.0))
    if not costs:
        return None
    best = int(np.argmin(costs))
    return costs[best], found[best][1]


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
