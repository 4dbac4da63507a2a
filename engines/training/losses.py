"""The training loss on Y, Cb, Cr pictures."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from interneg.engines.training.pairs import overlaps

CHROMA_WEIGHT = 0.25
FREQUENCY_WEIGHT = 0.02
OVERSHOOT_WEIGHT = 1.0
SMOOTH_WEIGHT = 4.0
_SMOOTH_KNEE = 5e-4
BLOCK_WEIGHT = 0.08


class _Charbonnier(torch.autograd.Function):
    """Weighted mean of sqrt(d**2 + knee**2); its slope is made on the way: half the time on a CPU."""

    @staticmethod
    def forward(ctx: Any, result: Tensor, target: Tensor, weight: Tensor, knee: float) -> Tensor:
        difference = result - target
        distance = torch.addcmul(difference.new_tensor(knee**2), difference, difference).sqrt_()
        share = weight / (difference.numel() // difference.shape[1])
        loss = (distance.sum((0, 2, 3)) * share.flatten()).sum()
        ctx.save_for_backward(difference.div_(distance).mul_(share))
        return loss

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, None, None, None]:
        (slope,) = ctx.saved_tensors
        return slope * grads[0], None, None, None


def restoration_loss(
    result: Tensor,
    target: Tensor,
    borders: Tensor | None = None,
    drawn: int = 0,
    smooth: int = 0,
    knee: float = 1e-3,
    colour: float = CHROMA_WEIGHT,
) -> Tensor:
    """Charbonnier on Y and on Cb, Cr, which count `colour` times as much; spectrum, overshoot, blocks on Y.

    Result and target are float32 (N,3,H,W), borders (N,2,H,W), drawn and smooth as in ``batch.Batch``. The
    spectrum term looks at every other sample, for speed, and the overshoot term at what is drawn: there
    it shall be gone, while in photographs the least error decides. In gradients every error counts, however
    small, beneath the knee too. Returns a scalar.
    """
    fidelity: Tensor = _Charbonnier.apply(result, target, _weights(result, colour), knee)  # type: ignore[no-untyped-call]
    spectrum = torch.fft.rfft2(result[::2, :1] - target[::2, :1], norm="ortho").abs().mean()
    loss = fidelity + FREQUENCY_WEIGHT * spectrum
    if drawn:
        share = drawn / len(result)
        loss = loss + OVERSHOOT_WEIGHT * share * overshoot(result[:drawn, :1], target[:drawn, :1])
    if smooth:
        drift: Tensor = _Charbonnier.apply(  # type: ignore[no-untyped-call]
            result[:smooth], target[:smooth], _weights(result, colour), _SMOOTH_KNEE
        )
        loss = loss + SMOOTH_WEIGHT * smooth / len(result) * drift
    if borders is None:
        return loss
    coded = borders.flatten(1).any(1)
    if not bool(coded.any()):
        return loss
    blocks = blockiness(result[coded, :1], target[coded, :1], borders[coded])
    return loss + BLOCK_WEIGHT * coded.float().mean() * blocks


def _weights(result: Tensor, colour: float) -> Tensor:
    """What Y, Cb and Cr count: the last two together `colour`."""
    return result.new_tensor([1.0, colour / 2, colour / 2]).view(1, 3, 1, 1)


def incoherence(
    result: Tensor, move: tuple[int, int], border: int, knee: float = 1e-3, colour: float = CHROMA_WEIGHT
) -> Tensor:
    """How much the results of two frames differ where they show the same: the temporal-coherence loss.

    Result float32 (2N,3,H,W): N first frames, then the N second ones, in which the content lies ``move``
    pixels further down and right; ``border`` pixels beside the edges are left out. The truth of both is the
    same there, so it is their errors that are compared. Charbonnier, with the restoration loss's weights.
    (Compared so along a measured motion: Lai et al., Learning Blind Video Temporal Consistency, 2018.)
    """
    first, second = overlaps(result, move, border)
    apart = first - second
    loss: Tensor = _Charbonnier.apply(apart, torch.zeros_like(apart), _weights(result, colour), knee)  # type: ignore[no-untyped-call]
    return loss


def blockiness(luma: Tensor, clean: Tensor, borders: Tensor) -> Tensor:
    """How much more block borders stand out of luma (N,1,H,W) than of the clean picture.

    The measure of a border is the step across it less the slopes on its two sides, as in the figure that
    is reported (``interneg.metrics.blocking``), but not relative to the texture: in flat pictures that
    would drown every other term. The mean is over samples and both directions.
    """
    total = luma.new_zeros(())
    for axis, marked in ((-1, borders[:, :1]), (-2, borders[:, 1:])):
        pairs = [p.transpose(-1, -2) if axis == -2 else p for p in (luma, clean, marked)]
        on = (pairs[2][..., 1:] * pairs[2][..., :-1])[..., 1:-1]
        found, true = (_stands_out(p, on) for p in pairs[:2])
        total = total + F.relu(found - true).mean()
    return total / 2


def _stands_out(luma: Tensor, on: Tensor) -> Tensor:
    """Per sample: the mean step on borders less the mean step two pixels and more from them."""
    slope = luma.diff(dim=-1)
    step = (slope[..., 1:-1] - 0.5 * (slope[..., :-2] + slope[..., 2:])).abs()
    off = 1 - F.max_pool2d(on, (1, 3), 1, (0, 1))
    there = (step * on).sum((1, 2, 3)) / on.sum((1, 2, 3)).clamp(min=1)
    around = (step * off).sum((1, 2, 3)) / off.sum((1, 2, 3)).clamp(min=1)
    return there - around


def overshoot(luma: Tensor, clean: Tensor) -> Tensor:
    """Mean amount by which luma (N,1,H,W) leaves the range of the clean 5x5 neighbourhood."""
    with torch.no_grad():
        high, low = _extreme(clean), -_extreme(-clean)
    return (F.relu(luma - high) + F.relu(low - luma)).mean()


def _extreme(clean: Tensor) -> Tensor:
    return F.max_pool2d(F.max_pool2d(clean, (1, 5), 1, (0, 2)), (5, 1), 1, (2, 0))
