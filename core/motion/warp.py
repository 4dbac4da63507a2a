"""Warp: how the film buckled from frame to frame, what is left of the motion beside its rigid part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.motion.bends import SIDE, BentPair, PairEquations, bends, costs, similarity, told, waves
from interneg.motion.flow import flow
from interneg.motion.similarity import Motion, aspect_of, points, squared
from interneg.motion.weave import agreed, level_of
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

_CELL = 16
_WAVES = 7
_STIFF = 4e-5
_ROUNDS = 6
_FINEST = 0.3
_FIRM = 2.0


@dataclass(frozen=True, eq=False)
class Buckled:
    """How frames of a shot are bent, and how they move but for that.

    bends: how far each place of a frame is to be moved to lie where it does in most frames, (h, w, 2) float32
    each: x and y in full-size pixels, to 0.001, at a few places spread evenly over the picture, see `spread`.
    motions: from each frame to the next, see `weave.rigid`; None where the two have nothing in common.
    """

    bends: Sequence[Pixels]
    motions: Sequence[Motion | None]


def buckled(view: View, first: int, last: int) -> Buckled:
    """What is known of the frames from offset `first` to `last` by these alone.

    What moves steadily against the rigid motion (parallax) is no bend, see `motion.bends`. Raises InputError
    where frames differ in size.
    """
    size, aspect = view.planes(0, WorkingSpace.LOG_Y).shape[1:], aspect_of(view)
    square = squared(size, aspect)

    def of(offset: int, pair: BentPair) -> PairEquations:
        made: PairEquations = view.measure(
            f"bends 1 {aspect_of(view, offset)}", lambda: told(pair, square), offset, offset + 1
        )
        return made

    pairs = [(o, pair_of(view, o, o + 1)) for o in range(first, last)]
    known = [(o - first, pair) for o, pair in pairs if pair is not None]
    return _buckled(known, [(k, of(first + k, pair)) for k, pair in known], last - first + 1, size, aspect)


def whole(pairs: Sequence[Sequence[BentPair]], size: tuple[int, int], aspect: float) -> Buckled:
    """The same of a whole shot.

    pairs: those that begin at each frame, in order. size: of the picture, (H, W). aspect: of its pixels.
    """
    known = [(k, pair) for k, begun in enumerate(pairs) for pair in begun]
    square = squared(size, aspect)
    return _buckled(known, [(k, told(pair, square)) for k, pair in known], len(pairs), size, aspect)


def _buckled(
    known: Sequence[tuple[int, BentPair]],
    seen: Sequence[tuple[int, PairEquations]],
    count: int,
    size: tuple[int, ...],
    aspect: float,
) -> Buckled:
    shares, unit, square = bends(seen, count), 2 ** level_of(size), squared(size, aspect)
    z = points(_WAVES, _WAVES, square)
    moved = -unit * np.einsum("nk,kp->np", shares, waves(z, square))
    few = np.stack([moved.real / aspect, moved.imag], -1).reshape(count, _WAVES, _WAVES, 2)
    motions: list[Motion | None] = [None] * (count - 1)
    for k, pair in known:
        if pair.apart == 1:
            motions[k] = similarity(pair, shares[k], shares[k + 1], square, unit)
    return Buckled(list(np.round(few, 3).astype(np.float32) + np.float32(0)), motions)


def spread(bend: Pixels, size: tuple[int, ...]) -> Pixels:
    """A bend at places close enough to interpolate between, for a picture of `size` (H, W).

    bend: (h, w, 2) float32, in pixels, as `Buckled` or a path file has it. Returns (h, w, 2) float32 of
    more places, never fewer, in the same unit: the cosines that the given places tell apart.
    """
    height, width = (-(-pixels // 2 ** level_of(size) // _CELL) for pixels in size)
    return _spread(bend, max(height, len(bend)), max(width, bend.shape[1])).astype(np.float32)


def _spread(field: npt.NDArray[np.floating], height: int, width: int) -> npt.NDArray[np.float64]:
    """A field at (height, width) other places that are spread evenly, by the cosines that both tell apart."""
    for axis, count in enumerate((height, width)):
        here = _cosines(min(_WAVES, count, field.shape[axis]), field.shape[axis])
        there = _cosines(len(here), count)
        here = here / np.square(here).sum(axis=1, keepdims=True)
        field = np.moveaxis(np.einsum("ni,i...,nj->j...", here, np.moveaxis(field, axis, 0), there), 0, axis)
    return np.asarray(field, np.float64)


def around(view: View) -> tuple[BentPair, ...]:
    """How the window's own frame and the next one are bent against the one before; fewer at a shot's end.

    Raises InputError where frames differ in size.
    """
    frames, centre = view.window.frames, view.window.centre
    after = centre + 1 < len(frames) and frames[centre + 1].number != frames[centre].number
    pairs = (pair_of(view, -1, offset) for offset in ((0, 1) if after else (0,)))
    return tuple(pair for pair in pairs if pair is not None)


def pair_of(view: View, first: int, second: int) -> BentPair | None:
    """How the second frame is bent against the first; None where they have nothing in common.

    first, second: offsets, rising. Raises InputError where the two differ in size. Weights are such that what
    moves by itself does not count.
    """
    name = f"warp 3 {aspect_of(view, first)}"
    made: BentPair | None = view.measure(name, lambda: _pair(view, first, second), first, second)
    return made


def _pair(view: View, first: int, second: int) -> BentPair | None:
    import cv2

    size, aspect = view.planes(first, WorkingSpace.LOG_Y).shape[1:], aspect_of(view, first)
    seen = flow(view, first, second, level_of(size))
    motion = agreed(view, first, second)
    if motion is None:
        return None
    rows, columns = (-(-pixels // _CELL) for pixels in seen.confidence.shape)
    small = cv2.resize(seen.field, (columns, rows), interpolation=cv2.INTER_AREA)
    sure = cv2.resize(seen.confidence, (columns, rows), interpolation=cv2.INTER_AREA).ravel()
    square = squared(size, aspect)
    z = points(rows, columns, square)
    left = (aspect * small[..., 0] + 1j * small[..., 1] - (motion(z) - z)).ravel() / 2 ** level_of(size)
    weights, found = _fitted(left, sure, waves(z, square))
    total = float(weights.sum())
    off = np.sqrt(float((weights * np.square(np.abs(left - found))).sum()) / total) if total else 0.0

    def fewer(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        shaped = values.reshape(rows, columns)
        return np.asarray(cv2.resize(shaped, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float64).ravel()

    counts = fewer(weights)
    mean = (fewer(weights * left.real) + 1j * fewer(weights * left.imag)) / np.maximum(counts, 1e-9)
    counts *= 2 * rows * columns / SIDE**2
    return BentPair(second - first, motion, mean.astype(np.complex64), counts.astype(np.float32), float(off))


def _fitted(
    left: npt.NDArray[np.complex128], sure: Pixels, terms: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.complex128]]:
    """How much each place counts, and the smooth field that most of them agree on, (N,) each.

    left: what is left of the motion. sure: 0..1. terms: the waves there, (K, N). Reweighted least squares,
    ever less tolerant of what differs.
    """
    found, scale = np.zeros(left.shape, complex), 3 * float(np.median(np.abs(left)))
    for k in range(_ROUNDS):
        scale = max(scale, _FINEST)
        weights = sure / np.square(1 + np.square(np.abs(left - found) / scale))
        weighted = terms * weights
        # First what bends the whole picture, so that a walker is no part of it.
        firm = np.diag(len(left) * _FIRM ** (_ROUNDS - 1 - k) * _STIFF * costs())
        # By einsum, whose result does not depend on the number of threads.
        normal, side = np.einsum("in,jn->ij", weighted, terms) + firm, np.einsum("in,n->i", weighted, left)
        found = np.einsum("i,in->n", np.linalg.solve(normal, side), terms)
        scale *= 0.7
    return weights, found


def _cosines(count: int, size: int) -> npt.NDArray[np.float64]:
    """(count, size): 0, 1, 2 ... half waves over a length, at places spread evenly over it."""
    return np.asarray(np.cos(np.pi * np.arange(count)[:, None] * (np.arange(size) + 0.5) / size))
