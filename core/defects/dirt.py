"""Dirt: what is in one frame alone, told from what moves, and the matte that covers it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from interneg.defects.components import components
from interneg.defects.donors import Donor, Fit, fitted
from interneg.defects.evidence import Evidence, Neighbour, luma_of
from interneg.defects.middle import median
from interneg.defects.moving import RING, SOFT, again, dilated, ring_of
from interneg.defects.pieces import Piece
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
# How much of the spot's contrast its soft edge has left, or of what the neighbours differ by around it.
_FADING, _ABOVE = 0.2, 1.5


@dataclass(frozen=True)
class Spot:
    """A piece of dirt: its box, and where in the box it lies, (h, w) bool.

    margin: of one that was looked at closely, how many times what is asked for its contrast is; 1 or more.
    """

    x: int
    y: int
    shape: Mask
    margin: float = 1.0

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
    tried = []
    for kind, sign, readily in zip((seen.bright, seen.dark), (1, -1), sensitivity, strict=True):
        if readily > 0:
            if sign in but and but[sign].any():
                kind = np.where(but[sign], np.float32(-1), kind)
            tried += _tried(seen, kind, sign, _STEEP ** (1 - 2 * readily), largest, among)
    # What is fitted to the same frames is fitted at once.
    found = dict[int, Spot]()
    for offsets in dict.fromkeys(t.inside for t in tried):
        which = [k for k, t in enumerate(tried) if t.inside == offsets]
        shown = [Donor(n, luma_of(view, n.offset)[None]) for n in seen.neighbours if n.offset in offsets]
        fits = fitted(seen.luma[None], [tried[k].piece for k in which], shown)
        for k, fit in zip(which, fits, strict=True):
            spot = _judged(view, seen, tried[k], dict(zip(offsets, fit, strict=True)))
            if spot is not None:
                found[k] = spot
    return [found[k] for k in sorted(found)]


def softened(covered: Mask, grow: float, feather: float) -> Pixels:
    """1 in `covered`, (H, W), and `grow` pixels around, falling to 0 over `feather` pixels; float32."""
    import cv2

    if not covered.any() or grow == feather == 0:
        return covered.astype(np.float32)
    away = cv2.distanceTransform(np.uint8(~covered), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.clip(1 - (away - np.float32(grow)) / np.float32(feather + 1), 0, 1), np.float32)


@dataclass(frozen=True, eq=False)
class _Tried:
    """What may be dirt: around it, where in that it is, its sign, and how much more is asked for.

    inside: the offsets of the frames that show the place, in the order of the neighbours.
    """

    piece: Piece
    shape: Mask
    sign: int
    strict: float
    inside: tuple[int, ...]

    @property
    def top(self) -> int:
        """The first row of what is around it."""
        return int(self.piece.area[0].start)

    @property
    def left(self) -> int:
        """The first column."""
        return int(self.piece.area[1].start)


def _tried(
    seen: Evidence, kind: Pixels, sign: int, strict: float, largest: float, among: tuple[Mask, Mask]
) -> list[_Tried]:
    """What is brighter (sign 1) or darker (-1) than what is around it in time, and not hopelessly little so.

    among: where it has to be somewhere, and nowhere, (H, W) each.
    """
    labels, facts = components(kind > _EDGE * strict)
    strong, worth = np.zeros(len(facts), np.bool_), np.zeros(len(facts), np.bool_)
    strong[labels[kind > _SEED * strict]] = True
    strong[0] = False
    worth[labels[among[0]]] = True
    worth[labels[among[1]]] = False
    worth &= strong & (facts[:, 2:4] <= largest).all(axis=1)
    margin = SOFT + RING
    done = []
    for label in np.flatnonzero(worth):
        x, y, width, height = (int(v) for v in facts[label, :4])
        top, left = max(0, y - margin), max(0, x - margin)
        bottom, right = (
            min(e, v) for e, v in zip(kind.shape, (y + height + margin, x + width + margin), strict=True)
        )
        area = np.s_[top:bottom, left:right]
        shape = labels[area] == label
        piece = Piece(area, dilated(shape, SOFT), ring_of(shape) & ~strong[labels[area]])
        inside = [n for n in seen.neighbours if _within(n, piece, shape, seen.luma.shape)]
        if not piece.ring.any() or len(inside) < 2:
            continue
        if not _hopeless(seen.luma[area], piece, shape, inside, sign, strict):
            done.append(_Tried(piece, shape, sign, strict, tuple(n.offset for n in inside)))
    return done


def _judged(view: View, seen: Evidence, tried: _Tried, shown: Mapping[int, Fit]) -> Spot | None:
    """The spot with its rim, or None where it is no dirt. shown: by the frame's offset."""
    piece, shape, sign, strict = tried.piece, tried.shape, tried.sign, tried.strict
    here, fits = seen.luma[piece.area], []
    for offset, fit in shown.items():
        patch = fit.patch[..., 0] + median((here - fit.patch[..., 0])[piece.ring])
        fits.append(_Fit(offset, patch, fit.misfit, float((sign * (here - patch))[shape].mean())))
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
    if same or contrast < strict * needed or again(view, seen, piece, shape, unlike):
        return None
    fading = max(_FADING * contrast, _ABOVE * misfits[1])
    covered = np.asarray((shape & (unlike > 0)) | ((unlike > fading) & piece.hole))
    return Spot(tried.left, tried.top, covered, contrast / (strict * needed))


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
    if n.shows_all(piece.area):
        return True
    rows, columns = (np.arange(s.start, s.stop) for s in piece.area)
    field = n.field[piece.area]
    x, y = (field[..., 0] + columns)[shape], (field[..., 1] + rows[:, None])[shape]
    return bool(x.min() >= 0 and y.min() >= 0 and x.max() <= size[1] - 1 and y.max() <= size[0] - 1)
