"""Deflicker: evens out brightness that jumps from frame to frame.

Use it on old film, uneven exposure and pulsing light, after stabilising and before removing dirt or noise.
The levels of neighbouring frames are compared along the motion, in the logarithm of light, which gives each
frame's exposure and gamma and a smooth field of gains; each frame is corrected to the trend of the frames
around it, or, by a file that `interneg analyse` wrote, of its whole shot. A change far larger than
the flicker (a flash, a lamp that is switched on, a fade) is an event and stays.

Sources: in the line of van Roosmalen, Restoration of Archived Film and Video, 1999, chapter 5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from interneg.analysis import Analysis
from interneg.colour import WorkingSpace
from interneg.frame import Frame, Pixels, Window
from interneg.knobs import knob
from interneg.light.exposure_file import Exposures, part_of
from interneg.light.flicker import LUMA
from interneg.light.gain import multiply
from interneg.light.measured_light import MeasuredLight, MeasuredLightFrame, measured
from interneg.light.steady import Correction, correction, level_path
from interneg.node import Context, Node, View


@dataclass(frozen=True, kw_only=True)
class Deflicker(Node):
    """Evens out brightness that jumps from frame to frame."""

    name: ClassVar[str] = "deflicker"
    label: ClassVar[str] = "Deflicker"
    help: ClassVar[str] = "Removes global, local and banded flicker; keeps fades, lightning and lamps."
    version: ClassVar[int] = 7
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LINEAR_RGB
    layers: ClassVar[str] = (
        "Changes the picture (R, G, B, or Y); alpha and all AOVs, lighting AOVs too, pass through."
    )
    analysis: ClassVar[type[Analysis] | None] = MeasuredLight

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
        "How readily a change counts as an event that stays, such as lightning or a lamp: at 0.5 a flash of "
        "one frame from some 10 times the standard deviation of the flicker around it, at 1 from some 5 "
        "times; at 0 nothing counts as one.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    window: int = knob(
        7, "int", "Window",
        "Frames on each side whose trend each frame is corrected to; fewer follow slow changes more closely.",
        unit="frames", hard=(1, 7), slider=(1, 7), animatable=False,
    )  # fmt: skip

    exposures: str = knob(
        "", "file", "Exposures",
        "A file of exposures that `interneg analyse` wrote: each frame is changed by the correction in the "
        "file, which brings it to the light of its whole shot, and nothing is measured; its fields lie "
        "beside it, with the ending .npz. In a recipe file, a relative path starts at the recipe's folder.",
        animatable=False,
    )  # fmt: skip

    @property
    def reach(self) -> tuple[int, int]:
        """The frames that a frame is brought to the mean of."""
        return (self.window, self.window)

    @property
    def needs_neighbours(self) -> bool:
        """Unless a file of exposures says it all."""
        return not self.exposures

    @property
    def solved_by(self) -> str:
        """The file of exposures, unless there is one."""
        return "" if self.exposures else "exposures"

    def require(self, numbers: Collection[int], read: Callable[[str], bytes]) -> None:
        """A file of exposures has to have the frames."""
        if self.exposures:
            Exposures(self.exposures, read).require(numbers)

    def part_of_file(self, knob: str, content: bytes, numbers: Collection[int]) -> bytes | None:
        """Of a file of exposures what is done to the frames."""
        return part_of(content, self.exposures, numbers) if knob == "exposures" else None

    def render(self, window: Window, context: Context, mask: Frame | None = None) -> Frame:
        """A frame that the file of exposures leaves as it is comes through bit for bit."""
        frame = window.frame
        asked = self.strength and self.exposures and not self.synthesis
        if asked and not self._exposures(context).used(frame.number):
            return frame
        return super().render(window, context, mask)

    def process(self, view: View) -> Pixels:
        """Light in, the same times a gain from a quarter to 4 out, (C, H, W) float32; black stays black."""
        planes = view.planes()
        apart = self.colour > 0 and len(planes) == 3
        found = self._corrections(view, apart)
        out = np.empty_like(planes)
        for channel, (plane, result) in enumerate(zip(planes, out, strict=True), LUMA + 1):
            own = found[LUMA].towards(found[channel], self.colour) if apart else found[LUMA]
            multiply(plane, own, result, self.exposure, self.local, self.bands)
        return out

    def as_analysed(self) -> Self:
        """With all of what the knobs ask a part of, so that these knobs still work on the file."""
        bands, colour = float(self.bands != 0), float(self.colour != 0)
        return replace(
            self,
            strength=1.0, exposure=1.0, local=1.0, bands=bands, colour=colour, exposures="", synthesis=False,
        )  # fmt: skip

    def observe(self, view: View) -> MeasuredLightFrame:
        """How its light has changed since the frame before, and what the frames around make of it."""
        colour = self.colour > 0 and len(view.window.frame.colour_channels) == 3
        return measured(view, colour, self.bands > 0, self.window, self.keep)

    def _corrections(self, view: View, colour: bool) -> tuple[Correction, ...]:
        """Of luma; or of luma, R, G and B."""
        if self.exposures:
            frame = view.window.frame
            size = (frame.height, frame.width)
            return self._exposures(view.context).corrections(frame.number, size, colour, self.bands > 0)
        return tuple(
            correction(level_path(view, plane, colour, self.bands > 0), self.window, self.keep)
            for plane in range(4 if colour else 1)
        )

    def _exposures(self, context: Context) -> Exposures:
        digest = hashlib.sha256(context.read(self.exposures)).hexdigest()
        found: Exposures = context.measurements.get(
            ("exposures 1", self.exposures, digest), lambda: Exposures(self.exposures, context.read)
        )
        return found
