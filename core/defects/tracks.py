"""Tracks: scratches followed from frame to frame, and the numbers that say where one lies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from interneg.defects.lines import Scratch

_BAND = 32
# How far a scratch wanders from one frame to the next, in pixels, and for how many frames it may be unseen.
_WANDERS, _UNSEEN = 6.0, 3


@dataclass(frozen=True)
class LinePlace:
    """Where a scratch lies in one frame, in pixels.

    column: in the middle row. lean: how much farther right it is at the bottom than at the top. top, bottom:
    its first row, and the first one beyond it. clear: in deviations of what is around it. bridged: whether
    it was not seen there, but is on the way between where it was.
    """

    column: float
    lean: float
    width: float
    top: int
    bottom: int
    clear: float = 0.0
    bridged: bool = False

    def line(self, sign: int, height: int) -> Scratch:
        """The scratch, bright (1) or dark (-1), in a picture of that height."""
        count = max(1, height // _BAND)
        rows = np.linspace(0, height, count + 1).astype(int)
        columns = self.column + ((np.arange(count) + 0.5) / count - 0.5) * self.lean
        seen = (rows[:-1] < self.bottom) & (rows[1:] > self.top)
        return Scratch(columns, rows, seen, sign, self.width / 2, self.clear)

    def towards(self, other: LinePlace, share: float) -> LinePlace:
        """The place on the straight way to another one, 0 here and 1 there; its rows are those here."""
        a, b = (np.array([p.column, p.lean, p.width]) for p in (self, other))
        column, lean, width = (float(v) for v in a + share * (b - a))
        return LinePlace(column, lean, width, self.top, self.bottom, self.clear)


def place_of(line: Scratch) -> LinePlace:
    """Where the scratch lies, as it is written into a file: to a thousandth of a pixel."""
    count, shown = len(line.columns), np.flatnonzero(line.seen)
    lean = (line.columns[-1] - line.columns[0]) * count / (count - 1) if count > 1 else 0.0
    return LinePlace(
        _short(float(np.mean(line.columns))),
        _short(float(lean)),
        _short(2 * line.half),
        int(line.rows[shown[0]]),
        int(line.rows[shown[-1] + 1]),
        _short(line.clear),
    )


def rounded(line: Scratch) -> Scratch:
    """The scratch as a file gives it back: so a render that follows the file is the same, bit for bit."""
    return place_of(line).line(line.sign, int(line.rows[-1]))


@dataclass(frozen=True)
class Track:
    """A scratch in the frames of a shot, each by its number.

    forced: whether it is in all frames from the first to the last: on the straight line between two places,
    and held before the first one and after the last one. first, last: it is in no frame beyond; None for
    those of its places.
    """

    sign: int
    places: dict[int, LinePlace] = field(default_factory=dict)
    forced: bool = False
    first: int | None = None
    last: int | None = None

    def at(self, number: int) -> LinePlace | None:
        """Where it lies in the frame of that number; None where it is not in it."""
        first = min(self.places) if self.first is None else self.first
        last = max(self.places) if self.last is None else self.last
        if not first <= number <= last:
            return None
        if number in self.places or not self.forced:
            return self.places.get(number)
        before = max((n for n in self.places if n < number), default=None)
        after = min((n for n in self.places if n > number), default=None)
        if before is None or after is None:
            return self.places[min(self.places) if before is None else before]
        return self.places[before].towards(self.places[after], (number - before) / (after - before))


def bridged(track: Track, frames: Collection[int]) -> Track:
    """The track with a place on the straight way in those frames in which it is unseen between two others."""
    places = dict(track.places)
    for before, after in pairwise(sorted(track.places)):
        for number in (n for n in range(before + 1, after) if n in frames):
            way = places[before].towards(places[after], (number - before) / (after - before))
            column, lean, width = (_short(v) for v in (way.column, way.lean, way.width))
            places[number] = replace(way, column=column, lean=lean, width=width, clear=0.0, bridged=True)
    return replace(track, places=dict(sorted(places.items())))


def followed(seen: Mapping[int, Iterable[Scratch]], starts: frozenset[int] = frozenset()) -> list[Track]:
    """The scratches of a shot's frames, by number, joined into tracks; in the order in which they begin.

    A scratch goes on where one of the same sign is nearest, within 6 pixels for each frame since, unseen in
    at most 3 frames. starts: the first frames of shots, beyond which none goes on.
    """
    done: list[Track] = []
    going: list[Track] = []
    for number in sorted(seen):
        if number in starts:
            going = []
        going = [t for t in going if number - max(t.places) <= _UNSEEN + 1]
        pairs = []
        places = [(line.sign, place_of(line)) for line in seen[number]]
        for k, (sign, place) in enumerate(places):
            for track in going:
                last = max(track.places)
                away = abs(track.places[last].column - place.column)
                if track.sign == sign and away <= _WANDERS * (number - last):
                    pairs.append((away, k, track))
        taken: set[int] = set()
        for _, k, track in sorted(pairs, key=lambda p: p[:2]):
            if k not in taken and number not in track.places:
                track.places[number] = places[k][1]
                taken.add(k)
        new = [Track(sign, {number: place}) for k, (sign, place) in enumerate(places) if k not in taken]
        done += new
        going += new
    return done


def _short(value: float) -> float:
    return round(value, 3) + 0.0
