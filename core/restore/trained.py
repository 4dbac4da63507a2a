"""What a network sees of a picture, the range it was trained in, and where that was not the picture."""

from __future__ import annotations

import numpy as np

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.grain.noise import NoiseProfile, measure_noise
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

_LUMA_RANGE = (-0.5, 1.6)
_CHROMA_RANGE = (-0.75, 0.75)
_NEUTRAL = 1e-6


def see(given: Pixels, seen: Pixels) -> int:
    """Put what a network sees of a picture into `seen`, and return how many planes that are, 3 or 1.

    given: (3, H, W) Y, Cb, Cr or (1, H, W) Y in LOG_Y, float32, finite, of any range. seen: (C, H, W) float32
    with room for them; further planes stay. What is seen is held to the range that the networks were trained
    in, noise beyond 0 and 1 included; the picture itself is never clipped. Of a picture without colour luma
    alone is seen, so that black-and-white film scanned to three channels stays black and white.
    """
    count = 3 if len(given) == 3 and np.abs(given[1:]).max() > _NEUTRAL else 1
    np.clip(given[0], *_LUMA_RANGE, out=seen[0])
    np.clip(given[1:count], *_CHROMA_RANGE, out=seen[1:count])
    return count


def noise_seen(view: View, offset: int) -> NoiseProfile:
    """The noise of what a network sees of the frame at `offset`, measured once per frame, in LOG_Y."""

    def measured() -> NoiseProfile:
        given = view.planes(offset, WorkingSpace.LOG_Y)
        seen = np.empty_like(given)
        return measure_noise(seen[: see(given, seen)])

    profile: NoiseProfile = view.measure("denoise-sr noise 3", measured, offset)
    return profile


def trust(given: Pixels, seen: Pixels, scale: int) -> Pixels | None:
    """1 where a network saw the picture as it is, falling to 0 where that lies beyond its trained range.

    given, seen: (C, H, W) float32 planes of LOG_Y, finite, before and after `see`. Returns (H, W) * scale
    float32 to multiply the network's correction by, or None where all was seen.
    """
    import cv2

    beyond = (given != seen).any(axis=0)
    if not beyond.any():
        return None
    near = cv2.dilate(beyond.astype(np.float32), np.ones((7, 7), np.uint8))
    share = 1 - cv2.blur(near, (5, 5))
    size = (share.shape[1] * scale, share.shape[0] * scale)
    return np.asarray(cv2.resize(share, size, interpolation=cv2.INTER_LINEAR), np.float32)
