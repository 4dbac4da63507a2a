"""Simulated noise: even, as bright as the light lets it be, and as soft as film grain."""

import torch
from torch import Tensor

from interneg.engines.training.dice import Dice
from interneg.engines.training.resample import blur_kernel, convolve


def noise_levels(count: int, dice: Dice) -> Tensor:
    """Noise levels: half evenly to 55/255, half in octaves of 0.5..15/255 (film in a log has so little).

    Returns (count,) float32, standard deviations in codes of 0..1.
    """
    even = dice.uniform(count, 0, 55 / 255)
    octaves = torch.exp2(dice.uniform(count, -1.0, 3.907)) / 255
    return torch.where(dice.uniform(count, 0, 1) < 0.5, even, octaves)


def grained(picture: Tensor, dice: Dice) -> tuple[Tensor, Tensor, Tensor]:
    """Add signal-dependent, possibly correlated luma and chroma noise; returns also both sigma maps.

    picture: (N, 3, H, W) float32 Y, Cb, Cr; Y in codes of 0..1, which may lie beyond. Returns the noisy
    picture, of the same shape, and the standard deviations of luma and of chroma, (N, 1, H, W) each.
    """
    count = len(picture)
    luma = picture[:, :1].clamp(0, 1)
    level = noise_levels(count, dice)[:, None, None, None]
    lean = dice.uniform(count, 0, 0.9)[:, None, None, None]
    rising = (dice.uniform(count, 0, 1) < 0.6)[:, None, None, None]
    slope = torch.where(rising, luma, 1 - luma).sqrt()
    sigma_y = level * (1 - lean + lean * slope)
    sigma_c = sigma_y * dice.uniform(count, 0.3, 1.5)[:, None, None, None]
    noise = dice.normal(*picture.shape)
    fine = softened(noise[:, :1], dice.number(0.45, 0.8)) if dice.number() < 0.4 else noise[:, :1]
    coarse = softened(noise[:, 1:], dice.number(0.5, 1.6)) if dice.number() < 0.6 else noise[:, 1:]
    return picture + torch.cat((fine * sigma_y, coarse * sigma_c), 1), sigma_y, sigma_c


def softened(noise: Tensor, spread: float) -> Tensor:
    """White noise made spatially correlated by a Gaussian, at unit deviation.

    noise: (N, C, H, W) float32 of unit deviation. spread: of the Gaussian, in pixels. Returns the same shape.
    """
    ones = torch.full((1,), spread, device=noise.device)
    kernel = blur_kernel("gaussian", 7, ones, torch.ones_like(ones), torch.zeros_like(ones))
    kernel = kernel / (kernel**2).sum().sqrt()
    return convolve(noise, kernel.expand(len(noise), -1, -1))
