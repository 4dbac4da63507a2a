"""The codes that grain profiles are in, and the way from and to the encoding of a picture.

Grain is measured and laid on in LOG_RGB of the picture, whatever that is: a log, or a video transfer.
Profiles are in codes of printing density, so that one that was measured on a scan fits a picture in another
space.
"""

from __future__ import annotations

import numpy as np

from interneg.colour import Colour, WorkingSpace
from interneg.frame import Double, Pixels

# Cineon: code 95 for no light, 685 for light of 1, 300 codes a decade (Kennel, 1995, with soft clip at 0).
_BLACK, _WHITE, _DECADE, _CODES = 95.0, 685.0, 300.0, 1023.0
_OFFSET = 10 ** ((_BLACK - _WHITE) / _DECADE)
# The encodings of a picture that are looked at: a neutral ramp of so many codes in LOG_RGB.
_RAMP = np.linspace(-0.25, 2.0, 9001, dtype=np.float64)


def density(light: Pixels) -> Pixels:
    """Cineon codes, 0..1 for 0..1023, of scene-linear light of any range and any shape; straight on below 0.

    code = 685 + 300 log10(light (1 - b) + b), b = 10 ** ((95 - 685) / 300). Source: G. Kennel, Digital Film
    Scanning and Recording, SMPTE Journal 103, 1994.
    """
    found = np.asarray(light, np.float64)
    above = _WHITE + _DECADE * np.log10(np.maximum(found, 0) * (1 - _OFFSET) + _OFFSET)
    below = _DECADE / np.log(10) * (1 - _OFFSET) / _OFFSET * np.minimum(found, 0)
    return np.asarray((above + below) / _CODES, np.float32)


def to_codes(levels: Pixels, sigmas: Pixels, colour: Colour, space: str) -> tuple[Pixels, Pixels]:
    """Levels and deviations in LOG_RGB of a picture in `space`, as those of a profile.

    Both float32 of one shape. The neutral axis stands for all colours. Raises ColourError for an unknown
    space.
    """
    codes = _codes(colour, space)
    return _through(levels, sigmas, _RAMP, codes)


def from_codes(levels: Pixels, sigmas: Pixels, colour: Colour, space: str) -> tuple[Pixels, Pixels]:
    """The inverse of `to_codes`: levels and deviations, of any shape, in LOG_RGB of a picture in `space`."""
    codes = _codes(colour, space)
    return _through(levels, sigmas, codes, _RAMP)


def _codes(colour: Colour, space: str) -> Double:
    """The profile's codes along the ramp; rising."""
    ramp = np.asarray(_RAMP, np.float32).reshape(1, 1, -1)
    picture = colour.leave(np.repeat(ramp, 3, 0), space, WorkingSpace.LOG_RGB)
    light = colour.transform(space, "scene_linear")(picture)[1, 0]
    codes = density(np.nan_to_num(light, nan=0.0, posinf=65504.0, neginf=-65504.0)).astype(np.float64)
    rising = np.maximum.accumulate(codes)
    return np.asarray(rising + 1e-9 * np.arange(rising.size), np.float64)


def _through(levels: Pixels, sigmas: Pixels, x: Double, y: Double) -> tuple[Pixels, Pixels]:
    """The curve from x to y at the levels, and its slope times the deviations."""
    at = np.asarray(levels, np.float64)
    half = np.maximum(np.asarray(sigmas, np.float64), 1e-3)
    found = np.interp(at, x, y)
    # Over the width of the grain itself: codes have corners.
    slope = (np.interp(at + half, x, y) - np.interp(at - half, x, y)) / (2 * half)
    return np.asarray(found, np.float32), np.asarray(slope * sigmas, np.float32)
