"""The smooth path through the places of a window's frames, which a steady camera would have taken."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from interneg.motion.similarity import Motion, Points
from interneg.motion.whole_path import FEWEST, smooth_way
from interneg.motion.zoom_steps import steps_of

# What the bend of a path costs, and how much more where its frames lie on one side.
_BEND, _ONE_SIDED = 0.001, 0.05
# A mean or a line is drawn through frames of more even weights, which take it nearer to the true one.
_FLATTER = 0.5
# What the local curve counts at most, beside the models of a camera's way.
_LOCAL = 0.7
# Of fewer frames it is not asked how the camera moves.
_ASKED = 5
_NOTHING = 1e-12


def steadied(track: Mapping[int, Motion], reach: int, at: int = 0) -> Motion:
    """What brings the frame at offset `at` from where it is to where the smooth path has it.

    track: where the places of the window's own frame lie in each frame, by offset; see `weave.track`. reach:
    how many frames on each side the path is drawn through. Shift, angle and the logarithm of the scale are
    smoothed apart. (Path smoothing: Litvin et al., 2003.)
    """
    offsets, here = [o - at for o in track], track[at]
    # Of each frame, where it lies in terms of the frame to be moved.
    seen = [m.after(here.inverse) for m in track.values()]
    turns, shifts = np.log([m.turn for m in seen]), np.array([m.shift for m in seen])
    steps = steps_of(turns.real)
    turn = _smooth(offsets, turns - (steps - steps[offsets.index(0)]), reach, together=False)
    return Motion(complex(np.exp(turn)), _smooth(offsets, shifts, reach, together=True))


def _smooth(offsets: Sequence[int], way: Points, reach: int, *, together: bool) -> complex:
    """The value at offset 0 of the smooth path through a way, whose parts are smoothed together or apart."""
    likely = enumerate(degrees(way))
    local = complex(sum(share * (weights_of(offsets, reach, degree) @ way) for degree, share in likely))
    if len(way) < FEWEST:
        return local
    parts = np.stack([way.real, way.imag])
    models = smooth_way(parts, reach) if together else np.stack([smooth_way(part, reach) for part in parts])
    at = list(offsets).index(0)
    each = zip(parts, models, (local.real, local.imag), strict=True)
    return complex(*(_agreed(part, model, value, at) for part, model, value in each))


def _agreed(way: npt.NDArray[np.float64], models: npt.NDArray[np.float64], local: float, at: int) -> float:
    """The place of the frame at that index: by the models of a camera, and where these agree with it, more by
    the local curve, which is steadier from frame to frame; by models alone where a curve cannot follow.
    """
    weave = math.sqrt(float(np.square(way - models).mean())) + _NOTHING
    found = float(models[at])
    return found + _LOCAL * math.exp(-(((local - found) / weave) ** 2)) * (local - found)


def degrees(way: Points) -> npt.NDArray[np.float64]:
    """How likely a camera stands, moves evenly, or gathers speed evenly, (3,) float64, sum 1.

    way: (N,) complex, where the camera points in each frame, or its angle and zoom; frames in order, finite,
    of any unit. By Schwarz's criterion (1978). Frames count half, as weave is not all new in each, so that
    the answer does not jump from frame to frame. Of fewer than five frames it is not asked.
    """
    count = len(way)
    if count < _ASKED:
        return np.array([0.0, 0.0, 1.0])
    terms = np.linalg.qr(np.vander(np.arange(count), 3, increasing=True))[0]
    explained = np.cumsum(np.square(np.abs(terms.T @ way)))
    left = np.maximum(np.square(np.abs(way)).sum() - explained, _NOTHING)
    likely = -(count - 1) / 2 * np.log(left) - np.log(count) * np.arange(3)
    shares = np.exp(likely - likely.max())
    return np.asarray(shares / shares.sum())


def weights_of(offsets: Sequence[int], reach: int, degree: int = 2) -> npt.NDArray[np.float64]:
    """The weights whose sum over the offsets is a smooth curve's value at 0; (N,) float64, sum 1.

    offsets: (N,) of the frames that are there, within `reach` of 0.
    The curve is a parabola, or of a lower degree, fitted by least squares, the frames weighing
    1 - (offset / (reach + 1))**2, or of a lower degree the square root of it. The bend of a parabola costs,
    the more the fewer frames and the more they lie on one side, where it would swing: a pan that gathers
    speed is followed, an end of a shot is nearly a straight line, and so is a path of few frames. (Local
    polynomial regression: Fan and Gijbels, 1996.)
    """
    u = np.array(offsets) / (reach + 1)
    near = np.maximum(1 - u**2, 0) ** (1.0 if degree == 2 else _FLATTER)
    terms = np.stack([u**power for power in range(degree + 1)])
    lopsided = (near @ u) / near.sum()
    normal = (terms * near) @ terms.T
    if degree == 2:
        normal[2, 2] += near.sum() * (16 / (reach + 1)) ** 4 * (_BEND + _ONE_SIDED * lopsided**2)
    return np.asarray((np.linalg.pinv(normal) @ (terms * near))[0])
