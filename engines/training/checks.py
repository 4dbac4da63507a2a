"""Validation while training: held tiles, and the public sets where their folders are given."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from interneg.engines.training import evaluate
from interneg.engines.training.batch import conditioned
from interneg.engines.training.colour import rgb_to_ycc, ycc_to_rgb
from interneg.engines.training.degrade import MARGIN, Mix
from interneg.engines.training.dice import Dice
from interneg.engines.training.networks import restore
from interneg.engines.training.pairs import draw_pairs, overlaps
from interneg.engines.training.psnr import psnr
from interneg.engines.training.tiles import Tiles
from interneg.grain.noise import white


@torch.no_grad()
def held_figures(net: nn.Module, tiles: Tiles, scales: list[int]) -> dict[str, float]:
    """PSNR-Y on the held tiles: clean at 2x and 4x, sigma 25 (grey) at 1x; there PSNR of R, G and B, too.

    The latter with white noise of sigma 25 in each. Then how far the results of pairs of frames of these
    tiles are apart, in 8-bit codes of luma.
    """
    figures = {}
    noise = torch.Generator(tiles.held.device).manual_seed(0)
    for scale in scales:
        full = rgb_to_ycc(tiles.full[1][tiles.held].permute(0, 3, 1, 2).float() / 255)[:, :1]
        small = rgb_to_ycc(tiles.full[scale][tiles.held].permute(0, 3, 1, 2).float() / 255)[:, :1]
        planes = torch.zeros(len(small), 6, *small.shape[2:], device=small.device)
        planes[:, :1] = small
        if scale == 1:
            planes[:, :1] += torch.randn(small.shape, generator=noise, device=small.device) * (25 / 255)
            planes[:, 3] = 25 / 255
        result = torch.cat([restore(net, part, scale)[:, :1] for part in planes.split(4)])
        figures[f"held x{scale}"] = psnr(result.clamp(0, 1), full, scale)
        if scale == 1:
            figures["held colour x1"] = _in_colour(net, tiles)
        figures[f"apart x{scale}"] = _apart(net, tiles, scale)
    return figures


def _in_colour(net: nn.Module, tiles: Tiles) -> float:
    """PSNR over R, G and B of held tiles with white noise of sigma 25 in each of them."""
    full = tiles.full[1][tiles.held].permute(0, 3, 1, 2).float() / 255
    noise = torch.Generator(full.device).manual_seed(1)
    seen = full + torch.randn(full.shape, generator=noise, device=full.device) * (25 / 255)
    luma, chroma = (float(s[0, 0]) for s in white(25 / 255, 3))
    told = full.new_tensor([luma, chroma]).view(1, 2, 1, 1)
    results = [
        ycc_to_rgb(restore(net, conditioned(part, told[:, :1], told[:, 1:]), 1))
        for part in rgb_to_ycc(seen).split(4)
    ]
    return psnr(torch.cat(results).clamp(0, 1), full, 1)


def _apart(net: nn.Module, tiles: Tiles, scale: int) -> float:
    """Root mean square of the difference between the results of pairs, where they show the same."""
    held, dice = replace(tiles, train=tiles.held), Dice(0, tiles.held.device)
    squares = []
    for _ in range(8):
        pairs = draw_pairs(held, scale, 40, 8, dice, Mix())
        result = restore(net, pairs.batch.planes, scale)[:, :1]
        first, second = overlaps(result, pairs.move, MARGIN * scale)
        squares.append((first - second).double().square().mean())
    return 255 * float(torch.stack(squares).mean().sqrt())


def figures(
    net: nn.Module, tiles: Tiles, scales: list[int], set5: Path | None, bsd68: Path | None
) -> dict[str, float]:
    """The figures on held tiles, and by the public protocols where their folders are given."""
    found = held_figures(net, tiles, scales)
    return found | evaluate.public_figures(net, scales, set5, bsd68)
