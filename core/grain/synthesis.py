"""Grain made anew: white noise that knows its place, filtered to a profile's spectrum, laid on a picture."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from interneg.frame import Pixels
from interneg.grain.kernels import Kernel, alike, fitted
from interneg.grain.profile import GrainProfile
from interneg.grain.scale import at_pitch
from interneg.processor import cores

# Tiles that are filtered as one, and blocks of noise from one stream: both lie at fixed places of the frame,
# so that a pixel's value does not depend on what part of the frame is asked for. 1080p, 2K and UHD are whole
# numbers of tiles, or nearly.
_HEIGHT, _WIDTH = 180, 192
# Blocks lie this far up and left of tiles: the filters of the first tiles then need no further blocks.
_SHIFT = 16
# 256 steps of a Gaussian; two of them added are one up to 4 deviations, with a kurtosis of 2.98.
_STEPS = np.array([NormalDist().inv_cdf((k + 0.5) / 256) for k in range(256)])
_GAUSS = np.asarray(_STEPS / np.sqrt(2 * np.mean(_STEPS**2)), np.float32)
# Rows of a picture that are done as one when grain is laid on.
_BAND = 64


@dataclass(frozen=True, eq=False)
class Grain:
    """Grain of a profile at one pitch: independent from frame to frame, never repeating.

    kernels: of each of C channels. mixing: (C, C) float32, lower triangle: what white noise each channel is
    made of, so that the filtered channels correlate as the profile says, as far as their spectra can.
    """

    kernels: tuple[Kernel, ...]
    mixing: Pixels

    @classmethod
    def of(cls, profile: GrainProfile, pitch: float) -> Grain:
        """The grain of a profile in a scan with pixels of `pitch` mm."""
        seen = at_pitch(profile, pitch)
        kernels: list[Kernel] = []
        for channel in range(len(seen.channels)):
            same = [c for c in range(channel) if np.array_equal(seen.power[c], seen.power[channel])]
            kernels.append(kernels[same[0]] if same else fitted(*seen.per_pixel(channel, 96), seen.gain))
        return cls(tuple(kernels), _mixed(kernels, seen.correlation))

    def field(self, height: int, width: int, *, seed: int, frame: int, top: int = 0, left: int = 0) -> Pixels:
        """Grain of a deviation of 1 for the pixels from row `top` and column `left` on, (C, height, width).

        float32. seed, frame, top, left: any whole numbers. A pixel of one seed and frame has the same value,
        bit for bit, whatever part is asked for.
        """
        found = np.empty((len(self.kernels), height, width), np.float32)
        if not found.size:
            return found
        reach = max(kernel.radius for kernel in self.kernels)
        y0, x0 = top // _HEIGHT * _HEIGHT, left // _WIDTH * _WIDTH
        y1, x1 = -(-(top + height) // _HEIGHT) * _HEIGHT, -(-(left + width) // _WIDTH) * _WIDTH
        noise = _bytes(len(found), (y0 - reach, y1 + reach, x0 - reach, x1 + reach), f"{seed} {frame}")

        def fill(place: tuple[int, int]) -> None:
            y, x = place
            part = noise[:, y - y0 : y - y0 + _HEIGHT + 2 * reach, x - x0 : x - x0 + _WIDTH + 2 * reach]
            rows = slice(max(y, top), min(y + _HEIGHT, top + height))
            columns = slice(max(x, left), min(x + _WIDTH, left + width))
            for plane, tile in zip(found, self._tile(part), strict=True):
                plane[_moved(rows, top), _moved(columns, left)] = tile[
                    _moved(rows, y - reach), _moved(columns, x - reach)
                ]

        _each(fill, [(y, x) for y in range(y0, y1, _HEIGHT) for x in range(x0, x1, _WIDTH)])
        return found

    def _tile(self, noise: NDArray[np.uint8]) -> list[Pixels]:
        """The filtered channels of one tile and what is around it."""
        import cv2

        count = len(self.kernels)
        white = [cv2.LUT(noise[k], _GAUSS) + cv2.LUT(noise[count + k], _GAUSS) for k in range(count)]
        found: list[Pixels] = []
        for channel, (kernel, shares) in enumerate(zip(self.kernels, self.mixing, strict=True)):
            same = [c for c in range(channel) if self._same(c, channel)]
            if same:
                found.append(found[same[0]])
                continue
            # Not as a product of matrices, whose rounding may depend on their size.
            parts = [plane * share for plane, share in zip(white, shares, strict=True) if share]
            found.append(kernel.run(functools.reduce(np.add, parts)))
        return found

    def _same(self, a: int, b: int) -> bool:
        return self.kernels[a] is self.kernels[b] and np.array_equal(self.mixing[a], self.mixing[b])


def laid(planes: Pixels, field: Pixels, levels: Pixels, sigmas: Pixels) -> Pixels:
    """Clean planes with grain on them: planes + field * sigma, sigma after the level of each pixel.

    planes, field: (C, H, W) float32; planes of any range, without NaN, in the encoding of `levels`. levels,
    sigmas: (C, N) float32, levels rising: the deviation is straight between levels, to the 256th part of
    their range, and flat beyond. A deviation of 0 leaves a pixel as it is, bit for bit.
    """
    import cv2

    found = np.empty_like(planes)
    tables, scales = [], []
    for x, y in zip(levels, sigmas, strict=True):
        tables.append(np.interp(np.linspace(x[0], x[-1], 256), x, y).astype(np.float32))
        scales.append((np.float32(x[0]), np.float32(255 / max(float(x[-1] - x[0]), 1e-6))))

    def fill(place: tuple[int, int]) -> None:
        channel, top = place
        rows = slice(top, top + _BAND)
        clean, (lowest, scale) = planes[channel, rows], scales[channel]
        at = clean - lowest
        at *= scale
        at += np.float32(0.5)
        np.clip(at, 0, 255, out=at)
        grain = cv2.LUT(at.astype(np.uint8), tables[channel]).reshape(clean.shape)
        grain *= field[channel, rows]
        np.add(clean, grain, out=found[channel, rows])

    _each(fill, [(c, y) for c in range(len(planes)) for y in range(0, planes.shape[1], _BAND)])
    return found


def _mixed(kernels: list[Kernel], correlation: Pixels) -> Pixels:
    """What noise to filter: a triangle whose product with itself correlates as is needed before filtering."""
    count = len(kernels)
    shared = np.array([[alike(a, b) for b in kernels] for a in kernels])
    needed = np.clip(correlation / np.maximum(shared, 1e-3), -1, 1)
    np.fill_diagonal(needed, 1)
    # The nearest that there can be, with a diagonal of 1.
    values, vectors = np.linalg.eigh((needed + needed.T) / 2)
    possible = vectors @ np.diag(np.maximum(values, 0)) @ vectors.T
    size = np.sqrt(np.diag(possible))
    possible /= size[:, None] * size[None, :]
    mixing = np.zeros((count, count))
    for i in range(count):
        for j in range(i):
            rest = possible[i, j] - mixing[i, :j] @ mixing[j, :j]
            mixing[i, j] = rest / mixing[j, j] if mixing[j, j] > 1e-4 else 0
        mixing[i, i] = np.sqrt(max(1 - np.square(mixing[i, :i]).sum(), 0))
    mixing[np.abs(mixing) < 1e-4] = 0
    return np.asarray(mixing / np.sqrt(np.square(mixing).sum(1, keepdims=True)), np.float32)


def _bytes(channels: int, part: tuple[int, int, int, int], key: str) -> NDArray[np.uint8]:
    """Two random bytes for each channel and pixel of rows y0 to y1, columns x0 to x1: (2 C, H, W) uint8."""
    y0, y1, x0, x1 = (edge + _SHIFT for edge in part)
    found = np.empty((2 * channels, y1 - y0, x1 - x0), np.uint8)

    def fill(place: tuple[int, int]) -> None:
        row, column = place
        y, x = row * _HEIGHT, column * _WIDTH
        rows, columns = slice(max(y, y0), min(y + _HEIGHT, y1)), slice(max(x, x0), min(x + _WIDTH, x1))
        digest = hashlib.blake2b(f"{key} {row} {column}".encode(), digest_size=16).digest()
        stream = np.random.SFC64(int.from_bytes(digest, "little"))
        # Rows from the top of the block on: what is below the last one needed is not drawn.
        count = (rows.stop - y) * 2 * channels * _WIDTH // 8
        drawn = stream.random_raw(count).astype("<u8", copy=False).view(np.uint8)
        block = drawn.reshape(-1, 2 * channels, _WIDTH)[_moved(rows, y), :, _moved(columns, x)]
        found[:, _moved(rows, y0), _moved(columns, x0)] = block.transpose(1, 0, 2)

    rows, columns = range(y0 // _HEIGHT, -(-y1 // _HEIGHT)), range(x0 // _WIDTH, -(-x1 // _WIDTH))
    _each(fill, [(row, column) for row in rows for column in columns])
    return found


def _moved(part: slice, by: int) -> slice:
    return slice(part.start - by, part.stop - by)


def _each(fill: Callable[[tuple[int, int]], None], places: Iterable[tuple[int, int]]) -> None:
    """Fill every place, on all cores."""
    for _ in _pool().map(fill, places):
        pass


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), "interneg-grain")
