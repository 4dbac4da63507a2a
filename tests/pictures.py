"""Pictures that several tests are made of, (3, H, W) float32."""

from __future__ import annotations

import cv2
import numpy as np

from interneg.frame import Pixels


def texture(height: int, width: int, seed: int = 0) -> Pixels:
    """A colourful picture with structure of many sizes, 0.1..0.9."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for size, share in ((3, 1.0), (8, 1.0), (20, 1.5)):
        small = rng.standard_normal((height // size + 2, width // size + 2, 3)).astype(np.float32)
        total += share * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(0.5 + 0.4 * total / np.abs(total).max(), np.float32).transpose(2, 0, 1)


def picture(height: int = 48, width: int = 64, seed: int = 0) -> Pixels:
    """A smooth colourful picture with an edge, 0.05..0.8."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(0.05, 0.8, (height // 8 + 1, width // 8 + 1, 3)).astype(np.float32)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    large[:, width // 2 :] *= 0.4
    return large.transpose(2, 0, 1)


def noisy(clean: Pixels, sigma: float, seed: int = 1) -> Pixels:
    """A picture with white noise, sigma in codes of 0..255."""
    return (clean + np.random.default_rng(seed).normal(0, sigma / 255, clean.shape)).astype(np.float32)
