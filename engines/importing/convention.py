"""How a file has its pictures, and a picture of ours brought into that and back, by NumPy."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from interneg.frame import Pixels

Range = Literal["0..1", "0..255", "-1..1"]
Order = Literal["rgb", "bgr", "y"]

RANGES: dict[Range, tuple[float, float]] = {"0..1": (1.0, 0.0), "0..255": (255.0, 0.0), "-1..1": (2.0, -1.0)}
"""What 0..1 is multiplied by, and what is added then."""


class Convention(NamedTuple):
    """How a graph has its picture, and how its result lies over it.

    takes, gives: the range of input and output. order_in, order_out: of their planes. scale: output pixels
    for one of the input, in each direction. border: pixels that are added around the input,
    repeating its edge; start: where the result begins in the output then, down and right, in its pixels: for
    graphs that crop, or whose result is shifted by whole pixels.
    noise_range: the range that the deviation of the noise is given in.
    """

    takes: Range = "0..1"
    gives: Range = "0..1"
    order_in: Order = "rgb"
    order_out: Order = "rgb"
    scale: int = 1
    border: int = 0
    start: tuple[int, int] = (0, 0)
    noise_range: Range = "0..1"

    def encoded(self, planes: Pixels) -> Pixels:
        """(C, H, W) R, G, B or Y in 0..1 as the graph takes them, border included."""
        gain, offset = RANGES[self.takes]
        ordered = planes[::-1] if self.order_in == "bgr" else planes
        wide = [(0, 0), (self.border, self.border), (self.border, self.border)]
        return np.ascontiguousarray(np.pad(ordered, wide, mode="edge") * gain + offset, np.float32)

    def decoded(self, output: Pixels, size: tuple[int, int]) -> Pixels:
        """What a graph gave for a picture of this height and width, as (C, H * scale, W * scale) in 0..1."""
        gain, offset = RANGES[self.gives]
        (top, left), (height, width) = self.start, (n * self.scale for n in size)
        cut = output[:, top : top + height, left : left + width]
        ordered = cut[::-1] if self.order_out == "bgr" else cut
        return np.ascontiguousarray((ordered - offset) / gain, np.float32)
