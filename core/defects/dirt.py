"""Dirt: what is in one frame alone, told from what moves, and the matte that covers it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from interneg.defects.components import components
from interneg.defects.donors import Piece, all_fitted
from interneg.defects.evidence import Evidence, Neighbour, luma_of
from interneg.defects.middle import median
from interneg.frame import Mask, Pixels
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

# At a sensitivity of a half, in LOG_Y: what a spot's strongest pixel has to show, and what its others have.
_SEED, _EDGE = 12 / 255, 5 / 255
# Sensitivity of 0 and of 1 change these, and what follows, by so many times.
_STEEP = 3.0
# How many times larger a spot's contrast has to be than what the better fitting neighbour differs by around
# it (half as many for the other one), and than what the two differ by in it.
_CLEAR, _AGREED = 6.0, 2.0
# Fitting is dear. It is left out where it had to bring the misfit down by so many times at least.
_FITTED = 2.0
# And than what the frame differs by from the more alike of them on average, far around, times the cube of how
# odd the whole frame is: where one is blurred, veiled or shaken, its edges differ like dirt.
_FAR = 6.0
# A square of the length of a spot, over its area, from which on more is asked for, and how many times at
# most: what a moving edge leaves is long and thin.
_LONG, _STRICTER = 2.0, 1.7
# How many pixels away a spot's soft edge is looked for, and how wide the ring around that is.
_SOFT, _RING = 3, 6
# How much of the spot's contrast its soft edge has left, or of what the neighbours differ by around it.
_FADING, _ABOVE = 0.2, 1.5
# How far away a moving thing is looked for, and with how much around it; which share of its contrast may be
# left where it is found.
_SEARCH, _MARGIN, _FOUND = 16, 2, 0.25


@dataclass(frozen=True)
class Spot:
    """A piece of dirt: its box, and where in the box it lies, (h, w) bool."""

    x: int
    y: int
    shape: Mask

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the box."""
        height, width = self.shape.shape
        return np.s_[self.y : self.y + height, self.x : self.x + width]


def spots(
    view: View,
    seen: Evidence,
    sensitivity: tuple[float, float],
    largest: float,
    but: Mapping[int, Mask],
    among: tuple[Mask, Mask],
) -> list[Spot]:
    """Find the dirt of the window's own frame.

    sensitivity: to bright and dark dirt, 0 (none is found) to 1. largest: what is longer or wider, in pixels,
    stays. but: where no bright (1) and no dark (-1) dirt is looked for, (H, W): on scratches that look like
    it. among: what is worth a look, and what is known already, (H, W) each: only what is somewhere the first,
    and nowhere the second, is looked for, as judging a spot is dear.

    Seeds are spikes of the evidence, with all that hangs together with them (hysteresis; Canny, 1986). The
    frame before and the one after are then fitted to what is around each: it is dirt where its contrast is
    several times what is left there, as where the motion is not understood everything differs, and what the
    two differ by in its place. What is found again, moved, in one of them, is a thing that moves.
    """
    found = []
    for kind, sign, readily in zip((seen.bright, seen.dark), (1, -1), sensitivity, strict=True):
        if readily > 0:
            if sign in but and but[sign].any():
                kind = np.where(but[sign], np.float32(-1), kind)
            found += _of(view, seen, kind, sign, _STEEP ** (1 - 2 * readily), largest, among)
    return found


def softened(covered: Mask, grow: float, feather: float) -> Pixels:
    """1 in `covered`, (H, W), and `grow` pixels around, falling to 0 over `feather` pixels; float32."""
    import cv2

    if not covered.any() or grow == feather == 0:
        return covered.astype(np.float32)
    away = cv2.distanceTransform(np.uint8(~covered), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.clip(1 - (away - np.float32(grow)) / np.float32(feather + 1), 0, 1), np.float32)


def _of(
    view: View,
    seen: Evidence,
    kind: Pixels,
    sign: int,
    strict: float,
    largest: float,
    among: tuple[Mask, Mask],
) -> list[Spot]:
    """The dirt that is brighter (sign 1) or darker (-1) than what is around it in time.

    among: where it has to be somewhere, and nowhere, (H, W) each.
    """
    labels, facts = components(kind > _EDGE * strict)
    count = len(facts)
    strong = np.zeros(count, np.bool_)
    strong[labels[kind > _SEED * strict]] = True
    strong[0] = False
    worth = np.zeros(count, np.bool_)
    worth[labels[among[0]]] = True
    worth[labels[among[1]]] = False
    worth &= strong & (facts[:, 2:4] <= largest).all(axis=1)
    margin = _SOFT + _RING
    done = []
    for label in np.flatnonzero(worth):
        x, y, width, height = (int(v) for v in facts[label, :4])
        top, left = max(0, y - margin), max(0, x - margin)
        bottom, right = (
            min(e, v) for e, v in zip(kind.shape, (y + height + margin, x + width + margin), strict=True)
        )
        area = np.s_[top:bottom, left:right]
        shape = labels[area] == label
        piece = Piece(area, _dilated(shape, _SOFT), _ring(shape) & ~strong[labels[area]])
        if piece.ring.any():
            covered = _judged(view, seen, piece, shape, sign, strict)
            if covered is not None:
                done.append(Spot(left, top, covered))
    return done


def _judged(view: View, seen: Evidence, piece: Piece, shape: Mask, sign: int, strict: float) -> Mask | None:
    """What a spot covers of the piece's area, or None where it is no dirt."""
    here, fits = seen.luma[piece.area], []
    inside = [n for n in seen.neighbours if _within(n, piece, shape, seen.luma.shape)]
    if len(inside) < 2 or _hopeless(here, piece, shape, inside, sign, strict):
        return None
    shown = [(n, luma_of(view, n.offset)[..., None], None) for n in inside]
    for n, (patch, misfit) in zip(inside, all_fitted(here[..., None], piece, shown), strict=True):
        patch = patch[..., 0] + median((here - patch[..., 0])[piece.ring])
        fits.append(_Fit(n.offset, patch, misfit, float((sign * (here - patch))[shape].mean())))
    pairs = [(a, b) for a, b in combinations(fits, 2) if a.offset * b.offset < 0] or list(
        combinations(fits, 2)
    )

    def apart(pair: tuple[_Fit, _Fit]) -> float:
        return float(np.abs(pair[0].patch - pair[1].patch)[shape].mean())

    pair = min(pairs, key=lambda p: apart(p) + max(p[0].misfit, p[1].misfit))
    misfits = sorted(f.misfit for f in pair)
    unlike = np.minimum.reduce([sign * (here - f.patch) for f in pair])
    contrast = float(unlike[shape].mean())
    needed = max(_CLEAR * misfits[0], _CLEAR / 2 * misfits[1], _AGREED * apart(pair), _SEED)
    needed = max(needed, _FAR * seen.odd**3 * float(seen.unlike[piece.area][shape].mean()))
    stretch = max(np.ptp(v) + 1 for v in np.nonzero(shape)) ** 2 / shape.sum()
    strict *= float(np.clip(np.sqrt(stretch / _LONG), 1, _STRICTER))
    near = [f for f in fits if abs(f.offset) == min(abs(g.offset) for g in fits)]
    same = any(f.contrast < contrast / 2 for f in near)
    if same or contrast < strict * needed or _moves(view, seen, piece, shape, unlike):
        return None
    fading = max(_FADING * contrast, _ABOVE * misfits[1])
    return np.asarray((shape & (unlike > 0)) | ((unlike > fading) & piece.hole))


def _hopeless(
    here: Pixels, piece: Piece, shape: Mask, inside: list[Neighbour], sign: int, strict: float
) -> bool:
    """Whether a spot stands out so little, before the frames are fitted, that no fit can make it dirt."""
    contrasts, misfits = [], []
    for n in inside:
        apart = here - n.luma[piece.area]
        ring = apart[piece.ring]
        light = median(ring)
        contrasts.append(sign * float((apart[shape] - light).mean()))
        misfits.append(float(np.abs(ring - light).mean()))
    return statistics.median(contrasts) < strict * _CLEAR / _FITTED * min(misfits)


@dataclass(frozen=True, eq=False)
class _Fit:
    """What a frame shows around a spot, in the light of the own one; its misfit; the contrast to it."""

    offset: int
    patch: Pixels
    misfit: float
    contrast: float


def _within(n: Neighbour, piece: Piece, shape: Mask, size: tuple[int, ...]) -> bool:
    """Whether the neighbour shows the place: it does not lie beyond its edges."""
    rows, columns = (np.arange(s.start, s.stop) for s in piece.area)
    field = n.field[piece.area]
    x, y = (field[..., 0] + columns)[shape], (field[..., 1] + rows[:, None])[shape]
    return bool(x.min() >= 0 and y.min() >= 0 and x.max() <= size[1] - 1 and y.max() <= size[0] - 1)


def _moves(view: View, seen: Evidence, piece: Piece, shape: Mask, unlike: Pixels) -> bool:
    """Whether the frame before or after shows the same some pixels away."""
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


def moves(view: View, seen: Evidence, spot: Spot, sign: int) -> bool:
    """Whether the frame before or after shows a spot some pixels away. sign: 1 of a bright one, else -1."""
    margin = _SOFT + _RING
    rows, columns = spot.box
    top, left = max(0, rows.start - margin), max(0, columns.start - margin)
    area = np.s_[
        top : min(seen.luma.shape[0], rows.stop + margin),
        left : min(seen.luma.shape[1], columns.stop + margin),
    ]
    shape = np.zeros(seen.luma[area].shape, np.bool_)
    shape[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = spot.shape
    piece = Piece(area, shape, _ring(shape))
    unlike = np.minimum.reduce([sign * (seen.luma[area] - n.luma[area]) for n in seen.nearest])
    return bool(piece.ring.any()) and _moves(view, seen, piece, shape, np.maximum(unlike, 0))


def _ring(shape: Mask) -> Mask:
    return _dilated(shape, _SOFT + _RING) & ~_dilated(shape, _SOFT)


def _dilated(shape: Mask, pixels: int) -> Mask:
    import cv2

    return np.asarray(cv2.dilate(shape.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=pixels) > 0)
