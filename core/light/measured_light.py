"""The light of a shot: what was measured of its flicker, and what is done about it, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Self

import numpy as np

from interneg import by_frame
from interneg.analysis import Analysis, Carried, Trace
from interneg.frame import Pixels
from interneg.light.exposure_arrays import arrays
from interneg.light.exposure_file import Exposures, events_in, require_events, text
from interneg.light.flicker import LUMA, Change, bright, changes, levels, mean_levels
from interneg.light.parts import PlaneLight
from interneg.light.shot_light import solved
from interneg.light.steady import Correction, correction, level_path
from interneg.light.waves import GRID
from interneg.node import View


@dataclass(frozen=True, eq=False)
class MeasuredLightFrame:
    """One frame: its size, (H, W), whether it is the first of its shot, and of each plane what was measured.

    keep: how soon a change is an event, 0..1. planes: of luma; or of luma, R, G and B, where colour is
    corrected, too; see `parts.PlaneLight`.
    """

    size: tuple[int, int]
    starts: bool
    keep: float
    planes: tuple[PlaneLight, ...]


def measured(view: View, colour: bool, bands: bool, window: int, keep: float) -> MeasuredLightFrame:
    """The light of the window's own frame.

    colour: whether of R, G and B, too. bands: whether of rows. window, keep: see `steady.correction`. Raises
    InputError where frames of the shot differ in size.
    """
    frame, before = view.window.frame, view.window.frames[view.window.centre - 1]
    starts = view.window.centre == 0 or before.number == frame.number
    own = levels(view, 0)
    count = len(own) if colour else 1
    none = Change(1.0, np.zeros(GRID), np.zeros(own.shape[1]))
    since = (none,) * count if starts else changes(view, -1, colour, bands)
    return MeasuredLightFrame(
        (frame.height, frame.width),
        starts,
        keep,
        tuple(_plane(view, own, plane, since[plane], colour, bands, window, keep) for plane in range(count)),
    )


def _plane(
    view: View, own: Pixels, plane: int, since: Change, colour: bool, bands: bool, window: int, keep: float
) -> PlaneLight:
    followed = level_path(view, plane, colour, bands)
    around = correction(followed, window, keep)
    if not bands:
        around = replace(around, rows=np.zeros(0))
    level = own[plane].ravel().astype(np.float64)
    weight = bright(level)
    spread = np.average(np.square(level - np.average(level, weights=weight)), weights=weight)
    return PlaneLight(
        slope=since.slope,
        field=since.field,
        rows=since.rows[: len(around.rows)],
        known=since.known,
        lowest=followed.lowest,
        pivot=followed.pivot,
        highest=followed.highest,
        contrast=0.5 * float(np.log(spread + _TINY)),
        picture=mean_levels(view, 0, plane),
        around=around,
        event=around.event > 0.5,
    )


_TINY = 1e-6
_STOP = math.log(2)


class MeasuredLight(Analysis):
    """What was found: of each frame its light, and what Deflicker would do about it."""

    every_frame = True
    has_events = True

    def __init__(self, seen: Mapping[int, MeasuredLightFrame]) -> None:
        self.frames = {n: seen[n] for n in sorted(seen)}
        self._marks: Mapping[int, bool] = {}

    def marked(self, events: Mapping[int, bool]) -> Self:
        """With frames that are events, and stay among those around, or are none, whatever was found."""
        made = type(self)(self.frames)
        made._marks = events
        return made

    def edited(self, content: bytes, name: str) -> Self:
        """With the corrections of a file of exposures.

        Raises InputError as `Exposures` does, and where what it says of events was changed: that is for
        reading.
        """
        exposures = Exposures(name, lambda asked: content if asked == name else self._arrays)
        by_frame.require_no_others(exposures.numbers, self.frames, name, '"frames"')
        require_events(content, name, self._events)
        made = self.marked(self._marks)
        made.corrections = {
            n: exposures.corrections(n, frame.size, len(frame.planes) > 1, frame.planes[LUMA].rows.size > 0)
            for n, frame in self.frames.items()
        }
        return made

    @classmethod
    def require_read_only(cls, before: bytes, edited: bytes, name: str) -> None:
        """Raise InputError where what the file says of events was changed, or has frames of its own."""
        by_frame.require_frames_of(before, edited, name)
        require_events(edited, name, events_in(before, name))

    def carried(self, before: bytes, edited: bytes, name: str) -> Carried | None:
        """The file with a person's changes of an earlier one, unless that was for another size."""
        return by_frame.carried(before, edited, self.text, name)

    @cached_property
    def corrections(self) -> Mapping[int, tuple[Correction, ...]]:
        """What each frame is changed by, plane by plane: to the light of its whole shot."""
        found: dict[int, tuple[Correction, ...]] = {}
        for shot in self._shots():
            keep = self.frames[shot[0]].keep
            planes = zip(*(self.frames[n].planes for n in shot), strict=True)
            marks = {k: self._marks[n] for k, n in enumerate(shot) if n in self._marks}
            made = (solved(plane, keep, marks) for plane in planes)
            found |= zip(shot, zip(*made, strict=True), strict=True)
        return found

    def _shots(self) -> list[list[int]]:
        """The numbers of the frames of each shot, in order."""
        shots: list[list[int]] = []
        for number, frame in self.frames.items():
            if not shots or frame.starts or frame.size != self.frames[shots[-1][-1]].size:
                shots.append([])
            shots[-1].append(number)
        return shots

    @property
    def traces(self) -> Sequence[Trace]:
        """How bright the picture is in the mean of its levels, and its contrast against the first frame of
        its shot, in stops.
        """
        luma = {n: (frame.planes[LUMA], self.corrections[n][LUMA]) for n, frame in self.frames.items()}
        level = {n: float(plane.picture.mean()) / _STOP for n, (plane, _) in luma.items()}
        lit = {
            n: level[n]
            + (own.exposure + float(own.field.mean()) + own.slope * (plane.pivot - own.pivot)) / _STOP
            for n, (plane, own) in luma.items()
        }
        contrast: dict[int, float] = {}
        for shot in self._shots():
            steps = [0.0, *(math.log(luma[n][0].slope) / _STOP for n in shot[1:])]
            contrast |= zip(shot, accumulate(steps), strict=True)
        bent = {n: contrast[n] + math.log(max(1 + own.slope, _TINY)) / _STOP for n, (_, own) in luma.items()}
        return [Trace("level", "stops", level, lit), Trace("contrast", "stops", contrast, bent)]

    @cached_property
    def _arrays(self) -> bytes:
        return arrays(self.corrections)

    @property
    def beside(self) -> Mapping[str, bytes]:
        """The fields and rows, as arrays."""
        return {".npz": self._arrays}

    @property
    def text(self) -> str:
        """The file of exposures."""
        luma = {n: frame.planes[LUMA] for n, frame in self.frames.items()}
        steps = {
            n: (float(plane.field.mean()) + (plane.slope - 1) * plane.pivot, plane.slope)
            for n, plane in luma.items()
        }
        size = next(iter(self.frames.values())).size
        return text(size, steps, self.corrections, self._events, self._arrays)

    @cached_property
    def _events(self) -> set[int]:
        luma = {n: frame.planes[LUMA] for n, frame in self.frames.items()}
        events = {n for n, p in luma.items() if p.event and self.corrections[n][LUMA] is p.around}
        events = (events | {n for n, event in self._marks.items() if event}) & {*self.frames}
        return events - {n for n, event in self._marks.items() if not event}
