"""Kernels that give white noise the spectrum of grain: sums of a few that run along rows, then columns."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class Kernel:
    """lines: (K, 2 R + 1) float32, symmetric; gains: K of 1 or -1.

    The kernel is the sum over k of gains[k] times the outer product of lines[k] with itself; its squares sum
    up to 1, so that white noise of a deviation of 1 keeps it.
    """

    lines: Pixels
    gains: tuple[float, ...]

    @property
    def radius(self) -> int:
        """How far it reaches from its middle, in pixels."""
        return int(self.lines.shape[1] // 2)

    def whole(self) -> Numbers:
        """The kernel itself, (D, D) float64, D being twice the radius and 1."""
        lines = self.lines.astype(np.float64)
        found: Numbers = np.einsum("k,ki,kj->ij", np.array(self.gains), lines, lines)
        return found

    def run(self, plane: Pixels) -> Pixels:
        """The plane, (H, W), filtered, float32; within `radius` of its edges it means nothing."""
        import cv2

        found: Pixels | None = None
        for line, gain in zip(self.lines, self.gains, strict=True):
            part = cv2.sepFilter2D(plane, -1, line, line)
            if found is None:
                found = part if gain > 0 else -part
            elif gain > 0:
                found += part
            else:
                found -= part
        assert found is not None
        return found


def fitted(frequencies: Pixels, power: Pixels) -> Kernel:
    """The smallest kernel that meets a radial power spectrum to 0.3 dB between 0.02 and 0.5 cycles per pixel.

    frequencies: (B,) float32 in cycles per pixel, rising from 0; power: (B,) float32, 0 or more, not all 0.
    Where none does, the nearest. The amplitude is the root of the power; what is cut off at the kernel's
    edges, and what the sum of a few lines cannot follow, is made up for in rounds, as the radial mean has it.
    """
    wanted = np.interp(_MIDDLES, frequencies, power).astype(np.float64)
    best = _white()
    least = _distance(_radial(best), wanted)
    for radius, rank in _SIZES:
        if least <= _NEAR:
            break
        kernel, error = _best(wanted, radius, rank)
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


def _white() -> Kernel:
    return Kernel(np.ones((1, 1), np.float32), (1.0,))


def _best(wanted: Numbers, radius: int, rank: int) -> tuple[Kernel, float]:
    """The kernel of a size that is nearest to the power wanted, and its error in dB."""
    asked = wanted.copy()
    best, least = _white(), np.inf
    for turn in range(_ROUNDS):
        kernel = _cut(np.sqrt(np.interp(_RADIUS, _MIDDLES, asked)), radius, rank)
        shown = _radial(kernel)
        if (error := _distance(shown, wanted)) < least:
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
    values, vectors = np.linalg.eigh(quarter * np.outer(window * twice, window * twice))
    chosen = np.argsort(-np.abs(values))[:rank]
    halves = vectors[:, chosen].T * np.sqrt(np.abs(values[chosen]))[:, None] / twice
    lines = np.concatenate([halves[:, :0:-1], halves], 1)
    gains = np.sign(values[chosen])
    size = np.sqrt(np.square(np.einsum("k,ki,kj->ij", gains, lines, lines)).sum())
    return Kernel(np.asarray(lines / np.sqrt(size), np.float32), tuple(float(g) for g in gains))


def _radial(kernel: Kernel) -> Numbers:
    """The power of a kernel, the mean of each ring."""
    lines = np.fft.rfft(kernel.lines.astype(np.float64), _GRID, axis=1)
    rows = np.concatenate([lines, lines[:, -2:0:-1].conj()], 1)
    found = np.einsum("k,ki,kj->ij", np.array(kernel.gains), rows, lines)
    squares = np.bincount(_BINS.ravel(), (_WEIGHTS * np.abs(found) ** 2).ravel())
    mean: Numbers = squares / _COUNTS
    return mean


def _mean(radial: Numbers) -> float:
    return float((radial * _COUNTS).sum() / _COUNTS.sum())


def _distance(shown: Numbers, wanted: Numbers) -> float:
    """The largest difference in dB between two radial spectra, brought to one mean."""
    inside = (_MIDDLES >= _LOWEST) & (_MIDDLES <= _HIGHEST)
    one, other = (power[inside] / _mean(power) for power in (shown, wanted))
    ratio = (one + _FLOOR * other.max()) / (other + _FLOOR * other.max())
    return float(np.abs(10 * np.log10(ratio)).max())
