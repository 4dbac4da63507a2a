"""The training loss on Y, Cb, Cr pictures."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

CHROMA_WEIGHT = 0.25
FREQUENCY_WEIGHT = 0.02
OVERSHOOT_WEIGHT = 0.3
_EPS = 1e-3


class _Charbonnier(torch.autograd.Function):
    """Weighted mean of sqrt(d**2 + eps**2); its slope is made on the way: half the time on a CPU."""

    @staticmethod
    def forward(ctx: Any, result: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        difference = result - target
        distance = torch.addcmul(difference.new_tensor(_EPS**2), difference, difference).sqrt_()
        share = weight / (difference.numel() // difference.shape[1])
        loss = (distance.sum((0, 2, 3)) * share.flatten()).sum()
        ctx.save_for_backward(difference.div_(distance).mul_(share))
        return loss

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, None, None]:
        (slope,) = ctx.saved_tensors
        return slope * grads[0], None, None


def restoration_loss(result: Tensor, target: Tensor) -> Tensor:
    """Charbonnier on Y and (a quarter as much) Cb, Cr, a spectrum term and an overshoot penalty on Y.

    Both are float32 (N,3,H,W); the two small terms look at a part of the batch. Returns a scalar.
    """
    weight = result.new_tensor([1.0, CHROMA_WEIGHT / 2, CHROMA_WEIGHT / 2]).view(1, 3, 1, 1)
    fidelity: Tensor = _Charbonnier.apply(result, target, weight)  # type: ignore[no-untyped-call]
    spectrum = torch.fft.rfft2(result[::2, :1] - target[::2, :1], norm="ortho").abs().mean()
    return (
        fidelity
        + FREQUENCY_WEIGHT * spectrum
        + OVERSHOOT_WEIGHT * overshoot(result[::4, :1], target[::4, :1])
    )


def overshoot(luma: Tensor, clean: Tensor) -> Tensor:
    """Mean amount by which luma (N,1,H,W) leaves the range of the clean 5x5 neighbourhood."""
    with torch.no_grad():
        high, low = _extreme(clean), -_extreme(-clean)
    return (F.relu(luma - high) + F.relu(low - luma)).mean()


def _extreme(clean: Tensor) -> Tensor:
    return F.max_pool2d(F.max_pool2d(clean, (1, 5), 1, (0, 2)), (5, 1), 1, (2, 0))
