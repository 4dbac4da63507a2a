"""How well holes are filled: the loss of training, and figures on held tiles."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interneg.engines.training.dice import Dice
from interneg.engines.training.hidden import planes_of
from interneg.engines.training.holes import covers
from interneg.engines.training.psnr import psnr
from interneg.engines.training.tiles import Tiles, cut

GRADIENT_WEIGHT, SIMILARITY_WEIGHT = 0.5, 0.1
_KNEE, _WINDOW = 0.01, 7
_HELD_SIZE, _HELD_SEED = 192, 77


def hole_loss(result: Tensor, target: Tensor, hole: Tensor) -> Tensor:
    """Charbonnier and the difference of slopes in the holes, and the dissimilarity around them.

    result, target: (N,3,H,W); hole: (N,1,H,W), 1 or 0. Returns a scalar.
    """
    area = hole.sum().clamp(min=1)
    error = result - target
    fidelity = ((error.square() + _KNEE**2).sqrt().mean(1, keepdim=True) * hole).sum() / area
    slopes = error.diff(dim=3).abs().sum() + error.diff(dim=2).abs().sum()
    unlike = (1 - similarity(result.mean(1, keepdim=True), target.mean(1, keepdim=True))) * hole
    return fidelity + GRADIENT_WEIGHT * slopes / (6 * area) + SIMILARITY_WEIGHT * unlike.sum() / area


def similarity(result: Tensor, target: Tensor) -> Tensor:
    """SSIM at each pixel of (N,1,H,W) pictures of 0..1, by a square window, mirrored edges."""

    def mean(picture: Tensor) -> Tensor:
        padded = F.pad(picture, (_WINDOW // 2,) * 4, mode="reflect")
        return F.avg_pool2d(padded, _WINDOW, 1)

    a, b = mean(result), mean(target)
    var_a, var_b = mean(result * result) - a * a, mean(target * target) - b * b
    both = mean(result * target) - a * b
    return (2 * a * b + 1e-4) * (2 * both + 9e-4) / ((a * a + b * b + 1e-4) * (var_a + var_b + 9e-4))


def held_samples(tiles: Tiles) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Held tiles with drawn holes, eight at a time, the same each time.

    Pictures (8,3,192,192) in display codes, their holes (8,1,192,192), 1 or 0, and planes (8,4,192,192).
    """
    held = replace(tiles, train=tiles.held)
    count = len(held.held)
    dice = Dice(_HELD_SEED, torch.device("cpu"))
    limit = held.full[1].shape[1] - _HELD_SIZE + 1
    target = cut(
        held.full[1], held.held, dice.below(count, limit).to(held.held.device),
        dice.below(count, limit).to(held.held.device), _HELD_SIZE,
    )  # fmt: skip
    hole = torch.from_numpy(covers(count, _HELD_SIZE, [], _HELD_SEED) > 25)[:, None].float()
    hole = hole.to(target.device)
    for picture, gap in zip(target.split(8), hole.split(8), strict=True):
        yield picture, gap, planes_of(picture, gap)


@torch.no_grad()
def held_figures(net: nn.Module, tiles: Tiles) -> dict[str, float]:
    """PSNR in the holes of held tiles and SSIM there, in display codes, and of the membrane alone."""
    found: dict[str, list[float]] = {"psnr": [], "ssim": [], "membrane psnr": [], "membrane ssim": []}
    for picture, gap, planes in held_samples(tiles):
        smooth = planes[:, :3]
        inside = gap.expand_as(picture) > 0
        for name, result in (("", smooth + gap * net(planes).float()), ("membrane ", smooth)):
            now = result.clamp(0, 1)
            found[f"{name}psnr"].append(
                psnr(now[inside].view(1, 1, 1, -1), picture[inside].view(1, 1, 1, -1), 0)
            )
            alike = similarity(now.mean(1, keepdim=True), picture.mean(1, keepdim=True))
            found[f"{name}ssim"].append(float(alike[gap > 0].mean()))
    return {f"held {name}": sum(values) / len(values) for name, values in found.items()}
