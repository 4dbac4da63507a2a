"""Training tiles on the device: loading a pack, and cutting random crops out of it.

A pack is one ``.npz`` (see ``pack.py``): ``tiles`` uint8 (N,256,256,3) encoded RGB, ``weight`` float32
(N,) the chance of a tile to be drawn as clean material, and for each scale s ``coded{s}`` uint8
(M,256/s,256/s,3), ``coded{s}_tile`` int32 (M,) and ``coded{s}_q`` float32 (M,): what a real codec made
of the reduced tile. Pixels are stored filtered, as in PNG, so that the file compresses.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from interneg.engines.training.resample import resize

HELD_EVERY = 50
_CELL = 8


def pack_filter(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Decorrelate uint8 (N,H,W,3) pixels losslessly: green-relative, then differences along x."""
    out = pixels.copy()
    out[..., 0] -= pixels[..., 1]
    out[..., 2] -= pixels[..., 1]
    out[:, :, 1:] -= out[:, :, :-1].copy()
    return out


def pack_unfilter(filtered: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The inverse of :func:`pack_filter`: uint8 (N,H,W,3) to the same, exactly."""
    out = np.cumsum(filtered, axis=2, dtype=np.uint8)
    out[..., 0] += out[..., 1]
    out[..., 2] += out[..., 1]
    return out


@dataclass
class Coded:
    """Real codec results at one scale: pixels uint8 (M,H,W,3), their tile (M,) and level q (M,)."""

    pixels: Tensor
    tile: Tensor
    q: Tensor


@dataclass
class Tiles:
    """Everything a run draws from, on one device.

    ``full[s]`` uint8 (N,256/s,256/s,3): the tiles reduced by s with antialiased bicubic and rounded
    to 8 bits, as the public protocol does. ``train`` and ``held`` are tile numbers. ``detail`` float32
    (N,257/8,257/8): the sum of the luma gradient above and left of every eighth pixel. ``data``: what they
    were cut from, with licences, as the model cards tell it.
    """

    full: dict[int, Tensor]
    coded: dict[int, Coded]
    train: Tensor
    held: Tensor
    detail: Tensor
    data: tuple[str, ...] = ()

    def busiest(self, number: Tensor, top: Tensor, left: Tensor, size: int) -> Tensor:
        """Which of the candidate crops (N,k) of the full tiles holds most detail, (N,)."""
        high, low = ((edge + _CELL // 2) // _CELL for edge in (top, top + size))
        start, end = ((edge + _CELL // 2) // _CELL for edge in (left, left + size))
        held = self.detail
        return (
            held[number, low, end]
            - held[number, high, end]
            - held[number, low, start]
            + held[number, high, start]
        ).argmax(1)


def load(path: Path, device: torch.device, scales: tuple[int, ...] = (1, 2, 4)) -> Tiles:
    """Load a pack, reduce its tiles by each scale, and hold out every 50th clean tile; of fewer, the last.

    Raises ValueError where there are not two clean tiles, one to train on and one to hold out.
    """
    with np.load(path) as data:
        pixels = torch.from_numpy(pack_unfilter(data["tiles"])).to(device)
        clean = torch.from_numpy(np.flatnonzero(data["weight"] > 0)).to(device)
        sources = tuple(data["data"].tolist()) if "data" in data else ()
        stored = {s: s for s in scales if f"coded{s}" in data}
        coded = {
            s: Coded(
                torch.from_numpy(pack_unfilter(data[f"coded{s}"])).to(device),
                torch.from_numpy(data[f"coded{s}_tile"].astype(np.int64)).to(device),
                torch.from_numpy(data[f"coded{s}_q"].astype(np.float32)).to(device),
            )
            for s in stored
        }
    if len(clean) < 2:
        raise ValueError(
            f"{path} holds {len(clean)} clean tiles, and training needs two or more: make it with --stills"
        )
    full = {1: pixels}
    for scale in scales:
        if scale > 1:
            full[scale] = torch.cat([_reduced(part, scale) for part in pixels.split(64)])
    every = min(HELD_EVERY, len(clean))
    held = torch.arange(len(clean), device=device) % every == every - 1
    detail = torch.cat([_detail(part) for part in pixels.split(64)])
    return Tiles(full, coded, clean[~held], clean[held], detail, sources)


def _detail(pixels: Tensor) -> Tensor:
    green = pixels[..., 1].float()
    steps = green[:, 1:, :-1].sub(green[:, :-1, :-1]).abs() + green[:, :-1, 1:].sub(green[:, :-1, :-1]).abs()
    cells = torch.nn.functional.avg_pool2d(torch.nn.functional.pad(steps, (0, 1, 0, 1))[:, None], _CELL)[:, 0]
    return torch.nn.functional.pad(cells.cumsum(1).cumsum(2), (1, 0, 1, 0))


def _reduced(pixels: Tensor, scale: int) -> Tensor:
    planar = pixels.permute(0, 3, 1, 2).float()
    small = resize(planar, planar.shape[-2] // scale, planar.shape[-1] // scale, "bicubic")
    return small.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def cut(pixels: Tensor, number: Tensor, top: Tensor, left: Tensor, size: int) -> Tensor:
    """Crops float32 (N,3,size,size) 0..1 of uint8 pixels (M,H,W,3) at per-sample tile, row and column."""
    span = torch.arange(size, device=pixels.device)
    rows, columns = top[:, None, None] + span[None, :, None], left[:, None, None] + span[None, None, :]
    return pixels[number[:, None, None], rows, columns].permute(0, 3, 1, 2).float().div_(255.0)


def turn(picture: Tensor, way: int) -> Tensor:
    """One of the eight flips and quarter turns (0..7) of ``(N,C,H,W)`` square pictures."""
    if way & 1:
        picture = picture.flip(-1)
    if way & 2:
        picture = picture.flip(-2)
    return picture.transpose(-1, -2) if way & 4 else picture
