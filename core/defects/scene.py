"""What belongs to the scene though no other frame shows it in its place: what flies on, or is one of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interneg.defects.dirt import Spot
from interneg.defects.evidence import Evidence, usual
from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Floats = npt.NDArray[np.float64]

# How far around a spot its like is looked for, in pixels, at one pixel of so many in each direction as its
# width has fours.
_AROUND, _FOUR = 80, 8.0
# A thing is what differs from the median of all frames by this share of what the spot does, which is what this
# share of its pixels stay below; less than the floor, in LOG_Y, tells nothing.
_LEVEL, _STRONG, _FLOOR = 0.35, 0.7, 0.01
# Of two alike things, the smaller's area, contrast and length are this share of the larger's at least; in one
# frame, where many may be alike, these. So many pixels of area and length count as none.
_ALIKE, _AKIN = (0.4, 0.5, 0.5, 0.5), (0.3, 0.45, 0.4, 0.4)
_NONE = 4.0, 0.0, 1.0, 1.0
# What is so many times as long as wide points somewhere: like ones and akin ones within so many degrees.
_SLENDER, _POINTS, _TURNED = 2.5, 20.0, 25.0
# How far from where its flight leads a thing may be one frame on: so many pixels, and these shares of its
# length and of its way. What is nearer than a third of that counts as so near.
_OFF, _OF_LENGTH, _OF_WAY = 2.0, 0.25, 0.15
# How unlikely a flight has to be by chance, as a power of ten, to be one; and to be a hint.
_FLIES, _HINT = 2.8, 1.5
# Another hint: so many alike things so near in the frames around, in so many of these.
_MANY, _NEAR, _FRAMES = 6, 50.0, 3
# Of how many spots akin hints are counted, how near, as a share of the width, how many of them there are at
# least, and which share has them.
_KIN, _WITHIN, _LEAST, _SHARE = 12, 0.5, 6, 0.5

# The columns of what is known of a thing.
_PLACE, _AREA, _CONTRAST, _LENGTH, _WIDTH, _ANGLE = np.s_[:2], 2, 3, 4, 5, 6


@dataclass(frozen=True, eq=False)
class _Around:
    """A spot as a thing, and what is like it in the other frames.

    own: (7,). like: (N, 7), by how many frames on it is. Both in steps of `step` pixels, from a corner that is
    at `corner`. area: of what was looked at, in steps. sign: 1 of what is brighter than usual, else -1.
    """

    own: Floats
    like: dict[int, Floats]
    area: int
    step: int
    corner: Floats
    sign: int


def of_scene(seen: Evidence, spots: Sequence[Spot]) -> npt.NDArray[np.bool_]:
    """Whether each of the spots of a frame belongs to its scene.

    Dirt is strewn anew over each frame. In each of the frames around, along the motion, what is as large, as
    long and differs as much as a spot is looked for. The spot belongs to the scene where these lie on the way
    of something that flies by, so close to it that dirt as dense as they are would by chance once in 600
    times. And where there are many akin in its own frame, half of which have a hint of such a flight, or like
    ones close by in the frames around: rain, sparkle, confetti.
    """
    if not spots or len(seen.neighbours) < 2:
        return np.zeros(len(spots), np.bool_)
    frames = {n.offset: n.luma for n in seen.neighbours} | {0: seen.luma}
    median = usual(list(frames.values()))
    around = [_around(frames, median, spot) for spot in spots]
    rarity = np.array([_rarity(a) if a else 0.0 for a in around])
    hints = (rarity > _HINT) | np.array([a is not None and _has_home(a) for a in around])
    return (rarity > _FLIES) | _one_of_many(around, hints, _WITHIN * median.shape[1])


def _around(frames: dict[int, Pixels], median: Pixels, spot: Spot) -> _Around | None:
    """What is like a spot around it; None where it hardly differs from what is usual there.

    frames: their luma along the motion, by offset; median: theirs, (H, W) each.
    """
    apart = (frames[0][spot.box] - median[spot.box])[spot.shape]
    sign = 1 if apart.sum() > 0 else -1
    strong = float(np.quantile(sign * apart, _STRONG))
    if strong < _FLOOR:
        return None
    step = max(1, round(float(spot.shape.sum()) / (_FOUR * max(spot.shape.shape))))
    rows, columns = (slice(max(0, s.start - _AROUND * step), s.stop + _AROUND * step, step) for s in spot.box)
    order, here = sorted(frames), median[rows, columns]
    found = {}
    for k, offset in enumerate(order):
        apart = sign * (frames[offset][rows, columns] - here)
        found[k - order.index(0)] = _labelled(apart > _LEVEL * strong), apart
    labels, apart = found.pop(0)
    y, x = np.nonzero(spot.shape)
    mine = np.unique(labels[(y + spot.y - rows.start) // step, (x + spot.x - columns.start) // step])
    if not mine.any():
        return None
    (own,) = _things(np.isin(labels, mine[mine > 0]).astype(np.int32), apart)
    like = {}
    for k, (others, differs) in found.items():
        things = _things(others, differs)
        like[k] = things[_alike(own, things, _ALIKE)]
    return _Around(own, like, here.size, step, np.array([columns.start, rows.start], np.float64), sign)


def _labelled(there: Mask) -> npt.NDArray[np.int32]:
    import cv2

    return np.asarray(cv2.connectedComponents(there.astype(np.uint8), connectivity=8)[1], np.int32)


def _things(labels: npt.NDArray[np.int32], apart: Pixels) -> Floats:
    """What is known of each thing, (N, 7): see the columns. labels: from 1 on, (H, W); apart: (H, W)."""
    y, x = np.nonzero(labels)
    label = labels[y, x]
    area = np.bincount(label)[1:].astype(np.float64)

    def mean(values: npt.NDArray[np.generic]) -> Floats:
        return np.bincount(label, values)[1:] / area

    middle = mean(x), mean(y)
    x, y = x - middle[0][label - 1], y - middle[1][label - 1]
    # The second moments of a pixel are 1/12, those of a bar its length squared over 12.
    across, down, both = mean(x * x) + 1 / 12, mean(y * y) + 1 / 12, mean(x * y)
    spread = np.hypot(across - down, 2 * both)
    long, wide = (np.sqrt(np.maximum(6 * (across + down + s), 1)) for s in (spread, -spread))
    angle = np.arctan2(2 * both, across - down) / 2
    return np.column_stack([*middle, area, mean(apart[labels > 0]), long, wide, angle])


def _alike(own: Floats, others: Floats, shares: tuple[float, ...]) -> npt.NDArray[np.bool_]:
    """Which of the others, (N, 7), are alike in area, contrast and length: the smaller such a share."""
    alike = np.ones(len(others), np.bool_)
    for column, share, none in zip((_AREA, _CONTRAST, _LENGTH, _WIDTH), shares, _NONE, strict=True):
        a, b = others[:, column] + none, own[column] + none
        alike &= np.minimum(a, b) > share * np.maximum(a, b)
    return alike


def _points_with(own: Floats, others: Floats, degrees: float) -> npt.NDArray[np.bool_]:
    """Which of the others, (N, 7), point to where a slender thing does, within so many degrees."""
    if own[_LENGTH] < _SLENDER * own[_WIDTH]:
        return np.ones(len(others), np.bool_)
    return np.asarray(np.cos(2 * (others[:, _ANGLE] - own[_ANGLE])) > np.cos(np.radians(2 * degrees)))


def _rarity(a: _Around) -> float:
    """How unlikely what looks most like a flight is among dirt as dense, as a power of ten.

    Of N things strewn over an area, the chance that none is within r of a place is exp(-N pi r^2 / area). The
    frame before or the one after tells the way; that and all that is found on it has to be by chance.
    """
    dense = {k: np.pi * (len(things) + 1) / a.area for k, things in a.like.items()}
    best = 0.0
    for first in (-1, 1):
        ways = (a.like.get(first, np.empty((0, 7)))[:, _PLACE] - a.own[_PLACE]) / first
        if not len(ways):
            continue
        length = np.hypot(*ways.T)
        off = _OFF + _OF_LENGTH * a.own[_LENGTH] + _OF_WAY * length
        total, some = _rare(dense[first], np.maximum(length, off)), np.zeros(len(ways), np.bool_)
        for k, things in a.like.items():
            if k == first or not len(things):
                continue
            led = a.own[_PLACE] + k * ways
            away = np.hypot(*(things[None, :, _PLACE] - led[:, None]).transpose(2, 0, 1)).min(axis=1)
            reach = off * (1 + abs(k) / 2)
            met = away < reach
            total = total + np.where(met, _rare(dense[k], np.maximum(away, reach / 3)), 0)
            some |= met
        best = max(best, float(np.where(some, total, 0).max()))
    return best


def _rare(dense: float, away: Floats) -> Floats:
    """How unlikely it is that one of those strewn so densely lies so near, as a power of ten."""
    return np.asarray(-np.log10(-np.expm1(-dense * np.square(away))))


def _has_home(a: _Around) -> bool:
    """Whether the frames around have many like ones close by."""
    counts = []
    for things in a.like.values():
        near = np.hypot(*(things[:, _PLACE] - a.own[_PLACE]).T) < _NEAR
        counts.append(int((near & _points_with(a.own, things, _POINTS)).sum()))
    return sum(counts) >= _MANY and np.count_nonzero(counts) >= _FRAMES


def _one_of_many(around: Sequence[_Around | None], hints: Mask, within: float) -> npt.NDArray[np.bool_]:
    """Which spots are akin to many in their own frame that have hints. within: how near, in pixels."""
    made, known = np.zeros(len(around), np.bool_), [k for k, a in enumerate(around) if a]
    if len(known) < _LEAST:
        return made
    own = np.empty((len(known), 7))
    signs = np.empty(len(known))
    for row, k in enumerate(known):
        a = around[k]
        assert a is not None
        own[row] = a.own * (a.step, a.step, a.step**2, 1, a.step, a.step, 1)
        own[row, _PLACE] += a.corner
        signs[row] = a.sign
    for row, k in enumerate(known):
        akin = _alike(own[row], own, _AKIN) & _points_with(own[row], own, _TURNED) & (signs == signs[row])
        away = np.where(akin, np.hypot(*(own[:, _PLACE] - own[row, _PLACE]).T), np.inf)
        away[row] = -1
        nearest = np.argsort(away, kind="stable")[: _KIN + 1]
        told = hints[known][nearest[away[nearest] < within]]
        made[k] = told.sum() >= _LEAST and told.mean() >= _SHARE
    return made
