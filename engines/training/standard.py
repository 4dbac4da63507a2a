"""``standard``: a NAFNet-style network of at most 1.0 M parameters.

Blocks of per-pixel layer norm, 1x1, depthwise 3x3, a simple gate and 1x1 (Chen et al., "Simple
baselines for image restoration", 2022). Its channel attention is left out: it pools over the whole
picture, so a tile would come out different from the same pixels in the whole frame, and from frame to
frame of a pan. Work is done at the input's resolution and, for reach, at half of it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interneg.engines.training.lite import PLANES


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


class Standard(nn.Module):
    """Planes float32 ``(N,6,H,W)`` to a correction float32 ``(N,3,scale*H,scale*W)``, H and W even."""

    multiple = 2

    def __init__(
        self, scales: Sequence[int] = (1, 2, 4), width: int = 48, fine: int = 4, coarse: int = 4
    ) -> None:
        super().__init__()
        self.scales = tuple(scales)
        self.halo = fine + 2 * coarse + 4  # 3x3s at full and half size, and the 2x2 grid
        self.enter = nn.Conv2d(PLANES, width, 3, padding=1)
        self.before = nn.Sequential(*(Block(width) for _ in range(fine // 2)))
        self.down = nn.Conv2d(width, 2 * width, 2, 2)
        self.below = nn.Sequential(*(Block(2 * width) for _ in range(coarse)))
        self.up = nn.Conv2d(2 * width, 4 * width, 1)
        self.after = nn.Sequential(*(Block(width) for _ in range(fine - fine // 2)))
        self.heads = nn.ModuleDict({str(s): nn.Conv2d(width, 3 * s * s, 3, padding=1) for s in self.scales})
        for head in self.heads.values():
            nn.init.normal_(head.weight, std=1e-3)  # type: ignore[arg-type]

    def forward(self, planes: Tensor, scale: int) -> Tensor:
        shallow = self.enter(planes)
        fine = self.before(shallow)
        fine = fine + F.pixel_shuffle(self.up(self.below(self.down(fine))), 2)
        correction: Tensor = self.heads[str(scale)](self.after(fine) + shallow)
        return F.pixel_shuffle(correction, scale) if scale > 1 else correction

    def deployed(self) -> "Standard":
        """Switch the norms, in place, to plain operations that every runtime knows."""
        for module in self.modules():
            if isinstance(module, PixelNorm):
                module.plain = True
        return self
