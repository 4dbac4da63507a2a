"""The networks by name, what they begin from, and the base picture that their correction is added to."""

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


def adopt(net: nn.Module, weights: dict[str, Tensor]) -> None:
    """Start from another network's weights, as far as names are the same and shapes fit.

    A narrower network's kernels fill the first channels of wider ones; the channels that are new give the old
    ones nothing at first, so that the wider network computes the same (Net2Net: Chen et al., 2016).
    weights: by name, each of its own shape. Raises ValueError where nothing fits.
    """
    own = net.state_dict()
    fitting = {name: w for name, w in weights.items() if name in own and _fits(w, own[name])}
    if not fitting:
        raise ValueError(f"the checkpoint has no weights in common with {type(net).__name__}")
    for name, given in fitting.items():
        room = own[name]
        if given.ndim > 1:
            room[: len(given), given.shape[1] :] = 0
        room[tuple(slice(size) for size in given.shape)] = given


def _fits(given: Tensor, room: Tensor) -> bool:
    """Whether a tensor lies within another: no more channels, and kernels of the same size."""
    if given.ndim != room.ndim or given.shape[2:] != room.shape[2:]:
        return False
    return all(a <= b for a, b in zip(given.shape, room.shape, strict=True))
