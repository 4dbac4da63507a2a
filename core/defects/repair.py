"""Repair: what other frames, or else other parts of the frame, show in place of what is damaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from interneg.colour import WorkingSpace
from interneg.defects.blend import lacking_grain, levelled, noise, spread
from interneg.defects.context import continued
from interneg.defects.donors import SPOILT, Mask, Piece, fitted, pieces
from interneg.defects.evidence import Neighbour
from interneg.engine import Engine
from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.grain.noise import measure_noise, per_channel
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
# How many times the grain of the whole frame a place may have of it: what it has more is texture.
_LOUDER = 1.25
# What a place may be wrong by that no frame shows.
_HOPELESS = 1.0


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
    to be wrong by, (H, W), inf where nothing is seen (see `beneath`); it is averaged with what is taken from
    elsewhere, each weighed by its expected error. spoils: where frames around are known to be damaged, (H,
    W), by offset. filler: opens the network that fills what no frame shows (see `continued`); without it the
    own frame's best place is copied. Raises InputError where a frame has other channels.

    Each piece of a hole is taken from the frame that fits best: its flow is continued into the hole from
    around, it is shifted by some pixels, and judged by what it differs by on the ring around the hole and
    from the other frames in it. Its light is bent to that of the ring; grain is added where it has less.
    Where no frame fits, the network continues what is around.
    """
    given = view.planes()
    hole = matte > 0
    if not hole.any():
        return given
    picture = given.transpose(1, 2, 0)
    others = {n.offset: _interleaved(view, n.offset, len(given)) for n in around}
    filled = _Filled(view, picture)
    lacking: list[tuple[Piece, Pixels, Pixels]] = []
    for piece in pieces(hole):
        patch, error = _from_frames(filled.here(piece), piece, around, others, spoils or {})
        if (piece.hole & (error > _FITS)).any():
            lacking.append((piece, patch, error))
        else:
            filled.take(piece, patch, error)
    if lacking:
        _without_donors(filled, lacking, hole, filler)
    return filled.laid(given, matte, under)


class _Filled:
    """What the holes are filled with so far: the sums of all pieces, each by its share.

    picture: (H, W, C), what is given.
    """

    def __init__(self, view: View, picture: Pixels) -> None:
        self.picture, self._view = picture, view
        self._made = np.zeros(picture.shape, np.float32)
        self._grain = np.zeros(picture.shape, np.float32)
        self._error = np.zeros(picture.shape[:2], np.float32)
        self._done = np.zeros(picture.shape[:2], np.float32)
        self._pieces: list[Piece] = []

    def here(self, piece: Piece) -> Pixels:
        """What is given in the piece's area, (h, w, C)."""
        return np.ascontiguousarray(self.picture[piece.area])

    def take(self, piece: Piece, patch: Pixels, error: Pixels) -> None:
        """Fill a piece with a patch, (h, w, C), that is expected to be wrong by so much, (h, w)."""
        share = np.float32(piece.hole) if piece.share is None else piece.share * piece.hole
        self._made[piece.area] += share[..., None] * patch
        self._error[piece.area] += share * error
        self._done[piece.area] += share
        lacks = lacking_grain(patch, self.here(piece), piece.hole, piece.ring, self._grain_of(piece))
        if lacks.any():
            self._grain[piece.area] += share[..., None] * lacks
        self._pieces.append(piece)

    def _grain_of(self, piece: Piece) -> float:
        """The deviation of each channel's noise at a piece, as the whole frame has it at that brightness."""
        planes = self._view.planes(0, WorkingSpace.LOG_Y)
        profile = self._view.measure("defects grain 1", lambda: measure_noise(planes), 0)
        deviations = profile.map(np.ascontiguousarray(planes[(slice(None), *piece.area)]))
        luma, _ = per_channel(*deviations, len(planes))
        return _LOUDER * float(np.median(luma))

    def so_far(self, hole: Mask) -> tuple[Pixels, Mask]:
        """The picture, filled as far as it is, and the holes that are left, (H, W)."""
        done = self._done > 1 - _LEAST**0.5
        return np.where(done[..., None], self._made, self.picture), hole & ~done

    def laid(self, given: Pixels, matte: Pixels, under: tuple[Pixels, Pixels] | None) -> Pixels:
        """The given planes, (C, H, W), with the fillings and their grain mixed in by the matte."""
        made, seed = given.copy(), int.from_bytes(self._view.window.frame.digest[:4])
        for piece in self._pieces:
            area = piece.area
            patch, lacks = self._made[area], self._grain[area]
            if lacks.any():
                patch = patch + lacks * noise(area, seed)[..., None]
            if under is not None:
                seen, wrong = under[0][(slice(None), *area)], under[1][area]
                patch = patch + _share(self._error[area], wrong)[..., None] * (
                    seen.transpose(1, 2, 0) - patch
                )
            share, was = matte[area][piece.hole], self.picture[area][piece.hole]
            now = patch[piece.hole]
            mixed = np.where(share[:, None] == 1, now, was + share[:, None] * (now - was))
            made[(slice(None), *area)][:, piece.hole] = mixed.T
        return made


def _without_donors(
    filled: _Filled,
    lacking: list[tuple[Piece, Pixels, Pixels]],
    hole: Mask,
    filler: Callable[[], Engine] | None,
) -> None:
    """Fill the pieces that no frame shows well, from the frame itself."""
    picture, left = filled.so_far(hole)
    net = None
    if filler is not None:
        areas = [_box(piece) for piece, _, _ in lacking]
        net = continued(picture, left, areas, filler())
    for piece, patch, error in lacking:
        here, lacks = filled.here(piece), piece.hole & (error > _FITS)
        made = net[piece.area] if net is not None else None
        misfit = _FITS
        if made is None:
            own = _from_own(picture, piece, hole)
            if own is not None:
                misfit, made = own[0], levelled(own[1], here, piece.ring)
        if made is not None:
            better = lacks & (misfit < _RATHER * error)
            patch = np.where(better[..., None], made, patch)
            error = np.where(better, np.float32(misfit), error)
        filled.take(piece, patch, error)


def _box(piece: Piece) -> tuple[slice, slice]:
    """The rows and columns of the picture that a piece's hole lies in."""
    parts = (np.flatnonzero(piece.hole.any(axis=k)) for k in (1, 0))
    rows, columns = (
        slice(s.start + p[0], s.start + p[-1] + 1) for s, p in zip(piece.area, parts, strict=True)
    )
    return rows, columns


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
    return planes.transpose(1, 2, 0)


def _from_frames(
    here: Pixels,
    piece: Piece,
    around: tuple[Neighbour, ...],
    others: Mapping[int, Pixels],
    spoils: Mapping[int, Mask],
) -> tuple[Pixels, Pixels]:
    """What the frames around show at the piece, in the light of its ring, and how wrong it may be, (h, w).

    The frame that fits best is taken, and where it is damaged itself the next one. Where none is left the
    error is `_HOPELESS`, and the ring is continued smoothly.
    """
    made, error = spread(here, piece.ring), np.full(piece.hole.shape, _HOPELESS, np.float32)
    count, fits = here.shape[2], []
    for n in around if piece.ring.any() else ():
        seen, misfit = fitted(here, piece, n, others[n.offset], spoils.get(n.offset))
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
