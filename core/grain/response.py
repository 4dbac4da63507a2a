"""The response of grain: its deviation as a function of the level, from tiles of blocks."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from interneg.frame import Pixels

LEVELS = 16
"""Points of a response curve."""

# Of the tiles of a level, the flattest are measured: this share, but not fewer than so many.
_FLAT, _FEWEST = 0.7, 24
# Of these, this share is taken to show grain alone.
_QUIET = 0.12
# Tiles that a level needs to be measured at all.
_ENOUGH = 12
# The ends of the curve are where this share of the tiles lies beyond.
_ENDS = 0.002
# The deviation of the logarithm of one tile's strength; how much of it counts as doubt that picture is in a
# level's tiles, where they differ by more than grain alone; and how much the curve may bend.
_TILE_SPREAD, _DOUBT, _BEND = 0.35, 0.3, 0.25
# A deviation of less than this is none.
_NOTHING = 1e-5


class Response(NamedTuple):
    """Levels, deviations there, and how far tiles differ by more than grain, (LEVELS,) float32 each."""

    levels: Pixels
    sigmas: Pixels
    doubts: Pixels


def curve(
    levels: Pixels, strengths: Pixels, structure: Pixels, chance: Pixels, guess: Response | None = None
) -> Response:
    """The response that tiles show.

    levels, strengths, structure: (K,) of K tiles: their mean, the mean square of their grain, how much
    picture they show. chance: strengths of tiles of pure grain with a deviation of 1, of any shape. guess: a
    curve that evens out the tiles of a level first. What the quietest tiles of a level show is compared with
    what the quietest of pure grain would. A level with too few tiles lies between its neighbours, or is as
    the nearest. Without any tile all is 0.
    """
    if not levels.size:
        return Response(*np.zeros((3, LEVELS), np.float32))
    even = _variances(levels, guess)
    strengths = strengths / even
    shares = np.linspace(0, 1, LEVELS + 1)
    low, high = np.quantile(levels, (_ENDS, 1 - _ENDS))
    edges = (np.quantile(levels, shares) + low + (high - low) * shares) / 2
    edges[[0, -1]] = levels.min(), levels.max()
    quiet, median = (max(float(np.quantile(chance, q)), 1e-9) for q in (_QUIET, 0.5))
    places, variances, weights, doubts = np.zeros((4, LEVELS))
    doubts += 1
    for k, (a, b) in enumerate(pairwise(edges)):
        chosen = np.flatnonzero((levels >= a) & (levels <= b))
        places[k] = (a + b) / 2
        if chosen.size < _ENOUGH:
            continue
        flat = chosen[np.argsort(structure[chosen], kind="stable")[: max(_FEWEST, int(_FLAT * chosen.size))]]
        places[k] = levels[flat].mean()
        shown, typical = np.quantile(strengths[flat], (_QUIET, 0.5))
        variances[k] = shown / quiet * _variances(places[k], guess)
        doubts[k] = max(float(np.log(max(typical, 1e-20) / max(shown, 1e-20) * quiet / median)), 0)
        weights[k] = 1 / (_TILE_SPREAD**2 / flat.size + (_DOUBT * doubts[k]) ** 2)
    rising, roots, sure, doubt = (
        np.asarray(x, np.float32)
        for x in (np.maximum.accumulate(places), np.sqrt(variances), weights, doubts)
    )
    return Response(rising, _smoothed(rising, roots, sure), doubt)


def _variances(levels: Pixels, guess: Response | None) -> Pixels:
    if guess is None or not guess.sigmas.all():
        return np.ones_like(levels)
    return np.square(np.interp(levels, guess.levels, guess.sigmas))


def _smoothed(places: Pixels, sigmas: Pixels, weights: Pixels) -> Pixels:
    """Deviations, as smooth as their own accuracy allows."""
    known = (weights > 0) & (sigmas > _NOTHING)
    if not known.any():
        return np.zeros(LEVELS, np.float32)
    logs, certain = np.log(np.where(known, sigmas, 1)), np.where(known, weights, 0)
    steps = np.diff(places) / max(float(np.ptp(places)), 1e-6) + 1e-3
    slopes = np.diff(np.eye(LEVELS), axis=0) / steps[:, None]
    bends = np.diff(slopes, axis=0)
    flat = np.diff(np.eye(LEVELS), axis=0)
    # The little that slopes cost holds on to what is nearest where nothing is known.
    system = np.diag(certain) + bends.T @ bends / _BEND**2 + 1e-2 * flat.T @ flat
    return np.asarray(np.exp(np.linalg.solve(system, certain * logs)), np.float32)
