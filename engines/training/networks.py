"""The networks by name, and the base picture that their correction is added to."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional as F

from interneg.engines.training.lite import Lite
from interneg.engines.training.standard import Standard
from interneg.engines.training.temporal import Temporal


class Restorer(Protocol):
    """What every network offers beside being an ``nn.Module``."""

    multiple: int
    halo: int
    scales: tuple[int, ...]
    channels: tuple[str, ...]
    window: int


NETWORKS: Mapping[str, type[Lite]] = {"lite": Lite, "standard": Standard, "temporal": Temporal}


def build(name: str, scales: Sequence[int]) -> nn.Module:
    """A fresh network with heads for the scales."""
    if name not in NETWORKS:
        raise ValueError(f"network {name!r} is not one of {', '.join(NETWORKS)}")
    return NETWORKS[name](scales)


def base(planes: Tensor, scale: int) -> Tensor:
    """Y, Cb, Cr of planes (N,C,H,W), enlarged to (N,3,scale*H,scale*W).

    Plain bicubic: a = -0.75, half-pixel, edge repeated.
    """
    ycc = planes[:, :3]
    if scale == 1:
        return ycc
    return F.interpolate(ycc, scale_factor=float(scale), mode="bicubic", align_corners=False)


def restore(net: nn.Module, planes: Tensor, scale: int) -> Tensor:
    """The restored Y, Cb, Cr (N,3,scale*H,scale*W) of planes (N,C,H,W): base plus correction, in fp32."""
    correction: Tensor = net(planes, scale)
    return base(planes, scale) + correction.float()
