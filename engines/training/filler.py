"""``fill``: a network that continues a picture into its holes, as a U of three scales.

It works at a half, a quarter and an eighth of the picture's resolution, so that it sees some 70 pixels around
each pixel at little cost (Ronneberger et al., U-Net, 2015). It is given
the picture with a membrane over its holes, and where they are; it predicts what to add. Trained as a masked
autoencoder (He et al., 2022): first most of the picture is hidden, patch by patch, then what damage covers.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from interneg.engines.training.lite import Pair

PLANES = 4
"""R, G, B, and 1 in the holes."""

WIDTHS, DEEPEST = (32, 48, 96), 4


class Fill(nn.Module):
    """Planes float32 ``(N,4,H,W)`` to a correction ``(N,3,H,W)``; H and W multiples of 8."""

    multiple = 8
    # Half of each kernel, times the pixels between its taps: the folding, four pairs of convolutions, one
    # pair less at the deepest, the foldings and unfoldings between them.
    halo = 104

    def __init__(self) -> None:
        super().__init__()
        first, second, third = WIDTHS
        self.enter = _folding(PLANES, first)
        self.fine, self.finish = Pair(first), Pair(first)
        self.down = _folding(first, second)
        self.middle, self.mend = Pair(second), Pair(second)
        self.deeper = _folding(second, third)
        self.deep = nn.Sequential(*(Pair(third) for _ in range(DEEPEST)))
        self.rise, self.surface = _unfolding(third, second), _unfolding(second, first)
        self.leave = nn.Conv2d(first, 12, 3, padding=1)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]
        self.leave.weight.data *= 0.1
        self.outer = {"enter.weight", "leave.weight"}

    def forward(self, planes: Tensor) -> Tensor:
        """Planes float32 (N,4,H,W), the holes filled smoothly, to what is to be added, (N,3,H,W)."""
        fine = self.fine(F.relu(self.enter(planes)))
        middle = self.middle(F.relu(self.down(fine)))
        deep = self.deep(F.relu(self.deeper(middle)))
        middle = self.mend(middle + F.pixel_shuffle(self.rise(deep), 2))
        fine = self.finish(fine + F.pixel_shuffle(self.surface(middle), 2))
        return F.pixel_shuffle(self.leave(F.relu(fine)), 2)


def _folding(inputs: int, outputs: int) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)
    nn.init.kaiming_normal_(conv.weight)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


def _unfolding(inputs: int, outputs: int) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, 4 * outputs, 1)
    nn.init.kaiming_normal_(conv.weight)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv
