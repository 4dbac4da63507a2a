"""Pairs of a user's plates to train on: parts of damaged frames, and of the same frames as they should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from interneg.engines.training.batch import Batch, conditioned
from interneg.engines.training.colour import ycc_to_rgb
from interneg.engines.training.dice import Dice
from interneg.engines.training.networks import restore
from interneg.engines.training.noise import noise_levels
from interneg.engines.training.resample import resize
from interneg.engines.training.tiles import turn
from interneg.frame import Pixels

_JITTER = 0.1
"""By how much, in natural logarithms, the noise that is told departs from what was measured."""

_HUES = 0.9
"""The share of samples that have other hues: few scenes would tell the colour of things by their shape."""


class Part(NamedTuple):
    """A part of a frame in LOG_Y, float32: seen (3, H, W) and clean (3, H * scale, W * scale) Y, Cb, Cr.

    sigma: (2, H, W), the deviations of luma's and colour's noise as Denoise-SR measures them.
    """

    clean: Pixels
    seen: Pixels
    sigma: Pixels


@dataclass(frozen=True)
class Samples:
    """Parts on a device, all of one size, in fp16.

    clean: (N,3,H*scale,W*scale), seen: (N,3,H,W), sigma: (N,2,H,W), as in `Part`.
    """

    clean: Tensor
    seen: Tensor
    sigma: Tensor

    @classmethod
    def of(cls, parts: Sequence[Part], device: torch.device) -> Samples:
        """The samples of parts that are all of one size."""
        stacked = [torch.stack([torch.from_numpy(p[k]).half() for p in parts]) for k in range(3)]
        return cls(*(s.to(device) for s in stacked))

    @property
    def scale(self) -> int:
        """How many times larger the clean ones are."""
        return self.clean.shape[-1] // self.seen.shape[-1]

    def draw(self, size: int, count: int, ordinary: float, dice: Dice) -> Batch:
        """So many crops of `size` input pixels a side, flipped and turned, most of them with other hues.

        ordinary: the share of them that show the clean plate with white noise of any strength in place of
        the damage, so that what is told of the noise goes on to count.
        """
        scale, (height, width) = self.scale, self.seen.shape[-2:]
        number = dice.below(count, len(self.seen))
        corners = zip(
            dice.below(count, height - size + 1).tolist(),
            dice.below(count, width - size + 1).tolist(),
            strict=True,
        )
        spans = [(slice(y, y + size), slice(x, x + size)) for y, x in corners]
        large = [tuple(slice(s.start * scale, s.stop * scale) for s in span) for span in spans]
        index = number.tolist()
        target, seen, sigma = (
            torch.stack([tensor[n][:, y, x] for n, (y, x) in zip(index, where, strict=True)]).float()
            for tensor, where in ((self.clean, large), (self.seen, spans), (self.sigma, spans))
        )
        sigma = sigma * torch.exp(dice.normal(count, 1, 1, 1) * _JITTER)
        plain = dice.uniform(count, 0, 1) < ordinary
        if bool(plain.any()):
            clean = target[plain]
            small = resize(clean, size, size, "bicubic") if scale > 1 else clean
            spread = noise_levels(len(clean), dice)[:, None, None, None]
            share = torch.stack(
                (torch.ones_like(spread), dice.uniform(len(clean), 0, 1.2).view_as(spread)), 1
            )
            both = (spread[:, None] * share).view(-1, 2, 1, 1)
            seen[plain] = small + dice.normal(*small.shape) * both[:, [0, 1, 1]]
            sigma[plain] = both.expand_as(sigma[plain])
        turned = dice.uniform(count, 0, 1) < _HUES
        angle = torch.where(turned, dice.uniform(count, 0, 2 * torch.pi), 0.0)
        target, seen = _other_hues(target, angle), _other_hues(seen, angle)
        grey = (target[:, 1:].abs().amax((1, 2, 3)) == 0)[:, None, None, None]
        seen[:, 1:] = torch.where(grey, 0, seen[:, 1:])
        sigma[:, 1:] = torch.where(grey, 0, sigma[:, 1:])
        way = dice.whole(8)
        planes = conditioned(seen, sigma[:, :1], sigma[:, 1:])
        return Batch(turn(planes, way).contiguous(), turn(target, way).contiguous())

    def parts(self, count: int = 4) -> Iterator[tuple[Tensor, Tensor]]:
        """All of them in order: planes (N,6,H,W) and what they should be, (N,3,H*scale,W*scale), float32."""
        for clean, seen, sigma in zip(
            *(tensor.split(count) for tensor in (self.clean, self.seen, self.sigma)), strict=True
        ):
            told = sigma.float()
            yield conditioned(seen.float(), told[:, :1], told[:, 1:]), clean.float()


def _other_hues(planes: Tensor, angle: Tensor) -> Tensor:
    """Y, Cb, Cr (N,3,H,W) with colours turned about grey. angle: (N,), in radians."""
    cos, sin = (f(angle).view(-1, 1, 1) for f in (torch.cos, torch.sin))
    luma, blue, red = planes.unbind(1)
    return torch.stack((luma, cos * blue - sin * red, sin * blue + cos * red), 1)


@torch.no_grad()
def figure(net: nn.Module, samples: Samples) -> float:
    """PSNR in dB over R, G and B of all samples together, encoded, with a peak of 1."""
    total, count = 0.0, 0
    for planes, clean in samples.parts():
        off = ycc_to_rgb(restore(net, planes, samples.scale) - clean)
        total += float(off.double().square().sum())
        count += off.numel()
    return float(-10 * torch.log10(torch.tensor(max(total / count, 1e-12), dtype=torch.float64)))
