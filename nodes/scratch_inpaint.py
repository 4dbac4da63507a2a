"""Scratch-Inpaint: finds dirt and scratches and repairs them from the frames around.

Use it on film scans, after deflickering and before removing noise. A small network that was trained on real
dirt tells what is in one frame alone, from how the frames before and after differ from it along the motion
(in the line of Kokaram, Motion Picture Restoration, 1998); a thin line from top to bottom that stays is a
scratch. Each is filled with what another frame shows there, its light bent to what is around, with as much
grain. Nothing else is changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import ceil
from typing import ClassVar, Literal, Self

import numpy as np

from interneg.analysis import Analysis
from interneg.colour import WorkingSpace
from interneg.defects.beneath import uncovered
from interneg.defects.context import FILLER
from interneg.defects.detector import FINDER
from interneg.defects.evidence import REACH, neighbours, offsets
from interneg.defects.found import Damage, Sensitivity, described, detected, from_list, spoilt
from interneg.defects.listing import part_of, require
from interneg.defects.matte import Marks, drawn, over_plate, read_matte, softly
from interneg.defects.repair import repaired
from interneg.defects.shot_list import FrameDefects, ShotDefects
from interneg.frame import Pixels
from interneg.knobs import knob
from interneg.node import Node, View

# How many times as strong what was changed is shown.
_SHOWN = np.float32(4)


@dataclass(frozen=True, kw_only=True)
class ScratchInpaint(Node):
    """Finds dirt and scratches and repairs them from the frames around."""

    name: ClassVar[str] = "scratch-inpaint"
    label: ClassVar[str] = "Scratch-Inpaint"
    help: ClassVar[str] = "Finds dirt and scratches and fills them from the frames around; keeps the rest."
    version: ClassVar[int] = 16
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LOG_RGB
    layers: ClassVar[str] = (
        "Changes the picture (R, G, B, or Y) where it is damaged; alpha and AOVs pass through."
    )
    sparse: ClassVar[bool] = True
    matted: ClassVar[bool] = True
    analysis: ClassVar[type[Analysis] | None] = ShotDefects

    bright: float = knob(
        0.5, "float", "Bright dirt",
        "How readily something brighter than the frames around counts as dirt: dust on a negative, sparkle. "
        "At 0 none does; at 1 what the network that looks for it holds for doubtful does as well.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    dark: float = knob(
        0.5, "float", "Dark dirt",
        "How readily something darker than the frames around counts as dirt: dust on a print. At 0 none "
        "does; at 1 what the network that looks for it holds for doubtful does as well.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    scratches: float = knob(
        0.5, "float", "Scratches",
        "How readily a line counts as a scratch: one that runs through most of the frame, nearly upright, "
        "and is in the frames around, too; or a shorter one. At 0 none does; at 1 faint and doubtful ones.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    largest: int = knob(
        120, "int", "Largest",
        "Dirt that is wider or higher than this stays, unless it is thin, as hairs and scratches are: larger "
        "things that are seen in one frame alone may belong to the scene.",
        unit="pixels", hard=(1, 400), slider=(4, 200),
    )  # fmt: skip
    grow: float = knob(
        0.0, "float", "Grow",
        "By how much repairs reach beyond what was found.",
        unit="pixels", hard=(0.0, 20.0), slider=(0.0, 5.0),
    )  # fmt: skip
    feather: float = knob(
        0.0, "float", "Feather",
        "Over how many pixels, beyond that, repairs pass into the picture.",
        unit="pixels", hard=(0.0, 20.0), slider=(0.0, 5.0),
    )  # fmt: skip
    matte: str = knob(
        "off", "choice", "Matte",
        "What a matte that comes from elsewhere does: it is repaired as well; it alone is repaired; or it is "
        "kept from being repaired. A painted one is used as it is; grow and feather work on the others.",
        choices=("off", "add", "replace", "protect"), group="Matte", animatable=False,
    )  # fmt: skip
    matte_from: str = knob(
        "input", "choice", "Matte from",
        "Where the matte is: at the matte input (`--matte`); or in the plate itself, as its alpha, or as a "
        "channel called ir or infrared, as film scanners deliver it. Colour is not divided by such an alpha.",
        choices=("input", "alpha", "infrared"), group="Matte", animatable=False,
    )  # fmt: skip
    damage: str = knob(
        "dark", "choice", "Damage is",
        "Of alpha or infrared: whether what is darker, or what is brighter, than the threshold is damage.",
        choices=("dark", "bright"), group="Matte", animatable=False,
    )  # fmt: skip
    threshold: float = knob(
        0.5, "float", "Threshold",
        "Of alpha or infrared: the value beyond which it shows damage.",
        hard=(-65504.0, 65504.0), slider=(0.0, 1.0), group="Matte",
    )  # fmt: skip
    defects_list: str = knob(
        "", "file", "Defects list",
        "A file that `interneg analyse` wrote: what it lists is repaired, but for what is rejected in it, in "
        "place of what bright, dark, scratches and largest find. In a recipe file, a relative path starts at "
        "the recipe's folder.",
        animatable=False,
    )  # fmt: skip
    view: str = knob(
        "result", "choice", "View",
        "What is shown: the repaired picture; the plate with what is repaired in red; the matte of what was "
        "found, dirt in red and scratches in green; or what is changed, 4 times as strong, on middle grey.",
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

    @property
    def models(self) -> tuple[str, ...]:
        """The network that fills what no frame shows, and the one that finds damage, unless a list has it."""
        return (FILLER,) if self.defects_list else (FINDER, FILLER)

    @property
    def shows(self) -> Literal["result", "aid", "data"]:
        """The result, or a view to look at."""
        return "result" if self.view == "result" else "data" if self.view == "matte" else "aid"

    @property
    def bypassed(self) -> bool:
        """Not where the matte of what was found is asked for, which strength does not change."""
        return super().bypassed and self.view != "matte" and not self.defects

    @property
    def uses_matte(self) -> bool:
        """Where it is to come from the matte input."""
        return self.matte != "off" and self.matte_from == "input"

    @property
    def divides(self) -> bool:
        """Not by an alpha that shows damage."""
        return self.unpremultiply and (self.matte == "off" or self.matte_from != "alpha")

    def process(self, view: View) -> Pixels:
        """R, G, B (or a grey plane), (C, H, W) float32, in; the same with what was found filled out."""
        if self.view != "result":
            view.context.tell(self.name, f"shows the view '{self.view}', which is to look at, not the result")
        if self.matte == "off" and self.matte_from != "input":
            view.context.tell(
                self.name,
                f"matte is off, so {self.matte_from} is not looked at: set matte to add, replace or protect",
            )
        planes, damage = view.planes(), self._damage(view)
        if self.view == "matte":
            return damage.mattes.planes(len(planes))
        if self.strength == 0:
            return planes
        matte = damage.mattes.both
        if self.view == "over plate":
            return over_plate(planes, matte * view.amount)
        under = uncovered(planes, damage.defects.lines, ceil(self.grow + self.feather))
        under[1][damage.mattes.dirt > 0] = np.inf
        around, marks = neighbours(view), self._marks if self.matte != "protect" else None
        spoils = {n.offset: spoilt(view, n.offset, damage.defects, marks) for n in around}
        made = repaired(view, matte, around, under, spoils, lambda: view.context.engines.open(FILLER))
        if self.view == "changed":
            return np.asarray(np.float32(0.5) + _SHOWN * view.amount * (made - planes), np.float32)
        return made

    def aovs(self, view: View) -> dict[str, Pixels]:
        """The mattes of dirt and of scratches, (H, W) float32, 0..1, where they are asked for."""
        return self._damage(view).mattes.named if self.defects else {}

    def carry(self, view: View, plane: Pixels, channel: str, depth: str) -> Pixels:
        """Alpha and AOVs, (H, W), as they are; but beside the matte alpha is 1: it would be taken for one."""
        opaque = self.shows == "data" and channel == "A"
        return np.ones_like(plane) if opaque else super().carry(view, plane, channel, depth)

    def require(self, numbers: Collection[int], read: Callable[[str], bytes]) -> None:
        """A list of defects has to have the frames."""
        if self.defects_list:
            require(read(self.defects_list), self.defects_list, numbers)

    def part_of_file(self, knob: str, content: bytes, numbers: Collection[int]) -> bytes | None:
        """Of a list of defects what is in the frames."""
        return part_of(content, numbers) if knob == "defects_list" else None

    @property
    def solved_by(self) -> str:
        """The list of defects, unless there is one, or a matte takes its place."""
        return "" if self.defects_list or self.matte == "replace" else "defects_list"

    def as_analysed(self) -> Self:
        """What is found in the picture itself, whatever is done about it."""
        looked_for = ("bright", "dark", "scratches", "largest", "unpremultiply")
        return type(self).with_knobs({name: self.knobs[name] for name in looked_for})

    def observe(self, view: View) -> FrameDefects:
        """What was found in the window's own frame."""
        return described(view, self._damage(view))

    @property
    def _marks(self) -> Marks | None:
        """The channel of the plate that the matte comes from."""
        own = self.matte != "off" and self.matte_from != "input"
        return Marks(self.matte_from, self.damage == "dark", self.threshold) if own else None

    def _damage(self, view: View) -> Damage:
        """What is repaired in the window's own frame; found once per window."""
        content = view.context.read(self.defects_list) if self.defects_list else b""
        frame, matte, marks = view.window.frame, view.window.matte, self._marks

        def find() -> Damage:
            seen = 0.0 if self.matte == "replace" else 1.0  # which needs no dirt to be looked for
            how = Sensitivity(seen * self.bright, seen * self.dark, self.scratches, self.largest)
            if not self.defects_list and (how.bright or how.dark) and len(offsets(view)) < 2:
                view.context.tell(
                    self.name,
                    f"no dirt is looked for in frame {frame.number}, whose shot has no two other frames that "
                    "differ from it: a matte or a list says where it is",
                )
            found = from_list(view, content, self.defects_list) if self.defects_list else detected(view, how)
            mattes = drawn(found.spots, found.lines, (frame.height, frame.width), self.grow, self.feather)
            if self.matte != "off":
                own = None if marks is None else softly(marks.of(frame), self.grow, self.feather)
                mattes = mattes.with_given(own or read_matte(matte, frame), self.matte)
            return Damage(mattes, found)

        knobs = {k: v for k, v in self.knobs.items() if k not in ("strength", "synthesis", "view", "defects")}
        others = hashlib.sha256(content).digest(), matte and matte.digest, frame.number
        name = f"defects damage 10 {knobs} {others}"
        count, centre = len(view.window.frames), view.window.centre
        made: Damage = view.measure(name, find, *range(-centre, count - centre))
        return made
