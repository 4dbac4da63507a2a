"""Grain as a scan of another resolution shows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from interneg.frame import Pixels
from interneg.grain.profile import GrainProfile

_COUNT = 64
# Copies of the spectrum that are folded in, at multiples of the sampling frequency in both directions.
_ALIASES = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4), indexing="ij"), -1).reshape(-1, 2)
_ANGLES = 12
# The part of a scan's spectrum that says how the film's goes on, in cycles per pixel.
_SLOPE = (0.25, 0.5)
_ROUNDS = 12


def at_pitch(profile: GrainProfile, pitch: float) -> GrainProfile:
    """The same grain scanned with pixels of `pitch` mm: its spectrum and its deviations.

    A pixel is taken to see the mean of its square, so a scan's spectrum is the film's times sinc ** 2 in both
    directions, with what is beyond half the sampling frequency folded in. This is undone for the profile's
    own scan, as far as that holds; beyond, the film's spectrum goes on as c (1 + (f / f0) ** 2) ** -1.5, the
    spectrum of grains with sharp edges (Newson, Delon, Galerne, 2017: covariance of the Boolean model), fitted
    to the upper half of the known band. The correlations stay as they are.
    """
    if abs(pitch / profile.pitch - 1) < 1e-3:
        return profile
    frequencies = np.linspace(0, np.sqrt(0.5) / pitch, _COUNT)
    power, ratios = [], []
    for known in profile.power:
        film = _Film(profile.frequencies, known, profile.pitch)
        ratios.append(np.sqrt(film.variance(pitch) / max(film.variance(profile.pitch), 1e-20)))
        shown = film.scanned(frequencies, pitch)
        power.append(shown / max(shown.max(), 1e-20))
    return replace(
        profile,
        frequencies=np.asarray(frequencies, np.float32),
        power=np.asarray(power, np.float32),
        sigmas=np.asarray(profile.sigmas * np.array(ratios)[:, None], np.float32),
        pixels=max(1, round(profile.width / pitch)),
    )


class _Film:
    """The power density of the film itself, from that of a scan."""

    def __init__(self, frequencies: Pixels, power: Pixels, pitch: float) -> None:
        # Corners of the band hold few measurements: the tail is asked from its edge on.
        self._frequencies = np.linspace(0, 0.5 / pitch, _COUNT)
        wanted = np.interp(self._frequencies, frequencies, power).astype(np.float64)
        self._power = np.maximum(wanted, 1e-6 * max(wanted.max(), 1e-20))
        for _ in range(_ROUNDS):
            self._tail = _tail(self._frequencies, self._power, pitch)
            shown = self.scanned(self._frequencies, pitch)
            self._power *= np.clip(wanted / np.maximum(shown, 1e-20), 0.5, 2)
            self._power = np.maximum(self._power, 1e-6 * self._power.max())
        self._tail = _tail(self._frequencies, self._power, pitch)

    def density(self, frequencies: Pixels) -> Pixels:
        """Of the film, at any frequency in cycles per mm."""
        last = self._frequencies[-1]
        beyond = self._power[-1] * _falling(frequencies, self._tail) / _falling(last, self._tail)
        return np.where(frequencies <= last, np.interp(frequencies, self._frequencies, self._power), beyond)

    def scanned(self, frequencies: Pixels, pitch: float) -> Pixels:
        """The power density of a scan at frequencies up to the corner of its band, the mean of each ring."""
        nyquist = 0.5 / pitch
        # Of an octant, what lies within the square.
        first = np.arccos(np.minimum(1, nyquist / np.maximum(frequencies, 1e-12)))
        steps = (np.arange(_ANGLES) + 0.5) / _ANGLES
        angles = first[:, None] + (np.pi / 4 - first[:, None]) * steps[None, :]
        x = (frequencies[:, None] * np.cos(angles))[..., None] + _ALIASES[:, 0] / pitch
        y = (frequencies[:, None] * np.sin(angles))[..., None] + _ALIASES[:, 1] / pitch
        seen = (np.sinc(x * pitch) * np.sinc(y * pitch)) ** 2
        found: Pixels = (self.density(np.hypot(x, y)) * seen).sum(-1).mean(-1)
        return found

    def variance(self, pitch: float) -> float:
        """Of a scan, up to a factor that all pitches share."""
        radii = np.linspace(0, np.sqrt(0.5) / pitch, 4 * _COUNT)
        # How much of each ring lies within the square.
        inside = np.pi / 4 - np.arccos(np.minimum(1, 0.5 / pitch / np.maximum(radii, 1e-12)))
        return float((self.scanned(radii, pitch) * radii * inside).sum() * (radii[1] - radii[0]))


def _falling(frequencies: Pixels, corner: float) -> Pixels:
    found: Pixels = (1 + (np.asarray(frequencies) / corner) ** 2) ** -1.5
    return found


def _tail(frequencies: Pixels, power: Pixels, pitch: float) -> float:
    """f0 of the spectrum of grains with sharp edges that fits the upper half of the band best."""
    inside = (frequencies * pitch >= _SLOPE[0]) & (frequencies * pitch <= _SLOPE[1])
    corners = np.geomspace(0.05, 2, 60) / pitch
    curves = np.log(_falling(frequencies[inside][None, :], corners[:, None]))
    found = np.log(power[inside])
    rest = (found - curves) - (found - curves).mean(1, keepdims=True)
    return float(corners[np.square(rest).sum(1).argmin()])


def coarser(profile: GrainProfile, times: float) -> GrainProfile:
    """The grain as many times as coarse, and as strong at the pitch of its scan as it was."""
    return replace(profile, frequencies=np.asarray(profile.frequencies / np.float32(times), np.float32))
