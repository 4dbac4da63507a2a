"""Trend filters: smooth ways that cost least in the sum of their bends, as a bound for what a path can reach.

Source: Kim, Koh, Boyd and Gorinevsky, l1 Trend Filtering, SIAM Review 51 (2), 2009, solved in the dual by the
interior points that the paper gives. Orders of 1 to 3 make a way of rests, even moves or even accelerations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ways = NDArray[np.float64]

ORDERS = 1, 2, 3
WEIGHTS = tuple(10 ** (-k / 3) for k in range(2, 13))
"""Shares of the weight at which nothing but a polynomial is left."""
_ROUNDS, _NEAR = 60, 1e-6


def best(shaken: Ways, true: Ways) -> Ways:
    """The ways, (K, N), of that order and weight with which the K of them lie nearest the true ones, rms."""
    found = (filtered(shaken, order, weight) for order in ORDERS for weight in WEIGHTS)
    return min(found, key=lambda ways: float(np.square(ways - true).sum()))


def filtered(ways: Ways, order: int, weight: float) -> Ways:
    """The ways nearest to (K, N) ways, plus their differences' absolute sum times a weight of its own each.

    order: of the differences that cost, less 1. weight: above 0, to 1, where each is a polynomial.
    """
    bends = np.diff(np.eye(ways.shape[1]), order + 1, axis=0)
    squares, pull = bends @ bends.T, ways @ bends.T
    most = weight * np.abs(np.linalg.solve(squares, pull.T).T).max(axis=1, keepdims=True) + 1e-12
    dual = np.zeros_like(pull)
    upper, lower = np.ones_like(pull), np.ones_like(pull)
    eye = np.eye(len(bends))
    for _ in range(_ROUNDS):
        above, below = dual - most, -dual - most
        gap = -(upper * above + lower * below).sum(axis=1, keepdims=True)
        if (gap <= _NEAR * np.square(ways).sum(axis=1, keepdims=True)).all():
            break
        near = gap / (4 * len(bends))
        left = pull - dual @ squares + near / above - near / below
        step = np.linalg.solve(squares - (upper / above + lower / below)[..., None] * eye, left[..., None])[
            ..., 0
        ]
        more = -(upper + (near + step * upper) / above), -(lower + (near - step * lower) / below)
        # As far as every bound allows.
        pairs = ((upper, more[0]), (lower, more[1]), (-above, -step), (-below, step))
        most_of = [
            np.where(change < 0, -value / np.minimum(change, -1e-300), np.inf) for value, change in pairs
        ]
        size = np.minimum(1, 0.99 * np.min(most_of, axis=(0, 2))[:, None])
        dual, upper, lower = dual + size * step, upper + size * more[0], lower + size * more[1]
    return np.asarray(ways - dual @ bends)
