"""Validation while training: held tiles, and the public sets where their folders are given."""

from pathlib import Path

import torch
from torch import Tensor, nn

from interneg.engines.training.colour import rgb_to_ycc
from interneg.engines.training.networks import restore
from interneg.engines.training.tiles import Tiles


def psnr(result: Tensor, target: Tensor, border: int, peak_scale: float = 1.0) -> float:
    """PSNR in dB of (N,1,H,W) pictures 0..1, ``border`` pixels cropped.

    ``peak_scale`` 219/255 makes it the protocol's PSNR of 16-235 luma.
    """
    inner = (slice(None), slice(None)) + (slice(border, -border or None),) * 2
    error = ((result - target)[inner].double() * peak_scale) ** 2
    return float(-10 * torch.log10(error.mean()))


@torch.no_grad()
def held_figures(net: nn.Module, tiles: Tiles, scales: list[int]) -> dict[str, float]:
    """PSNR-Y on the held tiles: clean at 2x and 4x, sigma 25 (grey) at 1x."""
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
    return figures


def summary(net: nn.Module, tiles: Tiles, scales: list[int], set5: Path | None, bsd68: Path | None) -> str:
    """One line of figures."""
    figures = held_figures(net, tiles, scales)
    if set5 or bsd68:
        from interneg.engines.training import evaluate

        figures |= evaluate.public_figures(net, scales, set5, bsd68)
    return ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
