"""Deflicker: evens out brightness that jumps from frame to frame.

Use it on old film, uneven exposure and pulsing light, after stabilising and before removing dirt or noise.
The levels of neighbouring frames are compared along the motion, in the logarithm of light, which gives each
frame's exposure and gamma and a smooth field of gains; each frame is corrected to the trend of the frames
around it. A change far larger than the flicker (a flash, a lamp that is switched on, a fade) is an event and
stays.

Sources: in the line of van Roosmalen, Restoration of Archived Film and Video, 1999, chapter 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.knobs import knob
from interneg.light.flicker import LUMA
from interneg.light.gain import multiply
from interneg.light.steady import Correction, correction, level_path
from interneg.node import Node, View


@dataclass(frozen=True, kw_only=True)
class Deflicker(Node):
    """Evens out brightness that jumps from frame to frame."""

    name: ClassVar[str] = "deflicker"
    label: ClassVar[str] = "Deflicker"
    help: ClassVar[str] = "Removes global, local and banded flicker; keeps fades, lightning and lamps."
    version: ClassVar[int] = 1
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LINEAR_RGB
    layers: ClassVar[str] = (
        "Changes the picture (R, G, B, or Y); alpha and all AOVs, lighting AOVs too, pass through."
    )

    exposure: float = knob(
        1.0, "float", "Exposure",
        "How much of the flicker of the whole picture is removed: its gain and its gamma.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    local: float = knob(
        1.0, "float", "Local",
        "How much of the flicker that differs across the picture is removed, as a smooth field of gains.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    bands: float = knob(
        0.0, "float", "Bands",
        "How much of the flicker that differs from row to row is removed: rolling shutters, telecine.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    colour: float = knob(
        0.0, "float", "Colour",
        "How far red, green and blue are corrected separately, against colour that flickers; at 0 all three "
        "get the same correction.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    keep: float = knob(
        0.5, "float", "Keep events",
        "How readily a change counts as an event that stays, such as lightning or a lamp: at 0.5 from about "
        "4 times the standard deviation of the flicker around it, at 1 from 3 times; at 0 nothing counts as "
        "one.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    window: int = knob(
        7, "int", "Window",
        "Frames on each side whose trend each frame is corrected to; fewer follow slow changes more closely.",
        unit="frames", hard=(1, 7), slider=(1, 7), animatable=False,
    )  # fmt: skip

    @property
    def reach(self) -> tuple[int, int]:
        """The frames that a frame is brought to the mean of."""
        return (self.window, self.window)

    def process(self, view: View) -> Pixels:
        """Light in, the same times a gain from a half to 2 out, (C, H, W) float32; black stays black."""
        planes = view.planes()
        apart = self.colour > 0 and len(planes) == 3
        alike = self._correction(view, LUMA, apart)
        out = np.empty_like(planes)
        for channel, (plane, result) in enumerate(zip(planes, out, strict=True), LUMA + 1):
            own = alike
            if apart:
                own = alike.towards(self._correction(view, channel, apart), self.colour)
            multiply(plane, own, result, self.exposure, self.local, self.bands)
        return out

    def _correction(self, view: View, plane: int, colour: bool) -> Correction:
        return correction(level_path(view, plane, colour, self.bands > 0), self.window, self.keep)
