"""Windows to train on, as ``windows.py`` packs them: loading, crops, and figures on those held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from interneg.engines.training.batch import Batch
from interneg.engines.training.colour import ycc_to_rgb
from interneg.engines.training.dice import Dice
from interneg.engines.training.networks import restore
from interneg.engines.training.tiles import turn
from interneg.restore.stack import PLANES

_GREY = 0.2
_COLOURS = [1, 2, 4, 7, 8, 10, *(at for first in range(11, PLANES, 4) for at in (first + 1, first + 2))]
_BACKWARDS = [*range(11), *(at for first in (15, 11, 23, 19) for at in range(first, first + 4))]


@dataclass
class Windows:
    """``stack`` float16 (N,PLANES,128,128) and ``target`` (N,3,128,128) on one device.

    train: the numbers of those to train on; held: by how many frames on each side they have, of the others.
    data: what they were made of.
    """

    stack: Tensor
    target: Tensor
    train: Tensor
    held: dict[int, Tensor]
    data: tuple[str, ...]


def load(path: Path, device: torch.device) -> Windows:
    """Load a pack of windows. Raises ValueError where its planes are not those of today's stack."""
    with np.load(path) as pack:
        stack, target = (torch.from_numpy(pack[name]).to(device) for name in ("stack", "target"))
        kind, data = torch.from_numpy(pack["held"]).to(device), tuple(pack["data"].tolist())
    if stack.shape[1] != PLANES:
        raise ValueError(
            f"{path} has {stack.shape[1]} planes, a stack has {PLANES}: make it again by windows.py"
        )
    held = {n: (kind == n).nonzero()[:, 0] for n in sorted(set(kind[kind >= 0].tolist()))}
    return Windows(stack, target, (kind < 0).nonzero()[:, 0], held, data)


def draw(windows: Windows, size: int, count: int, dice: Dice) -> Batch:
    """``count`` crops of ``size`` pixels a side; a fifth of them without colour, half with time reversed."""
    number = windows.train[dice.below(count, len(windows.train))].tolist()
    limit = windows.stack.shape[-1] - size + 1
    stacks, targets = [], []
    for n in number:
        top, left = dice.whole(limit), dice.whole(limit)
        part = np.s_[n, :, top : top + size, left : left + size]
        stack, target = windows.stack[part].float(), windows.target[part].float()
        if dice.number() < 0.5:
            stack = stack[_BACKWARDS]
        if dice.number() < _GREY:
            stack[_COLOURS] = 0
            target[1:] = 0
        way = dice.whole(8)
        stacks.append(turn(stack[None], way))
        targets.append(turn(target[None], way))
    return Batch(torch.cat(stacks).contiguous(), torch.cat(targets).contiguous())


@torch.no_grad()
def figures(net: nn.Module, windows: Windows) -> dict[str, float]:
    """PSNR over R, G and B of held windows with noise of sigma 25, by their frames on each side."""
    found = {}
    for radius, numbers in windows.held.items():
        errors = [_error(net, windows, part) for part in numbers.split(4)]
        found[f"windows, {radius} on each side"] = float((-10 * torch.cat(errors).log10()).mean())
    return found


def _error(net: nn.Module, windows: Windows, numbers: Tensor) -> Tensor:
    """Mean squared errors of some windows, (N,)."""
    result = restore(net, windows.stack[numbers].float(), 1)
    rgb = (ycc_to_rgb(p) for p in (result, windows.target[numbers].float()))
    made, truth = (p.clamp(0, 1) for p in rgb)
    return (made - truth).square().mean((1, 2, 3))


def names(radii: Sequence[int] = (0, 1, 2)) -> list[str]:
    """The names of the figures."""
    return [f"windows, {radius} on each side" for radius in radii]
