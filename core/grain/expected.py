"""What the Boolean model of grain comes to, in closed form: densities, spectra, and the profile of a scan.

The chance that two points of a sheet are both covered is 2 u - 1 + (1 - u) ** 2 exp(rate * overlap), with u
the coverage and the overlap of a mean disc with itself, shifted (Newson, Delon, Galerne, 2017). Sheets are
independent, so the light that passes through all multiplies.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from interneg.grain.boolean import Emulsion, Numbers, lens
from interneg.grain.encoding import density as code
from interneg.grain.profile import DENSITY, GrainProfile
from interneg.grain.scale import Scan

_LAGS = 320
# The deviation of a density is that of the light, over the light, times this.
_PER_LIGHT = math.log10(math.e)
_LEVELS = 16
# Exposures in powers of ten among which those are found that give the densities wanted.
_EXPOSURES = np.linspace(-4, 4, 81)
# Code 95 of a negative is its base with fog, as Cineon has it.
_BASE = 95 / 1023


def lags_of(emulsion: Emulsion) -> Numbers:
    """Distances in µm over which an emulsion's grain is alike, (N,) float64, evenly spaced from 0."""
    return np.linspace(0, 2 * max(layer.grains.reach for layer in emulsion.layers), _LAGS)


class Statistics:
    """Mean density, and the covariance of densities, of an evenly exposed emulsion.

    exposure: in powers of ten, of all records. The fluctuations are those of the transmitted light over its
    mean, which an aperture of many grains makes small.
    """

    def __init__(self, emulsion: Emulsion, exposure: float) -> None:
        self.lags = lags_of(emulsion)
        count = emulsion.channels
        light, pairs = np.ones(count), np.ones((count, count, _LAGS))
        for layer in emulsion.layers:
            covered = float(layer.coverage(np.array(exposure)))
            rate = -math.log(1 - covered) / layer.grains.area
            both = 2 * covered - 1 + (1 - covered) ** 2 * np.exp(rate * layer.grains.overlap(self.lags))
            row = np.array([emulsion.seen[c][layer.record] for c in range(count)])
            dimmed = 10 ** (-row * layer.density / layer.sheets) - 1
            light *= (1 + covered * dimmed) ** layer.sheets
            one = 1 + covered * (dimmed[:, None] + dimmed[None, :])
            pairs *= (one[..., None] + both * np.outer(dimmed, dimmed)[..., None]) ** layer.sheets
        self.density = -np.log10(light)
        self.covariance = _PER_LIGHT**2 * (pairs / np.outer(light, light)[..., None] - 1)

    def granularity(self, aperture: float = 48) -> Numbers:
        """Deviation of density of each channel, (C,), through a round aperture in µm, without a scanner."""
        radius = aperture / 2
        seen = lens(self.lags, np.array(radius)) * self.lags * 2 * np.pi * (self.lags[1] - self.lags[0])
        area = np.pi * radius**2
        found: Numbers = np.sqrt(np.einsum("iih,h->i", self.covariance, seen)) / area
        return found


def transform(lags: Numbers, frequencies: Numbers, blur: float) -> Numbers:
    """What makes of covariances over evenly spaced lags in µm a power density: (L, F), lags by frequencies.

    Covariances times this are power densities in mm² over frequencies in cycles per mm, through a Gaussian
    lens with a deviation of `blur` µm. Hankel's transform, of what is alike in all directions.
    """
    waves = 2 * np.pi * 1e-3 * np.asarray(frequencies, np.float64)
    # Where the lens leaves a millionth, the rest is not looked at: Bessel's function is costly there.
    seen = np.exp(-((blur * waves) ** 2))
    kept = seen > 1e-6
    found = np.zeros((lags.size, waves.size))
    found[:, kept] = _bessel(np.outer(lags, waves[kept])) * seen[kept]
    weights: Numbers = 1e-6 * 2 * np.pi * lags * (lags[1] - lags[0])
    return found * weights[:, None]


def profile_of(
    emulsion: Emulsion, name: str, width: float, pixels: int, positive: bool = False
) -> GrainProfile:
    """The profile of an emulsion on film of `width` mm, scanned with so many pixels across.

    positive: a print, which is darker where there was more light: its light, 1 on clear film, is what its
    codes stand for. Else a negative: its density above the unlit film is. The spectrum and the correlation
    are the means over all levels, weighted by the grain's power there.
    """
    scan = Scan(width / pixels)
    finer = np.linspace(0, 8 * scan.frequencies[-1], 500)
    unlit = Statistics(emulsion, -np.inf).density
    curves = np.stack([Statistics(emulsion, e).density for e in _EXPOSURES]) - unlit
    # Of the mean of the channels: one exposure is one grey.
    grey = curves.mean(1)
    wanted = np.linspace(0, 0.97 * grey[-1], _LEVELS)
    to_power = transform(lags_of(emulsion), finer, emulsion.blur)
    densities, powers, products = [], [], []
    for exposure in np.interp(wanted, grey, _EXPOSURES):
        found = Statistics(emulsion, float(exposure))
        densities.append(found.density - unlit)
        films = [[partial(_curve, finer, values) for values in row] for row in found.covariance @ to_power]
        powers.append([scan.power(row[c]) for c, row in enumerate(films)])
        products.append([[scan.variance(film) for film in row] for row in films])
    levels = np.array(densities).T
    deviations = np.sqrt(np.array(products)[:, range(len(unlit)), range(len(unlit))].T)
    total = np.mean(products, 0)
    size = np.sqrt(np.diag(total))
    power = np.mean(powers, 0)
    if positive:
        levels, deviations = _as_print(levels[:, ::-1], deviations[:, ::-1])
    else:
        levels, deviations = _BASE + levels / DENSITY, deviations / DENSITY
    return GrainProfile(
        name=name,
        kind="film",
        channels=("R", "G", "B") if len(unlit) == 3 else ("Y",),
        levels=np.asarray(levels, np.float32),
        sigmas=np.asarray(deviations, np.float32),
        frequencies=np.asarray(scan.frequencies, np.float32),
        power=np.asarray(power / power.max(1, keepdims=True), np.float32),
        correlation=np.asarray(total / np.outer(size, size), np.float32),
        over_time=0.0,
        width=width,
        pixels=pixels,
    )


def _curve(frequencies: Numbers, power: Numbers, at: Numbers) -> Numbers:
    found: Numbers = np.interp(at, frequencies, power, right=0)
    return found


def _as_print(densities: Numbers, deviations: Numbers) -> tuple[Numbers, Numbers]:
    """Levels and deviations in codes of the light that passes through a print."""
    half = 1e-3
    codes = [code(np.asarray(10 ** (by - densities), np.float32)) for by in (half, 0, -half)]
    slope = (codes[0] - codes[2]).astype(np.float64) / (2 * half)
    return codes[1].astype(np.float64), slope * deviations


def _bessel(values: Numbers) -> Numbers:
    """J0, as the mean of cosines (Bessel's integral); exact to 1e-6 for values up to 150."""
    angles = (np.arange(96) + 0.5) * np.pi / 192
    found = np.zeros_like(values)
    for angle in angles:
        found += np.cos(values * math.sin(angle))
    return found / len(angles)
