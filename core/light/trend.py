"""What a series that flickers was meant to be in its middle, with events left out and fades followed.

Every way to explain a window is weighed by its likelihood, and the mean over all of them taken: the light is
level, straight or bent once, through all frames or up to events; the flicker around it is of any size. So
where nothing tells, little is changed. (Bayesian model averaging; Hoeting et al., Statistical Science 14,
1999.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from interneg.frame import Double

Offsets = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

_FEWEST = 3
# The standard deviations that flicker may have, in logarithms of light.
_SIZES = np.geomspace(1e-3, 0.3, 12)
# How far, as a logarithm, flicker at one point of a picture may be of another size than over all of it.
_ALIKE = 0.5
# Negative logarithms of how likely, beside a level light without events: an event at keep = 0.5, a straight
# trend, and one that bends. Frames of an event may have any level in a range of 1, which costs nothing more.
_EVENT = 5.0
_STRAIGHT = 3.0
_BENT = 3.0
_FEWEST_STRAIGHT = 4
_FEWEST_BENT = 7
# A fade is nearly straight in one of these powers of light: it is made on a display, or in light.
_POWERS = (0.45, 1.0)
# Frames so much darker than the middle do not count more.
_DARK = 0.3
# How many events a window may have: of the light of whole pictures, and of the rest.
_EVENTS = (2, 1)
_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class _Ways:
    """Ways to part a window: inside (h, n), 1 for the frames of the trend, else 0; the first `before` and the
    last `after` are of another light, (h,); event (h,): whether a run between them is left out too.
    """

    inside: Double
    before: Offsets
    after: Offsets
    event: Flags


@dataclass(frozen=True, eq=False)
class _Model:
    """How a window may be explained, (h, k) for k series: the error, over the weights of the samples; what
    the middle was meant to be; the cost, (h, k or 1, sizes), of all else; the frames of the trend, (h, n).
    """

    error: Double
    meant: Double
    cost: Double
    inside: Double


def trend(
    values: Double,
    offsets: Offsets,
    reach: int,
    keep: float,
    trusted: Double | None = None,
    light: bool = False,
) -> tuple[Double, Double]:
    """Where the middle of a series was meant to be, and how far each value took part in that.

    values: (n, ...) float64 logarithms of light, 0 at offset 0. offsets: (n,), rising, within `reach`.
    keep: 0..1, how soon a change is an event, which stays; 0: never. trusted: (n,), 0..1, what the values
    count; None: all alike. light: whether they are the light of whole pictures, which fades; else they are
    differences from that, whose flicker is of about one size.
    Returns the meant value, (...), and the parts, (n, ...), 0..1; both go to 0 where the middle itself is an
    event.
    """
    near = np.cos(np.pi / 2 * offsets / (reach + 1)) * (1 if trusted is None else trusted)
    if keep == 0:
        return np.average(values, axis=0, weights=near), np.ones(values.shape)
    if len(values) < _FEWEST:
        # Two levels: flicker, or a step?
        return np.zeros(values.shape[1:]), np.asarray(values == 0, np.float64)
    flat = values.reshape(len(values), -1)
    event = _EVENT * np.square(0.5 / keep)
    models = _models(flat, offsets, near, event, light)
    shares, known = _likely(models)
    if not light:
        known -= _unlike(known)
    known = np.exp(known - known.max(axis=1, keepdims=True))
    share = np.einsum("hks,ks->hk", shares, known / known.sum(axis=1, keepdims=True))
    inside = np.concatenate([m.inside for m in models])
    share *= inside[:, np.searchsorted(offsets, 0), None]
    meant = np.einsum("hk,hk->k", share, np.concatenate([m.meant for m in models]))
    parts = np.einsum("hk,hn->nk", share, inside)
    return meant.reshape(values.shape[1:]), parts.reshape(values.shape)


def _likely(models: list[_Model]) -> tuple[Double, Double]:
    """How likely each explanation is, (h, k, sizes), and the logarithm of how likely each size is."""
    costs = np.concatenate([m.cost + m.error[..., None] / (2 * _SIZES**2) for m in models])
    least = costs.min(axis=0)
    shares = np.exp(least - costs)
    total = shares.sum(axis=0)
    return shares / total, np.log(total) - least


def _unlike(known: Double) -> Double:
    """What each size costs, (sizes,), by how far it is from what all series tell together."""
    sizes, together = np.log(_SIZES), known.mean(axis=0)
    shared = np.average(sizes, weights=np.exp(together - together.max()))
    return np.asarray(np.square((sizes - shared) / _ALIKE) / 2)


def _models(values: Double, offsets: Offsets, near: Double, event: float, light: bool) -> list[_Model]:
    """All explanations of series, (n, k), as logarithms or as powers of light."""
    ways = _ways(len(offsets), int(np.searchsorted(offsets, 0)), _EVENTS[0 if light else 1])
    x = offsets[:, None].astype(np.float64)
    if not light:
        return _fitted(values, x, near, np.broadcast_to(near[:, None], values.shape), ways, event)
    around = np.concatenate([values[:1], values, values[-1:]])
    level = np.median(np.stack([around[:-2], around[1:-1], around[2:]]), axis=0)
    found = []
    for power in _POWERS:
        series = np.expm1(power * values) / power
        # Flicker is a share of the light, but for what dark frames have of other errors.
        weights = near[:, None] / np.square(np.maximum(np.exp(power * level), _DARK))
        found += [
            replace(m, meant=np.log(np.maximum(1 + power * m.meant, _TINY)) / power)
            for m in _fitted(series, x, near, weights, ways, event)
        ]
    return found


def _fitted(
    series: Double, x: Double, near: Double, weights: Double, ways: _Ways, event: float
) -> list[_Model]:
    """Trends through parts of a window, and through all of it."""
    found = _parted(series, x, near, weights, ways, event)
    if len(series) >= _FEWEST_BENT:
        found.append(_bent(series, x, near, weights))
    return found


def _parted(
    series: Double, x: Double, near: Double, weights: Double, ways: _Ways, event: float
) -> list[_Model]:
    """Level and straight trends through parts of a window."""
    one, along, across, own, both, square = (
        np.einsum("hn,nk->hk", ways.inside, weights * v)
        for v in (np.ones_like(x), x, x * x, series, x * series, series * series)
    )
    one, centre = one + _TINY, along / (one + _TINY)
    level, spread = own / one, across - along * centre + _TINY
    slope = (both - centre * own) / spread
    error = np.maximum(square - own * level, 0)
    bare = np.maximum(error - spread * slope**2, 0)
    count = np.einsum("hn,n->h", ways.inside, near)
    cost = _sides(series, near, weights, ways.before, event)
    cost = cost + _sides(series[::-1], near[::-1], weights[::-1], ways.after, event)
    cost = cost + (ways.event * event)[:, None, None]
    few = np.where(ways.inside.sum(axis=1) < _FEWEST_STRAIGHT, np.inf, _STRAIGHT)[:, None, None]
    return [
        _Model(error, level, cost + _spent(count, 1), ways.inside),
        _Model(bare, level - slope * centre, cost + few + _spent(count, 2), ways.inside),
    ]


def _sides(series: Double, near: Double, weights: Double, counts: Offsets, event: float) -> Double:
    """The costs of so many first frames being of another light, (h, k, sizes): all of one level, or of any.

    Where they hold the middle, it is an event only if they are of any.
    """
    total = np.cumsum(near)
    one, own, square = (np.cumsum(weights * v, axis=0) for v in (np.ones_like(series), series, series**2))
    error = np.maximum(square - own * own / (one + _TINY), 0)
    even = _spent(total, 1) + error[..., None] / (2 * _SIZES**2)
    held = np.argmax(near) <= np.arange(len(near))
    found = event + np.where(held[:, None, None], 0, np.minimum(even, 0))
    return np.concatenate([np.zeros((1, *found.shape[1:])), found])[counts]


def _spent(count: Double, parameters: int) -> Double:
    """What so many frames cost, (h, 1, sizes), of which so many could lie anywhere to fit a trend."""
    free = np.maximum(count - parameters, 0)[:, None, None]
    return np.asarray(free * np.log(_SIZES))


def _bent(series: Double, x: Double, near: Double, weights: Double) -> _Model:
    """Trends through a whole window that bend once."""
    one = np.ones_like(x)
    bases = np.stack([np.hstack([one, x, np.abs(x - bend)]) for bend in x[2:-2]])
    normal = np.einsum("hna,hnb,nk->hkab", bases, bases, weights) + _TINY * np.eye(3)
    right = np.einsum("hna,nk->hka", bases, weights * series)
    found = np.linalg.solve(normal, right[..., None])[..., 0]
    error = (weights * series**2).sum(axis=0) - np.einsum("hka,hka->hk", found, right)
    middle = bases[:, np.argmin(np.abs(x))]
    cost = _BENT + _spent(np.full(len(bases), near.sum()), 3)
    return _Model(
        np.maximum(error, 0), np.einsum("ha,hka->hk", middle, found), cost, np.ones((len(bases), len(x)))
    )


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
    inside = (x >= first) & (x < last) & ((x < start) | (x >= end))
    return _Ways(inside.astype(np.float64), first[:, 0], count - last[:, 0], np.asarray(end > start)[:, 0])
