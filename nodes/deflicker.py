"""Deflicker: evens out brightness that jumps from frame to frame.

Use it on old film, uneven exposure and pulsing light, after stabilising and before removing dirt or noise.
The levels of neighbouring frames are compared along the motion, in the logarithm of light, which gives each
frame's exposure and gamma and a smooth field of gains (in the line of van Roosmalen, Restoration of Archived
Film and Video, 1999, chapter 5); each frame is corrected to the trend of the frames around it. A change far
larger than the flicker (a flash, a lamp that is switched on, a fade) is an event and stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.knobs import knob
from interneg.node import Node, View
from interneg.nodes._flicker import LUMA
from interneg.nodes._steady import Correction, correction, path

_MOST = math.log(2)
_STRIP = 64


@dataclass(frozen=True, kw_only=True)
class Deflicker(Node):
    """Evens out brightness that jumps from frame to frame."""

    name: ClassVar[str] = "deflicker"
    label: ClassVar[str] = "Deflicker"
    help: ClassVar[str] = "Removes global, local and banded flicker; keeps fades, lightning and lamps."
    version: ClassVar[int] = 1
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LINEAR_RGB
    layers: ClassVar[str] = "Changes the picture (R, G, B, or Y); alpha and AOVs, of light too, pass through."

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
        return (self.window, self.window)

    def process(self, view: View) -> Pixels:
        """Light in, the same light times a gain from a half to 2 out; what is black stays black."""
        planes = view.planes()
        apart = self.colour > 0 and len(planes) == 3
        alike = self._correction(view, LUMA, apart)
        out = np.empty_like(planes)
        for channel, (plane, result) in enumerate(zip(planes, out, strict=True), LUMA + 1):
            own = alike
            if apart:
                own = alike.towards(self._correction(view, channel, apart), self.colour)
            self._apply(own, plane, result)
        return out

    def _correction(self, view: View, plane: int, colour: bool) -> Correction:
        return correction(path(view, plane, colour, self.bands > 0), self.window, self.keep)

    def _apply(self, what: Correction, plane: Pixels, out: Pixels) -> None:
        """Multiply `plane` into `out`, in strips that stay in the cache."""
        import cv2

        height, width = plane.shape
        field, rows = what.field.astype(np.float32), what.rows.astype(np.float32)[:, None]
        gain = cv2.resize(field * self.local, (width, height), interpolation=cv2.INTER_CUBIC)
        gain += self.exposure * (what.exposure - what.slope * what.pivot)
        if self.bands:
            gain += self.bands * cv2.resize(rows, (1, height), interpolation=cv2.INTER_LINEAR)
        lowest, highest = math.exp(what.lowest), math.exp(what.highest)
        for top in range(0, height, _STRIP):
            strip = slice(top, top + _STRIP)
            level = cv2.log(np.clip(np.abs(plane[strip]), lowest, highest))
            level *= self.exposure * what.slope
            level += gain[strip]
            np.clip(level, -_MOST, _MOST, out=level)
            np.multiply(plane[strip], cv2.exp(level), out=out[strip])
