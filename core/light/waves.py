"""Fields that vary slowly over a picture: sums of products of cosines, kept at the points of a grid."""

from __future__ import annotations

from functools import cache

import numpy as np

from interneg.frame import Double

GRID = (9, 12)
"""Rows and columns of the points at which a field is kept."""

_WAVES = 6


def sampled(y: Double, x: Double, height: int, width: int) -> Double:
    """The products of cosines at these places of a picture of this size, slowest first: (terms, N) float64.

    y, x: (N,) float64, pixels from its top left corner.
    """
    down, across = (_multiples(np.cos(np.pi * at / of)) for at, of in ((y, height), (x, width)))
    return np.stack([down[j] * across[i] for j, i in multiples()])


def on_grid(terms: Double) -> Double:
    """The field of so much of each product, (terms,), at the points that it is kept at: GRID float64."""
    rows, columns = GRID
    y, x = np.mgrid[:rows, :columns] + 0.5
    points = sampled(y.ravel(), x.ravel(), rows, columns)
    return np.asarray(np.einsum("i,ij->j", terms, points).reshape(GRID), np.float64)


@cache
def multiples() -> tuple[tuple[int, int], ...]:
    """Which multiples of the angles down and across each product is made of."""
    return tuple((j, i) for j in range(_WAVES) for i in range(_WAVES) if i + j <= _WAVES)


def _multiples(cosine: Double) -> list[Double]:
    """The cosines of 0, 1, 2 ... times an angle, (N,), by Chebyshev's recurrence."""
    found = [np.ones_like(cosine), cosine]
    while len(found) < _WAVES:
        found.append(2 * cosine * found[-1] - found[-2])
    return found
