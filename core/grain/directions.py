"""How a spectrum differs with direction: a scan is often louder along its rows and columns than aslant.

Power at the angle t is that of the radial spectrum times 1 + u cos 2t + v cos 4t; t is 0 for detail that
changes along a row. So u > 0 is of vertical streaks, u < 0 of level ones, and v > 0 of both: the first even
terms of a Fourier series over the angle.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from interneg.frame import Pixels
from interneg.grain.spectrum import ANGLES, BLOCK, FREEDOM, RADII, RINGS, TWICE, Transforms, ring_sums

# Rings that are looked at together, so that chance says little of them.
_BANDS = (0, 4, 8, 12, 17, 23, 29, RINGS)
# The band's square cuts off what is beyond half the sampling frequency: there it goes on as at the edge.
_EDGE = BLOCK // 2
# Most of the picture that is left is below this ring, and has directions of its own.
_COARSE = 8
# What is less than this, throughout, is none: film itself has no direction.
_LEAST = 0.05
# Terms add up to less than 1, so that no power is below 0.
_MOST = 0.95

_TERMS = np.stack([np.cos(2 * ANGLES), np.cos(4 * ANGLES)]).astype(np.float32)


def directions(grain: Transforms, trust: Pixels) -> Pixels | None:
    """The terms u and v of a plate's grain by its rings, (2, RINGS) float32; None where they are none.

    grain: (M, C, BLOCK, BLOCK // 2 + 1), transforms of blocks that show grain alone, as `spectrum.transform`
    has them. trust: (RINGS,), 0..1, how sure that is; picture has directions of its own. All blocks count
    alike. What half of the blocks show and the others don't is chance, and is taken off.
    """
    power = np.square(np.abs(grain)).mean(1)
    power /= np.maximum(power.mean((1, 2), keepdims=True), 1e-20)
    halves = [_terms(power[k::2].mean(0)) for k in (0, 1)]
    both = np.mean(halves, 0)
    shared, own = halves[0] * halves[1], np.square(both)
    found = np.zeros_like(both)
    for low, high in pairwise(_BANDS):
        weights = FREEDOM[low:high]
        sure = (shared[:, low:high] @ weights) / np.maximum(own[:, low:high] @ weights, 1e-20)
        mean = both[:, low:high] @ weights / weights.sum()
        found[:, low:high] = (mean * np.clip(sure, 0, 1))[:, None]
    found = _smooth(found)
    found[:, _EDGE:] = found[:, _EDGE : _EDGE + 1]
    found[:, :_COARSE] = found[:, _COARSE : _COARSE + 1]
    found *= trust
    found /= np.maximum(np.abs(found).sum(0) / _MOST, 1)
    return None if np.abs(found).max() < _LEAST else np.asarray(found, np.float32)


def gain(
    terms: Pixels | None, frequencies: Pixels, y: NDArray[np.floating], x: NDArray[np.floating]
) -> Pixels:
    """By what the radial power is multiplied at the frequencies y and x, float32 of their shape.

    terms: (2, B) at rising `frequencies`, (B,), in the unit of y and x; None is 1 everywhere.
    """
    radii, angles = np.hypot(y, x), np.arctan2(y, x)
    if terms is None:
        return np.ones(radii.shape, np.float32)
    u, v = (np.interp(radii, frequencies, term) for term in terms)
    return np.asarray(np.maximum(1 + u * np.cos(2 * angles) + v * np.cos(4 * angles), 0), np.float32)


def at_frequencies(terms: Pixels | None, known: Pixels, wanted: NDArray[np.float64]) -> Pixels | None:
    """The terms, (2, B) at the `known` frequencies, at those that are wanted, (N,), in the same unit."""
    return (
        None if terms is None else np.stack([np.interp(wanted, known, t) for t in terms]).astype(np.float32)
    )


def mean(several: Sequence[Pixels | None]) -> Pixels | None:
    """The mean of terms (2, B) of the same frequencies, None counting as 0; None where all are."""
    some = [t for t in several if t is not None]
    return np.asarray(np.sum(some, 0) / len(several), np.float32) if some else None


def _terms(power: Pixels) -> NDArray[np.float64]:
    """The terms of each ring, by least squares over its coefficients, (2, RINGS)."""
    level = ring_sums(power * TWICE)
    flat = level / np.maximum(ring_sums(TWICE), 1e-20)
    rest = power / np.maximum(_at_rings(flat), 1e-20) - 1
    a, b, c = (
        ring_sums(TWICE * one * other)
        for one, other in zip(_TERMS[[0, 0, 1]], _TERMS[[0, 1, 1]], strict=True)
    )
    p, q = (ring_sums(TWICE * rest * term) for term in _TERMS)
    size = np.maximum(a * c - b * b, 1e-6)
    found = np.stack([(p * c - q * b) / size, (q * a - p * b) / size])
    return np.asarray(np.clip(found, -2, 2))


def _at_rings(values: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values[np.minimum(np.rint(RADII * BLOCK).astype(np.int64), RINGS - 1)]
    return found


def _smooth(terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Over neighbouring rings, so that bands show no steps."""
    rings = np.arange(RINGS)
    weights = np.exp(-0.5 * np.square((rings[:, None] - rings[None]) / 2.0)) * FREEDOM
    found: NDArray[np.float64] = terms @ (weights / weights.sum(1, keepdims=True)).T
    return found
