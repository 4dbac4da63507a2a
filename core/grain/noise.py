"""How noisy a picture is, as a function of its brightness, found from the picture alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from interneg.colour.working import to_rgb
from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

_BLOCK = 8
_BAND = 8 * _BLOCK
_ENOUGH = 2**18
# Shares of the blocks; in colour also the few that are darkest, where a log encoding is loudest.
_CLASSES = tuple(k / 6 for k in range(7))
_COLOUR_CLASSES = (0, 0.04, 0.12, 0.25, 0.4, 0.6, 0.8, 1)
_STEEPEST = 10.0
_NOTHING = 0.25 / 255
_LOUDEST = 6.0
_QUIETEST = 0.02
# Takes out planes and slopes and leaves white noise its standard deviation (Immerkær, 1996).
_LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6


class _Level(NamedTuple):
    """What is known of one size of the picture.

    quiet: which share of its deviation noise shows in the quietest 2 % of the blocks. At half size these
    have 4x4 pixels, at quarter size 2x2, of which more are quiet by chance. At full size it is that of white
    noise, at the others that of noise as soft as a Gaussian of 0.8 pixels makes it; between both in luma,
    which has texture.
    floor: the deviation that clean pictures show for want of a block without texture.
    """

    quiet: float
    floor: float


_LUMA = (_Level(0.69, 0.7 / 255), _Level(0.58, 3.0 / 255))
_CHROMA = (_Level(0.69, 0.3 / 255), _Level(0.53, 1.0 / 255), _Level(0.45, 2.3 / 255))
# Shares of the variances of independent R, G, B in that of Y, and in the mean of those of Cb and Cr.
_SHARES = np.array([[0.0894, 0.3446, 0.0130], [0.1394, 0.1426, 0.1283]], np.float32)


# What white noise of 1 on each of R, G and B makes in luma and in colour: 0.6686 and 0.6405.
_WHITE = np.sqrt(_SHARES.sum(1, keepdims=True))[..., None]


def per_channel(luma: Pixels, chroma: Pixels, planes: int) -> tuple[Pixels, Pixels]:
    """The deviation on each of R, G and B with which independent noise makes these in Y and in Cb, Cr.

    luma, chroma: float32 of one shape, in any unit. planes: of the picture, 3 or 1; of a grey picture, stored
    in one plane or in three that are the same, luma's deviation is each channel's, and so are both results.
    """
    return (luma, luma) if planes == 1 else (luma / _WHITE[0], chroma / _WHITE[1])


def white(sigma: float, planes: int) -> tuple[Pixels, Pixels]:
    """The deviations of Y and of Cb, Cr where R, G and B have independent noise of `sigma`.

    (1, 1) float32 each. planes: as in `per_channel`, whose inverse this is.
    """
    same = np.full((1, 1), sigma, np.float32)
    return (same, same) if planes == 1 else (same * _WHITE[0], same * _WHITE[1])


@dataclass(frozen=True)
class NoiseProfile:
    """Standard deviation of the noise over brightness, piecewise linear between `levels`, flat beyond.

    levels, sigmas: (C, B) float32 in units of the working space; for R, G, B, each as a function of its own
    level (a saturated colour's noise sits in its dark channels), or for Y alone.
    luma, chroma: how many times louder the noise of Y, and of Cb and Cr, is than that of independent R, G, B.
    """

    levels: Pixels
    sigmas: Pixels
    luma: float = 1.0
    chroma: float = 1.0

    def map(self, planes: Pixels) -> tuple[Pixels, Pixels]:
        """The deviations of luma and chroma at each pixel of planes, (H, W) float32 each.

        planes: (3, H, W) Y, Cb, Cr or (1, H, W) Y, as many as were measured; float32, perceptually encoded,
        finite. Deviations are in the same units; those of a grey picture are the same array twice.
        """
        import cv2

        height, width = planes.shape[1:]
        if len(self.sigmas) == 1:
            (sigma,) = _looked_up(cv2.GaussianBlur(planes[0], (0, 0), 2.0)[None], self.levels, self.sigmas)
            return sigma, sigma
        # At half size: it is smooth, and the plane has millions of pixels.
        size = ((width + 1) // 2, (height + 1) // 2)
        small = np.stack([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in planes])
        to_rgb(small)
        for plane in small:
            cv2.GaussianBlur(plane, (0, 0), 1.0, dst=plane)
        variances = _looked_up(small, self.levels, self.sigmas**2)
        gains = np.array([[self.luma**2], [self.chroma**2]], np.float32)
        sums = np.sqrt((gains * _SHARES) @ variances.reshape(3, -1)).reshape(2, *small.shape[1:])
        luma, chroma = (cv2.resize(s, (width, height), interpolation=cv2.INTER_LINEAR) for s in sums)
        return luma, chroma


def measure_noise(planes: Pixels) -> NoiseProfile:
    """Estimate the noise of one picture, white or soft as grain and chroma noise are.

    planes: (3, H, W) Y, Cb, Cr or (1, H, W) Y; float32, perceptually encoded, finite.

    A Laplacian difference takes out all but noise and fine texture; of the 8x8 blocks of each of several
    classes of brightness the quietest are taken to be flat. The same at half size finds noise that is
    correlated from pixel to pixel, which the Laplacian does not see at full size; the louder one counts,
    less what texture shows in clean pictures. A class that knows only texture is held to 1.5 times the
    median of the classes, or in colour to what the next brighter class makes possible. (Immerkær, Fast noise
    variance estimation, 1996; quiet blocks: Olsen, 1993.)
    R, G and B are measured so; what they have in common (grain) or against each other (chroma noise) shows in
    Y, Cb and Cr, measured likewise against what independent channels would give.
    A picture of less than 64 blocks has no noise that could be told from its content: zero. Of a large one,
    bands of rows are looked at, a quarter of a million pixels or more in all.
    """
    planes = _sampled(planes)
    height, width = (s // _BLOCK * _BLOCK for s in planes.shape[1:])
    if height * width < 64 * _BLOCK**2:
        return NoiseProfile(np.zeros((len(planes), 1), np.float32), np.zeros((len(planes), 1), np.float32))
    planes = planes[:, :height, :width]
    lumas = _levels(planes[0], len(_LUMA))
    if len(planes) == 1:
        levels, sigmas = _curve(_blocks(planes[0], _BLOCK), lumas, _CLASSES)
        return NoiseProfile(levels[None], np.minimum(sigmas, 1.5 * np.median(sigmas))[None])
    rgb = planes.copy()
    to_rgb(rgb)
    means = np.stack([_blocks(p, _BLOCK) for p in rgb])
    curves = [_curve(m, _levels(p, len(_LUMA)), _COLOUR_CLASSES) for m, p in zip(means, rgb, strict=True)]
    levels = np.stack([c[0] for c in curves])
    sigmas = np.maximum([_held_back(*c) for c in curves], np.float32(_NOTHING))
    variances = [np.interp(*c).astype(np.float32) for c in zip(means, levels, sigmas**2, strict=True)]
    expected = _SHARES @ variances
    brightness = _blocks(planes[0], _BLOCK)
    chroma = [_levels(p, len(_CHROMA)) for p in planes[1:]]
    return NoiseProfile(
        levels,
        sigmas,
        _louder(brightness, [lumas], expected[0], _LUMA),
        _louder(brightness, chroma, expected[1], _CHROMA),
    )


def _looked_up(planes: Pixels, levels: Pixels, values: Pixels) -> Pixels:
    """Each plane's curve at its pixels, from a table: a curve has few corners."""
    import cv2

    found = np.empty_like(planes)
    for plane, x, y, out in zip(planes, levels, values, found, strict=True):
        steps = np.linspace(x[0], x[-1], 256, dtype=np.float32)
        scale, lowest = 255 / max(float(x[-1] - x[0]), 1e-6), float(x[0])
        # Not `cv2.max`, which takes a plane of one pixel for a number.
        index = cv2.convertScaleAbs(np.maximum(plane, np.float32(lowest)), alpha=scale, beta=-scale * lowest)
        cv2.LUT(index, np.interp(steps, x, y).astype(np.float32), dst=out)
    return found


def _curve(means: Pixels, squares: list[Pixels], classes: tuple[float, ...]) -> tuple[Pixels, Pixels]:
    """Level and deviation of each class of brightness."""
    rows = []
    for low, high in pairwise(np.quantile(means, classes)):
        chosen = (means >= low) & (means <= high)
        rows.append((means[chosen].mean(), _quiet([s[chosen] for s in squares], _LUMA)))
    levels, sigmas = np.array(rows, np.float32).T
    return levels, sigmas


def _held_back(levels: Pixels, sigmas: Pixels) -> Pixels:
    """Hold each class, from bright to dark, to what noise can be there.

    Towards the dark a log encoding multiplies noise that is constant in light by up to e**10 per unit.
    """
    held = np.minimum(sigmas, bound := 1.5 * np.median(sigmas))
    for k in range(len(held) - 2, -1, -1):
        possible = held[k + 1] * math.exp(_STEEPEST * min(1.0, levels[k + 1] - levels[k]))
        held[k] = min(sigmas[k], max(bound, possible))
    return held


def _louder(means: Pixels, planes: list[list[Pixels]], expected: Pixels, kinds: tuple[_Level, ...]) -> float:
    """How many times the expected deviation the planes show: the median of the classes of brightness."""
    found = []
    for low, high in pairwise(np.quantile(means, _CLASSES)):
        chosen = (means >= low) & (means <= high)
        level = float(np.median(expected[chosen]))
        evened = level / expected[chosen]
        sigmas = [_quiet([s[chosen] * evened for s in squares], kinds) for squares in planes]
        found.append(np.mean(sigmas) / math.sqrt(level))
    return min(float(np.median(found)), _LOUDEST)


def _sampled(planes: Pixels) -> Pixels:
    """Every n-th band of rows, where the whole is more than is needed."""
    height, width = planes.shape[1:]
    every = height * width // _ENOUGH
    if every < 2:
        return planes
    return np.concatenate([planes[:, y : y + _BAND] for y in range(0, height, every * _BAND)], 1)


def _levels(plane: Pixels, count: int) -> list[Pixels]:
    """For full size, half size, ...: the Laplacian's mean square in each block of 8x8 pixels of `plane`."""
    import cv2

    squares = []
    small = plane
    for level in range(count):
        if level:
            small = cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        rough = cv2.filter2D(small, -1, _LAPLACE)
        squares.append(_blocks(rough * rough, _BLOCK >> level) * 4**level)
    return squares


def _quiet(squares: list[Pixels], kinds: tuple[_Level, ...]) -> float:
    """The loudest level's noise, from its quietest blocks."""
    # The rank below, not between two: `np.quantile` took a third of all the time.
    ranks = (int(_QUIETEST * (len(s) - 1)) for s in squares)
    quiet = (float(np.partition(s, k)[k]) for s, k in zip(squares, ranks, strict=True))
    return math.sqrt(max(0.0, *(q / k.quiet**2 - k.floor**2 for q, k in zip(quiet, kinds, strict=True))))


def _blocks(plane: Pixels, size: int) -> Pixels:
    """The mean of each size x size block, flattened."""
    import cv2

    height, width = plane.shape
    means: Pixels = cv2.resize(plane, (width // size, height // size), interpolation=cv2.INTER_AREA)
    return means.ravel()


def described(luma: Pixels, chroma: Pixels, count: int) -> str:
    """Deviations in words, in code values of R, G and B each. luma, chroma: (H, W) or (1, 1) float32.

    count: of planes that are not all 0, 3 or 1.
    """
    shown = per_channel(luma[::4, ::4], chroma[::4, ::4], count)
    ranges = [f"{255 * s.min():.1f} to {255 * s.max():.1f}" for s in shown]
    found = f"{ranges[0]} code values per channel"
    return f"{found} by its luma, {ranges[1]} by its colour" if count > 1 else found
