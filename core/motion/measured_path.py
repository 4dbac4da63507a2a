"""The path of a shot: what was measured of its motion, and what is done about it, frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interneg.analysis import Analysis
from interneg.frame import Box, Pixels
from interneg.motion.path_file import text
from interneg.motion.similarity import Motion


@dataclass(frozen=True, eq=False)
class MeasuredFrame:
    """One frame: its windows and pixel aspect, its motion since the one before, and what is done about it.

    aspect: how many times as wide as high a pixel is. bend: see `warp.bend`.
    """

    data: Box
    display: Box
    aspect: float
    motion: Motion
    correction: Motion
    bend: Pixels | None


class MeasuredPath(Analysis):
    """What was found: of each frame its motion since the one before, and what Stabilise would do about it."""

    def __init__(self, seen: Mapping[int, MeasuredFrame]) -> None:
        self.frames = seen
        self.first = next(iter(seen.values()))

    @property
    def corrections(self) -> Mapping[int, Motion]:
        """What each frame is moved by."""
        return {n: frame.correction for n, frame in self.frames.items()}

    @property
    def text(self) -> str:
        """The path file."""
        return text(
            (self.first.data.height, self.first.data.width),
            {n: frame.motion for n, frame in self.frames.items()},
            self.corrections,
            self.first.aspect,
            {n: frame.bend for n, frame in self.frames.items() if frame.bend is not None},
        )
