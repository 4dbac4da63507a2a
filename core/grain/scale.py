"""Grain as a scan of another resolution shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from interneg.frame import Pixels
from interneg.grain.directions import at_frequencies
from interneg.grain.profile import GrainProfile

Numbers = NDArray[np.float64]
Film = Callable[[Numbers], Numbers]
"""Power density of a film in mm², at any frequencies in cycles per mm."""

_COUNT, _ANGLES = 64, 6
# Copies of the spectrum that are folded in, at multiples of the sampling frequency in both directions.
_ALIASES = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4), indexing="ij"), -1).reshape(-1, 2)
# The part of a scan's spectrum that says how the film's goes on, in cycles per pixel.
_LOWEST, _HIGHEST = 0.25, 0.5
_ROUNDS = 8


def at_pitch(profile: GrainProfile, pitch: float) -> GrainProfile:
    """The same grain scanned with pixels of `pitch` mm: its spectrum and its deviations.

    What the profile's own scan did to the film's spectrum (see `Scan`) is undone, as far as it can be; beyond
    half its sampling frequency, the film's spectrum goes on as c (1 + (f / f0) ** 2) ** -1.5, that of grains
    with sharp edges, fitted to the upper half of the known band. The correlations and directions stay as they
    are.
    """
    if abs(pitch / profile.pitch - 1) < 1e-3:
        return profile
    scan, own = Scan(pitch), Scan(profile.pitch)
    power, ratios = [], []
    for known in profile.power:
        film = _film(profile.frequencies, known, profile.pitch)
        ratios.append(np.sqrt(scan.variance(film) / max(own.variance(film), 1e-20)))
        shown = scan.power(film)
        power.append(shown / max(shown.max(), 1e-20))
    return replace(
        profile,
        frequencies=np.asarray(scan.frequencies, np.float32),
        power=np.asarray(power, np.float32),
        sigmas=np.asarray(profile.sigmas * np.array(ratios)[:, None], np.float32),
        pixels=max(1, round(profile.width / pitch)),
        directions=at_frequencies(profile.directions, profile.frequencies, scan.frequencies),
    )


class Scan:
    """What pixels of `pitch` mm show of a film's spectrum.

    A pixel is taken to see the mean of its square: the film's spectrum times sinc ** 2 in both directions,
    with what is beyond half the sampling frequency folded in.
    frequencies: (N,) float64 in cycles per mm, from 0 to the corner of the band, or as far as `highest`.
    """

    def __init__(self, pitch: float, highest: float | None = None) -> None:
        corner = np.sqrt(0.5) / pitch
        self.frequencies = np.linspace(0, highest or corner, _COUNT)
        # Of an octant, what lies within the band's square: nothing at its very corner.
        first = np.arccos(np.minimum(1, 0.5 / pitch / np.maximum(self.frequencies, 1e-12)))
        self._inside = np.maximum(np.pi / 4 - first, 0)
        angles = first[:, None] + self._inside[:, None] * (np.arange(_ANGLES) + 0.5) / _ANGLES
        x = (self.frequencies[:, None] * np.cos(angles))[..., None] * pitch + _ALIASES[:, 0]
        y = (self.frequencies[:, None] * np.sin(angles))[..., None] * pitch + _ALIASES[:, 1]
        self._radii = np.hypot(x, y) / pitch
        self._seen = (np.sinc(x) * np.sinc(y)) ** 2 / _ANGLES

    def power(self, film: Film) -> Numbers:
        """The power density of the scan at `frequencies`, the mean of each ring; (N,) float64."""
        found: Numbers = (film(self._radii) * self._seen).sum((1, 2))
        return found

    def variance(self, film: Film) -> float:
        """Of the scan."""
        step = self.frequencies[1]
        return float((self.power(film) * self.frequencies * 8 * self._inside).sum() * step)


def _film(frequencies: Pixels, power: Pixels, pitch: float) -> Film:
    """The film whose scan with pixels of `pitch` mm has this power."""
    # The corners of the band hold few measurements: the edge is the last that counts.
    scan = Scan(pitch, 0.5 / pitch)
    wanted = np.interp(scan.frequencies, frequencies, power).astype(np.float64)
    # Nobody knows what is so faint, and it must not be divided by.
    wanted = np.maximum(wanted, 1e-6 * max(wanted.max(), 1e-20))
    film = _continued(scan.frequencies, wanted)
    found = wanted
    for _ in range(_ROUNDS):
        found = found * np.clip(wanted / scan.power(film), 0.5, 2)
        film = _continued(scan.frequencies, found)
    return film


def _continued(frequencies: Numbers, power: Numbers) -> Film:
    """A spectrum that goes on beyond its last frequency as that of grains with sharp edges."""
    last = frequencies[-1]
    # `last` is half the sampling frequency: _HIGHEST in cycles per pixel.
    inside = (frequencies >= last * _LOWEST / _HIGHEST) & (power > 0)
    corners = np.geomspace(0.1, 4, 60) * last
    curves = np.log(_falling(frequencies[inside][None, :], corners[:, None]))
    rest = np.log(power[inside]) - curves
    corner = float(corners[np.square(rest - rest.mean(1, keepdims=True)).sum(1).argmin()])

    def film(at: Numbers) -> Numbers:
        beyond = power[-1] * _falling(at, corner) / _falling(last, corner)
        return np.where(at <= last, np.interp(at, frequencies, power), beyond)

    return film


def _falling(frequencies: Numbers, corner: Numbers | float) -> Numbers:
    found: Numbers = (1 + (np.asarray(frequencies) / corner) ** 2) ** -1.5
    return found


def coarser(profile: GrainProfile, times: float) -> GrainProfile:
    """The grain as many times as coarse, and as strong at the pitch of its scan as it was."""
    return replace(profile, frequencies=np.asarray(profile.frequencies / np.float32(times), np.float32))
