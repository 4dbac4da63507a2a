"""LPIPS: how far apart two pictures look to a network that was trained to recognise things.

Zhang, Isola, Efros, Shechtman, Wang, The Unreasonable Effectiveness of Deep Features as a Perceptual Metric,
2018, version 0.1: the features of AlexNet or VGG-16 after five of their rectifiers, each pixel's of unit
length, differences squared and weighted by channel, averaged over the picture and summed. The weights are the
user's own files; none come with Interneg.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from interneg.errors import EngineError, InputError
from interneg.metrics.checks import Array, picture, same_shape

if TYPE_CHECKING:
    from torch import Tensor

_SHIFT, _SPREAD = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Of R, G and B in -1..1, as the authors' code has them."""


class _Layer(NamedTuple):
    """A convolution: its number among the network's layers, its stride and border.

    pooled: before it, the size of the largest-value pooling, 0 for none. taken: whether its result counts.
    """

    number: int
    stride: int
    border: int
    pooled: int = 0
    taken: bool = True


_ALEX = (_Layer(0, 4, 2), _Layer(3, 1, 2, 3), _Layer(6, 1, 1, 3), _Layer(8, 1, 1), _Layer(10, 1, 1))
_VGG = tuple(
    _Layer(number, 1, 1, 2 * (number in (5, 10, 17, 24)), number in (2, 7, 14, 21, 28))
    for number in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
)
_NETWORKS = {"AlexNet": (_ALEX, (64, 3, 11, 11)), "VGG-16": (_VGG, (64, 3, 3, 3))}

SMALLEST = 32
"""Pixels a side that a picture has at least, so that something is left of it after all pooling."""


class Lpips:
    """LPIPS by the weights in some files. network: "AlexNet" or "VGG-16"."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Read the weights.

        files: one that holds all, as the package lpips saves its models; or torchvision's file of the network
        and that of lpips' weights of the channels (alex.pth, vgg.pth). Raises EngineError where torch is
        missing, InputError for files that cannot be read or lack something.
        """
        try:
            import torch
        except ImportError as error:
            raise EngineError(f"LPIPS needs torch: pip install torch ({error})") from error
        found: dict[str, Tensor] = {}
        for path in files:
            try:
                held = torch.load(path, map_location="cpu", weights_only=True)
            except OSError as error:
                raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
            except UnpicklingError as error:  # torch's own advice is to load it whole, which runs its code
                raise InputError(
                    f"{path} is no file of weights, or holds more than weights, which could run code, and "
                    "was not opened: give a state_dict"
                ) from error
            except Exception as error:
                raise InputError(
                    f"{path} is no file of weights that torch reads: {_first_line(error)}"
                ) from error
            found |= held if isinstance(held, dict) else {}
        convolutions, channels = _sorted(found)
        first = convolutions.get("0.weight")
        named = [n for n, (_, s) in _NETWORKS.items() if first is not None and tuple(first.shape) == s]
        shown = ", ".join(str(p) for p in files)
        if not named:
            raise InputError(
                f"{shown}: no weights of AlexNet or VGG-16 are in there: give torchvision's file of the "
                "network (features.0.weight ...), or what lpips saves of its whole model"
            )
        self.network = named[0]
        self._layers = _NETWORKS[self.network][0]
        wanted = [f"{layer.number}.{part}" for layer in self._layers for part in ("weight", "bias")]
        lost = [f"features.{name}" for name in wanted if name not in convolutions]
        lost += [f"lin{k}.model.1.weight" for k in range(5) if k not in channels]
        if lost:
            raise InputError(
                f"{shown}: {lost[0]} is missing, for LPIPS by {self.network}: give both the network's file "
                "and lpips' weights of its channels (alex.pth or vgg.pth in the package lpips)"
            )
        self._convolutions = {name: convolutions[name].float() for name in wanted}
        self._channels = [channels[k].float().view(1, -1, 1, 1) for k in range(5)]
        widths = [len(self._convolutions[f"{c.number}.weight"]) for c in self._layers if c.taken]
        if widths != [c.shape[1] for c in self._channels]:
            raise InputError(f"{shown}: the weights of the channels are those of another network")

    def distance(self, reference: Array, test: Array) -> float:
        """The distance of two pictures, 0 for equal ones.

        reference, test: (3, H, W) floats, R, G, B, encoded for a display, 0..1 (what lies beyond is limited),
        finite, at least 32x32. Raises InputError for other shapes.
        """
        import torch

        same_shape(picture(reference, "the reference"), picture(test, "the test"))
        if min(reference.shape[1:]) < SMALLEST:
            raise InputError(f"LPIPS takes pictures of {SMALLEST}x{SMALLEST} pixels and more")
        both = np.stack([np.clip(p, 0, 1) for p in (reference, test)]).astype(np.float32)
        shift, spread = (torch.tensor(v).view(1, 3, 1, 1) for v in (_SHIFT, _SPREAD))
        total = 0.0
        with torch.inference_mode():
            taken = self._features((2 * torch.from_numpy(both) - 1 - shift) / spread)
            for features, channels in zip(taken, self._channels, strict=True):
                length = features.square().sum(1, keepdim=True).sqrt()
                first, second = features / (length + 1e-10)
                total += float((channels[0] * (first - second).square()).sum(0).mean())
        return total

    def _features(self, planes: Tensor) -> list[Tensor]:
        from torch.nn import functional

        found = []
        for layer in self._layers:
            if layer.pooled:
                planes = functional.max_pool2d(planes, layer.pooled, 2)
            weight, bias = (self._convolutions[f"{layer.number}.{part}"] for part in ("weight", "bias"))
            planes = functional.relu(functional.conv2d(planes, weight, bias, layer.stride, layer.border))
            if layer.taken:
                found.append(planes)
        return found


def _sorted(found: dict[str, Any]) -> tuple[dict[str, Tensor], dict[int, Tensor]]:
    """Kernels and biases by "NUMBER.weight", and the weights of channels by their layer.

    torchvision calls them features.0.weight, lpips net.slice1.0.weight, with the same numbers.
    """
    convolutions, channels = {}, {}
    for name, tensor in found.items():
        if kernel := re.fullmatch(r"(?:features|net\.slice\d)\.(\d+\.(?:weight|bias))", name):
            convolutions[kernel[1]] = tensor
        elif channel := re.fullmatch(r"lin(\d)\.model\.1\.weight", name):
            channels[int(channel[1])] = tensor
    return convolutions, channels


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
