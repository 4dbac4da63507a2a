"""The Boolean model of grain: discs thrown at random on each of many thin sheets of an emulsion.

A sheet is dark where at least one disc lies; what share of it that is, its coverage, follows the light. The
discs are grains of silver or clouds of dye, their radii log-normal. Source: A. Newson, J. Delon, B. Galerne,
A Stochastic Film Grain Model for Resolution-Independent Rendering, Computer Graphics Forum 36, 2017. One
sheet there is a whole film; here a layer has several, each with its share of the density, as an emulsion is
many grains deep.

This room throws the discs; `interneg.grain.expected` has the same model's spectra in closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Numbers = NDArray[np.float64]
"""Of any shape."""

_QUANTILES = 64


@dataclass(frozen=True)
class Grains:
    """Discs with a mean radius in µm; spread: the deviation of the radius' logarithm."""

    radius: float
    spread: float

    @property
    def area(self) -> float:
        """The mean area, in µm²."""
        return math.pi * self.radius**2 * math.exp(self.spread**2)

    def overlap(self, distance: Numbers) -> Numbers:
        """The mean area that a disc has in common with itself, shifted by a distance in µm: (N,) float64."""
        shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
        # Of each quantile's middle, by the normal's inverse; evened so that the mean area is kept.
        radii = np.exp(self.spread * _normal(shares))
        radii *= math.sqrt(self.area / math.pi / float(np.mean(radii**2)))
        shared: Numbers = lens(distance[None, :], radii[:, None]).mean(0)
        return shared

    @property
    def reach(self) -> float:
        """No disc is larger than this radius in µm, as good as."""
        return self.radius * math.exp(3.5 * self.spread)


@dataclass(frozen=True)
class Coat:
    """A coat of emulsion: one of the layers of a film.

    record: the channel that it is for, 0 for red. grains: on each of `sheets`. density: of the layer where
    all is covered. speed: the exposure that covers half, in powers of ten. contrast: how fast coverage rises
    there, in units of a logistic curve over powers of ten. fog: coverage without light.
    """

    record: int
    grains: Grains
    sheets: int
    density: float
    speed: float
    contrast: float = 2.5
    fog: float = 0.03

    def coverage(self, exposure: Numbers) -> Numbers:
        """0..1 of exposure in powers of ten, -inf for none; float64 of any shape."""
        with np.errstate(over="ignore"):
            found = 1 / (1 + np.exp(-self.contrast * (np.asarray(exposure, np.float64) - self.speed)))
        covered: Numbers = self.fog + (1 - self.fog) * found
        return np.minimum(covered, 1 - 1e-6)


@dataclass(frozen=True)
class Emulsion:
    """Layers, and how their dyes are seen.

    seen: C rows of C: the density that channel i shows of record j; rows sum up to 1. blur: of the scanner's
    lens and the emulsion's scatter, the deviation of a Gaussian in µm.
    """

    layers: tuple[Coat, ...]
    seen: tuple[tuple[float, ...], ...]
    blur: float

    @property
    def channels(self) -> int:
        """How many there are."""
        return len(self.seen)

    def record(self, number: int) -> Emulsion:
        """The layers of one record alone, as black-and-white film."""
        layers = tuple(replace(k, record=0) for k in self.layers if k.record == number)
        return Emulsion(layers, ((1.0,),), self.blur)


def lens(distance: Numbers, radius: Numbers) -> Numbers:
    """The area that two discs of one radius have in common; all float64 in one unit, of any shape."""
    half = np.minimum(distance / (2 * radius), 1)
    found: Numbers = 2 * radius**2 * (np.arccos(half) - half * np.sqrt(1 - half**2))
    return found


def simulated(emulsion: Emulsion, exposure: Numbers, pitch: float, seed: int, finer: int = 8) -> Pixels:
    """The density that a scan shows of an emulsion, by throwing the discs: (C, H, W) float32.

    exposure: (C, H, W) of the records, in powers of ten; each pixel is lit evenly. pitch: of the scan, in µm.
    finer: how many cells a pixel has in each direction; a cell is covered where its middle is.
    """
    import cv2

    rng = np.random.default_rng(seed)
    step = pitch / finer
    rim = math.ceil(4 * emulsion.blur / pitch)
    wide = np.pad(exposure, ((0, 0), (rim, rim), (rim, rim)), mode="edge")
    density = np.zeros((emulsion.channels, *(finer * s for s in wide.shape[1:])), np.float32)
    for layer in emulsion.layers:
        covered = layer.coverage(wide[layer.record]).repeat(finer, 0).repeat(finer, 1)
        total = np.zeros(covered.shape, np.float32)
        for _ in range(layer.sheets):
            total += _sheet(layer.grains, covered, step, rng)
        for plane, seen in zip(density, emulsion.seen, strict=True):
            plane += np.float32(seen[layer.record] * layer.density / layer.sheets) * total
    light = 10**-density
    found = np.empty_like(exposure, np.float32)
    for plane, out in zip(light, found, strict=True):
        if emulsion.blur:
            plane = cv2.GaussianBlur(plane, (0, 0), emulsion.blur / step)
        small = cv2.resize(plane, wide.shape[:0:-1], interpolation=cv2.INTER_AREA)
        out[...] = -np.log10(small[rim : rim + out.shape[0], rim : rim + out.shape[1]])
    return found


def _sheet(grains: Grains, covered: Numbers, step: float, rng: np.random.Generator) -> Pixels:
    """One sheet, 1 where it is covered: (H, W) float32 of cells of `step` µm."""
    # Discs whose middle lies outside reach in, too.
    margin = math.ceil(grains.reach / step) + 1
    rate = -np.log(1 - np.pad(covered, margin, mode="edge")) / grains.area * step**2
    # The rate changes slowly: thrown evenly, then thinned.
    highest = float(rate.max())
    count = rng.poisson(highest * rate.size)
    y, x = rng.random(count) * rate.shape[0], rng.random(count) * rate.shape[1]
    row, column = y.astype(np.int64), x.astype(np.int64)
    kept = rng.random(count) * highest < rate[row, column]
    y, x = y[kept], x[kept]
    log_radius = math.log(grains.radius) - grains.spread**2 / 2
    radius = np.exp(rng.normal(log_radius, grains.spread, y.size)) / step
    found = np.zeros(rate.shape, np.float32)
    flat = found.ravel()
    for size in range(margin + 1):
        chosen = (radius >= size - 0.5) & (radius < size + 0.5) if size < margin else radius >= size - 0.5
        if chosen.any():
            _throw(flat, found.shape, y[chosen], x[chosen], np.minimum(radius[chosen], margin), size + 1)
    return found[margin:-margin, margin:-margin]


def _throw(flat: Pixels, shape: tuple[int, ...], y: Numbers, x: Numbers, radius: Numbers, reach: int) -> None:
    """Set to 1 the cells whose middles lie in discs that reach no further than so many cells."""
    row, column = y.astype(np.int64), x.astype(np.int64)
    places, squares = row * shape[1] + column, radius**2
    inside = (row >= reach) & (row < shape[0] - reach) & (column >= reach) & (column < shape[1] - reach)
    across = [(column + dx + 0.5 - x) ** 2 for dx in range(-reach, reach + 1)]
    for dy in range(-reach, reach + 1):
        rest = np.where(inside, squares - (row + dy + 0.5 - y) ** 2, -1)
        for dx in range(-reach, reach + 1):
            flat[places[across[dx + reach] <= rest] + dy * shape[1] + dx] = 1


def _normal(shares: Numbers) -> Numbers:
    return np.array([NormalDist().inv_cdf(float(s)) for s in shares])
