"""How noisy a picture is, as a function of its brightness, found from the picture alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

_BLOCK = 8
_BAND = 8 * _BLOCK
_ENOUGH = 2**19
_BINS = 6
_QUIETEST = 0.02
# White noise: the quietest 2 % of its 8x8 blocks show this share of its standard deviation.
_QUIET = 0.69
# Takes out planes and slopes and leaves white noise its standard deviation (Immerkær, 1996).
_LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
# What clean pictures show at full, half and quarter size for want of a block without texture.
_LUMA_FLOORS = (0.7 / 255, 2.5 / 255)
_CHROMA_FLOORS = (0.3 / 255, 0.8 / 255, 1.5 / 255)


@dataclass(frozen=True)
class NoiseProfile:
    """Standard deviation of the noise over brightness, piecewise linear between `levels`, flat beyond.

    levels: (B,) rising luma; luma, chroma: (B,) standard deviations of luma and of the colour differences.
    All float32 in units of the working space.
    """

    levels: Pixels
    luma: Pixels
    chroma: Pixels

    @classmethod
    def flat(cls, sigma: float) -> NoiseProfile:
        """The same noise in luma and colour differences at every brightness."""
        sigmas = np.full(2, sigma, np.float32)
        return cls(np.array([0, 1], np.float32), sigmas, sigmas)

    def __str__(self) -> str:
        luma, chroma = (f"{s.min() * 255:.1f} to {s.max() * 255:.1f}" for s in (self.luma, self.chroma))
        return f"{luma} code values in luma, {chroma} in colour"

    def map(self, y: Pixels) -> tuple[Pixels, Pixels]:
        """The standard deviations of luma and chroma at each pixel of a luma plane, (H, W) float32 each."""
        import cv2

        if np.ptp(self.luma) == 0 and np.ptp(self.chroma) == 0:
            return np.full_like(y, self.luma[0]), np.full_like(y, self.chroma[0])
        smooth = cv2.GaussianBlur(y, (0, 0), 2.0)
        # A table, since the curve has few corners and the plane has millions of pixels.
        steps = np.linspace(self.levels[0], self.levels[-1], 256, dtype=np.float32)
        span = max(float(self.levels[-1] - self.levels[0]), 1e-6)
        scale, lowest = 255 / span, float(self.levels[0])
        index = cv2.convertScaleAbs(cv2.max(smooth, lowest), alpha=scale, beta=-scale * lowest)
        tables = [np.interp(steps, self.levels, s).astype(np.float32) for s in (self.luma, self.chroma)]
        return cv2.LUT(index, tables[0]), cv2.LUT(index, tables[1])


def measure_noise(planes: Pixels) -> NoiseProfile:
    """Estimate the noise of one picture, white or soft as grain and chroma noise are.

    planes: (3, H, W) Y, Cb, Cr or (1, H, W) Y; float32, perceptually encoded, finite.

    A Laplacian difference takes out all but noise and fine texture; of the 8x8 blocks of each of six
    classes of brightness the quietest are taken to be flat. The same at half size finds noise that is
    correlated from pixel to pixel, which the Laplacian does not see at full size; the louder one counts,
    less what texture shows in clean pictures. A class that knows only texture is held to 1.5 times the
    median of the classes. (Immerkær, Fast noise variance estimation, 1996; quiet blocks: Olsen, 1993.)
    A picture of less than 64 blocks has no noise that could be told from its content: zero. Of a large one,
    bands of rows are looked at, half a million pixels or more in all.
    """
    planes = _sampled(planes)
    height, width = (s // _BLOCK * _BLOCK for s in planes.shape[1:])
    if height * width < 64 * _BLOCK**2:
        return NoiseProfile.flat(0.0)
    y = planes[0, :height, :width]
    means = _blocks(y, _BLOCK)
    lumas = _levels(y, _LUMA_FLOORS)
    chroma = [_levels(p[:height, :width], _CHROMA_FLOORS) for p in planes[1:]]
    edges = np.quantile(means, np.linspace(0, 1, _BINS + 1))
    rows = []
    for low, high in pairwise(edges):
        chosen = (means >= low) & (means <= high)
        colour = [_quiet(levels, chosen, _CHROMA_FLOORS) for levels in chroma]
        rows.append(
            (means[chosen].mean(), _quiet(lumas, chosen, _LUMA_FLOORS), sum(colour) / max(1, len(colour)))
        )
    levels, *sigmas = np.array(rows, np.float32).T
    return NoiseProfile(levels, *(np.minimum(s, 1.5 * np.median(s)) for s in sigmas))


def _sampled(planes: Pixels) -> Pixels:
    """Every n-th band of rows, where the whole is more than is needed."""
    height, width = planes.shape[1:]
    every = height * width // _ENOUGH
    if every < 2:
        return planes
    return np.concatenate([planes[:, y : y + _BAND] for y in range(0, height, every * _BAND)], 1)


def _levels(plane: Pixels, floors: tuple[float, ...]) -> list[Pixels]:
    """For full size, half size, ...: the Laplacian's mean square in each block of 8x8 pixels of `plane`."""
    import cv2

    squares = []
    small = plane
    for level in range(len(floors)):
        if level:
            small = cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        rough = cv2.filter2D(small, -1, _LAPLACE)
        squares.append(_blocks(rough * rough, _BLOCK >> level) * 4**level)
    return squares


def _quiet(levels: list[Pixels], chosen: npt.NDArray[np.bool_], floors: tuple[float, ...]) -> float:
    """The loudest level's noise, from the quietest of the chosen blocks."""
    quiet = (float(np.quantile(squares[chosen], _QUIETEST)) / _QUIET**2 for squares in levels)
    return math.sqrt(max(0.0, *(q - floor**2 for q, floor in zip(quiet, floors, strict=True))))


def _blocks(plane: Pixels, size: int) -> Pixels:
    """The mean of each size x size block, flattened."""
    import cv2

    height, width = plane.shape
    means: Pixels = cv2.resize(plane, (width // size, height // size), interpolation=cv2.INTER_AREA)
    return means.ravel()
