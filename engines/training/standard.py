"""``standard``: ``lite`` with NAFNet-style blocks between its trunk and its heads, at most 1.5 M parameters.

Blocks of per-pixel layer norm, 1x1, depthwise 3x3, a simple gate and 1x1 (Chen et al., "Simple
baselines for image restoration", 2022). Its channel attention is left out: it pools over the whole
picture, so a tile would come out different from the same pixels in the whole frame, and from frame to
frame of a pan. The blocks work at the trunk's resolution and, for reach, at half of it; what they add is
zero at first, so a network that starts from trained lite weights is as good as those from its first step.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interneg.engines.training.lite import Lite, Trunk


class PixelNorm(nn.Module):
    """Layer norm over the channels of each pixel, ``(N,C,H,W)``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, width, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, width, 1, 1))
        self.plain = False

    def forward(self, x: Tensor) -> Tensor:
        if not self.plain:  # the fused form: a third of the training time on a CPU
            shape, weight, bias = (x.shape[1],), self.weight.flatten(), self.bias.flatten()
            return F.layer_norm(x.permute(0, 2, 3, 1), shape, weight, bias, 1e-6).permute(0, 3, 1, 2)
        centred = x - x.mean(1, keepdim=True)
        scale = torch.rsqrt((centred * centred).mean(1, keepdim=True) + 1e-6)
        return centred * scale * self.weight + self.bias


def _gated(x: Tensor, half: int) -> Tensor:
    """The simple gate: the first ``half`` of the channels times the second, cut at a constant place."""
    return x[:, :half] * x[:, half : 2 * half]


class Block(nn.Module):
    """Spatial mixing, then channel mixing, each residual and gated; ``(N,width,H,W)`` to the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.norm1, self.norm2 = PixelNorm(width), PixelNorm(width)
        self.widen, self.spread = (
            nn.Conv2d(width, 2 * width, 1),
            nn.Conv2d(2 * width, 2 * width, 3, 1, 1, groups=2 * width),
        )
        self.close = nn.Conv2d(width, width, 1)
        self.mix, self.unmix = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(width, width, 1)
        self.beta = nn.Parameter(torch.full((1, width, 1, 1), 0.2))
        self.gamma = nn.Parameter(torch.full((1, width, 1, 1), 0.2))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.close(_gated(self.spread(self.widen(self.norm1(x))), self.width)) * self.beta
        out: Tensor = x + self.unmix(_gated(self.mix(self.norm2(x)), self.width)) * self.gamma
        return out


class Refinement(nn.Module):
    """What the blocks add to the trunk's features, (N,width,H,W) to the same, H and W even."""

    def __init__(self, width: int, fine: int = 2, coarse: int = 4, wide: int = 96) -> None:
        super().__init__()
        self.before = nn.Sequential(*(Block(width) for _ in range(fine)))
        self.down = nn.Conv2d(width, wide, 2, 2)
        self.below = nn.Sequential(*(Block(wide) for _ in range(coarse)))
        self.up = nn.Conv2d(wide, 4 * width, 1)
        self.after = nn.Sequential(*(Block(width) for _ in range(fine)))
        self.close = nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.close.weight)
        nn.init.zeros_(self.close.bias)  # type: ignore[arg-type]
        self.reach = 2 * fine + 2 * coarse + 1  # 3x3s at full and half size, and the 2x2 grid

    def forward(self, x: Tensor) -> Tensor:
        fine = self.before(x)
        fine = fine + F.pixel_shuffle(self.up(self.below(self.down(fine))), 2)
        out: Tensor = x + self.close(self.after(fine))
        return out


class Standard(Lite):
    """Planes float32 ``(N,6,H,W)`` to a correction float32 ``(N,3,scale*H,scale*W)``.

    H and W are multiples of 2, at 1x of 4.
    """

    def trunk(self, fold: int, width: int, pairs: int) -> Trunk:
        """A lite trunk, refined."""
        trunk = super().trunk(fold, width, pairs)
        refinement = Refinement(width)
        trunk.append(refinement)
        trunk.reach += refinement.reach
        trunk.multiple *= 2
        return trunk

    def deployed(self) -> "Standard":
        """Switch the norms, in place, to plain operations that every runtime knows."""
        for module in self.modules():
            if isinstance(module, PixelNorm):
                module.plain = True
        return self
