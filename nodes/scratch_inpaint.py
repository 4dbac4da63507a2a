"""Scratch-Inpaint: finds dirt and scratches and repairs them from the frames around.

Use it on film scans, after deflickering and before removing noise. What is in one frame alone, while the
frames before and after agree along the motion, is dirt (in the line of Kokaram, Motion Picture Restoration,
1998); a thin line from top to bottom that stays is a scratch. Each is filled with what another frame shows
there, its light bent to what is around, with as much grain. Nothing else is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import ClassVar

import numpy as np

from interneg.colour import WorkingSpace
from interneg.defects.beneath import uncovered
from interneg.defects.dirt import softened, spots
from interneg.defects.evidence import REACH, evidence, neighbours
from interneg.defects.repair import repaired
from interneg.defects.scratches import Scratch, covered, scratches, spoiled
from interneg.frame import Pixels
from interneg.knobs import knob
from interneg.node import Node, View

# How strongly the matte is drawn over the plate, and how many times what was changed is shown.
_DRAWN, _SHOWN = np.float32(0.7), np.float32(4)


@dataclass(frozen=True, kw_only=True)
class ScratchInpaint(Node):
    """Finds dirt and scratches and repairs them from the frames around."""

    name: ClassVar[str] = "scratch-inpaint"
    label: ClassVar[str] = "Scratch-Inpaint"
    help: ClassVar[str] = "Finds dirt and scratches and fills them from the frames around; keeps the rest."
    version: ClassVar[int] = 2
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LOG_RGB
    layers: ClassVar[str] = (
        "Changes the picture (R, G, B, or Y) where it is damaged; alpha and AOVs pass through."
    )
    sparse: ClassVar[bool] = True

    bright: float = knob(
        0.5, "float", "Bright dirt",
        "How readily something brighter than the frames around counts as dirt: dust on a negative, sparkle. "
        "At 0 none does; at 1 a third of the contrast is enough that is asked for at 0.5.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    dark: float = knob(
        0.5, "float", "Dark dirt",
        "How readily something darker than the frames around counts as dirt: dust on a print. At 0 none "
        "does; at 1 a third of the contrast is enough that is asked for at 0.5.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    scratches: float = knob(
        0.5, "float", "Scratches",
        "How readily a thin, nearly upright line through most of the frame counts as a scratch; the frames "
        "around have to have it, too. At 0 none does; at 1 those two thirds as clear as at 0.5.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    largest: int = knob(
        60, "int", "Largest",
        "Dirt that is wider or higher than this stays: larger things that are seen in one frame alone may "
        "belong to the scene.",
        unit="pixels", hard=(1, 400), slider=(4, 200),
    )  # fmt: skip
    grow: float = knob(
        1.0, "float", "Grow",
        "By how much repairs reach beyond what was found.",
        unit="pixels", hard=(0.0, 20.0), slider=(0.0, 5.0),
    )  # fmt: skip
    feather: float = knob(
        1.0, "float", "Feather",
        "Over how many pixels, beyond that, repairs pass into the picture.",
        unit="pixels", hard=(0.0, 20.0), slider=(0.0, 5.0),
    )  # fmt: skip
    view: str = knob(
        "result", "choice", "View",
        "What is shown: the repaired picture; the plate with what was found in red; the matte of what was "
        "found; or what was changed, 4 times as strong, on middle grey.",
        choices=("result", "over plate", "matte", "changed"), animatable=False,
    )  # fmt: skip
    defects: bool = knob(
        False, "bool", "Write defects AOV",
        "Adds the channels 'defects.dirt' and 'defects.scratch': the mattes of what was found, 0 to 1, "
        "before strength and mask.",
        animatable=False, aov=True,
    )  # fmt: skip

    @property
    def reach(self) -> tuple[int, int]:
        """The frames that tell what is damaged, and show what lies beneath."""
        return (REACH, REACH)

    def process(self, view: View) -> Pixels:
        """R, G, B (or a grey plane), (C, H, W) float32, in; the same with what was found filled out."""
        planes, (dirt, scratched, lines) = view.planes(), self._found(view)
        found = np.maximum(dirt, scratched)
        if self.view == "matte":
            return np.repeat(found[None], len(planes), 0)
        if self.view == "over plate":
            red = np.zeros((len(planes), 1, 1), np.float32)
            red[0] = 1
            return np.where(found > 0, planes + _DRAWN * found * (red - planes), planes)
        under = uncovered(planes, lines, ceil(self.grow + self.feather))
        under[1][dirt > 0] = np.inf
        around = neighbours(view)
        spoils = {n.offset: spoiled(view, n.offset, lines) for n in around}
        made = repaired(view, found, around, under, spoils)
        if self.view == "changed":
            return np.asarray(np.float32(0.5) + _SHOWN * (made - planes), np.float32)
        return made

    def aovs(self, view: View) -> dict[str, Pixels]:
        """The mattes of dirt and of scratches, (H, W) float32, 0..1, where they are asked for."""
        if not self.defects:
            return {}
        dirt, scratched, _ = self._found(view)
        return {"defects.dirt": dirt, "defects.scratch": scratched}

    def _found(self, view: View) -> tuple[Pixels, Pixels, list[Scratch]]:
        """The mattes of dirt and of scratches, (H, W) float32, 0..1, and the scratches; once per window."""
        height, width = view.planes().shape[1:]

        def find() -> tuple[Pixels, Pixels, list[Scratch]]:
            lines = scratches(view, self.scratches, neighbours(view))
            covers = {sign: covered(lines, (height, width), sign) for sign in (1, -1)}
            dirty = np.zeros((height, width), np.bool_)
            seen = evidence(view, neighbours(view))
            if seen is not None:
                for spot in spots(view, seen, self.bright, self.dark, self.largest, covers):
                    dirty[spot.box] |= spot.shape
            dirt, scratched = (softened(c, self.grow, self.feather) for c in (dirty, covers[1] | covers[-1]))
            return dirt, scratched, lines

        knobs = (self.bright, self.dark, self.scratches, self.largest, self.grow, self.feather)
        count, centre = len(view.window.frames), view.window.centre
        made: tuple[Pixels, Pixels, list[Scratch]] = view.measure(
            f"defects found 2 {knobs}", find, *range(-centre, count - centre)
        )
        return made
