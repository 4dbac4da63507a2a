"""Degraded/clean training pairs, made on the device from a seeded generator.

Four kinds of sample, drawn per batch by :class:`Mix`:

- ``clean``: the super-resolution protocol (antialiased bicubic, 8 bits), condition (0, 0, 0);
- ``noisy``: the same plus unclipped Gaussian noise, sigma 0..55/255, with its exact map;
- ``coded``: what a real H.264, MPEG-2 or JPEG codec made of it (from the pack), with its level q;
- ``rich``: blur, a random resizer, signal-dependent and correlated noise, simulated JPEG, in random order.

Log-encoded pictures, grey pictures, drawn edges and drawn gradients are mixed in.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from interneg.engines.training import colour, edges
from interneg.engines.training.batch import Batch, conditioned, greyed
from interneg.engines.training.crops import crops, log_encoded
from interneg.engines.training.dice import Dice
from interneg.engines.training.jpeg import jpeg
from interneg.engines.training.noise import grained, noise_levels, softened
from interneg.engines.training.resample import blur_kernel, convolve, noise_gain, resize
from interneg.engines.training.tiles import Tiles, cut

__all__ = ["MARGIN", "RESIZERS", "Dice", "Mix", "draw"]

MARGIN = 4
_GRAIN = (0.4, 1.3)
"""Spread of the Gaussian that grain is as soft as, in pixels."""
RESIZERS = ("bicubic", "area", "bilinear", "lanczos", "nearest")


@dataclass(frozen=True)
class Mix:
    """Shares of the kinds of sample; ``rich`` is what is left of 1.

    grey, log: shares of all samples without colour, and of the batches in a log encoding. soft, clipped:
    shares of the noisy batches whose noise is soft, as film grain is, and that are clipped to 0..1 in 8 bits,
    as cameras and files clip.
    """

    clean: float = 0.48
    noisy: float = 0.25
    coded: float = 0.10
    edges: float = 0.08
    gradients: float = 0.0
    grey: float = 0.35
    soft: float = 0.0
    clipped: float = 0.0
    log: float = 0.25

    def at(self, scale: int) -> "Mix":
        """At 1x clean samples teach no more than silence: most of their share goes to damage."""
        if scale > 1:
            return self
        return replace(
            self, clean=0.25 * self.clean, coded=self.coded + 0.5 * self.clean, edges=min(self.edges, 0.03)
        )


def draw(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    """``count`` samples of ``size`` input pixels a side at one scale; what is drawn comes first."""
    mix = mix.at(scale)
    shares = (mix.gradients, mix.edges, mix.clean, mix.noisy, mix.coded)
    tally = [0] * 6
    for _ in range(count):
        roll, kind = dice.number(), 0
        while kind < 5 and roll >= sum(shares[: kind + 1]):
            kind += 1
        tally[kind] += 1
    makers = (_smooth, _drawn, _clean, _noisy, _coded, _rich)
    parts = [make(tiles, scale, size, n, dice, mix) for make, n in zip(makers, tally, strict=True) if n]
    batch = Batch.of([greyed(p, dice.uniform(len(p.planes), 0, 1) < mix.grey) for p in parts])
    batch.smooth, batch.drawn = tally[0], tally[0] + tally[1]
    return batch.turned(dice.whole(8))


def _smooth(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    return edges.gradients(scale, size, count, dice)


def _drawn(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    return edges.draw(scale, size, count, dice)


def _clean(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    reduced, full = crops(tiles, scale, size, count, dice, mix.log / 2, tries=3)
    return Batch(conditioned(colour.rgb_to_ycc(reduced)), colour.rgb_to_ycc(full))


def _noisy(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    reduced, full = crops(tiles, scale, size, count, dice, mix.log / 2)
    sigma = noise_levels(count, dice)[:, None, None, None]
    ycc = colour.rgb_to_ycc(reduced)
    soft = mix.soft > 0 and dice.number() < mix.soft
    if soft or dice.number() < 0.5:
        sigma_y, sigma_c = sigma, sigma * dice.uniform(count, 0.0, 1.2)[:, None, None, None]
        noise = dice.normal(*ycc.shape)
        if soft:
            grain = dice.number(*_GRAIN)
            coarse = grain * dice.number(1.0, 1.5)
            noise = torch.cat((softened(noise[:, :1], grain), softened(noise[:, 1:], coarse)), 1)
        noise = torch.cat((noise[:, :1] * sigma_y, noise[:, 1:] * sigma_c), 1)
    else:  # equal noise on red, green and blue
        sigma_y, sigma_c = sigma * 0.6686, sigma * 0.6400
        noise = colour.rgb_to_ycc(dice.normal(*ycc.shape)) * sigma
    noisy = ycc + noise
    if dice.number() < mix.clipped and float(full.max()) <= 1:
        noisy = colour.rgb_to_ycc((colour.ycc_to_rgb(noisy).clamp(0, 1) * 255).round() / 255)
    return Batch(conditioned(noisy, sigma_y, sigma_c), colour.rgb_to_ycc(full))


def _coded(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    coded = tiles.coded[scale]
    pick = dice.below(count, len(coded.q))
    limit = coded.pixels.shape[1] - size + 1
    top, left = dice.below(count, limit), dice.below(count, limit)
    reduced = cut(coded.pixels, pick, top, left, size)
    full = cut(tiles.full[1], coded.tile[pick], top * scale, left * scale, size * scale)
    q = (coded.q[pick] + dice.uniform(count, -0.03, 0.03)).clamp(0.02, 1.0)[:, None, None, None]
    borders = _borders(top, left, size) if scale == 1 else None
    return Batch(conditioned(colour.rgb_to_ycc(reduced), q=q), colour.rgb_to_ycc(full), borders)


def _borders(top: Tensor, left: Tensor, size: int) -> Tensor:
    """Both sides of the borders of 8x8 blocks, (N,2,size,size), for crops at a row and a column."""
    span = torch.arange(size, device=top.device)
    down, across = (((start[:, None] + span) % 8 % 7 == 0).float() for start in (top, left))
    grid = (across[:, None, :].expand(-1, size, -1), down[:, :, None].expand(-1, -1, size))
    return torch.stack(grid, 1)


def _rich(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    """Blur, resize, noise and JPEG in random order; always with some noise or compression."""
    padded = size + 2 * MARGIN
    large = padded * scale
    number = tiles.train[dice.below(count, len(tiles.train))]
    side = tiles.full[1].shape[1]
    full = cut(
        tiles.full[1], number, dice.below(count, side - large + 1), dice.below(count, side - large + 1), large
    )
    full = colour.rgb_to_ycc(log_encoded(full, dice) if dice.number() < mix.log * 2 else full)
    picture = full
    gain = 1.0
    sigma_y = sigma_c = q = None
    steps = ["noise", "jpeg"] if dice.number() < 0.5 else (["noise"] if dice.number() < 0.6 else ["jpeg"])
    steps += ["blur"] if dice.number() < 0.35 else []
    steps.insert(dice.whole(len(steps) + 1), "resize")
    if "jpeg" in steps and steps.index("jpeg") < steps.index("resize"):
        steps.remove("jpeg")
        steps.append("jpeg")
    for step in steps:
        if step == "blur":
            picture = _blurred(picture, scale if picture.shape[-1] == large else 1, dice)
        elif step == "resize" and scale > 1:
            name = RESIZERS[min(dice.whole(8), 4)] if dice.number() < 0.7 else "bicubic"
            picture = resize(picture, padded, padded, name)
            gain = noise_gain(large, padded, name)
        elif step == "noise":
            picture, sigma_y, sigma_c = grained(picture, dice)
            gain = 1.0
        elif step == "jpeg":
            picture, q = jpeg(picture, dice.uniform(count, 8, 95), dice)
    if sigma_y is not None and sigma_c is not None:
        jitter = torch.exp(dice.normal(count, 1, 1, 1) * 0.08) if dice.number() < 0.6 else 1.0
        shrunk = [F.adaptive_avg_pool2d(s * (gain * jitter), picture.shape[-1]) for s in (sigma_y, sigma_c)]
        sigma_y, sigma_c = shrunk
    planes = conditioned(picture, sigma_y, sigma_c, q)
    top, left = dice.whole(2 * MARGIN + 1), dice.whole(2 * MARGIN + 1)
    planes = planes[..., top : top + size, left : left + size]
    span = slice(top * scale, (top + size) * scale), slice(left * scale, (left + size) * scale)
    return Batch(planes, full[..., span[0], span[1]])


def _blurred(picture: Tensor, scale: int, dice: Dice) -> Tensor:
    count = len(picture)
    kind = ("gaussian", "gaussian", "disc", "airy")[dice.whole(4)]
    widest = {"gaussian": 0.7, "disc": 1.1, "airy": 1.6}[kind] * scale
    spread = dice.uniform(count, 0.3 * widest, widest)
    kernels = blur_kernel(kind, 13, spread, dice.uniform(count, 0.5, 1.0), dice.uniform(count, 0, 3.1416))
    return convolve(picture, kernels)
