"""Drawn pictures whose clean form is known: edges that must not ring, and gradients that must not band."""

import torch

from interneg.engines.training import colour
from interneg.engines.training.batch import Batch, conditioned
from interneg.engines.training.dice import Dice
from interneg.engines.training.resample import resize


def draw(scale: int, size: int, count: int, dice: Dice) -> Batch:
    """Steps, bars and gradients at random angles, with and without noise: what must not ring."""
    large = size * scale
    span = torch.arange(large, device=dice.device, dtype=torch.float32) - (large - 1) / 2
    angle = dice.uniform(count, 0, 6.2832)
    upright = dice.uniform(count, 0, 1) < 0.4
    angle = torch.where(upright, (angle / 1.5708).round() * 1.5708, angle)
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    place = span[None, None, :] * cos + span[None, :, None] * sin
    place = place - dice.uniform(count, -0.3, 0.3)[:, None, None] * large
    width = dice.uniform(count, 1.0, 0.6 * large)[:, None, None]
    bar = (dice.uniform(count, 0, 1) < 0.4)[:, None, None]
    soft = cos.abs() + sin.abs()  # an edge averaged over the area of each pixel
    ramp = (place / soft + 0.5).clamp(0, 1)
    shape = torch.where(bar, ramp * ((width - place) / soft + 0.5).clamp(0, 1), ramp)[:, None]
    tilt = dice.uniform(count, -0.1, 0.1)[:, None, None, None] * (place / large)[:, None]
    low, high = dice.uniform(count * 3, 0, 1), dice.uniform(count * 3, 0, 1)
    colourless = (dice.uniform(count, 0, 1) < 0.5).view(count, 1, 1, 1)
    low, high = (
        torch.where(colourless, c[:, :1], c) for c in (low.view(-1, 3, 1, 1), high.view(-1, 3, 1, 1))
    )
    full = colour.rgb_to_ycc(low + (high - low) * shape + tilt)
    reduced = resize(full, size, size, "bicubic" if dice.number() < 0.3 else "area") if scale > 1 else full
    if dice.number() < 0.7:
        return Batch(conditioned(reduced), full)
    sigma = dice.uniform(count, 0, 30 / 255)[:, None, None, None]
    return Batch(conditioned(reduced + dice.normal(*reduced.shape) * sigma, sigma, sigma), full)


def gradients(scale: int, size: int, count: int, dice: Dice) -> Batch:
    """Slow gradients of colour that are told of noise, most of which is not there: what must not band.

    A third has all the noise it is told of or a part of it, a fifth is rounded to 8 bits, the rest is clean:
    a network that has learnt how dark and bright noise is clipped pulls such a sky about, and a step back of
    half a code shows.
    """
    large = size * scale
    span = (torch.arange(large, device=dice.device, dtype=torch.float32) + 0.5) / scale
    angle = dice.uniform(count, 0, 6.2832)[:, None, None]
    place = span[None, None, :] * torch.cos(angle) + span[None, :, None] * torch.sin(angle)
    place = place - dice.uniform(count, 0, 1)[:, None, None] * size
    steep = 10 ** dice.uniform(count, -4.0, -2.0)[:, None, None]  # of the range, from pixel to pixel
    bend = dice.uniform(count, -0.5, 0.5)[:, None, None] * (place / size)
    rise = (steep * place * (1 + bend))[:, None]
    tint = dice.uniform(count * 3, -1, 1).view(count, 3, 1, 1)
    grey = (dice.uniform(count, 0, 1) < 0.5).view(count, 1, 1, 1)
    level, tint = dice.uniform(count * 3, -0.1, 1.1).view(count, 3, 1, 1), torch.where(grey, 1.0, tint)
    full = colour.rgb_to_ycc(torch.where(grey, level[:, :1], level) + tint * rise)
    reduced = resize(full, size, size, "area") if scale > 1 else full
    sigma = 10 ** dice.uniform(count, -3.3, -0.8)[:, None, None, None]
    roll = dice.uniform(count, 0, 1)[:, None, None, None]
    there = sigma * torch.where(roll < 0.33, (roll * 4).clamp(max=1), 0.0)
    coarse = colour.rgb_to_ycc((colour.ycc_to_rgb(reduced) * 255).round() / 255)
    seen = torch.where(roll > 0.8, coarse, reduced + dice.normal(*reduced.shape) * there)
    return Batch(conditioned(seen, sigma, sigma), full)
