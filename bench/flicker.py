"""Flicker of known kind put on clips of known truth, and how much of it is left.

Pictures are display-referred, (T, H, W) float32 grey, 0..1.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

Clip = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

GAIN, GAMMA, FIELD = 0.09, 0.06, 0.06
"""Standard deviations of each frame's gain, of its gamma, and of the field of gains over its picture."""

BLOCKS = 6


def scene(pictures: Sequence[Clip], frames: int, height: int = 240, width: int = 320) -> Clip:
    """A smooth pan over the first of some (H, W) pictures, with pieces of the others moving across it."""
    back, *others = pictures
    clip = np.empty((frames, height, width), np.float32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for t, out in enumerate(clip):
        along = 0.5 - 0.5 * np.cos(np.pi * t / max(frames - 1, 1))
        room = np.array([back.shape[1] - width, back.shape[0] - height], np.float32) * np.float32(along)
        out[:] = cv2.remap(back, x + room[0], y + room[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        for i, other in enumerate(others):
            at = np.array(
                [width * (0.2 + 0.6 * along), height * (0.35 + 0.3 * np.sin(0.15 * t + i))], np.float32
            )
            if i % 2:
                at[0] = width - at[0]
            inside = np.clip(height / 8 - np.hypot(x - at[0], y - at[1]), 0, 1)
            piece = cv2.remap(
                other,
                x - at[0] + other.shape[1] / 2,
                y - at[1] + other.shape[0] / 2,
                cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_REFLECT,
            )
            out += inside * (piece - out)
    return np.clip(clip, 0, 1)


def flickering(clip: Clip, seed: int = 0) -> Clip:
    """The clip with a gain, a gamma and a smooth field of gains drawn anew for each frame, in 8 bits.

    The field is Gaussian noise on 4x3 points with cubic interpolation between, brought to its deviation.
    """
    rng = np.random.default_rng(seed)
    height, width = clip.shape[1:]
    out = np.empty_like(clip)
    for picture, to in zip(clip, out, strict=True):
        gain, gamma = 1 + GAIN * rng.normal(), 1 + GAMMA * rng.normal()
        points = rng.normal(size=(3, 4)).astype(np.float32)
        field = cv2.resize(points, (width, height), interpolation=cv2.INTER_CUBIC)
        field = 1 + FIELD * field
        to[:] = np.rint(255 * np.clip(gain * field * picture**gamma, 0, 1)) / 255
    return out


def left(truth: Clip, clip: Clip) -> float:
    """The flicker of a clip: rms of the high-passed ratio of its block means to those of the truth.

    Blocks: 6x6 over the picture. The logarithm of the ratio is high-passed over time by the difference of
    each frame from the mean of its two neighbours, which takes out what is steady and what drifts.
    """
    ratio = np.log(blocks(clip)) - np.log(blocks(truth))
    high = ratio[1:-1] - 0.5 * (ratio[:-2] + ratio[2:])
    return float(np.sqrt(np.mean(high**2)))


def removed(truth: Clip, damaged: Clip, restored: Clip) -> float:
    """The share of the flicker that was removed, in percent."""
    return 100 * (1 - left(truth, restored) / left(truth, damaged))


def psnr(truth: Clip, clip: Clip) -> float:
    """PSNR in dB after the one gain and offset for the whole clip that fit best: exposure is not known."""
    a, b = (c.ravel().astype(np.float64) for c in (clip, truth))
    slope = np.mean((a - a.mean()) * (b - b.mean())) / a.var()
    error = slope * (a - a.mean()) + b.mean() - b
    return float(-10 * np.log10(np.mean(error**2)))


def blocks(clip: Clip) -> Doubles:
    """The means of the 6x6 blocks of each picture, (T, 6, 6), at least 1e-4."""
    small = [cv2.resize(p, (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA) for p in clip]
    return np.maximum(np.asarray(small, np.float64), 1e-4)
