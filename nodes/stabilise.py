"""Stabilise: takes gate weave and film warp out of a shot and leaves what the camera did.

Use it first in a restoration: flicker, dirt and noise are easier to find in a steady picture. The motion
that most of the picture agrees on is measured from frame to frame; a frame is moved onto a smooth curve
through its neighbours' places, in one resampling for all layers.

Sources: robust parametric motion, Odobez and Bouthemy, 1995; path smoothing, Litvin et al., 2003.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from interneg.analysis import Analysis
from interneg.colour import WorkingSpace
from interneg.errors import KnobError
from interneg.frame import Box, Frame, Pixels
from interneg.knobs import knob
from interneg.motion.measured_path import MeasuredFrame, MeasuredPath
from interneg.motion.path_file import part_of, require
from interneg.motion.resample import PlaneKind, kind_of
from interneg.motion.similarity import Motion, aspect_of
from interneg.motion.solution import Solution
from interneg.motion.steadying import Steadying
from interneg.motion.warp import around
from interneg.motion.weave import step
from interneg.node import Node, View


@dataclass(frozen=True, kw_only=True)
class Stabilise(Node):
    """Takes gate weave and film warp out of a shot."""

    name: ClassVar[str] = "stabilise"
    label: ClassVar[str] = "Stabilise"
    help: ClassVar[str] = "Removes gate weave and film warp and keeps the moves of the camera."
    version: ClassVar[int] = 7
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LINEAR_RGB
    layers: ClassVar[str] = (
        "Moves the picture (R, G, B, or Y), alpha and all AOVs together; motion vectors keep the values "
        "that they had in the unsteady picture."
    )
    mixes: ClassVar[bool] = False
    analysis: ClassVar[type[Analysis] | None] = MeasuredPath

    unpremultiply: bool = field(default=False, init=False)
    weave: float = knob(
        1.0, "float", "Weave",
        "How much of the rigid motion (shift, rotation, scale) that departs from the smooth path is removed.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    warp: float = knob(
        0.0, "float", "Warp",
        "How much of the buckling of the film is removed: smooth bending that changes from frame to frame. "
        "Leave it at 0 for film that lies flat.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    smoothing: int = knob(
        15, "int", "Smoothing",
        "Frames on each side that the smooth path is fitted to: more give a steadier picture, fewer follow "
        "the camera more closely. Raise it where a restless hand is to be steadied too.",
        unit="frames", hard=(1, 30), slider=(1, 15), animatable=False,
    )  # fmt: skip
    lock: bool = knob(
        False, "bool", "Lock",
        "Holds each shot still on one of the lock frames, as on a tripod, instead of smoothing its path.",
        group="Lock", animatable=False,
    )  # fmt: skip
    lock_frames: tuple[int, ...] = knob(
        (), "frames", "Lock frames",
        "The frames that lock holds to, best the first of each shot; lock needs at least one. Each frame is "
        "held to the last of them at or before it, or to the first where none comes before it.",
        group="Lock", animatable=False,
    )  # fmt: skip
    edges: str = knob(
        "hold", "choice", "Edges",
        "What fills the border that moving a frame leaves empty: hold repeats the edge pixels, mirror "
        "mirrors the picture, reveal leaves black with alpha 0, crop enlarges the picture until no border "
        "shows, fill takes it from frames nearby and matches their brightness.",
        choices=("hold", "mirror", "reveal", "crop", "fill"), group="Edges", animatable=False,
    )  # fmt: skip
    zoom_limit: float = knob(
        1.1, "float", "Zoom limit",
        "With edges=crop: the largest enlargement; a border that still shows repeats the edge pixels.",
        hard=(1.0, 2.0), slider=(1.0, 1.2), group="Edges",
    )  # fmt: skip
    box_left: int = knob(
        0, "int", "Box left",
        "Left edge of the part of the picture to measure, such as a perforation or a frame line; with a box "
        "only shifts are measured. With all four edges at 0, the whole picture is measured.",
        unit="pixels", hard=(0, 65535), slider=(0, 4096), group="Box", animatable=False,
    )  # fmt: skip
    box_top: int = knob(
        0, "int", "Box top", "Top edge of the box, counted downwards from the top of the picture.",
        unit="pixels", hard=(0, 65535), slider=(0, 4096), group="Box", animatable=False,
    )  # fmt: skip
    box_right: int = knob(
        0, "int", "Box right", "Right edge of the box, the first column beyond it.",
        unit="pixels", hard=(0, 65535), slider=(0, 4096), group="Box", animatable=False,
    )  # fmt: skip
    box_bottom: int = knob(
        0, "int", "Box bottom", "Bottom edge of the box, the first row beyond it.",
        unit="pixels", hard=(0, 65535), slider=(0, 4096), group="Box", animatable=False,
    )  # fmt: skip
    path: str = knob(
        "", "file", "Path",
        "A path file that `interneg analyse` wrote: each frame is moved by the correction in the file, which "
        "follows the whole shot, and nothing is measured; for warp, analyse with warp above 0. In a "
        "recipe file, a relative path starts at the recipe's folder.",
        animatable=False,
    )  # fmt: skip

    @property
    def reach(self) -> tuple[int, int]:
        """The frames that the smooth path is drawn through."""
        return (self.smoothing, self.smoothing)

    @property
    def needs_neighbours(self) -> bool:
        """Unless a path file says it all."""
        return not self.path or self.edges in ("crop", "fill")

    def anchors(self, number: int) -> tuple[int, ...]:
        """With lock, the frame to hold to. Raises KnobError where none is named."""
        if not self.lock or self.path:
            return ()
        if not self.lock_frames:
            raise KnobError(
                "stabilise.lock needs stabilise.lock_frames: name a frame of each shot to hold to"
            )
        return (max((n for n in self.lock_frames if n <= number), default=min(self.lock_frames)),)

    def process(self, view: View) -> Pixels:
        """R, G, B (or a grey plane) in, the same moved out, (C, H, W) float32."""
        colour, space = view.context.colour, view.window.frame.colour_space
        if not colour.is_scene_linear(space):
            return self._moved(view, view.planes(), PlaneKind.LIGHT, view.planes)

        # Rings are limited plane by plane: in the primaries of the file no plane of it goes below what lies
        # around, and AOVs are limited alike.
        def stored(offset: int) -> Pixels:
            return colour.leave(view.planes(offset), space, self.working_space)

        return colour.enter(self._moved(view, stored(0), PlaneKind.LIGHT, stored), space, self.working_space)

    def carry(self, view: View, plane: Pixels, channel: str, depth: str) -> Pixels:
        """Alpha and AOVs, (H, W) float32 each, moved as the picture is; labels by the nearest pixel."""

        def neighbour(offset: int) -> Pixels:
            frame = view.window.frames[view.window.centre + offset]
            return np.asarray(frame.pixels[frame.channels.index(channel)])[None]

        known = all(channel in f.channels for f in view.window.frames)
        kind = kind_of(channel, depth)
        return np.asarray(self._moved(view, plane[None], kind, neighbour if known else None)[0])

    def _moved(
        self, view: View, planes: Pixels, kind: PlaneKind, neighbour: Callable[[int], Pixels] | None
    ) -> Pixels:
        return self.solve(view).moved(planes, kind, self.edges, view.amount, aspect_of(view), neighbour)

    def solve(self, view: View) -> Solution:
        """What is done to the window's own frame, as `Steadying.solution` finds it; raises as that does.

        Raises KnobError where the box lies outside of the picture.
        """
        box = self._box(view.window.frame)
        asked = (
            self.weave,
            self.warp,
            self.smoothing,
            self.lock,
            self.edges,
            self.zoom_limit,
            box,
            self.path,
        )
        return Steadying(*asked).solution(view)

    @property
    def solved_by(self) -> str:
        """The path, unless there is one."""
        return "" if self.path else "path"

    def require(self, numbers: Collection[int], read: Callable[[str], bytes]) -> None:
        """A path file has to have the frames, with warp where that is asked for."""
        if self.path:
            now = {n: self.at(n) for n in numbers}
            bent = [n for n, node in now.items() if node.strength > 0 and node.warp > 0]
            require(read(self.path), self.path, numbers, bent)

    def part_of_file(self, knob: str, content: bytes, numbers: Collection[int]) -> bytes | None:
        """Of a path file what is done to the frames."""
        return part_of(content, self.path, numbers) if knob == "path" else None

    def as_analysed(self) -> Self:
        """At weave 1 without a zoom, so that these knobs still work on the file; so is warp, if it is on."""
        usual = type(self)()
        return replace(
            self,
            strength=1.0, weave=1.0, warp=float(self.warp != 0), path="", synthesis=False,
            edges=usual.edges, zoom_limit=usual.zoom_limit,
        )  # fmt: skip

    def observe(self, view: View) -> MeasuredFrame:
        """How it has moved since the frame before (at the start of a shot it has not), and its solution."""
        frame, before = view.window.frame, view.window.frames[view.window.centre - 1]
        starts, box = before.number == frame.number, self._box(frame)
        moved = Motion() if starts else step(view, 0, box)
        done, place = self.solve(view), (frame.data_window, frame.display_window)
        length = None if self.lock else self.smoothing
        bent = (() if starts else around(view)) if self.warp else None
        return MeasuredFrame(
            *place, frame.pixel_aspect, box is not None, moved, done.motion, bent, starts, length
        )

    def _box(self, frame: Frame) -> Box | None:
        box = Box(self.box_left, self.box_top, self.box_right, self.box_bottom)
        if box == (0, 0, 0, 0):
            return None
        if box.x0 < box.x1 <= frame.width and box.y0 < box.y1 <= frame.height:
            return box
        raise KnobError(
            f"the box of stabilise, {box.x0},{box.y0} to {box.x1},{box.y1}, is not one within the picture of "
            f"{frame.width}x{frame.height}; all four at 0 look at the whole"
        )
