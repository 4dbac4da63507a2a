"""Steady black: holds the black level still.

Use it on telecine and tape whose shadows lift and fall from frame to frame, after deflickering. The black
level of a frame is measured per channel in scene-linear light, as the level that one pixel in a hundred lies
below; the frame is then shifted by what its level differs from the mean of those around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.knobs import knob
from interneg.node import Node, View


@dataclass(frozen=True, kw_only=True)
class SteadyBlack(Node):
    """Shifts each frame to the mean black level of the frames around it."""

    name: ClassVar[str] = "steady-black"
    label: ClassVar[str] = "Steady black"
    help: ClassVar[str] = "Holds the black level still."
    version: ClassVar[int] = 1
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LINEAR_RGB
    layers: ClassVar[str] = "Changes R, G, B or Y; alpha and AOVs pass through."

    window: int = knob(
        4, "int", "Window", "How many frames on each side the black level is averaged over.",
        unit="frames", hard=(1, 12), slider=(1, 12), animatable=False,
    )  # fmt: skip
    colour: bool = knob(
        True, "bool", "Colour",
        "Shifts red, green and blue each by its own level; off, all are shifted alike and keep their tint.",
        animatable=False,
    )  # fmt: skip

    @property
    def reach(self) -> tuple[int, int]:
        """The frames whose black levels are averaged."""
        return (self.window, self.window)

    def process(self, view: View) -> Pixels:
        """Light in, the same light plus one number per channel out, (C, H, W) float32."""
        around = [_black(view, offset) for offset in range(-self.window, self.window + 1)]
        shift = np.mean(around, axis=0) - around[self.window]
        if not self.colour:
            shift = np.full_like(shift, shift.mean())
        return np.asarray(view.planes() + shift[:, None, None], np.float32)


def _black(view: View, offset: int) -> Pixels:
    """The black level of each channel, (C,) float64, of the frame `offset` frames away; measured once."""
    return np.asarray(
        view.measure("steady-black level", lambda: np.percentile(view.planes(offset), 1, axis=(1, 2)), offset)
    )
