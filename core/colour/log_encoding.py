"""The perceptual encoding that LOG_RGB and LOG_Y are, for pictures in each colour space."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from interneg.colour.spaces import Spaces
from interneg.colour.transform import Step, Transform, round_trip_loss
from interneg.colour.working import fold, unfold
from interneg.frame import Pixels

__all__ = ["LogEncoding", "find_log_encoding"]

_LINEAR = ("scene-linear", "display-linear")

_SCENE = np.array([-1e4, -1.0, -0.01, 0.0, *np.geomspace(1e-4, 1e4, 33), 65504.0], np.float32)


class LogEncoding(NamedTuple):
    """The perceptual encoding of one colour space: the way in, the way out, and what it is in words."""

    enter: tuple[Step, ...]
    leave: tuple[Step, ...]
    description: str


def find_log_encoding(spaces: Spaces, space: str) -> LogEncoding:
    """Find the encoding for pictures in a colour space.

    A log space keeps its own log, and any other that is not light its own transfer. Light goes through the
    configuration's compositing_log role where that brings back negatives and highlights (-10,000 to 65,504,
    to 2e-5), else through an analytic curve that does. Logs are spread so that light of 0 and 1 are codes 0
    and 1. Raises ColourError for an unknown space.
    """
    space = spaces.resolve(space)
    encoding = spaces.encoding(space)
    if encoding == "log":
        spread, gathered = _spread(spaces.transform("scene_linear", space))
        return LogEncoding((spread,), (gathered,), "its own log")
    if encoding not in _LINEAR:
        return LogEncoding((), (), f"its own transfer ({encoding})")
    why = "the config has no compositing_log role"
    if encoding == "display-linear":
        why = "display light"
    elif role := spaces.first(["compositing_log"]):
        there, back = spaces.transform(space, role), spaces.transform(role, space)
        if round_trip_loss(there, back, _SCENE).max() <= 2e-5:
            return _through(there, back, f"{role}, the compositing_log role")
        why = f"{role}, the compositing_log role, does not bring negatives and highlights back"
    there, back = (Transform(spaces.config.getProcessor(*curve)) for curve in _analytic())
    return _through(there, back, f"analytic ACEScct curve ({why})")


def _through(there: Transform, back: Transform, description: str) -> LogEncoding:
    spread, gathered = _spread(there)
    return LogEncoding((there.apply, spread, fold), (unfold, gathered, back.apply), description)


def _spread(log: Transform) -> tuple[Step, Step]:
    """The straight line that takes the codes of neutral light of 0 and 1 to 0 and 1, and its inverse."""
    black, white = log(np.broadcast_to(np.array([0, 1], np.float32), (3, 1, 2)))[1, 0]
    span = white - black

    def spread(codes: Pixels) -> None:
        codes -= black
        codes /= span

    def gathered(codes: Pixels) -> None:
        codes *= span
        codes += black

    return spread, gathered


def _analytic() -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The curve of ACEScct on its own, without its primaries, and its inverse.

    Y = (log2(x) + 9.72) / 17.52 above x = 2^-7, and the tangent there below, so that it has an inverse for
    every negative and every highlight; 0 is 0.073, 1 is 0.555, 10,000 is 1.313.
    Source: Academy S-2016-001, "ACEScct, A Quasi-Logarithmic Encoding of ACES Data for use within Color
    Grading Systems", section 4.4.
    """
    import PyOpenColorIO as ocio

    curve = ocio.LogCameraTransform([2.0**-7] * 3)
    curve.setBase(2.0)
    curve.setLogSideSlopeValue([1 / 17.52] * 3)
    curve.setLogSideOffsetValue([9.72 / 17.52] * 3)
    return (curve, ocio.TRANSFORM_DIR_FORWARD), (curve, ocio.TRANSFORM_DIR_INVERSE)
