"""Ways to explain a window of a series that flickers, each with how likely it is.

The light is level, straight or bent, through all frames or up to events, in flicker that is new in each
frame; or level or straight through all frames, in flicker that stays alike over some. How likely an
explanation is, is integrated over its levels and slopes, which may lie anywhere in a range of 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from interneg.frame import Double
from interneg.light.series import SIZES, Explanation, Seen

Offsets = npt.NDArray[np.intp]

# How many frames flicker may stay alike for, to 1/e, where it is not new in each.
_ALIKE = (1.0, 3.0)
# Negative logarithms of how likely, beside a level light in flicker that stays alike: one in flicker that is
# new in each frame; in that a straight trend, a level that becomes a slope, a slope that becomes another, a
# parabola and a cubic; a straight trend in flicker that stays alike.
_NEW, _STRAIGHT, _CORNER, _BENT, _CURVED, _TURNING, _DRIFTS = 2.5, 2.0, 0.0, 4.5, 6.0, 8.0, 7.0
# An event that ends within the window costs so many times as much: there are more of these.
_RUN = 1.15
# What a frame of an event costs: it may have any level in a range of 2.5.
_ANY = 0.92
_FEWEST_STRAIGHT = 4
_FEWEST_BENT = 7
# The offset at which a slope, or a bend, is a change by 1.
_FAR = 7.0
_HALF = 0.5 * math.log(2 * math.pi)
_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class _Ways:
    """Ways to part a window: inside (h, n), 1 for the frames of the trend, else 0; the first `before` and the
    last `after` are of another light, (h,); within (h, n): the frames of a run between them that is left out
    too. events: where those before, between and after begin and end, (h,) each.
    """

    inside: Double
    before: Offsets
    after: Offsets
    within: Double
    events: tuple[tuple[Offsets, Offsets], ...]


def parted(seen: Seen, event: Double, events: int, straight: bool, plain: float = 0.0) -> Explanation:
    """Level or straight trends through parts of a window of k series, (n, k) logarithms or powers of light.

    event: (SIZES,), the negative logarithm of how likely an event is. events: how many there may be. plain:
    by how many standard deviations of the flicker an event stands out from the trend; where it does less, it
    is rarer by the fourth power of that; 0: as common.
    """
    ways = _ways(len(seen.near), seen.middle, events)
    # Not by BLAS, whose sums may depend on how many threads are free.
    sums = [np.einsum("hn,nk->hk", ways.inside, part) for part in _moments(seen)]
    count = np.einsum("hn,n->h", ways.inside, seen.near)
    left = np.einsum("hn,n->h", ways.within, seen.near)
    run = _RUN * (ways.within * seen.near).max(axis=1)[:, None] * event
    cost = _sides(seen, event)[ways.before] + _sides(seen.reversed(), event)[ways.after]
    cost = cost + _NEW + (run + _ANY * left[:, None])[:, None]
    error, meant, own, slope = _fitted(sums, count)[straight]
    if seen.power:
        error = seen.off(ways.inside, meant, slope)
    if straight:
        few = ways.inside.sum(axis=1) < _FEWEST_STRAIGHT
        own = own + np.where(few, np.inf, _STRAIGHT)[:, None, None]
    if plain:
        cost = cost + _standing_out(seen, ways, meant, slope, plain)
    return Explanation(error, meant, cost + own, ways.inside)


def _standing_out(seen: Seen, ways: _Ways, meant: Double, slope: Double, plain: float) -> Double:
    """What it costs, (h, k, SIZES), that the mean light of events stands out from trends no further.

    meant, slope: (h, k), of each trend, in the middle and from frame to frame.
    """
    x, one = seen.x * np.ones_like(seen.series), np.ones_like(seen.series)
    count, along, own = (np.cumsum(seen.weights * v, axis=0) for v in (one, x, seen.series))
    rarer = np.ones((*meant.shape, len(SIZES)))
    for first, end in ways.events:
        weight, far, light = (_between(v, first, end) for v in (count, along, own))
        weight = weight + _TINY
        trends = seen.logarithms(meant + slope * far / weight)
        apart = np.abs(seen.logarithms(light / weight) - trends)
        near = np.where((end > first)[:, None], plain / (apart + _TINY), 0)
        rarer *= 1 + np.power(near, 4)[..., None] * SIZES**4
    return np.log(rarer)


def _between(sums: Double, first: Offsets, end: Offsets) -> Double:
    """Of sums from the first frame on, (n, k), what is from `first` up to `end`, (h, k)."""
    held = np.concatenate([np.zeros_like(sums[:1]), sums])
    return np.asarray(held[end] - held[first])


def _moments(seen: Seen) -> list[Double]:
    one = np.ones_like(seen.series)
    terms = one, seen.x * one, seen.x**2 * one, seen.series, seen.x * seen.series, seen.series**2
    return [seen.weights * term for term in terms]


def _fitted(sums: list[Double], count: Double) -> list[tuple[Double, Double, Double, Double]]:
    """The error, the middle, the cost and the slope of a level and of a line, from sums of moments."""
    one, along, across, own, both, square = sums
    one, centre = one + _TINY, along / (one + _TINY)
    level, spread = own / one, np.maximum(across - along * centre, 0) + _TINY
    slope = (both - centre * own) / spread
    error = np.maximum(square - own * level, 0)
    bare = np.maximum(error - spread * slope**2, 0)
    known = 0.5 * np.log(one)[..., None]
    steep = 0.5 * np.log(spread / _FAR**2)[..., None]
    return [
        (error, level, _spent(count, 1) + known, np.zeros_like(level)),
        (bare, level - slope * centre, _spent(count, 2) + known + steep, slope),
    ]


def _sides(seen: Seen, event: Double) -> Double:
    """The costs of so many first frames being of another light, (n + 1, k, SIZES): level, straight, or any.

    Where they hold the middle, it is an event only if they are of any.
    """
    total = np.cumsum(seen.near)
    fits = _fitted([np.cumsum(part, axis=0) for part in _moments(seen)], total)
    if seen.power:
        upto = np.tri(len(total))
        fits = [(seen.off(upto, meant, slope), meant, cost, slope) for _, meant, cost, slope in fits]
    even, line = (cost + error[..., None] / (2 * SIZES**2) for error, _, cost, _ in fits)
    few = np.arange(1, len(total) + 1) < _FEWEST_STRAIGHT
    line = line + np.where(few, np.inf, _STRAIGHT)[:, None, None]
    held, free = np.arange(len(total)) >= seen.middle, (_ANY * total)[:, None, None]
    most = np.maximum.accumulate(seen.near)[:, None, None]
    found = most * event + np.where(held[:, None, None], free, np.minimum(np.minimum(even, line), free))
    return np.concatenate([np.zeros((1, *found.shape[1:])), found])


def _spent(count: Double, parameters: int) -> Double:
    """What so many frames cost, (h, 1, SIZES), of which so many could lie anywhere to fit a trend."""
    free = np.maximum(count - parameters, 0)[:, None, None]
    return np.asarray(free * (np.log(SIZES) + _HALF))


def bent(seen: Seen, hidden: Double) -> list[Explanation]:
    """Trends through a whole window, (n, k), that bend; none of a short one.

    They bend once, between a level and a slope, or between two slopes; or all along, as parabola or cubic,
    for fades that are straight in no power of light. hidden: (SIZES,), what that costs more.
    """
    if len(seen.near) < _FEWEST_BENT:
        return []
    x, bends = seen.x / _FAR, seen.x[2:-2] / _FAR
    found, one = [], np.ones_like(x)
    ways: tuple[tuple[float, list[tuple[Double, ...]]], ...] = (
        (_CORNER, [(one, np.maximum(side * (x - bend), 0)) for bend in bends for side in (1, -1)]),
        (_BENT, [(one, x, np.abs(x - bend)) for bend in bends]),
        (_CURVED, [(one, x, x**2)]),
        (_TURNING, [(one, x, x**2, x**3)]),
    )
    for unlikely, bases in ways:
        terms = np.stack([np.hstack(basis) for basis in bases])
        error, meant, known = _solved(seen, terms)
        spent = _spent(np.full(len(terms), seen.near.sum()), terms.shape[2])
        cost = _NEW + unlikely + math.log(len(terms)) + spent + known[..., None] + hidden
        found.append(Explanation(error, meant, cost, np.ones((len(terms), len(x)))))
    return found


def _solved(seen: Seen, bases: Double) -> tuple[Double, Double, Double]:
    """Of trends of these terms, (h, n, terms): the error, the middle and how well they are known, (h, k)."""
    own = np.eye(bases.shape[2])
    normal = np.einsum("hna,hnb,nk->hkab", bases, bases, seen.weights) + _TINY * own
    right = np.einsum("hna,nk->hka", bases, seen.weights * seen.series)
    found = np.linalg.solve(normal, right[..., None])[..., 0]
    if seen.power:
        apart = seen.apart(np.einsum("hna,hka->hnk", bases, found))
        error = np.einsum("n,hnk->hk", seen.near, np.square(apart))
    else:
        error = (seen.weights * seen.series**2).sum(axis=0) - np.einsum("hka,hka->hk", found, right)
    meant = np.einsum("ha,hka->hk", bases[:, seen.middle], found)
    return np.maximum(error, 0), meant, 0.5 * np.linalg.slogdet(normal)[1]


def alike(seen: Seen, straight: bool) -> list[Explanation]:
    """A level or straight trend through a whole window, (n, k), in flicker alike over some frames.

    How likely it is, is that of such flicker; the middle is what the samples' weights make of it.
    """
    x, near = seen.x / _FAR, np.maximum(seen.near, _TINY)
    terms = np.hstack([np.ones_like(x), x]) if straight else np.ones_like(x)
    _, meant, _ = _solved(seen, terms[None])
    scale = np.sqrt(seen.weights / near[:, None])
    apart = np.abs(seen.x - seen.x[:, 0])
    found = []
    for frames in _ALIKE:
        # Frames that count less are as those that other errors are added to.
        root = np.linalg.cholesky(np.exp(-apart / frames) + np.diag(1 / near - 1))
        known = np.log(np.diag(root)).sum() + 0.5 * np.log(near).sum()
        white = np.linalg.inv(root)
        series = np.einsum("mn,nk->mk", white, scale * seen.series)
        basis = np.einsum("mn,nk,na->kma", white, scale, terms)
        normal = np.einsum("kma,kmb->kab", basis, basis) + _TINY * np.eye(terms.shape[1])
        right = np.einsum("kma,mk->ka", basis, series)
        solved = np.linalg.solve(normal, right[..., None])[..., 0]
        if seen.power:
            left = seen.apart(np.einsum("na,ka->nk", terms, solved))
            error = np.square(np.einsum("mn,nk->mk", white, left)).sum(axis=0)
        else:
            error = (series**2).sum(axis=0) - (right * solved).sum(axis=1)
        cost = straight * _DRIFTS + known + 0.5 * np.linalg.slogdet(normal)[1][None, :, None]
        cost = cost + _spent(seen.near.sum()[None], terms.shape[1])
        found.append(Explanation(np.maximum(error, 0)[None], meant, cost, np.ones((1, len(x)))))
    return found


@cache
def _ways(count: int, middle: int, events: int) -> _Ways:
    """All ways to part so many frames: a trend around the middle and events, or the middle in an event."""
    found = {(first, count, 0, 0) for first in range(middle + 1, count)}
    found |= {(0, last, 0, 0) for last in range(1, middle + 1)}
    for first in range(middle + 1):
        for last in range(middle + 1, count + 1):
            sides = (first > 0) + (last < count)
            if sides <= events:
                found.add((first, last, 0, 0))
            if sides < events:
                runs = range(first + 1, last)
                found |= {(first, last, start, end) for start in runs for end in runs if end > start}
    first, last, start, end = np.array(sorted(found))[:, :, None].transpose(1, 0, 2)
    x = np.arange(count)
    within = (x >= start) & (x < end)
    inside = (x >= first) & (x < last) & ~within
    parts = ((np.zeros_like(first), first), (start, end), (last, np.full_like(last, count)))
    return _Ways(
        inside.astype(np.float64), first[:, 0], count - last[:, 0], within.astype(np.float64),
        tuple((a[:, 0], b[:, 0]) for a, b in parts),
    )  # fmt: skip
