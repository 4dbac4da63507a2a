"""The figure that pictures are compared by."""

import torch
from torch import Tensor


def psnr(result: Tensor, target: Tensor, border: int, peak_scale: float = 1.0) -> float:
    """PSNR in dB of (N,1,H,W) pictures 0..1, ``border`` pixels cropped.

    ``peak_scale`` 219/255 makes it the protocol's PSNR of 16-235 luma.
    """
    inner = (slice(None), slice(None)) + (slice(border, -border or None),) * 2
    error = ((result - target)[inner].double() * peak_scale) ** 2
    return float(-10 * torch.log10(error.mean()))
