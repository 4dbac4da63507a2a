"""Clean clips made noisy, grainy or compressed, and what a user would tell Denoise-SR of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from interneg.engines.training import levels
from interneg.frame import Pixels
from interneg.io.recompression import through_video

_KINDS = ("white", "soft", "dependent", "coded")
_SHARES = (0.66, 0.12, 0.10, 0.12)


class Worn(NamedTuple):
    """A damaged clip. frames: (H, W, 3) float32, R'G'B'.

    told: the deviation of its noise in 8-bit codes of R, G and B each, None where it is to be measured.
    level: of compression, 0..1.
    """

    frames: list[Pixels]
    told: float | None
    level: float = 0.0


def worn(clip: Sequence[Pixels], dice: np.random.Generator) -> Worn:
    """Damage of a kind and strength that are drawn; `clip` is (H, W, 3) float32 each, 0..1, of even sizes."""
    kind = dice.choice(_KINDS, p=_SHARES)
    sigma = float(np.exp(dice.uniform(np.log(3), np.log(55))))
    if kind == "coded":
        return _coded(clip, dice)
    if kind == "dependent":
        slope, floor = dice.uniform(0, 1), dice.uniform(0.2, 0.6)
        shares = [np.sqrt(floor + (1 - floor) * (c if slope < 0.7 else 1 - c)) for c in clip]
        noise = [dice.normal(0, sigma / 255, c.shape) * s for c, s in zip(clip, shares, strict=True)]
        return Worn(_recorded(clip, noise, dice), None)
    if kind == "soft":
        spread, chroma = dice.uniform(0.4, 1.2), dice.uniform(0, 1)
        noise = [_grain(c.shape, sigma / 255, spread, chroma, dice) for c in clip]
        return Worn(_recorded(clip, noise, dice), None if dice.random() < 0.6 else sigma)
    return white(clip, sigma, dice, clipped=dice.random() < 0.75, measured=dice.random() < 0.12)


def white(
    clip: Sequence[Pixels],
    sigma: float,
    dice: np.random.Generator,
    clipped: bool = True,
    measured: bool = False,
) -> Worn:
    """White noise of `sigma` codes on R, G and B each, clipped and rounded as cameras of 8 bits do."""
    frames = [c + dice.normal(0, sigma / 255, c.shape) for c in clip]
    if clipped:
        frames = [np.rint(255 * np.clip(f, 0, 1)) / 255 for f in frames]
    return Worn([np.asarray(f, np.float32) for f in frames], None if measured else sigma)


def _grain(
    shape: tuple[int, ...], sigma: float, spread: float, chroma: float, dice: np.random.Generator
) -> Pixels:
    """Noise as soft as a Gaussian of `spread` pixels, by a share `chroma` each channel's own."""
    own, shared = dice.normal(0, 1, shape), dice.normal(0, 1, (*shape[:2], 1))
    soft = cv2.GaussianBlur(chroma * own + (1 - chroma) * shared, (0, 0), spread)
    return np.asarray(soft * (sigma / soft.std()), np.float32)


def _recorded(clip: Sequence[Pixels], noise: Sequence[Pixels], dice: np.random.Generator) -> list[Pixels]:
    frames = [c + n for c, n in zip(clip, noise, strict=True)]
    if dice.random() < 0.6:
        frames = [np.rint(255 * np.clip(f, 0, 1)) / 255 for f in frames]
    return [np.asarray(f, np.float32) for f in frames]


def _coded(clip: Sequence[Pixels], dice: np.random.Generator) -> Worn:
    """A little noise, then H.264 or MPEG-2."""
    sigma = float(dice.choice([0, dice.uniform(1, 8)]))
    noisy = [np.rint(255 * np.clip(c + dice.normal(0, sigma / 255, c.shape), 0, 1)) for c in clip]
    codes = [n.astype(np.uint8) for n in noisy]
    if dice.random() < 0.25:
        scale = int(dice.integers(2, 25))
        made, level = (
            through_video(codes, "mpeg2video", {}, group=12, qscale=scale),
            levels.from_mpeg2_qscale(scale),
        )
    else:
        qp = int(dice.integers(18, 42))
        made = through_video(codes, "libx264", {"preset": "veryfast", "qp": str(qp)}, group=24)
        level = levels.from_h264_qp(qp)
    # A codec takes most of so little noise away; what the knob says is then that of what is left.
    return Worn(
        [np.asarray(m / np.float32(255), np.float32) for m in made], float(dice.choice([0, sigma])), level
    )
