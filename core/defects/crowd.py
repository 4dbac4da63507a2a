"""Crowds: many like things that fly the same way, as rain, or that have a home, as sparkle on water."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interneg.defects.things import AKIN, LIKE, PLACE, Floats, alike, labelled, things_of
from interneg.frame import Pixels

# How many spots akin are looked at, how near, as a share of the width, and how many there have to be.
_KIN, _WITHIN, _LEAST = 24, 0.5, 8
# Which share of them have to fly.
_SHARE = 0.4
# How many have to fly at least.
_FLYING = 7
# How unlikely by chance, as a power of ten, what counts as a flight in a crowd is; and, as a power of e, that
# so many fly so much the same way.
_MAYBE, _TOGETHER = 1.0, 5.0
# How near, as a share of the width, those are that make a home, by how many standard deviations there have to
# be more than anywhere, and in how many frames more.
_NEAR, _MORE, _FRAMES = 0.08, 1.0, 3


@dataclass(frozen=True, eq=False)
class Member:
    """A spot as a thing, (7,), in pixels; what may be its flight.

    sign: 1 of what is brighter than usual, else -1. level: from which difference on there is a thing, in
    LOG_Y. rarity: how unlikely its flight is by chance, as a power of ten; goes: to where, x + iy.
    """

    own: Floats
    sign: int
    level: float
    rarity: float
    goes: complex


def in_crowd(
    members: Sequence[Member], others: Sequence[Pixels], median: Pixels, home: float
) -> npt.NDArray[np.bool_]:
    """Whether each spot of a frame is one of many akin that fly the same way, or that have a home.

    others: luma of the frames around, along the motion; median: what is usual, (H, W) each. home: which
    share of them has to have one. What looks like a flight of dirt is chance, and goes any way: Rayleigh's
    test of directions. And dirt has as many like ones in the other frames anywhere.
    """
    made = np.zeros(len(members), np.bool_)
    for sign in (1, -1):
        at = np.array([k for k, m in enumerate(members) if m.sign == sign], np.intp)
        if len(at) < _LEAST:
            continue
        same = [members[k] for k in at]
        kin = _kin(np.stack([m.own for m in same]), _WITHIN * median.shape[1])
        if any(len(k) >= _LEAST for k in kin):
            at_home = _at_home(same, others, median)
            for k, near in zip(at, kin, strict=True):
                lives = at_home[near].mean() >= home
                made[k] = len(near) >= _LEAST and (lives or _fly([same[j] for j in near]))
    return made


def _kin(own: Floats, within: float) -> list[npt.NDArray[np.intp]]:
    """The things, (N, 7), that are akin to each and nearest, itself the first."""
    kin = []
    for row, thing in enumerate(own):
        away = np.where(alike(thing, own, AKIN, turned=False), np.hypot(*(own - thing)[:, PLACE].T), np.inf)
        away[row] = -1
        nearest = np.argsort(away, kind="stable")[:_KIN]
        kin.append(nearest[away[nearest] < within])
    return kin


def _fly(kin: Sequence[Member]) -> bool:
    """Whether most of them may be flying, and these the same way."""
    goes = np.array([m.goes for m in kin if m.rarity > _MAYBE and m.goes])
    if len(goes) < max(_FLYING, _SHARE * len(kin)):
        return False
    return bool(len(goes) * abs(np.mean(goes / abs(goes))) ** 2 > _TOGETHER)


def _at_home(same: Sequence[Member], others: Sequence[Pixels], median: Pixels) -> npt.NDArray[np.bool_]:
    """Which of some spots, of one sign, have more like ones near by in the other frames than anywhere."""
    sign, level = same[0].sign, float(np.median([m.level for m in same]))
    seen = []
    for other in others:
        apart = other - median if sign > 0 else median - other
        seen.append(things_of(labelled(apart > level), apart))
    near = _NEAR * median.shape[1]
    made = []
    for member in same:
        like = [things[alike(member.own, things, LIKE, turned=False)] for things in seen]
        found = [np.count_nonzero(np.hypot(*(t[:, PLACE] - member.own[PLACE]).T) < near) for t in like]
        expected = [len(t) * np.pi * near**2 / median.size for t in like]
        more = np.subtract(found, expected)
        lasts = np.count_nonzero(more > 0) >= min(_FRAMES, len(more))
        made.append(bool(lasts and more.sum() > _MORE * np.sqrt(sum(expected) + 1)))
    return np.array(made, np.bool_)
