"""``lite``: a plain 3x3 convolution network of at most 100,000 parameters per exported model.

A trunk of residual pairs, and one head per scale whose channels are shuffled into pixels. Enlarging, the
trunk works at the input's resolution (32 channels; five pairs at 2x, four at 4x with its larger head). At
1x it works at half of it (40 channels, three pairs): four times less work a pixel and twice the view, as in
FFDNet (Zhang et al., 2018). Its first convolution is then 6x6 with stride 2, which is a 3x3 on 2x2 pixels
folded into channels.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

PLANES = 6
CHANNELS = ("Y", "Cb", "Cr", "sigma Y", "sigma C", "q")
"""What the planes of one frame are."""


def _conv(inputs: int, outputs: int, gain: float = 1.0, fold: int = 1) -> nn.Conv2d:
    """A 3x3 convolution on pixels of ``fold`` x ``fold`` input pixels."""
    conv = nn.Conv2d(inputs, outputs, 3 * fold, stride=fold, padding=fold)
    nn.init.kaiming_normal_(conv.weight)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    conv.weight.data *= gain
    return conv


class Pair(nn.Module):
    """A residual pair of convolutions, ``(N,width,H,W)`` to the same.

    It adds nothing at first, so that a deeper network can start from the weights of a shallower one.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width, gain=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N,width,H,W) plus what the pair makes of them."""
        pair: Tensor = self.second(F.relu(self.first(x)))
        return x + pair


class Trunk(nn.Sequential):
    """Planes to features, ``(N,planes,H,W)`` to ``(N,width,H/fold,W/fold)``: a convolution, then the pairs.

    reach: how many of its own pixels on each side a feature depends on. multiple: of H and W.
    """

    def __init__(self, fold: int, width: int, pairs: int, planes: int = PLANES) -> None:
        super().__init__(_conv(planes, width, fold=fold), *(Pair(width) for _ in range(pairs)))
        self.fold, self.width = fold, width
        self.reach, self.multiple = 2 * pairs + 1, fold


class Lite(nn.Module):
    """Planes float32 ``(N,6,H,W)`` to a correction float32 ``(N,3,scale*H,scale*W)``; at 1x H and W even."""

    channels: tuple[str, ...] = CHANNELS
    window = 0

    def __init__(self, scales: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__()
        self.scales = tuple(scales)
        self.trunks = nn.ModuleDict()
        if 1 in scales:
            self.trunks["folded"] = self.trunk(fold=2, width=40, pairs=3)
        if max(scales) > 1:
            self.trunks["enlarging"] = self.trunk(fold=1, width=32, pairs=4 if 4 in scales else 5)
        used = [self._used(scale) for scale in self.scales]
        self.heads = nn.ModuleDict(
            {
                str(scale): _conv(trunk.width, 3 * (scale * trunk.fold) ** 2, gain=0.01)
                for scale, trunk in zip(self.scales, used, strict=True)
            }
        )
        self.multiple = max(trunk.multiple for trunk in used)
        self.halo = max((trunk.reach + 1) * trunk.fold + trunk.fold - 1 for trunk in used)
        self.outer = {f"trunks.{name}.0.weight" for name in self.trunks}
        self.outer |= {f"heads.{name}.weight" for name in self.heads}

    def trunk(self, fold: int, width: int, pairs: int) -> Trunk:
        """A trunk of this kind of network."""
        return Trunk(fold, width, pairs)

    def _used(self, scale: int) -> Trunk:
        trunk = self.trunks["folded" if scale == 1 else "enlarging"]
        assert isinstance(trunk, Trunk)
        return trunk

    def forward(self, planes: Tensor, scale: int) -> Tensor:
        """Planes float32 (N,6,H,W) to the correction of one scale, (N,3,scale*H,scale*W)."""
        trunk = self._used(scale)
        correction: Tensor = self.heads[str(scale)](trunk(planes))
        return F.pixel_shuffle(correction, scale * trunk.fold)

    def deployed(self) -> "Lite":
        """The network as it is exported."""
        return self
