"""Nodes that the shell has never heard of: temporal, with a reference plate, enlarging, ..."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.knobs import AUTO, knob
from interneg.node import Node, View


class _Example(Node):
    version: ClassVar[int] = 1
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LINEAR_RGB
    layers: ClassVar[str] = "Treats R, G, B or Y; alpha passes through."


@dataclass(frozen=True, kw_only=True)
class WindowMean(_Example):
    """The mean of the frames around."""

    name: ClassVar[str] = "window-mean"
    label: ClassVar[str] = "Window mean"
    help: ClassVar[str] = "Averages the frames around."

    radius: int = knob(
        3,
        "int",
        "Radius",
        "Frames on each side.",
        unit="frames",
        hard=(0, 5),
        slider=(0, 3),
        animatable=False,
    )

    @property
    def reach(self) -> tuple[int, int]:
        return (self.radius, self.radius)

    def process(self, view: View) -> Pixels:
        around = [view.planes(o) for o in range(-self.radius, self.radius + 1)]
        return np.asarray(np.mean(around, axis=0, dtype=np.float64), np.float32)


@dataclass(frozen=True, kw_only=True)
class AddReference(_Example):
    """The sum of source and reference plate."""

    name: ClassVar[str] = "add-reference"
    label: ClassVar[str] = "Add reference"
    help: ClassVar[str] = "Adds the reference plate."
    reference: ClassVar[bool] = True

    gain: float = knob(1.0, "float", "Gain", "How much of the plate is added.", hard=(-4, 4), slider=(0, 1))

    def process(self, view: View) -> Pixels:
        source, plate = view.planes(), view.window.reference
        if plate is None:
            return source
        colour = plate.pixels[list(plate.colour_channels)]
        return np.asarray(source + np.float32(self.gain) * colour, np.float32)


@dataclass(frozen=True, kw_only=True)
class Doubled(_Example):
    """Every pixel four times, a little brighter to the right."""

    name: ClassVar[str] = "doubled"
    label: ClassVar[str] = "Doubled"
    help: ClassVar[str] = "Enlarges by repeating pixels."

    scale: str = knob(
        "2", "choice", "Scale", "How many times larger the result is.", choices=("1", "2"), animatable=False
    )

    @property
    def enlarges(self) -> int:
        return int(self.scale)

    def process(self, view: View) -> Pixels:
        large = view.planes().repeat(self.enlarges, 1).repeat(self.enlarges, 2)
        return np.asarray(large + np.linspace(0, 0.25, large.shape[2], dtype=np.float32), np.float32)


@dataclass(frozen=True, kw_only=True)
class EveryKnob(_Example):
    """A sum in which each knob can be told from the others: it has one of every kind."""

    name: ClassVar[str] = "every-knob"
    label: ClassVar[str] = "Every knob"
    help: ClassVar[str] = "Adds what its knobs say."

    offset: float = knob(0.0, "float", "Offset", "Is added as it is.", hard=(-10, 10), slider=(-1, 1))
    level: float | str = knob(
        AUTO, "float", "Level", "Is added as it is; auto adds 1000.", hard=(0, 10), slider=(0, 1), auto=True
    )
    count: int = knob(0, "int", "Count", "Each is 16.", hard=(0, 8), slider=(0, 4), animatable=False)
    flag: bool = knob(False, "bool", "Flag", "Adds 256.", animatable=False)
    kind: str = knob("a", "choice", "Kind", "b adds 512.", choices=("a", "b"), animatable=False)
    path: str = knob("", "file", "Path", "Each letter adds 2048.", animatable=False)
    cuts: tuple[int, ...] = knob((), "frames", "Cuts", "Their sum, 65536 times.", animatable=False)

    def process(self, view: View) -> Pixels:
        level = 1000 if self.level == AUTO else float(self.level)
        added = self.offset + level + 16 * self.count + 256 * self.flag + 512 * (self.kind == "b")
        added += 2048 * len(self.path) + 65536 * sum(self.cuts)
        return np.asarray(view.planes() + np.float32(added), np.float32)


@dataclass(frozen=True, kw_only=True)
class FromAnchor(_Example):
    """The difference from a frame that may lie anywhere: the last of a list at or before, else the first."""

    name: ClassVar[str] = "from-anchor"
    label: ClassVar[str] = "From anchor"
    help: ClassVar[str] = "Subtracts another frame."

    anchored: bool = knob(True, "bool", "Anchored", "Whether there is another frame.", animatable=False)
    frames: tuple[int, ...] = knob((), "frames", "Frames", "The other frames.", animatable=False)

    def anchors(self, number: int) -> tuple[int, ...]:
        if not self.anchored or not self.frames:
            return ()
        return (max((n for n in self.frames if n <= number), default=min(self.frames)),)

    def process(self, view: View) -> Pixels:
        others = [a.pixels[list(a.colour_channels)] for a in view.window.anchors]
        return np.asarray(view.planes() - sum(others, np.float32(0)), np.float32)


@dataclass(frozen=True, kw_only=True)
class Waiting(_Example):
    """The input plus 1, after a while."""

    name: ClassVar[str] = "waiting"
    label: ClassVar[str] = "Waiting"
    help: ClassVar[str] = "Takes its time."

    seconds: float = knob(0.0, "float", "Seconds", "How long it takes.", hard=(0, 60), slider=(0, 1))

    def process(self, view: View) -> Pixels:
        time.sleep(self.seconds)
        return view.planes() + np.float32(1)


NODES: Mapping[str, type[Node]] = {
    n.name: n for n in (WindowMean, AddReference, Doubled, EveryKnob, FromAnchor, Waiting)
}
