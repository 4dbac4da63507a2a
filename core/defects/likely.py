"""Dirt and short scratches as the network finds them: what hangs together and is sure enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interneg.defects.detector import Answer
from interneg.defects.dirt import Spot, moves
from interneg.defects.evidence import Evidence, nearest
from interneg.defects.lines import Scratch
from interneg.frame import Mask, Pixels
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

# How sure the network has to be of a spot's surest pixel, and of its others.
_SURE, _EDGE = 0.4, 0.25
# The odds that a spot has to have at a sensitivity of a half; those of 0 and of 1 change them so many times.
_ODDS, _STEEP = 3.5, 6.0
# How sure the network has to be of a spot's rim, and how wide that is at most.
_RIM, _WIDTH = 0.1, 2
# How far around a spot it is looked at how well the frames around fit, in which share of the pixels there,
# and what grain makes of that at least.
_RING, _MOST, _GRAIN = 6, 0.9, 0.01
# What the network leaves to a closer look has to be so likely to it at its surest pixel; less where it stands
# out by so much.
_DOUBTFUL, _UNLIKELY, _LOUD = 0.2, 0.05, 40 / 255
# A scratch along the edge of the picture, so near, is the edge of the gate.
_GATE = 4
# Fewer pixels are none. More than so many ask for odds that rise by this power: large dirt is rare and clear.
_LEAST, _LARGE, _RARER = 3, 150, 0.5
# How far from a line the network's answer counts as that line, how sure it is there, in which share of the
# rows it has to be seen, and how many pixels narrower on each side it makes the line at most.
_BESIDE, _LINE, _ROWS, _NARROWER = 5, 0.4, 0.6, 0.4
# How many times what the frame differs by around, times the cube of how odd the whole frame is, a spot has to
# differ by: where one is blurred, veiled or shaken, its edges differ like dirt.
_FAR = 4.0
# What a spot differs by on average at least, in LOG_Y: less is grain.
_FAINTEST = 5 / 255
_UNSEEN = 4 / 255


def spots(
    view: View,
    seen: Evidence,
    answer: Answer,
    sensitivity: tuple[float, float, float],
    largest: float,
    but: Mask,
) -> list[Spot]:
    """The dirt, and the scratches that don't run through the frame, of the window's own frame.

    answer: of the network. sensitivity: to bright and dark dirt, and to scratches, 0 (none is found) to 1.
    largest: dirt that is longer or wider, in pixels, stays. but: where no short scratches are looked for, (H,
    W): on those that run through the frame. With one frame around there is nothing to tell by.

    Seeds are what the network is sure of, with all that hangs together with them and is likely enough
    (hysteresis; Canny, 1986); see `_shown`. What is found again, moved, in the frame before or after is a
    thing that moves.
    """
    import cv2

    if len(seen.neighbours) < 2:
        return []
    # Dirt lies across scratches: on them it is what it is on both sides.
    across = np.ones((1, 2 * _BESIDE + 1), np.uint8)
    closed = cv2.morphologyEx(answer.dirt, cv2.MORPH_CLOSE, across).reshape(answer.dirt.shape)
    both = np.where(but, closed, np.maximum(answer.dirt, answer.scratch))
    count, labels, facts, _ = cv2.connectedComponentsWithStats(np.uint8(both > _EDGE), connectivity=8)
    surest, some = np.zeros(count, np.float32), np.nonzero(labels)
    np.maximum.at(surest, labels[some], both[some])
    worth = (surest > _SURE) & (facts[:, cv2.CC_STAT_AREA] >= _LEAST)
    worth[0] = False
    done = []
    for label in np.flatnonzero(worth):
        x, y, width, height = (int(v) for v in facts[label, :4])
        spot = Spot(x, y, labels[y : y + height, x : x + width] == label)
        shown = _shown(seen, spot, both, labels)
        scratch = (answer.scratch[spot.box] - answer.dirt[spot.box])[spot.shape].sum() > 0
        needed = _needed(sensitivity[2] if scratch else sensitivity[shown.sign < 0])
        needed *= max(1.0, float(facts[label, cv2.CC_STAT_AREA]) / _LARGE) ** _RARER
        gate = scratch and (x < _GATE or x + width > both.shape[1] - _GATE)
        fits = (scratch and not gate) or max(width, height) <= largest
        if fits and shown.odds >= needed and not moves(view, seen, spot, shown.sign):
            done.append(_with_rim(spot, both, labels))
    return _seen_only(done, seen)


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
            kept = sure > _RIM / 2 if sure[spot.shape].max() >= _DOUBTFUL else True
            done.append(Spot(spot.x, spot.y, spot.shape & kept))
    return done


def _seen_only(found: Sequence[Spot], seen: Evidence) -> list[Spot]:
    """The spots without what differs by less than `_UNSEEN` from two frames around: their soft rims."""
    shown = []
    for s in found:
        apart = np.sort([np.abs(seen.luma[s.box] - n.luma[s.box]) for n in seen.neighbours], axis=0)[1]
        shown.append(Spot(s.x, s.y, s.shape & (apart >= _UNSEEN)))
    return [spot for spot in shown if spot.shape.any()]


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


class _Shown(NamedTuple):
    """How a spot stands out: 1 as a bright one, else -1, and the odds that it is damage."""

    sign: int
    odds: float


def _shown(seen: Evidence, spot: Spot, both: Pixels, labels: NDArray[np.int32]) -> _Shown:
    """How a spot stands out. both: what the network answers. labels: 0 for what belongs to no spot, (H, W).

    The odds of the network's mean answer, times the contrast to all frames around but one, over what the one
    that fits best differs by around the spot, in most of what is there. Frames that the place lies outside of
    tell nothing; where fewer than two are left it is no damage.
    """
    likely = both[spot.box][spot.shape]
    inside = [n for n in seen.neighbours if n.shows(spot.box)]
    if len(inside) < 2:
        return _Shown(1, 0.0)
    apart = {n.offset: (seen.luma[spot.box] - n.luma[spot.box])[spot.shape] for n in inside}
    near = [apart[n.offset] for n in nearest(tuple(inside))]
    sign = 1 if float((likely * np.sum(near, axis=0)).sum()) > 0 else -1
    contrasts = sorted(sign * float(a.mean()) for a in apart.values())
    far = float(seen.unlike[spot.box][spot.shape].mean())
    wide = tuple(slice(max(0, s.start - _RING), s.stop + _RING) for s in spot.box)
    ring = labels[wide] == 0
    misfits = [
        float(np.quantile(np.abs(seen.luma[wide] - n.luma[wide])[ring], _MOST)) for n in inside if ring.any()
    ]
    if contrasts[-2] < max(_FAR * seen.odd**3 * far, _FAINTEST):
        return _Shown(sign, 0.0)
    mean = float(likely.mean())
    clear_by = max(contrasts[-2], 0.0) / (min(misfits, default=0.0) + _GRAIN)
    return _Shown(sign, mean / max(1 - mean, 1e-6) * clear_by)


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
    return float(_ODDS * _STEEP ** (1 - 2 * sensitivity)) if sensitivity > 0 else np.inf
