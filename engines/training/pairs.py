"""Pairs of consecutive frames, as Denoise-SR's averaging along the motion leaves them.

Between the two the camera moves by whole pixels of the full picture: where both show the same, their truth is
the same, but an enlarger's input was sampled elsewhere. Each is averaged with none to four other frames, each
with noise of its own, interpolated, slightly misplaced and trusted only in parts, as `interneg.motion.align`
does it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from interneg.engines.training import colour
from interneg.engines.training.batch import Batch, greyed
from interneg.engines.training.crops import log_encoded
from interneg.engines.training.degrade import MARGIN, Mix
from interneg.engines.training.dice import Dice
from interneg.engines.training.noise import noise_levels
from interneg.engines.training.resample import convolve, resize
from interneg.engines.training.tiles import Tiles, cut, turn

MOVE = 2
OTHERS = 4
_MISPLACED = 0.15
_QUIET = 0.4
_LEAST = 1e-4


@dataclass
class Pairs:
    """A batch whose first half are first frames and whose second half are second ones, in the same order.

    move: by how many pixels of the target (down, right) the content of the first lies in the second.
    """

    batch: Batch
    move: tuple[int, int]


def draw_pairs(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Pairs:
    """``count`` pairs of ``size`` input pixels a side at one scale, of tiles that are trained on."""
    down, right = (dice.whole(MOVE * scale + 1) for _ in range(2))
    padded = size + 2 * MARGIN
    large = padded * scale
    whole = large + MOVE * scale
    number = tiles.train[dice.below(count, len(tiles.train))]
    limit = tiles.full[1].shape[1] - whole + 1
    full = cut(tiles.full[1], number, dice.below(count, limit), dice.below(count, limit), whole)
    full = turn(full, dice.whole(8))
    if dice.number() < mix.log:
        full = log_encoded(full, dice)
    second = full[..., :large, :large]
    first = full[..., down : down + large, right : right + large]
    target = colour.rgb_to_ycc(torch.cat((first, second)))
    plain = resize(target, padded, padded, "bicubic") if scale > 1 else target
    level = noise_levels(count, dice)
    if scale > 1:
        level = level * (dice.uniform(count, 0, 1) > _QUIET)
    sigmas = torch.stack((level, level * dice.uniform(count, 0.3, 1.2)), 1).repeat(2, 1)[..., None, None]
    seen, sigmas = _averaged(plain, sigmas, dice)
    planes = torch.cat((seen, sigmas, torch.zeros_like(seen[:, :1])), 1)
    inner, span = slice(MARGIN, -MARGIN), slice(MARGIN * scale, -MARGIN * scale)
    batch = Batch(planes[..., inner, inner], target[..., span, span])
    return Pairs(greyed(batch, dice.uniform(count, 0, 1).repeat(2) < mix.grey), (down, right))


def overlaps(picture: Tensor, move: tuple[int, int], border: int) -> tuple[Tensor, Tensor]:
    """Where first and second frames, (2N,C,H,W), show the same; ``border`` pixels at the edges left out."""
    down, right = move
    bottom, end = (size - border for size in picture.shape[-2:])
    first, second = picture.chunk(2)
    first = first[..., border : bottom - down, border : end - right]
    return first, second[..., border + down : bottom, border + right : end]


def _averaged(plain: Tensor, sigmas: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
    """Pictures (N,3,H,W) with noise of deviations (N,2,1,1), of luma and colour, averaged.

    Returns also the deviations of what is left of it, (N,2,H,W).
    """
    loud = sigmas[:, [0, 1, 1]]
    count, total = len(plain), plain + loud * dice.normal(*plain.shape)
    weights = squares = torch.ones_like(plain[:, :1])
    for _ in range(dice.whole(OTHERS + 1)):
        weight = _confidence(count, plain.shape[-1], dice)
        other = convolve(plain, _moved(_MISPLACED * dice.normal(2, count)))
        # What differs by more than noise does is not averaged.
        weight = weight * torch.exp(-((other - plain)[:, :1] / loud[:, :1].clamp(min=_LEAST)).square())
        between = _moved(dice.uniform(2 * count, -0.5, 0.5).view(2, count))
        other = other + loud * convolve(dice.normal(*plain.shape), between)
        total = total + weight * other
        weights, squares = weights + weight, squares + weight**2
    return total / weights, sigmas * (squares.sqrt() / weights)


def _confidence(count: int, size: int, dice: Dice) -> Tensor:
    """How far another frame is trusted, (N,1,size,size), 0..1: in patches."""
    coarse = dice.normal(count, 1, 6, 6) + dice.uniform(count, -1, 2)[:, None, None, None]
    return torch.sigmoid(4 * F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False))


def _moved(by: Tensor) -> Tensor:
    """Kernels (N,5,5) of cubic interpolation (a = -0.75), moving by (2,N) pixels down and right, -1..1."""
    x = (torch.arange(-2, 3, device=by.device) - by[..., None]).abs()
    near = (1.25 * x - 2.25) * x**2 + 1
    far = -0.75 * (x**3 - 5 * x**2 + 8 * x - 4)
    down, right = torch.where(x <= 1, near, torch.where(x < 2, far, 0.0))
    return down[:, :, None] * right[:, None, :]
