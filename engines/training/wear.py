"""Clean clips made noisy, grainy or compressed, and what a user would tell Denoise-SR of it."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch

from interneg.engines.training import levels
from interneg.frame import Pixels
from interneg.io.recompression import through_video

_KINDS = ("white", "soft", "dependent", "coded")
_SHARES = (0.66, 0.12, 0.10, 0.12)


class Worn(NamedTuple):
    """A damaged clip. frames: (H, W, 3) float32, R'G'B'.

    truth: as many, without noise, at the level at which they were recorded: where a camera clips noise at
    white, the mean of what it records lies below the light. Were that mended where neighbours help to see
    it, an edge would be drawn to where none do.
    told: the deviation of the noise in 8-bit codes of R, G and B each, None where it is to be measured.
    level: of compression, 0..1.
    """

    frames: list[Pixels]
    truth: list[Pixels]
    told: float | None
    level: float = 0.0


def worn(clip: Sequence[Pixels], dice: np.random.Generator) -> Worn:
    """Damage of a kind and strength that are drawn; `clip` is (H, W, 3) float32 each, 0..1, of even sizes."""
    kind = dice.choice(_KINDS, p=_SHARES)
    sigma = float(np.exp(dice.uniform(np.log(3), np.log(55))))
    if kind == "coded":
        return _coded(clip, dice)
    if kind == "dependent":
        rising, floor = dice.random() < 0.7, dice.uniform(0.2, 0.6)
        maps = [_float(sigma / 255 * np.sqrt(floor + (1 - floor) * (c if rising else 1 - c))) for c in clip]
        noise = [_float(dice.normal(0, 1, c.shape)) for c in clip]
        return _recorded(clip, noise, maps, dice.random() < 0.6, None)
    if kind == "soft":
        spread, chroma = dice.uniform(0.4, 1.2), dice.uniform(0, 1)
        noise = [_grain(c.shape, spread, chroma, dice) for c in clip]
        told = None if dice.random() < 0.6 else sigma
        return _recorded(clip, noise, [_float(sigma / 255)] * len(clip), dice.random() < 0.6, told)
    return white(clip, sigma, dice, clipped=dice.random() < 0.75, measured=dice.random() < 0.12)


def white(
    clip: Sequence[Pixels],
    sigma: float,
    dice: np.random.Generator,
    clipped: bool = True,
    measured: bool = False,
) -> Worn:
    """White noise of `sigma` codes on R, G, B of (H, W, 3), clipped and rounded as 8-bit cameras do."""
    noise = [_float(dice.normal(0, 1, c.shape)) for c in clip]
    told = None if measured else sigma
    return _recorded(clip, noise, [_float(sigma / 255)] * len(clip), clipped, told)


def clipped_mean(clean: Pixels, sigma: Pixels) -> Pixels:
    """The mean of `clean` with normal noise of deviation `sigma`, clipped to 0..1; float32 of any shapes."""
    light, spread = torch.from_numpy(clean), torch.as_tensor(np.maximum(sigma, np.float32(1e-6)))
    low, high = -light / spread, (1 - light) / spread

    def under(x: torch.Tensor) -> torch.Tensor:
        return 0.5 * (1 + torch.erf(x / sqrt(2)))

    def density(x: torch.Tensor) -> torch.Tensor:
        return torch.exp(-x * x / 2) / sqrt(2 * pi)

    inside = light * (under(high) - under(low)) - spread * (density(high) - density(low))
    mean: Pixels = (inside + 1 - under(high)).float().numpy()
    return mean


def _float(values: npt.ArrayLike) -> Pixels:
    return np.asarray(values, np.float32)


def _grain(shape: tuple[int, ...], spread: float, chroma: float, dice: np.random.Generator) -> Pixels:
    """Noise of unit deviation, as soft as a Gaussian of `spread` pixels, by `chroma` each channel's own."""
    own, shared = dice.normal(0, 1, shape), dice.normal(0, 1, (*shape[:2], 1))
    soft = cv2.GaussianBlur(chroma * own + (1 - chroma) * shared, (0, 0), spread)
    return np.asarray(soft / soft.std(), np.float32)


def _recorded(
    clip: Sequence[Pixels],
    noise: Sequence[Pixels],
    sigmas: Sequence[Pixels],
    clipped: bool,
    told: float | None,
) -> Worn:
    """The clip with noise of unit deviation times `sigmas`, as a camera of 8 bits records it if `clipped`."""
    frames = [np.asarray(c + n * s, np.float32) for c, n, s in zip(clip, noise, sigmas, strict=True)]
    if not clipped:
        return Worn(frames, list(clip), told)
    truth = [clipped_mean(c, s) for c, s in zip(clip, sigmas, strict=True)]
    codes = [np.rint(255 * np.clip(f, 0, 1)) / np.float32(255) for f in frames]
    return Worn([np.asarray(c, np.float32) for c in codes], truth, told)


def _coded(clip: Sequence[Pixels], dice: np.random.Generator) -> Worn:
    """A little noise, then H.264 or MPEG-2."""
    sigma = float(dice.choice([0, dice.uniform(1, 8)]))
    noisy = [np.rint(255 * np.clip(c + dice.normal(0, sigma / 255, c.shape), 0, 1)) for c in clip]
    codes = [n.astype(np.uint8) for n in noisy]
    if dice.random() < 0.25:
        scale = int(dice.integers(2, 25))
        made = through_video(codes, "mpeg2video", {}, group=12, qscale=scale)
        level = levels.from_mpeg2_qscale(scale)
    else:
        qp = int(dice.integers(18, 42))
        made = through_video(codes, "libx264", {"preset": "veryfast", "qp": str(qp)}, group=24)
        level = levels.from_h264_qp(qp)
    # A codec takes most of so little noise away; what the knob says is then that of what is left.
    told = float(dice.choice([0, sigma]))
    frames = [np.asarray(m / np.float32(255), np.float32) for m in made]
    return Worn(frames, list(clip), told, level)
