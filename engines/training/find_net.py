"""The network that finds damage: planes of a frame and those around to dirt and scratches, at full size."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interneg.defects.detector import CHANNELS

WIDTHS = (16, 56, 96)
"""Channels at a half, a quarter and an eighth of the size, of the network in the catalogue."""

_RARE = -4.0


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


class FindPair(nn.Module):
    """A residual pair of 3x3 convolutions, ``(N,width,H,W)`` to the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width)
        self.second.weight.data *= 0.1

    def forward(self, x: Tensor) -> Tensor:
        """Features (N,width,H,W) plus what the pair makes of them."""
        pair: Tensor = self.second(F.relu(self.first(x)))
        return x + pair


class Find(nn.Module):
    """Planes float32 ``(N,10,H,W)`` to how likely dirt and scratches are, ``(N,2,H,W)``, 0..1.

    U-shaped, of plain convolutions: H and W are multiples of 8. multiple and halo: as in the catalogue.
    widths: channels at a half, a quarter and an eighth of the size.
    """

    multiple, halo = 8, 64

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        half, quarter, eighth = widths
        self.stem, self.fine = _conv(len(CHANNELS), half, 6, 2), _conv(half, half)
        self.down = _conv(half, quarter, 3, 2)
        self.middle = FindPair(quarter)
        self.deeper = _conv(quarter, eighth, 3, 2)
        self.deep = FindPair(eighth)
        self.bottom = _conv(eighth, eighth)
        self.rise = _conv(eighth, 4 * quarter, 1)
        self.joined = _conv(quarter, quarter)
        self.raised = _conv(quarter, 4 * half, 1)
        self.last = _conv(half, half)
        self.head = _conv(half, 8)
        self.head.weight.data *= 0.1
        nn.init.constant_(self.head.bias, _RARE)  # type: ignore[arg-type]

    def logits(self, planes: Tensor) -> Tensor:
        """Planes float32 (N,10,H,W) to the answer before it is brought to 0..1, (N,2,H,W)."""
        half = F.relu(self.fine(F.relu(self.stem(planes))))
        quarter = F.relu(self.middle(F.relu(self.down(half))))
        eighth = F.relu(self.bottom(F.relu(self.deep(F.relu(self.deeper(quarter))))))
        quarter = F.relu(self.joined(quarter + F.pixel_shuffle(self.rise(eighth), 2)))
        half = F.relu(self.last(half + F.pixel_shuffle(self.raised(quarter), 2)))
        return F.pixel_shuffle(self.head(half), 2)

    def forward(self, planes: Tensor) -> Tensor:
        """Planes float32 (N,10,H,W) to how likely dirt and scratches are, (N,2,H,W)."""
        return torch.sigmoid(self.logits(planes))
