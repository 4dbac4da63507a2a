"""Samples for a network that fills holes: pictures with parts hidden, and the pictures as they are."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from interneg.engines.training.crops import crops
from interneg.engines.training.dice import Dice
from interneg.engines.training.tiles import Tiles, turn

RELAXED = 24
"""How often the membrane is relaxed."""

_LOG, _GREY, _NEGATIVE, _GRAINY, _MISSED = 0.6, 0.15, 0.1, 0.25, 0.25
"""Shares of the batches that are log-encoded, and of the samples without colour, inverted, with grain, and
with a rim of the damage that the hole misses."""


@dataclass
class Hidden:
    """``planes`` float32 (N,4,size,size): R, G, B, the holes filled smoothly, and 1 in the holes, else 0.

    ``target`` (N,3,size,size): what is there. ``hole`` (N,1,size,size): the fourth plane.
    """

    planes: Tensor
    target: Tensor

    @property
    def hole(self) -> Tensor:
        """Where the holes are, (N,1,size,size): 1, else 0."""
        return self.planes[:, 3:]


def spread(values: Tensor, known: Tensor) -> Tensor:
    """Continue values smoothly into where they are not known, as ``interneg.defects.blend.spread`` does.

    values: (N,C,H,W); known: (N,1,H,W), 1 or 0. Where nothing is known, 0.
    """
    return _pulled(values * known, known)


def _pulled(weighted: Tensor, weight: Tensor) -> Tensor:
    mean = weighted / weight.clamp(min=1e-6)
    height, width = weight.shape[2:]
    if max(height, width) <= 2 or height % 2 or width % 2:
        rest = weighted.sum((2, 3), keepdim=True) / weight.sum((2, 3), keepdim=True).clamp(min=1e-6)
        return torch.where(weight > 0, mean, rest)
    coarse = _pulled(F.avg_pool2d(weighted, 2), F.avg_pool2d(weight, 2))
    fine = F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
    whole = weight.amin((1, 2, 3), keepdim=True) > 0
    share = torch.where(whole, 1.0, weight.clamp(max=1))
    return share * mean + (1 - share) * fine


def membrane(picture: Tensor, hole: Tensor) -> Tensor:
    """The picture with a membrane over its holes, as ``interneg.defects.blend.membrane`` makes it.

    picture: (N,C,H,W); hole: (N,1,H,W), 1 or 0. Returns the shape of the picture.
    """
    made = torch.where(hole > 0, spread(picture, 1 - hole), picture)
    for _ in range(RELAXED):
        near = F.pad(made, (1, 1, 1, 1), mode="replicate")
        mean = near[..., 1:-1, 2:] + near[..., 1:-1, :-2] + near[..., 2:, 1:-1] + near[..., :-2, 1:-1]
        made = torch.where(hole > 0, 0.25 * mean, made)
    return made


def planes_of(picture: Tensor, hole: Tensor) -> Tensor:
    """What the network is given, (N,4,H,W), of a picture (N,3,H,W) and its holes (N,1,H,W), 1 or 0."""
    return torch.cat((membrane(picture, hole), hole), 1)


def hide(tiles: Tiles, covers: Tensor, count: int, dice: Dice, soft: bool) -> Hidden:
    """Random crops, hidden by covers drawn at random from (M,size,size) uint8.

    soft: the hole is where the cover is above a threshold, and what lies below it still shows on the picture,
    in a share of the samples, as where a matte misses the rim of dirt.
    """
    size = covers.shape[1]
    _, target = crops(tiles, 1, size, count, dice, _LOG, tries=2)
    shape = (count, 1, 1, 1)
    grey, negative, grainy, missed = (dice.uniform(count, 0, 1).view(shape) for _ in range(4))
    target = torch.where(grey < _GREY, target.mean(1, keepdim=True), target)
    target = torch.where(negative < _NEGATIVE, 1 - target, target)
    cover = covers[dice.below(count, len(covers))][:, None].float() / 255
    cover = turn(torch.roll(cover, (dice.whole(size), dice.whole(size)), (2, 3)), dice.whole(8))
    hole = (cover > (dice.uniform(count, 0.01, 0.1).view(shape) if soft else 0.5)).float()
    strength = dice.uniform(count, 0, 0.05).view(shape) * (grainy < _GRAINY)
    seen = target + strength * dice.normal(*target.shape)
    if soft:
        level = dice.uniform(count, -0.1, 1.1).view(shape)
        seen = torch.where(missed < _MISSED, seen + cover * (level - seen), seen)
    way = dice.whole(8)
    return Hidden(turn(planes_of(seen, hole), way).contiguous(), turn(target, way).contiguous())
