"""What of a series over a whole shot is flicker, and what is its light, from two that tell of both.

Brightness followed along the motion is exact from frame to frame, and wanders over many: what every step is
off by adds up, and light that truly changes on what moves with it. The mean brightness of the picture does
not wander, and changes with whatever comes into it. Each is a sum of a slow series of its own, of the light
of the shot, and of flicker, which both have alike; of what sizes and speeds, nobody knows. Every choice out
of a list is weighed by its likelihood, and the mean over all of them taken, right up to the ends of the shot.

Sources: Gaussian processes, Rasmussen and Williams, 2006, chapters 2 and 5; smooth ways as integrated random
walks, Wahba, 1985; averaging of models, Hoeting et al., 1999. Fades are ramps, as a trend's kinks are found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np

from interneg.frame import Double

FEWEST = 6
"""Frames of a shot, below which this is not asked for."""

# How many frames flicker stays alike for: none, or a few.
_ALIKE = (0.0, 1.0, 2.0, 5.0)
# How large it is: as large as usual, hardly any, or none.
_SIZES = ((1.0, _ALIKE), (0.03, (0.0, 2.0)), (0.0, (0.0,)))
# By flicker's usual variance: what the followed series adds in each frame; and what its speed does, with the
# negative logarithm of how likely that is.
_ADDS, _BENDS = 1e-4, ((1e-6, 0.0), (1e-5, 0.0), (1e-4, 0.0), (1e-3, 3.0))
# The same of the picture's mean.
_MEAN_ADDS = (3e-3, 3e-2, 0.3)
_MEAN_BENDS = (0.0, 1e-3)
# What the speed of the shot's own light adds, and the negative logarithm of how likely that is: it is steady,
# or, seldom, fades. Slow flicker looks like that; large fades are no part of this (see `shot_light`).
_FADES = ((0.0, 0.0), (1e-3, 4.0), (0.1, 16.0))
# Or it fades, once or twice: nearly straight in the logarithm of light, or on a display, to so much of it or
# from it. From and to one of so many moments; by the square of so many sizes of flicker; and the negative
# logarithm of how likely that is.
_DISPLAYED, _MOMENTS, _LARGE, _SELDOM = 0.5, 24, 100.0, 4.0
# A fade takes so many frames.
_QUICKEST = 6.0
# The variance of a speed at the start, by that which it gains in a frame; and what no series is free of.
_SPEED, _NOISE = 25.0, 1e-4
# Series that are no more than so many in truth: a field has so many terms, however many points show it.
_TERMS = 18
# Models this far, in likelihood, below the best count nothing.
_FAR = 9.0
_TINY = 1e-6
# Longer shots are solved in parts that overlap by half.
_LONGEST = 160


def flicker(times: Double, followed: Double, mean: Double | None = None, fades: bool = True) -> Double:
    """The flicker in a series, (n, k) float64, of the same unit, its own mean over the shot about 0.

    times: (n,) float64, rising, in frames; `FEWEST` of them or more, gaps allowed. followed: (n, k), k series
    as they are followed from frame to frame, each from where it will; finite. mean: (n, k), of the picture,
    or None where nothing tells it. fades: whether light is taken to fade where both series tell it, too. All
    series of a call have flicker of one kind, each of a size of its own.
    """
    count = len(times)
    if count <= _LONGEST:
        return _part(times, followed, mean, fades)
    starts = np.linspace(0, count - _LONGEST, math.ceil(2 * (count - _LONGEST) / _LONGEST) + 1).round()
    near = np.minimum(np.arange(1, _LONGEST + 1), np.arange(_LONGEST, 0, -1)).astype(np.float64)[:, None]
    found, weights = np.zeros(followed.shape), np.zeros((count, 1))
    for start in starts.astype(int):
        part = slice(start, start + _LONGEST)
        # The part's own end, where it knows least, counts least: but for the ends of the shot.
        means = None if mean is None else mean[part]
        found[part] += near * _part(times[part], followed[part], means, fades)
        weights[part] += near
    return found / weights


def _part(times: Double, followed: Double, mean: Double | None, fades: bool) -> Double:
    around = followed[1:-1] - 0.5 * (followed[2:] + followed[:-2])
    sizes = np.sqrt(np.square(around).mean(axis=0) / 1.5)
    sizes = np.maximum(sizes, 0.1 * np.median(sizes)) + _TINY
    seen = np.concatenate([followed] if mean is None else [followed, mean]) / sizes
    models = list(_models(tuple((times - times[0]).tolist()), mean is not None, fades))
    terms, count = min(seen.shape[1], _TERMS), len(seen) - (1 if mean is None else 2)
    told = [_told(model, seen, terms, count) for model in models]
    # It may fade twice, as down and up again: after the likeliest fade of each model.
    again = [m.after(int(np.argmax(t.likely[1:]))) for m, t in zip(models, told, strict=True) if m.fades.size]
    models, told = models + again, told + [_told(model, seen, terms, count) for model in again]
    best = max(float(t.likely.max()) for t in told)
    weights = [np.exp(t.likely - best) * (t.likely > best - _FAR) for t in told]
    total, found = sum(float(w.sum()) for w in weights), np.zeros(followed.shape)
    for model, seen_by, weight in zip(models, told, weights, strict=True):
        if weight.any():
            found += model.flicker @ seen_by.slow(model, weight / total)
    return np.asarray(found * sizes)


@dataclass(frozen=True, eq=False)
class _Told:
    """What a model makes of series: share, (m, k), them in its white; sizes, (f, k), of its fades; likely,
    (1 + f,), the logarithms of how likely it is without a fade, and with each.
    """

    share: Double
    sizes: Double
    likely: Double

    def slow(self, model: _Model, weights: Double) -> Double:
        """The shares of what is no fade, (m, k), by the weights, (1 + f,), of no fade and of each."""
        found = weights.sum() * self.share
        if len(self.sizes):
            found -= model.white(model.fades @ (weights[1:, None] * self.sizes))
        return np.asarray(found)


def _told(model: _Model, seen: Double, terms: int, count: int) -> _Told:
    share = model.white(seen)
    square = float(np.square(share).sum())
    sizes, left, known = np.zeros((0, seen.shape[1])), np.array([square]), np.zeros(1)
    if model.fades.size:
        along = model.fades.T @ (model.whiten.T @ share)
        spread = 1 + _LARGE * model.spread
        sizes = _LARGE * along / spread[:, None]
        left = np.append(left, square - (along * sizes).sum(axis=1))
        known = np.append(known, np.log(spread) / 2)
    size = np.maximum(left / (seen.shape[1] * count), _TINY)
    likely = terms * (model.constant - known - count / 2 * np.log(size)) - model.rare
    likely[1:] -= _SELDOM + math.log(max(len(likely) - 1, 1))
    return _Told(share, sizes, likely)


@dataclass(frozen=True, eq=False)
class _Model:
    """What makes a sum of flicker and slow light white, (m, m) of both series one after the other.

    means: (m, 1 or 2), orthonormal, what white is where the series start from. flicker: (n, m), what flicker
    is in what is white. constant: the logarithm of the likelihood that all series here share. rare: the
    negative one of how likely such light is, whatever the series. fades: (m, f), what a fade adds to both
    series; spread: (f,), its square in what is white.
    """

    whiten: Double
    means: Double
    flicker: Double
    constant: float
    rare: float
    fades: Double
    spread: Double

    def white(self, series: Double) -> Double:
        """Series, (m, k), made white, less where they start from."""
        found = self.whiten @ series
        return np.asarray(found - self.means @ (self.means.T @ found))

    def after(self, fade: int) -> _Model:
        """The same with one of its fades in both series, of whatever size."""
        own = self.white(self.fades[:, [fade]])
        own /= np.linalg.norm(own)
        spread = np.maximum(self.spread - np.square(self.fades.T @ (self.whiten.T @ own))[:, 0], 0)
        constant = self.constant - math.log1p(_LARGE * float(self.spread[fade])) / 2
        rare = self.rare + _SELDOM + math.log(len(self.spread))
        return replace(self, means=np.hstack([self.means, own]), spread=spread, constant=constant, rare=rare)


@lru_cache(maxsize=8)
def _models(times: tuple[float, ...], both: bool, fades: bool) -> tuple[_Model, ...]:
    return tuple(_made(np.array(times), both, fades))


def _made(times: Double, both: bool, fades: bool) -> Iterator[_Model]:
    count = len(times)
    own = _NOISE * np.eye(count)
    means = np.zeros((2 * count, 2))
    means[:count, 0] = means[count:, 1] = 1
    apart = np.abs(times[:, None] - times)
    ramps, none = np.tile(_ramps(times), (2, 1)), np.zeros((2 * count, 0))
    for size, alike in ((size, alike) for size, every in _SIZES for alike in every):
        shared = size * (np.exp(-apart / alike) if alike else np.eye(count))
        slow = [(_slow(times, _ADDS, bends) + own, rare) for bends, rare in _BENDS]
        if not both:
            for covariance, rare in slow:
                yield _model(shared + covariance, means[:count, :1], shared, rare, none[:count])
            continue
        steady = [_slow(times, *sizes) + own for sizes in product(_MEAN_ADDS, _MEAN_BENDS)]
        for (fade, rare), (first, rarer), second in product(_FADES, slow, steady):
            alike_in = shared + _slow(times, 0.0, fade)
            covariance = np.block([[alike_in + first, alike_in], [alike_in, alike_in + second]])
            # What fades once fades no further.
            own_ramps = ramps if fades and not fade else none
            yield _model(covariance, means, np.hstack([shared, shared]), rare + rarer, own_ramps)


def _model(covariance: Double, means: Double, shared: Double, rare: float, fades: Double) -> _Model:
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    start, spread = np.linalg.qr(whiten @ means)
    constant = float(np.log(np.diag(whiten)).sum() - np.log(np.abs(np.diag(spread))).sum())
    model = _Model(whiten, start, shared @ whiten.T, constant, rare, fades, np.zeros(0))
    return replace(model, spread=np.square(model.white(fades)).sum(axis=0))


def _ramps(times: Double) -> Double:
    """Ramps by 1, (n, f), between any two moments of a shot that are far enough apart."""
    moments = np.linspace(0, times[-1], _MOMENTS)
    pairs = [p for p in product(moments, moments) if p[1] - p[0] >= _QUICKEST]
    if not pairs:
        return np.zeros((len(times), 0))
    first, last = np.array(pairs).T
    along = np.clip((times[:, None] - first) / (last - first), 0, 1)
    shown, whole = np.log1p(-_DISPLAYED * along), math.log1p(-_DISPLAYED)
    brighter = 1 - np.log1p(-_DISPLAYED * (1 - along)) / whole
    return np.hstack([along, shown / whole, brighter])


def _slow(times: Double, adds: float, bends: float) -> Double:
    """The covariance of a random walk plus an integrated one, (n, n)."""
    least = np.minimum(times[:, None], times)
    most = np.maximum(times[:, None], times)
    return np.asarray(
        adds * (least + 1) + bends * (least**2 * (3 * most - least) / 6 + _SPEED * np.outer(times, times))
    )
