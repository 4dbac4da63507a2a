"""Dirt and short scratches as the network finds them: what hangs together and is sure enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from interneg.defects import odds
from interneg.defects.candidates import candidates
from interneg.defects.company import LIKELY, company
from interneg.defects.detector import Answer
from interneg.defects.dirt import Spot
from interneg.defects.evidence import Evidence
from interneg.defects.lines import Scratch
from interneg.defects.moving import moves
from interneg.defects.scene import Flights, flights
from interneg.frame import Mask, Pixels
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

# The logarithm of the odds that a spot has to have at a sensitivity of a half; what 0 adds, and 1 takes off.
# What lacks no more than so much is no damage, but tells of a crowd.
_ODDS, _STEEP, _ALMOST = 0.5, 3.6, 2.0
# What is alone, and not large, needs odds that are lower by so much: so many others beside it in 100,000
# pixels, a logarithm (see `company`), and how much lower. What is so much likelier than it has to be needs no
# look at what flies.
_LONE = (np.log([0.5 + 0.7, 0.5 + 3.0, 0.5 + 8.0]), (2.2, 1.3, 0.0))
_CERTAIN = 1.5
# How sure the network has to be of a spot's rim, and how wide that is at most.
_RIM, _WIDTH = 0.12, 2
# What the network leaves to a closer look has to be so likely to it at its surest pixel; less where it stands
# out by so much.
_DOUBTFUL, _UNLIKELY, _LOUD = 0.2, 0.05, 40 / 255
# What is so long along the edge of the picture, and so near to it, in pixels, is the edge of the gate.
_EDGING, _GATE = 40, 4
# More pixels ask for odds that rise as they do: large dirt is rare and clear.
_LARGE = 200
# Of how many spots in so many pixels, or fewer, what is looked at closely has to be how many times as clear
# as among as many as the second, or more.
_PART, _SPARSE, _STRICTER = 100_000, (1.0, 3.0), 2.5
# What is at most this share of the square of its length is thin, and may be of any length, as a hair.
_THIN = 0.1
# How far from a line the network's answer counts as that line, how sure it is there, in which share of the
# rows it has to be seen, and how many pixels narrower on each side it makes the line at most.
_BESIDE, _LINE, _ROWS, _NARROWER = 5, 0.4, 0.6, 0.4
# How many times what the frame differs by around, times the cube of how odd the whole frame is, a spot has to
# differ by: where one is blurred, veiled or shaken, its edges differ like dirt.
_FAR = 4.0
# What a spot differs by on average at least, in LOG_Y: less is grain; and what its rim does.
_FAINTEST = 5 / 255
_UNSEEN = 4 / 255
# How many of the eight pixels around one decide for it.
_MOSTLY = 5


def spots(
    view: View,
    seen: Evidence,
    answer: Answer,
    sensitivity: tuple[float, float, float],
    largest: float,
    but: Mask,
) -> Likely:
    """The dirt, and the scratches that don't run through the frame, of the window's own frame.

    answer: of the network. sensitivity: to bright and dark dirt, and to scratches, 0 (none is found) to 1.
    largest: dirt that is longer or wider, in pixels, stays, unless it is thin. but: where no short scratches
    are looked for, (H, W): on those that run through the frame. One frame around has nothing to tell by.

    Seeds are what the network is sure of, with all that hangs together with them and is likely enough
    (hysteresis; Canny, 1986). They are damage where all that speaks for it makes the odds high enough (see
    `odds`). What is found again, moved, in the frame before or after is a
    thing that moves, unless its odds are so high that it is chance.
    """
    if len(seen.neighbours) < 2:
        return Likely([], [], flights(seen, []))
    found = candidates(seen, answer, but)
    if not found.spots:
        return Likely([], [], flights(seen, []))
    way = flights(seen, found.spots)
    own = odds.log_odds(found.facts, way.rarity)
    size = (but.shape[0], but.shape[1])
    likely = 1 / (1 + np.exp(-own))
    beside = company(likely, way.rarity, way.of_scene(), found.signs, found.places, size)
    sure = odds.log_odds_in(beside, found.facts, way.rarity, own)
    needed = np.array([
        _needed(sensitivity[2] if scratch else sensitivity[int(sign < 0)])
        for scratch, sign in zip(found.scratch, found.signs, strict=True)
    ])  # fmt: skip
    areas = np.array([s.shape.sum() for s in found.spots])
    large = np.log(np.maximum(areas / _LARGE, 1))
    fits = np.array([_fits(*k, largest, but.shape[1]) for k in zip(found.spots, found.scratch, strict=True)])
    clear = found.facts[:, [odds.FACTS.index(f) for f in ("odd", "contrast")]] >= np.log([_FAR, _FAINTEST])
    fits &= clear.all(axis=1)
    needed = needed + np.where(found.scratch, 0, large)
    certain = sure >= needed + _CERTAIN
    needed = needed - np.where(found.scratch | (large == 0), np.interp(beside[:, LIKELY], *_LONE), 0)
    kept = np.flatnonzero(fits & (sure >= needed - _ALMOST))
    way = way.only(kept)
    certain = certain[kept]
    stays = (sure[kept] >= needed[kept]) & (certain | ~way.of_scene())
    done = [
        (int(j), spot)
        for j, k in zip(np.flatnonzero(stays), kept[stays], strict=True)
        if (certain[j] or not moves(view, seen, found.spots[k].box, found.spots[k].shape, found.signs[k]))
        and (spot := _seen_only(_with_rim(found.spots[k], found.both, found.labels), seen)).shape.any()
    ]
    dense = len(done) * min(_PART / answer.dirt.size, 1)
    which = [j for j, _ in done]
    return Likely([spot for _, spot in done], which, way, dense, certain[which])


@dataclass(frozen=True, eq=False)
class Likely:
    """The spots that are likely enough.

    flights: of these, and of others that belong to the scene. which: where among them each spot's is. dense:
    how many there are in 100,000 pixels, or in all where the frame has less. certain: those that are damage
    whatever flies or moves like them, (N,).
    """

    spots: list[Spot]
    which: list[int]
    flights: Flights
    dense: float = 0.0
    certain: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))

    @property
    def strictness(self) -> float:
        """How many times as clear what is looked at closely has to be: more where little is damaged."""
        return float(np.interp(self.dense, _SPARSE, (_STRICTER, 1)))


def _fits(spot: Spot, scratch: bool, largest: float, across: int) -> bool:
    """Whether it is not too large for dirt, or thin; what is long at the picture's edge is neither."""
    columns, long = spot.box[1], max(spot.shape.shape)
    inside = columns.start >= _GATE and columns.stop <= across - _GATE
    thin = scratch or spot.shape.sum() <= _THIN * long**2
    return bool((thin and inside) or long <= (largest if inside else min(largest, _EDGING)))


def doubtful(
    likely: Sequence[Spot], answer: Answer, seen: Evidence, look: Callable[[Mask, Mask], list[Spot]]
) -> list[Spot]:
    """Spots that a closer look finds, which the network holds for likely enough but did not find itself.

    likely: what it found by itself. look: finds spots (see `dirt.spots`), given what is likely enough and
    what is found already, (H, W) each. They keep what the network does not rule out; those
    that it holds for unlikely, but which stand out, all that is found.
    """
    both, taken = np.maximum(answer.dirt, answer.scratch), np.zeros(answer.dirt.shape, np.bool_)
    loud = np.maximum(seen.bright, seen.dark) > _LOUD
    enough = both >= np.where(loud, np.float32(_UNLIKELY), np.float32(_DOUBTFUL))
    for spot in likely:
        taken[spot.box] |= spot.shape
    done = []
    for spot in look(enough, taken):
        if enough[spot.box][spot.shape].any() and not taken[spot.box][spot.shape].any():
            sure = both[spot.box]
            kept = sure > _UNLIKELY if sure[spot.shape].max() >= _DOUBTFUL else True
            done.append(replace(spot, shape=spot.shape & kept))
    return done


def _seen_only(spot: Spot, seen: Evidence) -> Spot:
    """The spot without what differs by less than `_UNSEEN` from two frames around: its soft rim.

    Single pixels follow most of those around them: motion that the spot itself misled hides them.
    """
    import cv2

    apart = np.sort([np.abs(seen.luma[spot.box] - n.luma[spot.box]) for n in seen.neighbours], axis=0)[1]
    shown = spot.shape & (apart >= _UNSEEN)
    around = cv2.boxFilter(np.float32(shown), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return Spot(spot.x, spot.y, shown | (spot.shape & (around >= _MOSTLY)))


def _with_rim(spot: Spot, both: Pixels, labels: NDArray[np.int32]) -> Spot:
    """The spot with what is less likely right beside it, and belongs to no other."""
    import cv2

    top, left = (max(0, s.start - _WIDTH) for s in spot.box)
    area = np.s_[top : spot.box[0].stop + _WIDTH, left : spot.box[1].stop + _WIDTH]
    mine = np.zeros(both[area].shape, np.uint8)
    mine[
        spot.box[0].start - top : spot.box[0].stop - top, spot.box[1].start - left : spot.box[1].stop - left
    ] = spot.shape
    near = cv2.dilate(mine, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _WIDTH + 1,) * 2)) > 0
    rim = near & (both[area] > _RIM) & (labels[area] == 0)
    return Spot(left, top, (mine > 0) | rim)


def refined(line: Scratch, answer: Answer) -> Scratch:
    """The line as narrow as the network sees it, if it does in most rows; else as it is."""
    height, width = answer.scratch.shape
    rows = np.arange(height)[:, None]
    shown = np.flatnonzero(line.seen)
    inside = (rows >= line.rows[shown[0]]) & (rows < line.rows[shown[-1] + 1])
    away = np.arange(-_BESIDE, _BESIDE + 1)
    middle = line.at(height)[:, None]
    columns = np.rint(middle).astype(int) + away
    sure = answer.scratch[rows, np.clip(columns, 0, width - 1)] > _LINE
    sure &= inside & (columns >= 0) & (columns < width)
    counts = sure.sum(axis=1)
    if (counts > 0).sum() < _ROWS * inside.sum():
        return line
    seen = float(counts[counts > 0].mean()) / 2
    return replace(line, half=max(seen, line.half - _NARROWER))


def _needed(sensitivity: float) -> float:
    """The odds that a spot has to have."""
    return _ODDS + _STEEP * (1 - 2 * sensitivity) if sensitivity > 0 else np.inf
