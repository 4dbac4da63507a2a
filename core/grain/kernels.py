"""Kernels that give white noise the spectrum of grain: sums of a few that run along rows, then columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Numbers = NDArray[np.float64]

# Radius and number of lines, tried from fast to slow until the spectrum is met.
_RADII, _RANKS = (1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 28), (1, 2, 3)
_SIZES = sorted(((r, k) for r in _RADII for k in _RANKS if k <= r), key=lambda size: size[1] * (size[0] + 2))
# By so much may a spectrum differ, in dB, between these frequencies in cycles per pixel.
_NEAR, _LOWEST, _HIGHEST = 0.3, 0.02, 0.5
# This share of the highest power is added to both: nobody sees what is so far below it.
_FLOOR = 3e-4
_ROUNDS = 6
_GRID = 64
_AXIS = np.fft.fftfreq(_GRID)
_ROWS, _COLUMNS = _AXIS[:, None], np.fft.rfftfreq(_GRID)[None, :]
_RADIUS = np.hypot(_ROWS, _COLUMNS)
_BINS = np.rint(_RADIUS * _GRID).astype(np.int64)
# Columns of a real transform stand for two, but for the first and the last.
_WEIGHTS = np.broadcast_to(np.where((_COLUMNS == 0) | (_COLUMNS == 0.5), 1.0, 2.0), _RADIUS.shape)
_COUNTS = np.bincount(_BINS.ravel(), _WEIGHTS.ravel())
_MIDDLES = np.arange(_COUNTS.size) / _GRID
# Directions are met in these bands, in each of three sectors, to a third of that exactness.
_BANDS = (0.05, 0.15, 0.25, 0.35, 0.5)
_SECTOR = np.rint(np.abs(np.arctan2(np.abs(_ROWS), _COLUMNS)) / (np.pi / 4)).astype(np.int64)
_TOWARDS = 0.3

Towards = Callable[[NDArray[np.floating], NDArray[np.floating]], Pixels]


@dataclass(frozen=True, eq=False)
class Kernel:
    """columns, rows: (K, 2 R + 1) float32, symmetric.

    The kernel is the sum over k of the outer product of columns[k] and rows[k]; its squares sum up to 1, so
    that white noise of a deviation of 1 keeps it.
    """

    columns: Pixels
    rows: Pixels

    @property
    def radius(self) -> int:
        """How far it reaches from its middle, in pixels."""
        return int(self.rows.shape[1] // 2)

    def whole(self) -> Numbers:
        """The kernel itself, (D, D) float64, D being twice the radius and 1."""
        return np.asarray(self.columns.astype(np.float64).T @ self.rows.astype(np.float64))

    def run(self, plane: Pixels) -> Pixels:
        """The plane, (H, W), filtered, float32; within `radius` of its edges it means nothing."""
        import cv2

        found: Pixels | None = None
        for column, row in zip(self.columns, self.rows, strict=True):
            part = cv2.sepFilter2D(plane, -1, row, column)
            if found is None:
                found = part
            else:
                found += part
        assert found is not None
        return found


def fitted(frequencies: Pixels, power: Pixels, towards: Towards | None = None) -> Kernel:
    """The smallest kernel that meets a radial power spectrum to 0.3 dB between 0.02 and 0.5 cycles per pixel.

    frequencies: (B,) float32 in cycles per pixel, rising from 0; power: (B,) float32, 0 or more, not all 0.
    towards: of frequencies y and x, by what power is multiplied there; it has a mean of 1 over each ring, and
    is met to 1 dB. Where no kernel does, the nearest. The amplitude is the root of the power; what is cut off
    at the kernel's edges, and what the sum of a few lines cannot follow, is made up for in rounds, as the
    radial mean has it.
    """
    wanted = np.interp(_MIDDLES, frequencies, power).astype(np.float64)
    shape = np.ones(_RADIUS.shape) if towards is None else towards(_ROWS, _COLUMNS).astype(np.float64)
    aim = Aim(wanted, shape, _sectors(shape * np.interp(_RADIUS, _MIDDLES, wanted)))
    best = _white()
    least = aim.missed(best)
    for radius, rank in _SIZES:
        if least <= _NEAR:
            break
        kernel, error = _best(aim, radius, rank)
        if error < least:
            best, least = kernel, error
    return best


def alike(a: Kernel, b: Kernel) -> float:
    """The correlation of one white noise, run through both."""
    one, other = a.whole(), b.whole()
    if one.shape[0] > other.shape[0]:
        one, other = other, one
    rest = (other.shape[0] - one.shape[0]) // 2
    return float((one * other[rest : rest + one.shape[0], rest : rest + one.shape[0]]).sum())


@dataclass(frozen=True, eq=False)
class Aim:
    """What a kernel is to meet: the radial power, and what it is multiplied by at each coefficient."""

    radial: Numbers
    towards: Numbers
    sectors: Numbers

    def missed(self, kernel: Kernel) -> float:
        """By how many dB; of directions, a third of it counts."""
        power = _power(kernel)
        off = np.abs(10 * np.log10(_sectors(power) / self.sectors)).max()
        return max(_distance(_radial(power), self.radial), float(off) * _TOWARDS)


def _white() -> Kernel:
    return Kernel(np.ones((1, 1), np.float32), np.ones((1, 1), np.float32))


def _best(aim: Aim, radius: int, rank: int) -> tuple[Kernel, float]:
    """The kernel of a size that is nearest to the power wanted, and its error in dB."""
    wanted, asked = aim.radial, aim.radial.copy()
    best, least = _white(), np.inf
    for turn in range(_ROUNDS):
        kernel = _cut(np.sqrt(np.interp(_RADIUS, _MIDDLES, asked) * aim.towards), radius, rank)
        shown = _radial(_power(kernel))
        if (error := aim.missed(kernel)) < least:
            best, least = kernel, error
        # Each round takes off a half or so at first: what is far off stays off.
        if least <= _NEAR or error > _NEAR * 2 ** (_ROUNDS - turn):
            break
        asked *= np.clip(wanted / np.maximum(shown / _mean(shown) * _mean(wanted), 1e-12), 0.25, 4)
    return best, least


def _cut(amplitude: Numbers, radius: int, rank: int) -> Kernel:
    """The kernel of a radius that has about this amplitude, as a sum of so many lines."""
    around = np.fft.fftshift(np.fft.irfft2(amplitude, (_GRID, _GRID)))
    middle, place = _GRID // 2, np.arange(radius + 1)
    # Falls to nothing just beyond the last pixel, and hardly takes from those in the middle.
    window = np.cos(np.pi / 2 * place / (radius + 1)) ** 0.5
    quarter = around[middle : middle + radius + 1, middle : middle + radius + 1]
    # All lines are symmetric: each pixel but the middle one stands for two.
    twice = np.where(place == 0, 1, np.sqrt(2))
    left, values, right = np.linalg.svd(quarter * np.outer(window * twice, window * twice))
    scale = np.sqrt(values[:rank, None]) / twice
    both = [np.concatenate([h[:, :0:-1], h], 1) for h in (left.T[:rank] * scale, right[:rank] * scale)]
    size = np.sqrt(np.square(both[0].T @ both[1]).sum())
    columns, rows = (np.asarray(lines / np.sqrt(size), np.float32) for lines in both)
    return Kernel(columns, rows)


def _power(kernel: Kernel) -> Numbers:
    """The power of a kernel at each coefficient."""
    columns = np.fft.fft(kernel.columns.astype(np.float64), _GRID, axis=1)
    rows = np.fft.rfft(kernel.rows.astype(np.float64), _GRID, axis=1)
    found: Numbers = np.abs(columns.T @ rows) ** 2
    return found


def _radial(power: Numbers) -> Numbers:
    """The mean of each ring."""
    mean: Numbers = np.bincount(_BINS.ravel(), (_WEIGHTS * power).ravel()) / _COUNTS
    return mean


def _sectors(power: Numbers) -> Numbers:
    """Power along rows, aslant and along columns in a few bands, each over that of its band: (bands * 3,)."""
    floor, shares = _FLOOR * _radial(power).max(), []
    for low, high in pairwise(_BANDS):
        band = (low <= _RADIUS) & (high > _RADIUS)
        parts = [band, *(band & (k == _SECTOR) for k in range(3))]
        whole, *means = (np.average(power[p], weights=_WEIGHTS[p]) + floor for p in parts)
        shares += [m / whole for m in means]
    return np.array(shares)


def _mean(radial: Numbers) -> float:
    return float((radial * _COUNTS).sum() / _COUNTS.sum())


def _distance(shown: Numbers, wanted: Numbers) -> float:
    """The largest difference in dB between two radial spectra, brought to one mean."""
    inside = (_MIDDLES >= _LOWEST) & (_MIDDLES <= _HIGHEST)
    one, other = (power[inside] / _mean(power) for power in (shown, wanted))
    ratio = (one + _FLOOR * other.max()) / (other + _FLOOR * other.max())
    return float(np.abs(10 * np.log10(ratio)).max())
