"""How alike two aligned frames are at each pixel, beyond the noise that each has of its own."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

_LEAST = np.float32(1e-9)
_PATCH = 1.5
# What the calmest quarter of a patch's mean square is of its mean, and of the mean of a large one.
_QUARTER, _QUARTER_AROUND = 0.5, 0.85
# Of pictures without noise: which difference (as a share of the noise's) their own error makes, and how
# strictly what is beyond counts. A network leaves some noise that it takes for texture.
_ERROR, _STRICT, _TEXTURE = 0.08, 4.0, 0.4
# Of the noisy pictures, in a band without the finest: how far the mean square strays over an area of some
# 36 pixels, how strictly what is beyond counts, and how many times louder correlated noise may be than white.
_BAND, _AREA, _STRAY, _STRICT_AROUND, _LOUDEST = 1.0, 10.0, 1.05, 5.0, 8.0
# Of white noise a network leaves no more than this share of the variance; of soft noise twice as much.
_WHITE = 0.3
# Less than this share of a surrounding that is alike is alike by chance, and less than this weight is none.
_CHANCE, _FAINT = 0.3, 0.05
_STEP = 8
_EXPOSURE = 16.0
# Interpolation leaves half of a neighbour's noise: less than this share of what is expected is no chance.
_STILL, _CLIPPED = 0.4, 0.25


def likeness(apart: Pixels, clean: Pixels, variance: Pixels, removed: Pixels, own: Pixels) -> Pixels:
    """By how much a frame counts beside another that it was brought onto: 1 as much, 0 not; (H, W) float32.

    apart: (C, H, W) float32, by how much the two differ, luma first, then colour. clean: the same with their
    noise removed. variance: (2, H, W) or (2, 1, 1), that of `apart` if both show the same. removed:
    (C, H, W), the noise that was found in one of the two. own: (2, H, W) or (2, 1, 1), what its variance
    should be. From these follows which share of the noise could not be removed, and how soft it is.

    Two tests. What differs without noise, in a patch: with an error of squared size t (in units of the
    noise's variance) and a network after, which leaves a share of some quarter of the noise's, the mean
    square error of the sum is least where the frame counts as 1 / (1 + 8 t) (the weights of two estimates,
    one of them biased). And what differs in the noisy pictures over an area, since removing noise removes
    faint texture too: what the area has more of than noise is texture that does not fit.
    The result is smooth, so that no edge of it shows.
    """
    weight = np.ones(apart.shape[1:], np.float32)
    for noisy, quiet, gone, var, single in _kinds(apart, clean, removed, variance, own):
        var = var + _LEAST
        excess = _blurred(np.square(quiet).mean(axis=0) / var, _PATCH)
        calm = float(np.quantile(excess[::4, ::4], 0.25)) / _QUARTER - _ERROR
        rest = 1 - float(np.median(_over_area(np.square(gone).mean(axis=0) / (single + _LEAST))))
        floor = np.float32(min(max(calm, 0.0), max(0.0, rest - _TEXTURE) / (1 - _TEXTURE)) + _ERROR)
        fits = np.square(1 + np.float32(_STRICT / 2) * np.maximum(excess - floor, 0)) ** -1
        around, louder = _over_area(fits), _over_area(_band(noisy, var) * fits)
        louder /= around + np.float32(0.02)
        # Soft noise that stayed shows in both alike: there the calmest quarter says how soft it is.
        soft = float(np.median(_over_area(_band(gone, single + _LEAST))))
        soft += _LOUDEST * min(max((rest - _WHITE) / _WHITE, 0.0), 1.0)
        soft = min(float(np.quantile(louder[::4, ::4], 0.25)) / _QUARTER_AROUND, soft)
        louder /= np.float32(min(max(soft, 1.0), _LOUDEST))
        weight *= fits * np.minimum(around / np.float32(_CHANCE), 1)
        weight /= 1 + np.float32(_STRICT_AROUND) * np.maximum(louder - np.float32(_STRAY), 0)
    weight = (_blurred(weight, _PATCH) - np.float32(_FAINT)) / np.float32(1 - _FAINT)
    return np.asarray(np.maximum(weight, 0), np.float32)


def evened(clean: Pixels, confidence: Pixels, variance: Pixels) -> Pixels:
    """What of a difference is exposure: its mean over some 60 pixels, by confidence; (C, H, W) float32.

    clean: (C, H, W), the difference of two aligned frames without noise. confidence: (H, W), 0..1.
    variance: (2, H, W) or (2, 1, 1), of the noise of luma and colour: what is beyond its deviation is no
    matter of exposure. A lamp that flickers, or a camera that follows the light, would shift the level of the
    average.
    """
    import cv2

    height, width = confidence.shape
    weighted = np.concatenate([clean * confidence, confidence[None]]).transpose(1, 2, 0)
    small = cv2.resize(weighted, (-(-width // _STEP), -(-height // _STEP)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), _EXPOSURE / _STEP)
    level = cv2.resize(small[..., :-1] / (small[..., -1:] + np.float32(1e-3)), (width, height))
    level = level.reshape(height, width, -1).transpose(2, 0, 1)
    most = np.sqrt(variance[np.minimum(np.arange(len(level)), 1)])
    return np.asarray(np.clip(level, -most, most), np.float32)


def standing(apart: Pixels, removed: tuple[Pixels, Pixels], variance: Pixels) -> Pixels:
    """How much of two frames' noise is one and the same: 1 all, 0 none; (H, W) float32.

    apart: (C, H, W), by how much the two differ. removed: the noise that was found in each. variance: that of
    `apart` if the noise of each is its own. Where less noise is found than that, as near white, where cameras
    clip it, less is expected.
    """
    ratio = np.zeros(apart.shape[1:], np.float32)
    first = [np.square(r) for r in removed]
    kinds = [(slice(0, 1), variance[0]), (slice(1, None), variance[1])][: len(apart)]
    for planes, var in kinds:
        var = var + _LEAST
        found = _blurred(sum(f[planes].mean(axis=0) for f in first), _PATCH)
        expected = np.clip(found, np.float32(_CLIPPED) * var, var)
        share = np.float32(len(apart[planes]) / len(apart))
        ratio += share * _blurred(np.square(apart[planes]).mean(axis=0), _PATCH) / expected
    return np.asarray(np.clip(1 - ratio / np.float32(_STILL), 0, 1), np.float32)


def _kinds(
    apart: Pixels, clean: Pixels, removed: Pixels, variance: Pixels, own: Pixels
) -> list[tuple[Pixels, Pixels, Pixels, Pixels, Pixels]]:
    """Luma's part of each, and colour's, where there is colour."""
    luma, colour = slice(0, 1), slice(1, None)
    kinds = [
        (apart[luma], clean[luma], removed[luma], variance[0], own[0]),
        (apart[colour], clean[colour], removed[colour], variance[1], own[1]),
    ]
    return kinds[: len(apart)]


def _band(planes: Pixels, variance: Pixels) -> Pixels:
    """The square of what is not fine, 1 on average where it is white noise of `variance`."""
    # White noise loses all but 1 / (4 pi sigma**2) of its variance in a Gaussian blur.
    squares = np.mean([np.square(_blurred(plane, _BAND)) for plane in planes], axis=0)
    return np.asarray(squares * np.float32(4 * np.pi * _BAND**2) / variance, np.float32)


def _blurred(plane: Pixels, sigma: float) -> Pixels:
    import cv2

    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)


def _over_area(plane: Pixels) -> Pixels:
    """The mean around each pixel, at a quarter of the size in between: it is smooth."""
    import cv2

    height, width = plane.shape
    small = cv2.resize(plane, (-(-width // 4), -(-height // 4)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(_blurred(small, _AREA / 4), (width, height)), np.float32)
