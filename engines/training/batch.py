"""Samples to train on: the planes that a network gets, and the clean picture that it is to give."""

from dataclasses import dataclass

import torch
from torch import Tensor

from interneg.engines.training.tiles import turn


@dataclass
class Batch:
    """``planes`` float32 (N,6,size,size) and their clean ``target`` Y, Cb, Cr (N,3,s*size,s*size).

    ``borders`` float32 (N,2,size,size), in the coded samples at 1x: 1 on both sides of the codec's block
    borders, along x and along y; zero elsewhere. The first ``drawn`` samples are drawn: first
    ``smooth`` gradients, then edges.
    """

    planes: Tensor
    target: Tensor
    borders: Tensor | None = None
    drawn: int = 0
    smooth: int = 0

    @staticmethod
    def of(parts: list["Batch"]) -> "Batch":
        """The parts one after the other; what is drawn comes first."""
        borders = [torch.zeros_like(p.planes[:, :2]) if p.borders is None else p.borders for p in parts]
        planes, target = torch.cat([p.planes for p in parts]), torch.cat([p.target for p in parts])
        return Batch(planes, target, torch.cat(borders), parts[0].drawn, parts[0].smooth)

    def turned(self, way: int) -> "Batch":
        """The batch flipped and turned."""
        borders = self.borders
        if borders is not None:
            borders = turn(borders.flip(1) if way & 4 else borders, way)
        planes, target = (turn(picture, way).contiguous() for picture in (self.planes, self.target))
        return Batch(planes, target, borders, self.drawn, self.smooth)


def greyed(batch: Batch, grey: Tensor) -> Batch:
    """The batch without colour where ``grey`` (N,) is true."""
    keep = (~grey).float()[:, None, None, None]
    planes, target = batch.planes, batch.target
    chroma, noise = planes[:, 1:3] * keep, planes[:, 4:5] * keep
    planes = torch.cat((planes[:, :1], chroma, planes[:, 3:4], noise, planes[:, 5:]), 1)
    return Batch(planes, torch.cat((target[:, :1], target[:, 1:] * keep), 1), batch.borders)


def conditioned(
    ycc: Tensor, sigma_y: Tensor | None = None, sigma_c: Tensor | None = None, q: Tensor | None = None
) -> Tensor:
    """Planes (N,6,H,W) from a picture and its conditions (N,1,H,W), (N,1,1,1) or None for zero."""
    flat = ycc[:, :1]
    parts = [torch.zeros_like(flat) if c is None else c.expand_as(flat) for c in (sigma_y, sigma_c, q)]
    return torch.cat([ycc, *parts], 1)
