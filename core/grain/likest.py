"""Which built-in class of stock a plate's grain is most like."""

from __future__ import annotations

import numpy as np

from interneg.grain.profile import GrainProfile
from interneg.grain.scale import at_pitch
from interneg.grain.stocks import NAMES, stock

# What a measurement is sure to: the logarithm of all deviations together, and of one among them; the spectrum
# in dB; a correlation.
_STRENGTH, _CURVE, _SHAPE, _ALIKE = 0.03, 0.013, 0.5, 0.04
# Cycles per pixel at which spectra are compared.
_BAND = np.linspace(0.05, 0.45, 17)
_LEAST = 1e-9


def likest(profile: GrainProfile) -> tuple[str, float]:
    """The name of the nearest built-in stock, and how far it is: about 1 for its own grain, measured.

    Both are compared at the pitch of the profile's scan, so size means size on the film: the profile's width
    in mm is to be right. Strength is compared at the levels that the profile has.
    """
    distances = {name: _distance(profile, stock(name)) for name in NAMES}
    nearest = min(distances, key=lambda name: distances[name])
    return nearest, distances[nearest]


def _distance(profile: GrainProfile, other: GrainProfile) -> float:
    """The root of the mean square difference, in what a measurement is sure to."""
    seen = at_pitch(other, profile.pitch)
    seen = seen.coloured() if len(profile.channels) == 3 else seen.grey()
    apart = [
        np.square((profile.correlation - seen.correlation)[np.triu_indices(len(seen.channels), 1)] / _ALIKE)
    ]
    for c in range(len(profile.channels)):
        expected = np.interp(profile.levels[c], seen.levels[c], seen.sigmas[c])
        strength = np.log(np.maximum(profile.sigmas[c], _LEAST) / np.maximum(expected, _LEAST))
        middle = np.median(strength)
        apart += [np.square(middle[None] / _STRENGTH), np.square((strength - middle) / _CURVE)]
        ours, theirs = (
            10 * np.log10(np.interp(_BAND, *p.per_pixel(c, 96)) + _LEAST) for p in (profile, seen)
        )
        apart.append(np.square((ours - theirs) / _SHAPE))
    return float(np.sqrt(np.mean([a.mean() for a in apart if a.size])))
