"""Clips to feed a host with."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.plugin.ofx.ofx_images import Picture
from tests.plugin.ofx.ofx_objects import Plate


def picture(
    seed: int, height: int = 12, width: int = 16, channels: int = 4, x: int = 0, y: int = 0
) -> Picture:
    """A fixed texture under noise of its own; negative samples and samples above 1 are among them."""
    texture = np.random.default_rng(5).uniform(0.05, 1, (height, width, channels))
    noise = np.random.default_rng(abs(seed)).normal(0, 0.02, texture.shape)
    pixels = (texture + noise).astype(np.float32)
    pixels[0, 0, 0], pixels[-1, -1, 0] = -0.5, 40.0
    if channels in (1, 4):
        pixels[..., -1] = np.clip(pixels[..., -1], 0, 1)
    return Picture(pixels, x, y)


def clip(first: int = 1001, last: int = 1012, cut: int | None = None, **facts: Any) -> Plate:
    """A clip; from the frame `cut` on it shows something else."""
    frames = {}
    for number in range(first, last + 1):
        shown = picture(number, **facts)
        if cut is not None and number >= cut:
            shown = Picture(np.ascontiguousarray(shown.pixels[::-1, ::-1]), shown.x, shown.y)
        frames[number] = shown
    return Plate.of(frames)


def mask(plate: Plate) -> Plate:
    """A mask for a plate: 0 on the left, 1 on the right, rising between."""
    shown = plate.picture
    height, width = shown.pixels.shape[:2]
    ramp = np.clip((np.arange(width, dtype=np.float32) - width // 4) / (width // 2), 0, 1)
    pixels = np.broadcast_to(ramp[None, :, None], (height, width, 1)).astype(np.float32)
    return Plate(lambda time: Picture(pixels, shown.x, shown.y), plate.range)
