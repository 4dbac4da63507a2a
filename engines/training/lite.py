"""``lite``: a plain 3x3 convolution network of at most 100,000 parameters per exported model.

All work is done at the input's resolution: a trunk of 32 channels (four residual pairs and a long
skip) and one head per scale, which writes 3 * scale**2 channels and shuffles them into place.
Every convolution is trained over-parameterised (3x3 + 1x1 + an expanding 1x1-then-3x3 branch) and
collapsed to one 3x3 before it is applied, so training costs no more than the plain network. See
"Collapsible linear blocks" (Bhardwaj et al., SESR, 2022) and ECBSR (Zhang et al., 2021).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PLANES = 6


class RepConv(nn.Module):
    """A 3x3 convolution, ``(N,inputs,H,W)`` to ``(N,outputs,H,W)``, trained as a sum of branches."""

    def __init__(self, inputs: int, outputs: int, gain: float = 1.0) -> None:
        super().__init__()
        hidden = 2 * max(inputs, outputs)
        plain = torch.empty(outputs, inputs, 3, 3)
        nn.init.kaiming_normal_(plain)
        self.weight = nn.Parameter(plain * gain)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.point = nn.Parameter(torch.randn(outputs, inputs) * (0.3 * gain / inputs**0.5))
        self.expand = nn.Parameter(torch.randn(hidden, inputs) * (1.0 / inputs**0.5))
        self.project = nn.Parameter(torch.randn(outputs, hidden, 3, 3) * (0.3 * gain / (3.0 * hidden**0.5)))

    def collapsed(self) -> Tensor:
        """The one kernel ``(outputs,inputs,3,3)`` that equals the sum of the branches."""
        wide = torch.einsum("ohyx,hi->oiyx", self.project, self.expand)
        return self.weight + wide + F.pad(self.point[:, :, None, None], (1, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.collapsed(), self.bias, padding=1)

    def plain(self) -> nn.Conv2d:
        """The same map as an ordinary convolution."""
        conv = nn.Conv2d(self.weight.shape[1], self.weight.shape[0], 3, padding=1)
        conv.weight.data.copy_(self.collapsed().detach())
        conv.bias.data.copy_(self.bias.detach())  # type: ignore[union-attr]
        return conv


class Pair(nn.Module):
    """A residual pair of convolutions, ``(N,width,H,W)`` to the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first: nn.Module = RepConv(width, width)
        self.second: nn.Module = RepConv(width, width, gain=0.1)

    def forward(self, x: Tensor) -> Tensor:
        pair: Tensor = self.second(F.relu(self.first(x)))
        return x + pair


class Lite(nn.Module):
    """Planes float32 ``(N,6,H,W)`` to a correction float32 ``(N,3,scale*H,scale*W)``, any H and W."""

    multiple = 1

    def __init__(self, scales: Sequence[int] = (1, 2, 4), width: int = 32, pairs: int = 4) -> None:
        super().__init__()
        self.halo = 2 * pairs + 3
        self.scales = tuple(scales)
        self.enter: nn.Module = RepConv(PLANES, width)
        self.pairs = nn.ModuleList(Pair(width) for _ in range(pairs))
        self.leave: nn.Module = RepConv(width, width, gain=0.5)
        self.heads = nn.ModuleDict({str(s): RepConv(width, 3 * s * s, gain=0.02) for s in self.scales})

    def forward(self, planes: Tensor, scale: int) -> Tensor:
        shallow = self.enter(planes)
        deep = shallow
        for pair in self.pairs:
            deep = pair(deep)
        correction: Tensor = self.heads[str(scale)](self.leave(deep) + shallow)
        return F.pixel_shuffle(correction, scale) if scale > 1 else correction

    def deployed(self) -> "Lite":
        """Turn every convolution, in place, into its plain collapsed form."""
        for module in list(self.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, RepConv):
                    setattr(module, name, child.plain())
        return self
