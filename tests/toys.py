"""The nodes that exist for tests alone: temporal, with a reference plate, enlarging, moving, broken, ...

Tests import them as `tests.toys`; processes that tests start put the root on their path first.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.knobs import AUTO, knob
from interneg.node import Node, View
from interneg.resize import cubic


class _Toy(Node):
    version: ClassVar[int] = 1
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LINEAR_RGB
    layers: ClassVar[str] = "Changes R, G, B or Y; alpha and AOVs pass through."


@dataclass(frozen=True, kw_only=True)
class WindowMean(_Toy):
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
class AddReference(_Toy):
    """The sum of source and reference plate."""

    name: ClassVar[str] = "add-reference"
    label: ClassVar[str] = "Add reference"
    help: ClassVar[str] = "Adds the reference plate."
    reference: ClassVar[bool] = True

    gain: float = knob(1.0, "float", "Gain", "How much of the plate is added.", hard=(-4, 4), slider=(0, 1))
    span: int = knob(
        0, "int", "Span", "Over so many of its frames on each side, on average.", unit="frames", hard=(0, 2),
        animatable=False,
    )  # fmt: skip

    @property
    def reach(self) -> tuple[int, int]:
        return (self.span, self.span)

    def process(self, view: View) -> Pixels:
        source, plates = view.planes(), view.window.references
        if not plates:
            return source
        colour = np.mean([p.pixels[list(p.colour_channels)] for p in plates], axis=0)
        return np.asarray(source + np.float32(self.gain) * colour, np.float32)


@dataclass(frozen=True, kw_only=True)
class Doubled(_Toy):
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
class EveryKnob(_Toy):
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
class FromAnchor(_Toy):
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
class Waiting(_Toy):
    """The input plus 1, after a while."""

    name: ClassVar[str] = "waiting"
    label: ClassVar[str] = "Waiting"
    help: ClassVar[str] = "Takes its time."

    seconds: float = knob(0.0, "float", "Seconds", "How long it takes.", hard=(0, 60), slider=(0, 1))

    def process(self, view: View) -> Pixels:
        time.sleep(self.seconds)
        return view.planes() + np.float32(1)


@dataclass(frozen=True, kw_only=True)
class TemporalMean(_Toy):
    """The simplest temporal node: the mean of the frames around, each weighted by a measured brightness."""

    name: ClassVar[str] = "temporal-mean"
    label: ClassVar[str] = "Temporal mean"
    help: ClassVar[str] = "Averages frames."

    radius: int = knob(3, "int", "Radius", "Frames on each side.", unit="frames", hard=(0, 8))
    gain: float = knob(1.0, "float", "Gain", "Multiplies the result.")
    measured: ClassVar[list[str]] = []

    @property
    def reach(self) -> tuple[int, int]:
        return (self.radius, self.radius)

    def process(self, view: View) -> Pixels:
        total, weights = np.zeros(view.planes().shape, np.float64), 0.0
        for offset in range(-self.radius, self.radius + 1):
            weight = 1 + abs(view.measure("mean", partial(self._mean, view, offset), offset))
            total += weight * view.planes(offset)
            weights += weight
        return np.asarray(self.gain * total / weights, np.float32)

    def _mean(self, view: View, offset: int) -> float:
        self.measured.append("mean")
        return float(view.planes(offset).mean(dtype=np.float64))


@dataclass(frozen=True, kw_only=True)
class Cubic(_Toy):
    """Twice as bright and twice as large; the blur shows whether NaN spreads."""

    name: ClassVar[str] = "cubic"
    label: ClassVar[str] = "Cubic"
    help: ClassVar[str] = "Doubles."

    @property
    def enlarges(self) -> int:
        return 2

    def process(self, view: View) -> Pixels:
        return np.stack([2 * cubic(p, 2) for p in view.planes()])


@dataclass(frozen=True, kw_only=True)
class Shift(_Toy):
    """Moves the picture and all that belongs to it, by as many columns as `amount` says."""

    name: ClassVar[str] = "shift"
    label: ClassVar[str] = "Shift"
    help: ClassVar[str] = "Shifts."
    layers: ClassVar[str] = "Moves all layers."
    mixes: ClassVar[bool] = False
    unpremultiply: bool = field(default=False, init=False)

    def process(self, view: View) -> Pixels:
        return self._moved(view, view.planes())

    def carry(self, view: View, plane: Pixels, channel: str, depth: str) -> Pixels:
        return self._moved(view, plane)

    def _moved(self, view: View, planes: Pixels) -> Pixels:
        columns = np.arange(planes.shape[-1]) - np.rint(np.asarray(view.amount) * 4).astype(int)
        if columns.ndim == 1:
            return planes[..., columns]
        return np.take_along_axis(planes, np.broadcast_to(columns, planes.shape), -1)


@dataclass(frozen=True, kw_only=True)
class BrightRows(_Toy):
    """Every pixel four times, brighter by row and column."""

    name: ClassVar[str] = "doubled"
    label: ClassVar[str] = "Doubled"
    help: ClassVar[str] = "Enlarges."

    @property
    def enlarges(self) -> int:
        return 2

    def process(self, view: View) -> Pixels:
        large = view.planes().repeat(2, 1).repeat(2, 2)
        large[:, 1::2] += 2
        return large


@dataclass(frozen=True, kw_only=True)
class LessReference(BrightRows):
    """The difference from the reference plate."""

    name: ClassVar[str] = "plate"
    reference: ClassVar[bool] = True
    enlarges: ClassVar[int] = 1
    gain: float = knob(1.0, "float", "Gain", "How much of the plate is taken off.")

    def process(self, view: View) -> Pixels:
        assert view.window.reference is not None
        return np.asarray(view.planes() - self.gain * view.window.reference.pixels[:3], np.float32)


@dataclass(frozen=True, kw_only=True)
class Picky(_Toy):
    """A knob matters only beside one value of another."""

    name: ClassVar[str] = "picky"
    label: ClassVar[str] = "Picky"
    help: ClassVar[str] = "Looks around where it is told to."
    version: ClassVar[int] = 3
    layers: ClassVar[str] = "Changes everything."

    far: int = knob(1, "int", "Far", "Frames.", hard=(1, 3))
    around: bool = knob(False, "bool", "Around", "Look around.")
    marks: tuple[int, ...] = knob((3, 5), "frames", "Marks", "Frames to mind.")

    @property
    def reach(self) -> tuple[int, int]:
        return (self.far, 0) if self.around else (0, 0)


@dataclass(frozen=True, kw_only=True)
class Reading(Waiting):
    """The input plus the number of bytes of a file."""

    name: ClassVar[str] = "reading"

    file: str = knob("", "file", "File", "What is read.")

    def process(self, view: View) -> Pixels:
        return view.planes() + np.float32(len(view.context.read(self.file)))


class Broken(Waiting):
    """A node with a fault."""

    name: ClassVar[str] = "broken"

    def process(self, view: View) -> Pixels:
        raise RuntimeError("a fault of the node's")


HOSTED: Mapping[str, type[Node]] = {
    n.name: n for n in (WindowMean, AddReference, Doubled, EveryKnob, FromAnchor, Waiting)
}
"""The toys that the bundle of the OpenFX tests shows to hosts, by name."""
