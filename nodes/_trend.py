"""What a series that flickers was meant to be in its middle, with events left out and fades followed."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Double = npt.NDArray[np.float64]
Offsets = npt.NDArray[np.intp]

_FEWEST = 3
# Smaller flicker cannot be told from the errors of its measurement.
_LEAST = 5e-4
# This share of normal deviates is within so many standard deviations.
_SHARE, _DEVIATIONS = 0.45, 0.598
# In deviations, for keep = 1: what is flicker for certain, more where few differences tell its size, and from
# how many times that it is an event for certain.
_ALIKE = 1.7
_UNSURE = 6.0
_UNLIKE = 1.5
# A fade is nearly straight in this power of light, be it made in light or on a display.
_POWER = 0.45
# What a trend costs by itself that is level, straight or bent, where a value that it misses costs 1.
_COSTS = (0.0, 1.0, 2.0)
# The same where the middle is left out.
_EVENT = 0.5
_FEWEST_STRAIGHT = 4
# In shares of what is no event: what a trend misses.
_MISSED = 0.8
_ROUNDS = 2
_TINY = 1e-9


def trend(
    values: Double, offsets: Offsets, reach: int, keep: float, trusted: Double | None = None
) -> tuple[Double, Double]:
    """Where the middle of a series was meant to be, and how far each value took part in that.

    values: (n, ...) float64 logarithms of light, 0 at offset 0. offsets: (n,), rising, within `reach`.
    keep: 0..1, how soon a change is an event, which stays; 0: never. trusted: (n,), 0..1, what the values
    count; None: all alike.
    Returns the meant value, (...), and the parts, (n, ...), 0..1; both are 0 where the middle itself is an
    event.

    Values count by a raised cosine, which is symmetric. Trends that are level or straight over a part of the
    window, or bend once in it, are compared by how many values they come close to. What differs from the best
    is left out, and the rest fitted anew.
    """
    near = (0.5 + 0.5 * np.cos(np.pi * offsets / (reach + 1))) * (1 if trusted is None else trusted)
    near = near.reshape(-1, *[1] * (values.ndim - 1))
    if keep == 0:
        weights = np.broadcast_to(near, values.shape)
        return np.average(values, axis=0, weights=weights), np.ones(values.shape)
    if len(values) < _FEWEST:
        # Two levels: flicker, or a step?
        return np.zeros(values.shape[1:]), np.asarray(values == 0, np.float64)
    series = np.expm1(_POWER * values) / _POWER
    alike = _alike(series, keep)
    basis, fitted = _best(series, alike, tuple(int(o) for o in offsets), reach)
    for _ in range(_ROUNDS):
        like = _likeness(_apart(series, fitted) / alike)
        fitted = _refitted(series, basis, near * like)
    meant = np.log(_light(fitted[np.searchsorted(offsets, 0)])) / _POWER
    own = _likeness(meant / alike)
    return meant * own, like * own


def _alike(series: Double, keep: float) -> float:
    """How far a value of a series, (n, ...), n > 2, may be off as flicker.

    Second differences tell how large the flicker is: a fade has none, in light or as a display shows it,
    and a step or a lightning few.
    """
    sizes = []
    for power in (1.0, 1 / _POWER):
        light = _light(series) ** power
        second = (light[2:] + light[:-2] - 2 * light[1:-1]) / (_POWER * power * light[1:-1])
        sizes.append(float(np.quantile(np.abs(second), _SHARE)) / (_DEVIATIONS * np.sqrt(6)))
    return float(max(min(sizes), _LEAST) * (_ALIKE + _UNSURE / (len(series) - 2)) / keep)


def _likeness(apart: Double) -> Double:
    """1 from -1 to 1, falling to 0 at 1.5 times that."""
    far = np.clip((np.abs(apart) - 1) / (_UNLIKE - 1), 0, 1)
    return np.asarray(1 - far * far * (3 - 2 * far))


def _best(series: Double, alike: float, offsets: tuple[int, ...], reach: int) -> tuple[Double, Double]:
    """The basis of the trend that comes close to most values of each series, (3, n, ...), and the trend."""
    bases, fits, costs = _trends(offsets, reach)
    flat = series.reshape(len(series), -1)
    missed = np.square(_apart(flat, np.einsum("cij,jk->cik", fits, flat)) / (_MISSED * alike))
    best = np.argmin(np.minimum(missed, 1).sum(axis=1) + costs[:, None], axis=0)
    fitted = np.einsum("kij,jk->ik", fits[best], flat)
    return np.moveaxis(bases[best], 0, -1).reshape(3, *series.shape), fitted.reshape(series.shape)


def _apart(series: Double, fitted: Double) -> Double:
    """How far a series is from a trend, as logarithms where both are near."""
    return (series - fitted) / _light(fitted)


def _light(series: Double) -> Double:
    """The power of light that a series stands for."""
    return np.maximum(1 + _POWER * series, _TINY)


@cache
def _trends(offsets: tuple[int, ...], reach: int) -> tuple[Double, Double, Double]:
    """Trends: their bases (m, 3, n), how they follow from the values (m, n, n), and what they cost (m,)."""
    x = np.array(offsets, np.float64)
    near = 0.5 + 0.5 * np.cos(np.pi * x / (reach + 1))
    middle, count = offsets.index(0), len(offsets)
    level, straight = np.stack([x * 0 + 1, x * 0, x * 0]), np.stack([x * 0 + 1, x, x * 0])
    found = []
    for first in range(middle + 1):
        for last in range(middle, count):
            part = np.zeros(count)
            part[first : last + 1] = near[first : last + 1]
            found.append((level, part, _COSTS[0]))
            if last - first + 1 >= _FEWEST_STRAIGHT:
                found.append((straight, part, _COSTS[1]))
                found.append((level, np.where(x == 0, 0, part), _EVENT))
    found.extend((np.stack([x * 0 + 1, x, np.abs(x - bend)]), near, _COSTS[2]) for bend in offsets[1:-1])
    fits = [b.T @ np.linalg.pinv((b * w) @ b.T) @ (b * w) for b, w, _ in found]
    return np.stack([b for b, _, _ in found]), np.stack(fits), np.array([c for _, _, c in found])


def _refitted(series: Double, basis: Double, weights: Double) -> Double:
    """The least squares of a basis, (3, n, ...), to each series, (n, ...)."""
    normal = np.einsum("an...,bn...,n...->...ab", basis, basis, weights) + _TINY * np.eye(3)
    right = np.einsum("an...,n...,n...->...a", basis, series, weights)
    found = np.linalg.solve(normal, right[..., None])[..., 0]
    return np.asarray(np.einsum("an...,...a->n...", basis, found))
