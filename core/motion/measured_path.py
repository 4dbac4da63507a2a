"""The path of a shot: what was measured of its motion, and what is done about it, frame by frame."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

import numpy as np

from interneg import by_frame
from interneg.analysis import Analysis, Carried, Trace
from interneg.frame import Box, Pixels
from interneg.motion.bends import BentPair
from interneg.motion.path_file import corrections, require_in, text
from interneg.motion.similarity import Motion
from interneg.motion.warp import Buckled
from interneg.motion.warp import whole as buckled
from interneg.motion.whole_path import FEWEST, smooth_way
from interneg.motion.zoom_steps import steps_of


@dataclass(frozen=True, eq=False)
class MeasuredFrame:
    """One frame: its windows and pixel aspect, its motion since the one before, and what is done about it.

    aspect: how many times as wide as high a pixel is. part: whether motion is that of a part of the picture.
    correction: by the frames around alone. bent: how it and the next frame are bent against the one before
    it, None where that was not asked for. starts: whether it is the first of its shot. smoothing: the frames
    that the camera's motions take at least, None where each frame is held to another one instead.
    """

    data: Box
    display: Box
    aspect: float
    part: bool
    motion: Motion
    correction: Motion
    bent: tuple[BentPair, ...] | None
    starts: bool
    smoothing: int | None


class MeasuredPath(Analysis):
    """What was found: of each frame its motion since the one before, and what Stabilise would do about it."""

    every_frame = True

    def __init__(self, seen: Mapping[int, MeasuredFrame]) -> None:
        self.frames = seen
        self.first = next(iter(seen.values()))

    @cached_property
    def motions(self) -> dict[int, Motion]:
        """How each frame has moved since the one before it, but for bends where these were asked for."""
        found = {n: frame.motion for n, frame in self.frames.items()}
        for shot, film in self._buckled if not self.first.part else ():
            found |= {
                n: motion for n, motion in zip(shot[1:], film.motions, strict=True) if motion is not None
            }
        return found

    @cached_property
    def corrections(self) -> dict[int, Motion]:
        """What each frame is moved by: to the path of its whole shot, where that has six frames or more."""
        found = {n: frame.correction for n, frame in self.frames.items()}
        for shot in self._shots():
            first = self.frames[shot[0]]
            if len(shot) >= FEWEST and first.smoothing is not None:
                motions = [self.motions[n] for n in shot[1:]]
                found |= zip(shot, whole([Motion(), *motions], first.smoothing), strict=True)
        return found

    @cached_property
    def bends(self) -> dict[int, Pixels]:
        """What each frame is bent by over its whole shot, where that was asked for.

        (h, w, 2) float32 each, see `warp.Buckled`.
        """
        return {n: bend for shot, film in self._buckled for n, bend in zip(shot, film.bends, strict=True)}

    @cached_property
    def _buckled(self) -> list[tuple[list[int], Buckled]]:
        """The shots whose bends were asked for, and these."""
        found = []
        size = (self.first.data.height, self.first.data.width)
        for shot in self._shots():
            bent = [self.frames[n].bent for n in shot]
            known = [pairs for pairs in bent if pairs is not None]
            if len(known) == len(bent):
                # What a frame notes begins at the one before it.
                found.append((shot, buckled([*known[1:], ()], size, self.first.aspect)))
        return found

    def _shots(self) -> list[list[int]]:
        """The numbers of the frames of each shot, in order."""
        shots: list[list[int]] = []
        for number in sorted(self.frames):
            if not shots or self.frames[number].starts:
                shots.append([])
            shots[-1].append(number)
        return shots

    def edited(self, content: bytes, name: str) -> Self:
        """With the corrections of a path file. Raises InputError as `path_file.corrections` does."""
        size = (self.first.data.height, self.first.data.width)
        made = type(self)(self.frames)
        made._buckled = self._buckled
        found = corrections(content, name, size, self.first.aspect)[0]
        by_frame.require_no_others(found, self.frames, name, '"frames"')
        require_in(found, name, self.frames)
        made.corrections = self.corrections | found
        return made

    @classmethod
    def require_read_only(cls, before: bytes, edited: bytes, name: str) -> None:
        """Raise InputError where the file has frames of its own."""
        by_frame.require_frames_of(before, edited, name)

    def carried(self, before: bytes, edited: bytes, name: str) -> Carried | None:
        """The path file with a person's changes of an earlier one, unless that was for another size."""
        return by_frame.carried(before, edited, self.text, name)

    @property
    def traces(self) -> Sequence[Trace]:
        """Where the camera went and goes: x, y, rotation and size, from the first frame of each shot on; and
        by how much each frame is moved, which beside a long pan is too little to be seen, and bent.
        """
        before: dict[int, Motion] = {}
        for shot in self._shots():
            before[shot[0]] = Motion()
            for last, number in pairwise(shot):
                before[number] = self.motions[number].after(before[last])
        after = {n: self.corrections[n].after(place) for n, place in before.items()}
        aspect = self.first.aspect
        ways: Mapping[tuple[str, str], Callable[[Motion], float]] = {
            ("x", "pixels"): lambda place: place.shift.real / aspect,
            ("y", "pixels"): lambda place: place.shift.imag,
            ("rotation", "degrees"): lambda place: math.degrees(cmath.phase(place.turn)),
            ("size", "%"): lambda place: 100 * abs(place.turn),
        }
        moved = [
            Trace(f"moved by, {label}", unit, {n: way(self.corrections[n]) for n in before})
            for (label, unit), way in ways.items()
            if label != "size"
        ]
        enlarged = {n: 100 * (abs(self.corrections[n].turn) - 1) for n in before}
        moved.append(Trace("enlarged by", "%", enlarged))
        if self.bends:
            bent = {n: float(np.sqrt(np.square(b).sum(axis=-1).mean())) for n, b in self.bends.items()}
            moved.append(Trace("bent by, rms", "pixels", bent))
        return [
            Trace(*named, *({n: of(place) for n, place in places.items()} for places in (before, after)))
            for named, of in ways.items()
        ] + moved

    @property
    def report(self) -> Sequence[str]:
        """Says where nothing moves, or nothing could be measured."""
        pairs = [m for n, m in self.motions.items() if not self.frames[n].starts]
        if not pairs or any(motion != Motion() for motion in pairs):
            return ()
        box = self.first.data
        return (
            "stabilise: no motion was found between any two frames: the picture stands still, shows nothing "
            f"to go by, or is too small ({box.width}x{box.height})",
        )

    @property
    def text(self) -> str:
        """The path file."""
        return text(
            (self.first.data.height, self.first.data.width),
            self.motions,
            self.corrections,
            self.first.aspect,
            self.bends,
        )


def whole(motions: Sequence[Motion], smoothing: int) -> list[Motion]:
    """What brings each frame of a shot from where it is to where the path of the whole shot has it.

    motions: of each frame since the one before; the first one's counts for nothing. smoothing: see
    `whole_path.smooth_way`. What is smoothed is where the middle of each frame lies in the first one, which a
    frame's own rotation does not move, and apart from it the angle and the logarithm of the scale.
    """
    places = [Motion()]
    for motion in motions[1:]:
        places.append(places[-1].after(motion.inverse))
    middles = np.array([[p.shift.real for p in places], [p.shift.imag for p in places]])
    turns = np.unwrap([cmath.phase(p.turn) for p in places])
    zooms = np.log([abs(p.turn) for p in places])
    steps = steps_of(zooms)
    zoomed = smooth_way(zooms - steps, smoothing) + steps
    steady = *smooth_way(middles, smoothing), smooth_way(turns, smoothing), zoomed
    return [
        Motion(cmath.rect(float(np.exp(zoom)), float(angle)), complex(x, y)).inverse.after(place)
        for x, y, angle, zoom, place in zip(*steady, places, strict=True)
    ]
