"""Warp: how the film buckled from frame to frame, what is left of the motion beside its rigid part."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.motion.flow import flow
from interneg.motion.similarity import Motion, Points, aspect_of, points, squared
from interneg.motion.weave import agreed, level_of
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

_CELL = 16
_WAVES = 7
_STIFF = 1e-5
_ROUNDS = 6
_FINEST = 0.3
_FIRM = 2.0


def bend(view: View, track: Mapping[int, Motion], reach: int) -> Pixels:
    """How far each place of the window's own frame is to be moved to lie where it does in most frames.

    track: the rigid motion, see `weave.track`. reach: how many frames on each side are looked at. Returns (h,
    w, 2) float32: x and y in full-size pixels, to 0.001, at a few places that lie evenly over the picture,
    see `spread`; all 0 where the shot has one frame. Raises InputError where frames differ in size. Each
    place is followed through the window; where it should lie is a straight line through its way against the
    rigid motion, so that steady ways (parallax) are kept.
    """
    aspect = aspect_of(view)
    size = squared(view.planes(0, WorkingSpace.LOG_Y).shape[1:], aspect)
    first, last = min(track), max(track)
    rests = {o: rest(view, o) for o in range(first, last)}
    if not rests:
        return np.zeros((1, 1, 2), np.float32)
    height, width = rests[first].shape
    z = points(height, width, size)
    offsets, seen, ways = [0], [np.ones(z.shape)], [np.zeros(z.shape, complex)]
    for step, end in ((1, last), (-1, first)):
        way, inside = ways[0], seen[0]
        for o in range(0, end, step):
            pair = min(o, o + step)
            field, there = _sampled(rests[pair], track[pair](z), size)
            way, inside = way + step * field / track[pair + 1].turn, inside * there
            offsets.append(o + step)
            seen.append(inside)
            ways.append(way)
    found = straight(np.array(offsets) / (reach + 1), np.array(seen), np.array(ways))
    few = _spread(np.stack([found.real / aspect, found.imag], -1), min(_WAVES, height), min(_WAVES, width))
    return np.asarray(np.round(few, 3) + 0.0, np.float32)


def straight(times: npt.NDArray[np.float64], seen: npt.NDArray[np.float64], ways: Points) -> Points:
    """The value at time 0 of lines through ways, (h, w) complex.

    times: (N,), -1..1. seen: (N, h, w), 0 where a place is outside of the picture. ways: (N, h, w). Lines are
    by least squares, near frames weighing more, and as slanted as all of them together stand out of what the
    ways are off by (Stein's shrinkage; Efron and Morris, 1973).
    """
    u = times[:, None, None]
    weights = seen * (1 - u**2)
    s0, s1, s2 = (np.einsum("nij,n->ij", weights, times**power) for power in range(3))
    middle, mean = s1 / s0, np.einsum("nij,nij->ij", weights, ways) / s0
    spread = np.maximum(s2 - s0 * middle**2, 1e-6)
    apart = u - middle
    slope = np.einsum("nij,nij->ij", weights * apart, ways) / spread
    left = np.einsum("nij,nij->ij", weights, np.square(np.abs(ways - mean - slope * apart)))
    # How much of the variance of a frame there is in a mean and in a slope, as weights are no variances.
    squares = np.square(weights)
    flat, slanted = squares.sum(axis=0) / s0, np.einsum("nij,nij->ij", squares, apart**2) / spread
    chance = float((slanted * left / np.maximum(s0 - flat - slanted, 1e-6)).sum())
    told = float((spread * np.square(np.abs(slope))).sum())
    share = max(1 - chance / told, 0.0) if told > 0 else 0.0
    return np.asarray(mean - share * slope * middle)


def spread(bend: Pixels, size: tuple[int, ...]) -> Pixels:
    """A bend at places close enough to interpolate between, for a picture of `size` (H, W).

    bend: (h, w, 2) float32, in pixels, as `bend` gives it or a path file has it. Returns (h, w, 2) float32 of
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


def rest(view: View, first: int) -> Points:
    """How the frame after the one at offset `first` is bent against it: what no rigid motion explains.

    Raises InputError where the two differ in size. Returns (h, w) complex, x + iy in full-size square pixels,
    on a coarse grid over the picture; smooth, as film is: a sum of a few cosines, fitted so that what moves
    by itself does not count.
    """
    made: Points = view.measure(
        f"warp 2 {aspect_of(view, first)}", lambda: _rest(view, first), first, first + 1
    )
    return made


def _rest(view: View, first: int) -> Points:
    import cv2

    size, aspect = view.planes(first, WorkingSpace.LOG_Y).shape[1:], aspect_of(view, first)
    seen = flow(view, first, first + 1, level_of(size))
    motion = agreed(view, first, first + 1)
    rows, columns = (-(-pixels // _CELL) for pixels in seen.confidence.shape)
    if motion is None:
        return np.zeros((rows, columns), complex)
    small = cv2.resize(seen.field, (columns, rows), interpolation=cv2.INTER_AREA)
    sure = cv2.resize(seen.confidence, (columns, rows), interpolation=cv2.INTER_AREA).ravel()
    z = points(rows, columns, squared(size, aspect))
    left = (aspect * small[..., 0] + 1j * small[..., 1] - (motion(z) - z)).ravel()
    waves, costs = _waves(rows, columns)
    found, scale = np.zeros(left.shape, complex), 3 * float(np.median(np.abs(left)))
    for k in range(_ROUNDS):
        scale = max(scale, _FINEST)
        weights = sure / np.square(1 + np.square(np.abs(left - found) / scale))
        weighted = waves * weights
        # First what bends the whole picture, so that a walker is no part of it.
        firm = len(left) * _FIRM ** (_ROUNDS - 1 - k) * costs
        # By einsum, whose result does not depend on the number of threads.
        normal, side = np.einsum("in,jn->ij", weighted, waves) + firm, np.einsum("in,n->i", weighted, left)
        found = np.einsum("i,in->n", np.linalg.solve(normal, side), waves)
        scale *= 0.7
    return found.reshape(rows, columns)


def _waves(rows: int, columns: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The smooth fields that others are made of, (N, rows * columns) cosines, and what each costs, (N, N)."""
    up, across = _cosines(_WAVES, rows), _cosines(_WAVES, columns)
    waves = (up[:, None, :, None] * across[None, :, None, :]).reshape(_WAVES**2, -1)
    rank = np.hypot(*np.meshgrid(np.arange(_WAVES), np.arange(_WAVES))).ravel()
    return waves, np.diag(_STIFF * (1 + rank**4))


def _cosines(count: int, size: int) -> npt.NDArray[np.float64]:
    """(count, size): 0, 1, 2 ... half waves over a length, at places spread evenly over it."""
    return np.asarray(np.cos(np.pi * np.arange(count)[:, None] * (np.arange(size) + 0.5) / size))


def _sampled(field: Points, at: Points, size: tuple[float, float]) -> tuple[Points, Pixels]:
    """The field at places in the picture, and 1 where they lie in it, 0 beyond its edges."""
    import cv2

    height, width = field.shape
    x = ((at.real / size[1] + 0.5) * width - 0.5).astype(np.float32)
    y = ((at.imag / size[0] + 0.5) * height - 0.5).astype(np.float32)
    parts = np.stack([field.real, field.imag], -1).astype(np.float32)
    found = cv2.remap(parts, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (x > -1) & (y > -1) & (x < width) & (y < height)
    return found[..., 0] + 1j * found[..., 1], inside.astype(np.float32)
