"""How each frame of a shot is bent, from how pairs of its frames are bent against each other.

Film buckles anew in each frame; what is near the camera, and what its lens draws out, moves on steadily. So
what no similarity explains between two frames is the bend of the second less that of the first, and what goes
on steadily, as many times as they are frames apart. Both are sums of a few cosines, the finer the smaller. As
nobody knows how large they are, each of some sizes gives bends, and a likelihood of what was measured; their
mean by likelihood is what a frame is bent by. Where everything moves by itself, that is next to nothing.

Sources: the most likely values of a chain of states in time, Rauch, Tung and Striebel, 1965; their sizes by
likelihood, empirical Bayes, Efron and Morris, 1973; averaging of models, Hoeting et al., 1999.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from interneg.motion.parts import parts_of
from interneg.motion.similarity import Motion, Points, points

Floats = NDArray[np.float64]

SIDE = 21
"""Places at which two frames are compared, along each side of the picture."""

# Half waves over a side; how many may meet in a wave of a bend, and of what is steady, by Pythagoras.
_HALF_WAVES, _FINEST, _FINEST_STEADY = 7, 6.0, 4.0
# How fast waves fall with their number: their variance by its third power.
_FALL = 3
# Sizes in pixels of the reduction that was looked at: of bends, and of what is steady, per frame.
_SIZES, _SPEEDS = (4.0, 1.0, 0.2, 0.04), (0.0, 0.3, 2.0)
# How many frames what is steady stays so.
_STEADY = 30
# What is off by more than so many pixels says less.
_SURE = 0.1
# So many places next to each other are off alike.
_ALIKE = 30
_NOTHING = 1e-9
# Longer shots are solved in parts that overlap by half.
_LONGEST = 240


@dataclass(frozen=True, eq=False)
class BentPair:
    """What was measured between two frames.

    apart: how many frames they lie apart. motion: the similarity from the first to the second. left: what it
    leaves of the motion, x + iy in square pixels of the reduction that was looked at, (SIDE * SIDE,)
    complex64, at places of the first frame spread evenly over it. weights: how much each counts, float32, 0
    or more. off: by how much waves do not explain it, rms.
    """

    apart: int
    motion: Motion
    left: NDArray[np.complex64]
    weights: NDArray[np.float32]
    off: float


@dataclass(frozen=True, eq=False)
class PairEquations:
    """What a pair tells of the bends of its frames, whichever similarity lies between them.

    matrix, side: of the normal equations of both frames' waves, (2 K, 2 K) and (2 K,) complex128. square: of
    what was measured. spare: the logarithm of the likelihood that all bends share.
    """

    apart: int
    matrix: Points
    side: Points
    square: float
    spare: float


def waves(at: Points, size: tuple[float, float]) -> Floats:
    """The waves that bends are sums of, at places of a picture of `size` (H, W), see `Motion`: (K, N).

    at: (N,) or more dimensions, taken in order; beyond the picture a wave is what it is at the edge.
    """
    x, y = (
        np.clip(part.ravel() / side + 0.5, 0, 1) for part, side in ((at.real, size[1]), (at.imag, size[0]))
    )
    counts = np.arange(_HALF_WAVES)[:, None]
    up, across = np.cos(np.pi * counts * y), np.cos(np.pi * counts * x)
    return np.asarray((up[:, None] * across[None]).reshape(_HALF_WAVES**2, -1)[_ranks()[0]])


@cache
def _ranks() -> tuple[NDArray[np.intp], Floats]:
    """Which of all waves are used, and how many half waves meet in each."""
    ranks = np.hypot(*np.meshgrid(np.arange(_HALF_WAVES), np.arange(_HALF_WAVES))).ravel()
    used = np.flatnonzero(ranks <= _FINEST)
    return used, ranks[used]


def costs() -> Floats:
    """How seldom waves of size 1 are, one over their variance; (K,)."""
    return 1 + _ranks()[1] ** _FALL


def told(pair: BentPair, size: tuple[float, float]) -> PairEquations:
    """What a pair tells; size: of the picture, (H, W) square pixels."""
    weights, both = _compared(pair, size)
    left, similar = pair.left.astype(np.complex128), _similar(size)
    # By einsum, whose result does not depend on the number of threads.
    known = np.einsum("in,jn->ij", similar.conj() * weights, similar) + _NOTHING * np.eye(2)
    shared = np.einsum("in,jn->ij", both * weights, similar)
    seen = np.einsum("in,n->i", similar.conj() * weights, left)
    # What a similarity explains is left out, however it was measured.
    back = np.linalg.solve(known, np.column_stack([shared.conj().T, seen]))
    matrix = np.einsum("in,jn->ij", both * weights, both) - shared @ back[:, :-1]
    side = np.einsum("in,n->i", both * weights, left) - shared @ back[:, -1]
    square = float((weights * np.square(np.abs(left))).sum() - (seen.conj() @ back[:, -1]).real)
    noise = max(1.0, pair.off / _SURE) ** 2
    return PairEquations(
        pair.apart, matrix / noise, side / noise, square / noise, -(SIDE**2) * float(np.log(noise))
    )


def similarity(pair: BentPair, first: Points, second: Points, size: tuple[float, float], unit: int) -> Motion:
    """The similarity from the first frame to the second, but for their bends.

    first, second: these, (K,), in pixels that are each `unit` pixels of the picture, of `size`.
    """
    weights, both = _compared(pair, size)
    left, similar = pair.left - np.einsum("k,kn->n", np.concatenate([first, second]), both), _similar(size)
    known = np.einsum("in,jn->ij", similar.conj() * weights, similar) + _NOTHING * np.eye(2)
    shift, rate = np.linalg.solve(known, np.einsum("in,n->i", similar.conj() * weights, left))
    return Motion(pair.motion.turn + unit * rate / size[1], pair.motion.shift + unit * shift)


def _compared(pair: BentPair, size: tuple[float, float]) -> tuple[Floats, Floats]:
    """How much each place counts, (N,), and how bends of both frames move it to the second, (2 K, N)."""
    z = points(SIDE, SIDE, size).ravel()
    there = pair.motion(z)
    inside = (np.abs(there.real) < size[1] / 2) & (np.abs(there.imag) < size[0] / 2)
    return (pair.weights * inside).astype(np.float64), np.concatenate([-waves(z, size), waves(there, size)])


def _similar(size: tuple[float, float]) -> Points:
    """What similarities move places by: all alike, and by where they are; (2, N)."""
    z = points(SIDE, SIDE, size).ravel()
    return np.stack([np.ones_like(z), z / size[1]])


def bends(seen: Sequence[tuple[int, PairEquations]], count: int) -> Points:
    """How frames 0 to `count` - 1 are bent: (count, K) complex128, how much of each of the `waves`.

    seen: what pairs tell, with the number of the first frame of each.
    """
    found, total = np.zeros((count, len(costs())), complex), np.zeros(count)
    for part, near in parts_of(count, _LONGEST):
        here = [(n - part.start, t) for n, t in seen if part.start <= n and n + t.apart < part.stop]
        found[part] += near[:, None] * _likeliest(here, part.stop - part.start)
        total[part] += near
    return np.asarray(found / total[:, None], np.complex128)


def _likeliest(seen: Sequence[tuple[int, PairEquations]], count: int) -> Points:
    models = [_model(seen, count, size, speed) for size, speed in product(_SIZES, _SPEEDS)]
    likely = np.array([model[0] for model in models]) / _ALIKE
    shares = np.exp(likely - likely.max())
    ways = np.stack([model[1] for model in models])
    return np.asarray(np.einsum("m,mnk->nk", shares / shares.sum(), ways), np.complex128)


def _model(
    seen: Sequence[tuple[int, PairEquations]], count: int, size: float, speed: float
) -> tuple[float, Points]:
    """How likely bends of that size and steady motion of that speed are, its logarithm, and the bends."""
    bent = len(costs())
    steady = np.flatnonzero(_ranks()[1] <= _FINEST_STEADY) if speed else np.zeros(0, np.intp)
    chain = _Chain(count, max([t.apart for _, t in seen], default=1), bent + len(steady))
    likely = count * np.log(costs() / size**2).sum()
    for frame in range(count):
        chain.add([(frame, 0, bent)], np.diag(costs() / size**2))
    # What is steady is seen as the first frame is, the other way round.
    terms = np.concatenate([np.arange(2 * bent), steady])
    for first, pair in seen:
        which = [(first, 0, bent), (first + pair.apart, 0, bent), (first + (pair.apart + 1) // 2, bent, None)]
        times = np.repeat([1.0, -pair.apart], [2 * bent, len(steady)])
        chain.add(which, np.outer(times, times) * pair.matrix[np.ix_(terms, terms)], times * pair.side[terms])
        likely += pair.spare - pair.square / 2
    if speed:
        slow = np.exp(-1 / _STEADY)
        rare = costs()[steady] / speed**2
        chain.add([(0, bent, None)], np.diag(rare))
        rarer = np.diag(rare / (1 - slow**2))
        step = np.block([[slow**2 * rarer, -slow * rarer], [-slow * rarer, rarer]])
        for frame in range(1, count):
            chain.add([(frame - 1, bent, None), (frame, bent, None)], step)
        likely += np.log(rare).sum() + (count - 1) * np.log(np.diag(rarer)).sum()
    more, found = chain.solved()
    return float(likely + more), found[:count, :bent]


_Complex = NDArray[np.complexfloating]
_Terms = tuple[int, int, int | None]
"""A frame, the first of some of its terms, and the one beyond the last."""


class _Chain:
    """The normal equations of a chain of frames, each bound to the next few only."""

    def __init__(self, count: int, reach: int, terms: int) -> None:
        """reach: how many frames apart those lie that have to do with each other. terms: of a frame."""
        groups = -(-count // reach)
        self._terms, self._size = terms, reach * terms
        # Of each group of frames, its rows: the columns of the group before and its own.
        self._rows = np.zeros((groups, self._size, 2 * self._size), complex)
        self._sides = np.zeros((groups, self._size), complex)
        spare = np.arange(count * terms - (groups - 1) * self._size, self._size)
        self._rows[-1, spare, self._size + spare] = 1

    def add(self, which: Iterable[_Terms], matrix: Points | Floats, side: Points | None = None) -> None:
        """Add the equations of some terms."""
        at = np.concatenate([f * self._terms + np.arange(self._terms)[a:b] for f, a, b in which])
        group = at // self._size
        for k in sorted(set(group.tolist())):
            own, known = group == k, group <= k
            rows, columns = at[own] - k * self._size, at[known] - (k - 1) * self._size
            self._rows[k][np.ix_(rows, columns)] += matrix[np.ix_(own, known)]
            if side is not None:
                self._sides[k][rows] += side[own]

    def solved(self) -> tuple[float, Points]:
        """How likely these equations make what was measured, its logarithm; the frames' terms, (N, T)."""
        likely = 0.0
        roots: list[_Complex] = []
        sides: list[_Complex] = []
        bonds: list[_Complex] = []
        for rows, side in zip(self._rows, self._sides, strict=True):
            before, own = rows[:, : self._size], rows[:, self._size :]
            if roots:
                bonds.append(np.linalg.solve(roots[-1], before.conj().T).conj().T)
                own, side = own - bonds[-1] @ bonds[-1].conj().T, side - bonds[-1] @ sides[-1]
            roots.append(np.asarray(np.linalg.cholesky(own), np.complex128))
            sides.append(np.linalg.solve(roots[-1], side))
            likely += float(np.square(np.abs(sides[-1])).sum()) / 2
            likely -= 2 * float(np.log(np.diag(roots[-1]).real).sum())
        found: list[_Complex] = []
        for k in reversed(range(len(roots))):
            side = sides[k] - bonds[k].conj().T @ found[-1] if found else sides[k]
            found.append(np.linalg.solve(roots[k].conj().T, side))
        return likely, np.concatenate(found[::-1]).reshape(-1, self._terms).astype(np.complex128)
