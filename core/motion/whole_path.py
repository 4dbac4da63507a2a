"""The path that a steady camera took through a whole shot, from where every frame of it lies.

Nobody knows beforehand whether a camera rested, panned evenly, started or stopped at a frame, or was led by
hand. Each is a model of the way; each gives a path, and a likelihood of what was measured. Their mean, by
likelihood, is the path: that of the right model where one is right, up to the first and the last frame.

A pan mostly goes along a line, across which nothing moves: x and y are smoothed as they are and along and
across the line that lies nearest to the way. A hand is as restless one way as the other: beside a model for
each direction stand those of one spline for both.

Sources: averaging of models, Hoeting et al., Bayesian model averaging, 1999; their likelihood by Schwarz's
criterion, 1978; smooth ways as splines whose stiffness is found by likelihood, Wahba, 1985.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interneg.motion.parts import parts_of

Way = NDArray[np.float64]

FEWEST = 6
"""Frames of a shot, below which its path is not asked for."""

# How alike weave is from a frame to the next; telecine weave is new in each, a loose gate swings.
_SWINGS = (0.0, 0.3, 0.6)
# A camera may be quicker than the knob's frames, as a hand is: down to this share of them, but not to fewer
# than so many frames. How seldom that is, the negative logarithm.
_QUICKER, _QUICKEST, _SELDOM = 0.25, 4, 1.5
# How much likelier one spline for both directions is than two of one stiffness each, its logarithm.
_ALIKE = math.log(6)
# How seldom a camera goes along a slanted line, the negative logarithm.
_SLANTED = 2.0
# Stiffnesses of a spline, from that which follows so quick a camera, in tenths' roots.
_STIFFER, _STEPS = math.sqrt(10), 20
# Frames from either end within which no camera starts or stops, and of a shot in which one may.
_ENDS, _ENOUGH = 4, 12
# It does so between frames, too: in these parts of one.
_BETWEEN = 0.25
# Models this far, in likelihood, below the best count nothing.
_FAR = 9.0
# What is left of a way is at least so much in each frame, in its own unit: pixels, radians.
_LEAST = 1e-6
# Longer shots are solved in parts that overlap by half.
_LONGEST = 240


def smooth_way(way: Way, smoothing: int) -> Way:
    """The smooth way through a way with weave in it, of any unit, of the same shape.

    way: where each frame of a shot lies, in order, (N,) float64, or its x and y, (2, N); finite; `FEWEST`
    frames or more. smoothing: what takes longer than so many frames may be the camera's, seldom what takes a
    quarter; what is quicker is weave.
    """
    if way.ndim == 1:
        return np.asarray(smooth_way(way[None], smoothing)[0])
    found, weights = np.zeros(way.shape), np.zeros(way.shape[1])
    for part, near in parts_of(way.shape[1], _LONGEST):
        found[:, part] += near * _part(way[:, part], smoothing)
        weights[part] += near
    return found / weights


class _Models(NamedTuple):
    """Some models' ways, (M, ...), less the mean, and the logarithms of their likelihoods, (M,)."""

    likely: Way
    ways: Way


def _mean(models: Iterable[_Models]) -> _Models:
    """One model for several: their mean by likelihood, and how likely it is that one of them is right."""
    likely, ways = (np.concatenate(part) for part in zip(*models, strict=True))
    best = likely.max()
    shares = np.exp(likely - best) * (likely > best - _FAR)
    total = shares.sum()
    return _Models(np.array([best + math.log(total)]), np.tensordot(shares / total, ways, axes=(0, 0))[None])


def _part(way: Way, smoothing: int) -> Way:
    mean = way.mean(axis=1, keepdims=True)
    apart = way - mean
    found = _steady(apart, smoothing)
    if len(way) == 2:
        x, y = apart
        angle = math.atan2(2 * float((x * y).sum()), float((x * x - y * y).sum())) / 2
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        along = _steady(turn @ apart, smoothing)
        # The angle is one more number that is found, by Schwarz's criterion.
        turned = _Models(along.likely - math.log(way.shape[1]) / 2 - _SLANTED, turn.T @ along.ways)
        found = _mean((found, turned))
    return np.asarray(mean + found.ways[0])


def _steady(apart: Way, smoothing: int) -> _Models:
    """The mean of all models of ways less their mean, (A, N); as one, (1, A, N)."""
    each: list[list[_Models]] = [[] for _ in apart]
    both = []
    for swing in _SWINGS:
        frame = _frame(apart.shape[1], swing, smoothing)
        white = apart @ frame.whiten.T
        splines = [_splines(frame, axis) for axis in white]
        for models, axis, own in zip(each, white, splines, strict=True):
            models += [*_plain(frame, axis), own]
        both.append(_together(splines, _ALIKE - frame.before))
    found = [_together([_mean(models) for models in each], 0)]
    return _mean(found + both) if len(apart) == 2 else found[0]


def _together(axes: Sequence[_Models], more: float | Way) -> _Models:
    """Each model on every axis at once."""
    return _Models(np.sum([m.likely for m in axes], axis=0) + more, np.stack([m.ways for m in axes], 1))


def _plain(frame: _Frame, white: Way) -> Iterator[_Models]:
    """The models of a camera that is not led by hand."""
    yield _curves(frame, white)
    if frame.starts is not None:
        yield _starts(frame, frame.starts, white)


@dataclass(frozen=True, eq=False)
class _Starts:
    """Ways that rest and then move, or move and then rest, in white weave. rest: (N,), slopes: (N, K), which
    are orthogonal to it, their squares (K,), and how likely each is beforehand, its logarithm.
    """

    rest: Way
    slopes: Way
    squares: Way
    before: float


@dataclass(frozen=True, eq=False)
class _Frame:
    """For ways of one length and weave of one swing: what makes weave white, (N, N), and its inverse.

    constant: the logarithm of the likelihood that all models here share. terms: of a parabola, orthonormal in
    white weave, (N, 3). starts: None for ways that are too short. stiff: by degree, what a spline's bends
    cost in white weave: directions (N, N), and by stiffness (S) what is left of each, (S, N - degree), what
    passes, (S, N), and how likely the stiffness makes a way that says nothing of it, (S,). before: how likely
    each spline is beforehand, its logarithm, (2 S,).
    """

    whiten: Way
    colour: Way
    constant: float
    terms: Way
    starts: _Starts | None
    stiff: dict[int, tuple[Way, Way, Way, Way]]
    before: Way


@lru_cache(maxsize=256)
def _frame(count: int, swing: float, smoothing: int) -> _Frame:
    whiten = np.eye(count)
    if swing:
        # Weave as an autoregression of first order.
        size = math.sqrt(1 - swing**2)
        rows = np.arange(1, count)
        whiten[rows, rows], whiten[rows, rows - 1] = 1 / size, -swing / size
    colour = np.asarray(np.linalg.inv(whiten), np.float64)
    terms = np.linalg.qr(whiten @ np.vander(np.linspace(-1, 1, count), 3, increasing=True))[0]
    stiff, before = {}, []
    for degree in (2, 3):
        bends = np.diff(np.eye(count), degree, axis=0) @ colour
        values, vectors = np.linalg.eigh(bends.T @ bends)
        values[:degree] = 0
        # A wave of so many frames passes by half.
        quickest = min(smoothing, max(_QUICKER * smoothing, _QUICKEST))
        softest, knob = ((wave / (2 * math.pi)) ** (2 * degree) for wave in (quickest, smoothing))
        stiffness = softest * _STIFFER ** np.arange(_STEPS)
        costs = stiffness[:, None] * np.maximum(values, 0)
        spread = 1 + 1 / costs[:, degree:]
        # Otherwise each stiffness is as likely as any other.
        before.append(-math.log(2 * _STEPS) - _SELDOM * (stiffness < knob))
        stiff[degree] = vectors, 1 / spread, 1 / (1 + costs), -np.log(spread).sum(1) / 2
    constant = float(np.log(np.diag(whiten)).sum())
    starts = _starting(whiten) if count >= _ENOUGH else None
    return _Frame(whiten, colour, constant, terms, starts, stiff, np.concatenate(before))


def _starting(whiten: Way) -> _Starts:
    count = len(whiten)
    places = np.arange(_ENDS, count - _ENDS, _BETWEEN)
    after = np.arange(count)[:, None] - places
    rest = whiten.sum(1)
    rest /= np.linalg.norm(rest)
    slopes = whiten @ (np.concatenate([np.maximum(after, 0), np.maximum(-after, 0)], 1) / count)
    slopes -= np.outer(rest, rest @ slopes)
    # Each place is as likely as any other beforehand.
    return _Starts(rest, slopes, np.square(slopes).sum(0), -math.log(len(places)))


def _score(frame: _Frame, left: Way, count: int, terms: int | Way) -> Way:
    """Schwarz's criterion: how likely it is that so much is left of `count` numbers by so many terms."""
    deviation = np.maximum(left / count, _LEAST**2)
    return np.asarray(frame.constant - count / 2 * np.log(deviation) - terms * (math.log(count) / 2))


def _curves(frame: _Frame, white: Way) -> _Models:
    """The camera rests, or moves evenly, or gathers speed evenly throughout."""
    shares = np.tril(np.tile(frame.terms.T @ white, (3, 1)))
    left = white @ white - np.square(shares).sum(1)
    return _Models(
        _score(frame, left, len(white), np.arange(1.0, 4.0)), shares @ frame.terms.T @ frame.colour.T
    )


def _starts(frame: _Frame, starts: _Starts, white: Way) -> _Models:
    """The camera rests and then moves evenly from some frame on, or moves and then rests."""
    still, along = starts.rest @ white, starts.slopes.T @ white
    left = white @ white - still**2 - along**2 / starts.squares
    likely = _score(frame, left, len(white), 2) + starts.before
    near = likely > likely.max() - _FAR
    slopes = starts.slopes[:, near] * (along[near] / starts.squares[near])
    return _Models(likely[near], (slopes.T + still * starts.rest) @ frame.colour.T)


def _splines(frame: _Frame, white: Way) -> _Models:
    """The camera is led smoothly: its speed changes at random, or its acceleration does, more or less."""
    likely, ways = [], []
    for degree, (vectors, remains, passes, fits) in frame.stiff.items():
        shares = vectors.T @ white
        left = remains @ np.square(shares[degree:])
        likely.append(_score(frame, left, len(white), degree) + fits)
        ways.append((passes * shares) @ vectors.T @ frame.colour.T)
    return _Models(np.concatenate(likely) + frame.before, np.concatenate(ways))
