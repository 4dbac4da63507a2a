"""What is done to one frame of an unsteady shot: by a smooth path, a frame to hold to, or a path file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from interneg.frame import Box, Pixels, Window
from interneg.motion.edges import cropped
from interneg.motion.path import steadied
from interneg.motion.path_file import corrections, require_in, require_warp, rounded
from interneg.motion.similarity import Motion, aspect_of
from interneg.motion.solution import Solution
from interneg.motion.warp import buckled
from interneg.motion.weave import rigid, track
from interneg.node import View


@dataclass(frozen=True)
class Steadying:
    """How a shot is steadied.

    weave, warp: how much of the rigid motion and of the bending is taken out, 0..1. smoothing: frames on each
    side that the smooth path is drawn through. lock: whether the frame is held to the window's first anchor
    instead. edges: what stands at the edges, as `Solution.moved` has it, or "crop": an enlargement, of
    `zoom_limit` at most. box: the part of the picture that is measured, None for all of it. file: the name of
    a path file, "" for none.
    """

    weave: float
    warp: float
    smoothing: int
    lock: bool
    edges: str
    zoom_limit: float
    box: Box | None
    file: str

    def solution(self, view: View) -> Solution:
        """What is done to the window's own frame, found once for all its layers.

        Raises InputError where the path file does not fit, has no such frame or none of its warp, and where
        frames of the shot differ in size.
        """
        window = view.window
        numbers = tuple(f.number for f in window.frames)
        content = view.context.read(self.file) if self.file else b""
        others = [a.digest for a in window.anchors], hashlib.sha256(content).digest()
        offsets = range(-window.centre, len(numbers) - window.centre)
        found: Solution = view.measure(
            f"{self} 2 {aspect_of(view)} {numbers} {others}", lambda: self._solve(view, content), *offsets
        )
        return found

    def _solve(self, view: View, content: bytes) -> Solution:
        frame = view.window.frame
        size, aspect = (frame.height, frame.width), aspect_of(view)
        known: dict[int, Motion] = {}
        bends: dict[int, Pixels] = {}
        if self.file:
            known, bends = corrections(content, self.file, size, aspect)
            require_in(known, self.file, [frame.number])
            if self.warp > 0:
                require_warp(bends, self.file, [frame.number])
        measured = self.warp > 0 and not self.file
        around = measured or self.edges in ("crop", "fill")
        seen = track(view, self.box) if around or not (self.lock or self.file) else {0: Motion()}
        first, last = min(seen), max(seen)
        film = buckled(view, first, last) if measured else None
        way = seen
        if film and self.box is None:
            way = track(view, None, dict(zip(range(first + 1, last + 1), film.motions, strict=True)))
        if self.file:
            motion = known[frame.number]
        elif self.lock:
            pair = replace(view, window=Window((view.window.anchors[0], frame), 1))
            motion = rounded(rigid(pair, 0, -1, self.box), aspect)
        else:
            motion = rounded(steadied(way, self.smoothing), aspect)
        bent = film.bends[-first] if film else bends.get(frame.number)
        bent = None if bent is None or not self.warp else self.warp * bent
        motion = motion.times(self.weave)
        if self.edges == "crop":
            motions = {o: self._around(view, o, motion, way, known) for o in way}
            motion = cropped(size, motion, motions, self.smoothing, self.zoom_limit, aspect)
        return Solution(motion, bent, seen)

    def _around(
        self, view: View, offset: int, own: Motion, way: Mapping[int, Motion], known: Mapping[int, Motion]
    ) -> Motion:
        """What the frame at an offset is moved by, as far as the window tells."""
        if self.file:
            frame = view.window.frames[view.window.centre + offset]
            return known.get(frame.number, Motion()).times(self.weave)
        if self.lock:
            return own.after(way[offset].inverse)
        return rounded(steadied(way, self.smoothing, offset), aspect_of(view)).times(self.weave)
