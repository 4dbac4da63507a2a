"""The path that a steady camera took through a whole shot, from where every frame of it lies.

Nobody knows beforehand whether a camera rested, panned evenly, started or stopped at a frame, or was led by
hand. Each is a model of the way; each gives a path, and a likelihood of what was measured. Their mean, by
likelihood, is the path: that of the right model where one is right, up to the first and the last frame.

Sources: averaging of models, Hoeting et al., Bayesian model averaging, 1999; their likelihood by Schwarz's
criterion, 1978; smooth ways as splines whose stiffness is found by likelihood, Wahba, 1985.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Way = NDArray[np.float64]

FEWEST = 6
"""Frames of a shot, below which its path is not asked for."""

# How alike weave is from a frame to the next; telecine weave is new in each, a loose gate swings.
_SWINGS = (0.0, 0.3, 0.6)
# Stiffnesses of a spline, from that which follows what takes longer than the knob's frames, in tenths' roots.
_STIFFER, _STEPS = math.sqrt(10), 14
# Frames from either end within which no camera starts or stops, and of a shot in which one may.
_ENDS, _ENOUGH = 4, 12
# Models this far, in likelihood, below the best count nothing.
_FAR = 9.0
# What is left of a way is at least so much in each frame, in its own unit: pixels, radians.
_LEAST = 1e-6
# Longer shots are solved in parts that overlap by half.
_LONGEST = 240


def smooth_way(way: Way, smoothing: int) -> Way:
    """The smooth way through a way with weave in it, (N,) float64 each, of any unit.

    way: where each frame of a shot lies, in order; finite; `FEWEST` frames or more. smoothing: what takes
    longer than so many frames may be the camera's; what is quicker is weave.
    """
    count = len(way)
    if count <= _LONGEST:
        return _part(way, smoothing)
    starts = np.linspace(0, count - _LONGEST, math.ceil(2 * (count - _LONGEST) / _LONGEST) + 1).round()
    near = np.minimum(np.arange(1, _LONGEST + 1), np.arange(_LONGEST, 0, -1)).astype(np.float64)
    found, weights = np.zeros(count), np.zeros(count)
    for start in starts.astype(int):
        part = slice(start, start + _LONGEST)
        # The part's own end, where it knows least, counts least: but for the ends of the shot.
        found[part] += near * _part(way[part], smoothing)
        weights[part] += near
    return found / weights


@dataclass(frozen=True, eq=False)
class _Model:
    """One model's way, (N,), less the mean, and the logarithm of its likelihood."""

    likely: float
    way: Way


def _part(way: Way, smoothing: int) -> Way:
    mean = way.mean()
    models = [m for swing in _SWINGS for m in _models(way - mean, swing, smoothing)]
    likely = np.array([m.likely for m in models])
    shares = np.exp(likely - likely.max()) * (likely > likely.max() - _FAR)
    found = sum(s * m.way for s, m in zip(shares / shares.sum(), models, strict=True))
    return np.asarray(mean + found)


def _models(way: Way, swing: float, smoothing: int) -> Iterator[_Model]:
    """All models where weave is as alike as `swing` from a frame to the next."""
    frame = _frame(len(way), swing)
    white = frame.whiten @ way
    yield from _curves(frame, white)
    if len(way) >= _ENOUGH:
        yield from _starts(frame, white)
    for degree in (2, 3):
        yield from _splines(frame, white, degree, smoothing)


@dataclass(frozen=True, eq=False)
class _Frame:
    """For ways of one length and weave of one swing: what makes weave white, (N, N), and its inverse.

    constant: the logarithm of the likelihood that all models here share. stiff: by degree, what a spline's
    bends cost in white weave, as eigenvalues (N,), rising, and vectors (N, N).
    """

    whiten: Way
    colour: Way
    constant: float
    stiff: dict[int, tuple[Way, Way]]


@lru_cache(maxsize=16)
def _frame(count: int, swing: float) -> _Frame:
    whiten = np.eye(count)
    if swing:
        # Weave as an autoregression of first order.
        size = math.sqrt(1 - swing**2)
        rows = np.arange(1, count)
        whiten[rows, rows], whiten[rows, rows - 1] = 1 / size, -swing / size
    colour = np.linalg.inv(whiten)
    stiff = {}
    for degree in (2, 3):
        bends = np.diff(np.eye(count), degree, axis=0) @ colour
        values, vectors = np.linalg.eigh(bends.T @ bends)
        values[:degree] = 0
        stiff[degree] = np.maximum(values, 0), vectors
    return _Frame(whiten, colour, float(np.log(np.diag(whiten)).sum()), stiff)


def _score(frame: _Frame, left: float, count: int, terms: int) -> float:
    """Schwarz's criterion: how likely it is that so much is left of `count` numbers by so many terms."""
    deviation = max(left / count, _LEAST**2)
    return frame.constant - count / 2 * math.log(deviation) - terms / 2 * math.log(count)


def _curves(frame: _Frame, white: Way) -> Iterator[_Model]:
    """The camera rests, or moves evenly, or gathers speed evenly throughout."""
    count = len(white)
    terms = np.linalg.qr(frame.whiten @ np.vander(np.linspace(-1, 1, count), 3, increasing=True))[0]
    shares = terms.T @ white
    for degree in range(3):
        few = shares[: degree + 1]
        left = white @ white - few @ few
        yield _Model(_score(frame, left, count, degree + 1), frame.colour @ (terms[:, : degree + 1] @ few))


def _starts(frame: _Frame, white: Way) -> Iterator[_Model]:
    """The camera rests and then moves evenly from some frame on, or moves and then rests."""
    count = len(white)
    places = np.arange(_ENDS, count - _ENDS)
    after = np.arange(count)[:, None] - places
    rest = frame.whiten @ np.ones(count)
    rest /= np.linalg.norm(rest)
    still = rest @ white
    for moving in (np.maximum(after, 0), np.maximum(-after, 0)):
        slopes = frame.whiten @ (moving / count)
        slopes -= np.outer(rest, rest @ slopes)
        along, size = slopes.T @ white, np.square(slopes).sum(0)
        left = white @ white - still**2 - along**2 / size
        # Each place is as likely as any other beforehand.
        likely = [_score(frame, value, count, 2) - math.log(len(places)) for value in left]
        best = max(likely)
        for k in (k for k, value in enumerate(likely) if value > best - _FAR):
            yield _Model(likely[k], frame.colour @ (rest * still + slopes[:, k] * (along[k] / size[k])))


def _splines(frame: _Frame, white: Way, degree: int, smoothing: int) -> Iterator[_Model]:
    """The camera is led smoothly: its speed changes at random, or its acceleration does, more or less."""
    count, (values, vectors) = len(white), frame.stiff[degree]
    shares = vectors.T @ white
    # A wave of so many frames passes by half.
    softest = (smoothing / (2 * math.pi)) ** (2 * degree)
    for step in range(_STEPS):
        stiffness = softest * _STIFFER**step
        spread = 1 + 1 / (stiffness * values[degree:])
        left = float((np.square(shares[degree:]) / spread).sum())
        # Each stiffness is as likely as any other beforehand.
        likely = _score(frame, left, count, degree) - np.log(spread).sum() / 2 - math.log(2 * _STEPS)
        yield _Model(float(likely), frame.colour @ (vectors @ (shares / (1 + stiffness * values))))
