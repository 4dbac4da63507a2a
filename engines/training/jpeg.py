"""Simulated JPEG on the device, with a quality for each sample (ITU-T T.81, tables of annex K)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from interneg.engines.training import levels
from interneg.engines.training.dice import Dice

_LUMA_TABLE = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62 "
    "18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 "
    "49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99"
)
_CHROMA_TABLE = (
    "17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 99 99 99 99 "
    + "99 " * 32
)


def _table(text: str, device: torch.device) -> Tensor:
    return torch.tensor([float(v) for v in text.split()], device=device).view(1, 1, 1, 1, 8, 8)


def _dct(device: torch.device) -> Tensor:
    """The orthonormal 8x8 DCT-II matrix."""
    n = torch.arange(8, device=device, dtype=torch.float32)
    rows = torch.cos((2 * n[None, :] + 1) * n[:, None] * (torch.pi / 16)) * 0.5
    rows[0] *= 0.5**0.5
    return rows


def _quantised(plane: Tensor, steps: Tensor) -> Tensor:
    """Block DCT, quantise and back, of planes (N,C,H,W) with H and W multiples of 8."""
    count, channels, height, width = plane.shape
    blocks = plane.reshape(count, channels, height // 8, 8, width // 8, 8).transpose(3, 4)
    basis = _dct(plane.device)
    coefficients = basis @ blocks @ basis.t()
    coefficients = torch.round(coefficients / steps) * steps
    return (basis.t() @ coefficients @ basis).transpose(3, 4).reshape(plane.shape)


def jpeg(ycc: Tensor, quality: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
    """Simulate JPEG at per-sample qualities (N,) on Y, Cb, Cr (N,3,H,W), H and W multiples of 16.

    Chroma is halved in two thirds of the calls. Returns the picture and the level q (N,1,1,1).
    """
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    steps = factor.view(-1, 1, 1, 1, 1, 1)
    luma_steps = (_table(_LUMA_TABLE, ycc.device) * steps).round().clamp(1, 255)
    chroma_steps = (_table(_CHROMA_TABLE, ycc.device) * steps).round().clamp(1, 255)
    luma = _quantised(ycc[:, :1] * 255 - 128, luma_steps) / 255 + 128 / 255
    chroma = ycc[:, 1:] * 255
    if dice.number() < 0.66:
        chroma = F.interpolate(
            _quantised(F.avg_pool2d(chroma, 2), chroma_steps), scale_factor=2.0, mode="bilinear"
        )
    else:
        chroma = _quantised(chroma, chroma_steps)
    low = levels.from_jpeg_quality(50)
    q = (low + torch.log2(factor) / 7.8074).clamp(0.0, 1.0)
    return torch.cat((luma, chroma / 255), 1), q.view(-1, 1, 1, 1)
