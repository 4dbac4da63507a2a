"""What belongs to the scene though no other frame shows it in its place: what flies on, or is one of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from interneg.defects.crowd import Member, in_crowd
from interneg.defects.dirt import Spot
from interneg.defects.evidence import Evidence
from interneg.defects.things import AREA, LENGTH, LIKE, PLACE, WIDTH, Floats, alike, labelled, things_of
from interneg.frame import Pixels

# How far around a spot its like is looked for, in steps of a pixel for each so many pixels that it is wide.
_AROUND, _WIDE = 80, 8.0
# A thing is what differs from what is usual by this share of what the spot does, which is what this share of
# its pixels stay below; less than the floor, in LOG_Y, tells nothing. One that is so many times as large as
# the spot is something else that the spot lies on, a scratch.
_LEVEL, _STRONG, _FLOOR, _LARGER = 0.35, 0.7, 0.01, 3.0
# How far from where its flight leads a thing may be one frame on: so many pixels, and these shares of its
# length and of its way. What is nearer than a third of that counts as so near.
_OFF, _OF_LENGTH, _OF_WAY = 2.0, 0.25, 0.15
# How unlikely a flight has to be by chance, as a power of ten.
_FLIES = 3.25
# Which share of a crowd that does not fly has to have a home: of one kind of find, and of several.
_HOME, _JOINT_HOME = 0.4, 0.55


@dataclass(frozen=True, eq=False)
class _Around:
    """A spot as a thing, and what is like it in the other frames.

    own: (7,). like: (N, 7), by how many frames on it is. Both in steps of `step` pixels, from a corner that
    is at `corner`. area: of what was looked at, in steps. sign: 1 of what is brighter than usual, else -1.
    level: from which difference on there is a thing.
    """

    own: Floats
    like: dict[int, Floats]
    area: int
    step: int
    corner: Floats
    sign: int
    level: float

    @property
    def placed(self) -> Floats:
        """The spot as a thing, (7,), in pixels, from the frame's own corner."""
        own = self.own.copy()
        own[[0, 1, LENGTH, WIDTH]] *= self.step
        own[AREA] *= self.step**2
        own[PLACE] += self.corner
        return own


@dataclass(frozen=True, eq=False)
class Flights:
    """What may be the flights of a frame's spots.

    rarity: how unlikely each spot's is by chance, as a power of ten, (N,). around, goes: the spots as things,
    and where their flights go; others: luma of the frames around, along the motion; median: what is usual,
    (H, W).
    """

    rarity: Floats
    around: list[_Around | None]
    goes: list[complex]
    others: list[Pixels]
    median: Pixels

    def only(self, which: npt.NDArray[np.intp]) -> Flights:
        """Those of some of the spots: which, their indices, (K,) int."""
        around, goes = [self.around[k] for k in which], [self.goes[k] for k in which]
        return replace(self, rarity=self.rarity[which], around=around, goes=goes)

    def of_scene(self) -> npt.NDArray[np.bool_]:
        """Whether each of the spots belongs to its scene, (N,): it flies, or is one of a crowd."""
        made = self.rarity > _FLIES
        made[self.known] |= in_crowd(self.members, self.others, self.median, _HOME)
        return made

    def joint_with(self, more: Flights) -> npt.NDArray[np.bool_]:
        """Whether each of these spots, then of further ones of the frame, is in a crowd of both.

        Returns (K,) bool, K being the number of both. That has to be clearer than a crowd of one kind of
        find, as of more spots more are at one place by chance.
        """
        made = np.zeros(len(self.around) + len(more.around), np.bool_)
        known = [*self.known, *(len(self.around) + k for k in more.known)]
        if more.known:
            made[known] = in_crowd(self.members + more.members, self.others, self.median, _JOINT_HOME)
        return made

    @property
    def known(self) -> list[int]:
        """Which of the spots are things."""
        return [k for k, a in enumerate(self.around) if a]

    @property
    def members(self) -> list[Member]:
        """The spots that are things, in order, for a crowd."""
        return [
            Member(a.placed, a.sign, a.level, float(rarity), way)
            for a, rarity, way in zip(self.around, self.rarity, self.goes, strict=True)
            if a
        ]


def flights(seen: Evidence, spots: Sequence[Spot]) -> Flights:
    """Look for the flights of a frame's spots.

    Dirt is strewn anew over each frame. In each of the frames around, along the motion, what is as large, as
    long and differs as much as a spot is looked for. The spot belongs to the scene where these lie on the way
    of something that flies by, closer to it than dirt as dense as they are would by chance.
    """
    frames = {n.offset: n.luma for n in seen.neighbours} | {0: seen.luma}
    median = seen.usual if spots else seen.luma
    few = len(seen.neighbours) < 2
    around = [None if few else _around(frames, median, spot) for spot in spots]
    found = [_flight(a) if a else (0.0, 0j) for a in around]
    others = [p for offset, p in frames.items() if offset]
    return Flights(np.array([r for r, _ in found]), around, [goes for _, goes in found], others, median)


def _around(frames: dict[int, Pixels], median: Pixels, spot: Spot) -> _Around | None:
    """What is like a spot around it; None where it hardly differs from what is usual, or lies on something.

    frames: their luma along the motion, by offset; median: theirs, (H, W) each.
    """
    apart = (frames[0][spot.box] - median[spot.box])[spot.shape]
    sign = 1 if apart.sum() > 0 else -1
    strong = float(np.quantile(sign * apart, _STRONG))
    if strong < _FLOOR:
        return None
    level = _LEVEL * strong
    step = max(1, round(float(spot.shape.sum()) / max(spot.shape.shape) / _WIDE))
    rows, columns = (slice(max(0, s.start - _AROUND * step), s.stop + _AROUND * step, step) for s in spot.box)
    order, here = sorted(frames), median[rows, columns]
    found = {}
    for k, offset in enumerate(order):
        apart = sign * (frames[offset][rows, columns] - here)
        found[k - order.index(0)] = labelled(apart > level), apart
    labels, apart = found.pop(0)
    y, x = np.nonzero(spot.shape)
    mine = np.unique(labels[(y + spot.y - rows.start) // step, (x + spot.x - columns.start) // step])
    if not mine.any():
        return None
    (own,) = things_of(np.isin(labels, mine[mine > 0]).astype(np.int32), apart)
    if own[AREA] * step**2 > _LARGER * spot.shape.sum():
        return None
    others = {k: things_of(*seen) for k, seen in found.items()}
    like = {k: things[alike(own, things, LIKE, turned=True)] for k, things in others.items()}
    corner = np.array([columns.start, rows.start], np.float64)
    return _Around(own, like, here.size, step, corner, sign, level)


def _flight(a: _Around) -> tuple[float, complex]:
    """How unlikely the likeliest flight is among dirt as dense, as a power of ten; and where it goes.

    Of N things strewn over an area, the chance that none is within r of a place is exp(-N pi r^2 / area). The
    frame before or the one after tells the way; that and all that is found on it has to be by chance.
    """
    dense = {k: np.pi * (len(things) + 1) / a.area for k, things in a.like.items()}
    best, goes = 0.0, 0j
    for first in (-1, 1):
        if first not in a.like or not len(a.like[first]):
            continue
        ways = (a.like[first][:, PLACE] - a.own[PLACE]) / first
        length = np.hypot(*ways.T)
        off = _OFF + _OF_LENGTH * a.own[LENGTH] + _OF_WAY * length
        total = -np.log10(dense[first] * np.maximum(length, off) ** 2)
        some = np.zeros(len(ways), np.bool_)
        for k, things in a.like.items():
            if k == first or not len(things):
                continue
            led = a.own[PLACE] + k * ways
            away = np.hypot(*(things[None, :, PLACE] - led[:, None]).transpose(2, 0, 1)).min(axis=1)
            reach = off * (1 + abs(k) / 2)
            met = away < reach
            total = total + np.where(met, _rare(dense[k], np.maximum(away, reach / 3)), 0)
            some |= met
        total = np.where(some, total, 0)
        likeliest = int(np.argmax(total))
        if total[likeliest] > best:
            best, goes = float(total[likeliest]), complex(*ways[likeliest])
    return best, goes


def _rare(dense: float, away: Floats) -> Floats:
    """How unlikely it is that one of those strewn so densely lies so near, as a power of ten."""
    return np.asarray(-np.log10(-np.expm1(-dense * np.square(away))))
