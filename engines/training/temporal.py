"""``temporal``: ``standard``'s plan at 1x on a window: the average, the own frame and its aligned neighbours.

Its first planes are those that ``standard`` sees, so that it can start from the weights of one frame: what it
then does to an average is what ``standard`` does. Which planes follow, ``interneg.restore.stack`` says. 64
channels, eight pairs, as many as standard, 0.66 M parameters.
"""

import torch
from torch import Tensor, nn

from interneg.engines.training.lite import CHANNELS, PLANES, Lite, Trunk
from interneg.restore.stack import NEIGHBOURS
from interneg.restore.stack import PLANES as STACKED


class Temporal(Lite):
    """Planes float32 ``(N,PLANES,H,W)`` to a correction of the average ``(N,3,H,W)``; H and W even."""

    channels = (
        *(f"average {name}" if at < 3 else name for at, name in enumerate(CHANNELS)),
        *(f"own {name} apart" for name in CHANNELS[:3]),
        *(f"own {name}" for name in CHANNELS[3:5]),
        *(
            f"{name} {offset:+d}"
            for offset in NEIGHBOURS
            for name in (*(f"{c} apart" for c in CHANNELS[:3]), "weight")
        ),
    )
    window = max(NEIGHBOURS)

    def trunk(self, fold: int, width: int, pairs: int) -> Trunk:
        """A trunk over all planes of a window."""
        return Trunk(fold, width=64, pairs=8, planes=STACKED)

    def forward(self, planes: Tensor, scale: int) -> Tensor:
        """Planes of a window, or (N,6,H,W) of one frame alone, to the correction (N,3,H,W)."""
        # An exported graph takes whole windows only.
        if not torch.jit.is_tracing() and planes.shape[1] == PLANES:
            planes = alone(planes)
        return super().forward(planes, scale)


class Alone(nn.Module):
    """A network over time in the place of one of single frames: each is seen without neighbours."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net, self.multiple = net, net.multiple

    def forward(self, planes: Tensor, scale: int) -> Tensor:
        """Planes (N,6,H,W) of single frames to what the network gives, (N,3,H,W)."""
        found: Tensor = self.net(alone(planes), scale)
        return found


def alone(planes: Tensor) -> Tensor:
    """The stacks (N,PLANES,H,W) of frames without neighbours, of what is seen of them (N,6,H,W)."""
    nothing = torch.zeros_like(planes[:, :1])
    own = (*[nothing] * 3, planes[:, 3:5])
    return torch.cat((planes, *own, *[nothing] * (4 * len(NEIGHBOURS))), 1)
