"""Radial spectra of square blocks: power density over spatial frequency, alike in all directions."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from interneg.frame import Pixels

Transforms = npt.NDArray[np.complex64]

BLOCK = 64
"""Height and width of the blocks whose spectra are taken; they overlap by half."""
RINGS = 46
"""Frequencies of a spectrum: 0, 1/64, ... cycles per pixel, up to the corner of the band at sqrt(1/2)."""

_AXIS = np.hanning(BLOCK + 1)[:-1].astype(np.float32)
WINDOW = np.outer(_AXIS, _AXIS)
"""What blocks are multiplied by before their transform; its mean square is 9/64."""

_ROWS, _COLUMNS = np.fft.fftfreq(BLOCK), np.fft.rfftfreq(BLOCK)
RADII = np.hypot(_ROWS[:, None], _COLUMNS[None, :]).astype(np.float32)
"""Cycles per pixel of each coefficient of a block, (BLOCK, BLOCK // 2 + 1)."""
# Each column but the first and the last stands for its mirror image, too.
TWICE = np.full(RADII.shape, 2, np.float32)
TWICE[:, [0, -1]] = 1
"""How many coefficients of the full transform each stands for."""

ANGLES = np.arctan2(_ROWS[:, None], _COLUMNS[None, :])
"""Of each coefficient; 0 for detail that changes along a row."""

_RING = np.minimum(np.rint(RADII * BLOCK).astype(np.int64), RINGS - 1)
COUNTS = np.bincount(_RING.ravel(), TWICE.ravel(), RINGS)
"""Coefficients of the full transform in each ring."""
# Coefficients beside each other share what a window of this kind shows: of so many one is independent.
_SHARED = 3.0
FREEDOM = np.maximum(COUNTS / _SHARED, 1.5)
"""Degrees of freedom of each ring's power in one block."""

SLANTED = np.abs(np.abs(ANGLES) - np.pi / 4) < np.pi / 8
"""Which coefficients are of diagonal detail, more than of upright and level detail."""


def frequencies() -> Pixels:
    """Cycles per pixel of the rings, (RINGS,) float32; the last one is sqrt(1/2)."""
    found = np.arange(RINGS, dtype=np.float32) / BLOCK
    found[-1] = math.sqrt(0.5)
    return np.asarray(found, np.float32)


def phases(shifts: Pixels) -> Transforms:
    """By what transforms are multiplied to move blocks by (M, 2) fractions of a pixel, y and x."""
    y = np.exp(2j * np.pi * _ROWS[None, :, None] * shifts[:, 0, None, None])
    x = np.exp(2j * np.pi * _COLUMNS[None, None, :] * shifts[:, 1, None, None])
    # The highest frequency has no direction to move in: its share of the real part stays.
    y[:, BLOCK // 2], x[..., -1] = y[:, BLOCK // 2].real, x[..., -1].real
    return np.asarray(y * x, np.complex64)


def transform(blocks: Pixels) -> Transforms:
    """The transforms of windowed blocks, (..., BLOCK, BLOCK) to (..., BLOCK, BLOCK // 2 + 1) complex64.

    Scaled so that the mean square over the full band is the variance of white noise.
    """
    scale = 1 / (BLOCK * math.sqrt(float(np.square(WINDOW).mean())))
    return np.asarray(np.fft.rfft2(blocks * WINDOW) * scale, np.complex64)


def radial(power: Pixels) -> Pixels:
    """Mean over each ring, (..., BLOCK, BLOCK // 2 + 1) to (..., RINGS)."""
    flat = (power * TWICE).reshape(-1, RADII.size)
    sums = np.stack([np.bincount(_RING.ravel(), row, RINGS) for row in flat])
    return np.asarray(sums / COUNTS, np.float32).reshape(*power.shape[:-2], RINGS)


def ring_sums(values: Pixels) -> npt.NDArray[np.float64]:
    """Sums over the rings of what each coefficient has, (BLOCK, BLOCK // 2 + 1), to (RINGS,)."""
    return np.asarray(np.bincount(_RING.ravel(), values.ravel(), RINGS), np.float64)


def mean_power(rings: Pixels) -> Pixels:
    """The mean over the square band of spectra (..., RINGS): the variance."""
    return np.asarray(rings @ (COUNTS / COUNTS.sum()).astype(np.float32))


def spread(rings: Pixels) -> Pixels:
    """Spectra (..., RINGS) at each coefficient, (..., BLOCK, BLOCK // 2 + 1)."""
    found = np.stack([np.interp(RADII, frequencies(), row) for row in rings.reshape(-1, RINGS)])
    return np.asarray(found, np.float32).reshape(*rings.shape[:-1], *RADII.shape)
