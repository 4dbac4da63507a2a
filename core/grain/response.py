"""The response of grain: its deviation as a function of the level, from tiles of blocks."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels
from interneg.grain.residual import TILE, Blocks
from interneg.grain.spectrum import BLOCK, RINGS, radial

LEVELS = 16
"""Points of a response curve."""

# Of the tiles of a level, the flattest are measured: this share, but not fewer than so many.
_FLAT, _FEWEST = 0.5, 24
# Tiles that a level needs to be measured at all.
_ENOUGH = 12
# Relative spread of one tile's strength, and how much slopes of the curve may differ from point to point.
_TILE_SPREAD = 0.35
_BEND = 0.25


def curve(blocks: Blocks, power: Pixels, channel: int, span: tuple[float, float]) -> tuple[Pixels, Pixels]:
    """Levels and deviations, (LEVELS,) float32 each, over the levels that tiles have within `span`.

    power: (RINGS,), the spectrum of the channel, mean 1. A level with too few tiles lies between its
    neighbours, at the ends as the nearest. Fewer levels, or none, where tiles differ by nothing.
    """
    levels, strengths = (x[:, channel].ravel() for x in (blocks.levels, blocks.strengths))
    structure = blocks.structure.ravel()
    inside = (levels >= span[0]) & (levels <= span[1])
    levels, strengths, structure = levels[inside], strengths[inside], structure[inside]
    if not levels.size:
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    shares = np.linspace(0, 1, LEVELS + 1)
    low, high = np.quantile(levels, (0.002, 0.998))
    edges = (np.quantile(levels, shares) + low + (high - low) * shares) / 2
    edges[0], edges[-1] = levels.min(), levels.max()
    places, variances, weights = [], [], []
    median = _tile_median(power, blocks.passed)
    for a, b in zip(edges[:-1], edges[1:], strict=True):
        chosen = np.flatnonzero((levels >= a) & (levels <= b))
        places.append((a + b) / 2)
        if chosen.size < _ENOUGH:
            variances.append(0.0)
            weights.append(0.0)
            continue
        flat = chosen[np.argsort(structure[chosen], kind="stable")[: max(_FEWEST, int(_FLAT * chosen.size))]]
        places[-1] = float(levels[flat].mean())
        variances.append(float(np.median(strengths[flat])) / median)
        weights.append(float(flat.size))
    return np.array(places, np.float32), _smoothed(np.array(places), np.sqrt(variances), np.array(weights))


def at(levels: Pixels, curve_levels: Pixels, sigmas: Pixels) -> Pixels:
    """Deviations at levels of any shape."""
    return np.asarray(np.interp(levels, curve_levels, sigmas), np.float32)


def _tile_median(power: Pixels, passed: Pixels) -> float:
    """The median of what tiles of grain with a variance of 1 show, of which a part has passed."""
    size = 4 * BLOCK
    rows, columns = np.fft.fftfreq(size), np.fft.rfftfreq(size)
    radii = np.hypot(rows[:, None], columns[None, :])
    # The gain is the same in all directions, too.
    gain = np.sqrt(np.maximum(power, 0) * radial(np.square(passed)))
    filtered = np.fft.rfft2(np.random.default_rng(0).normal(size=(size, size)))
    filtered *= np.interp(radii * BLOCK, np.arange(RINGS), gain)
    tiles = np.square(np.fft.irfft2(filtered, s=(size, size))).reshape(size // TILE, TILE, size // TILE, TILE)
    return max(float(np.median(tiles.mean((1, 3)))), 1e-6)


def _smoothed(places: Pixels, sigmas: Pixels, weights: Pixels) -> Pixels:
    """Deviations, as smooth as their own accuracy allows."""
    known = (weights > 0) & (sigmas > 0)
    if not known.any():
        return np.zeros(len(places), np.float32)
    logs = np.log(np.where(known, sigmas, 1))
    certain = np.where(known, weights / _TILE_SPREAD**2, 0)
    span = max(float(np.ptp(places)), 1e-6)
    bends = np.zeros((len(places) - 2, len(places)))
    for k in range(len(bends)):
        h = np.diff(places[k : k + 3]) / span + 1e-3
        bends[k, k : k + 3] = (1 / h[0], -1 / h[0] - 1 / h[1], 1 / h[1])
    slopes = np.diff(np.eye(len(places)), axis=0)
    # The little against slopes holds on to what is nearest where nothing is known.
    system = np.diag(certain) + bends.T @ bends / _BEND**2 + 1e-2 * slopes.T @ slopes
    return np.asarray(np.exp(np.linalg.solve(system, certain * logs)), np.float32)
