"""The defects of a shot: gathered frame by frame, as the file that lists them, and told in sentences."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import structs

from interneg.analysis import Analysis, Carried, Trace
from interneg.defects.carried import carried
from interneg.defects.dirt import Spot
from interneg.defects.drawing import numbered
from interneg.defects.entries import DirtEntry, PlaceEntry, Sign, TrackEntry
from interneg.defects.evidence import Evidence
from interneg.defects.lines import Scratch
from interneg.defects.listing import laid_out
from interneg.defects.runs import runs
from interneg.defects.tracks import Track, bridged, followed

_WORST = 5
_NAMES: Mapping[int, Sign] = {1: "bright", -1: "dark"}


@dataclass(frozen=True, eq=False)
class FrameDefects:
    """What was found in one frame of (H, W).

    damaged: the share of the picture that it covers. starts: whether the frame is the first of its shot.
    """

    size: tuple[int, int]
    dirt: Sequence[DirtEntry]
    lines: Sequence[Scratch]
    damaged: float
    starts: bool


class ShotDefects(Analysis):
    """All that was found in a shot."""

    def __init__(self, seen: Mapping[int, FrameDefects]) -> None:
        count = itertools.count(1)
        self.frames = {
            number: replace(frame, dirt=[structs.replace(piece, number=next(count)) for piece in frame.dirt])
            for number, frame in sorted(seen.items())
        }
        starts = frozenset(n for n, frame in seen.items() if frame.starts)
        self.tracks = [bridged(t, seen) for t in followed({n: f.lines for n, f in seen.items()}, starts)]

    @property
    def text(self) -> str:
        """The file: JSON, a piece of dirt and the place of a scratch to a line, both numbered."""
        size = next(iter(self.frames.values())).size
        dirt = {number: frame.dirt for number, frame in self.frames.items()}
        return laid_out(size, dirt, [_track(k, track) for k, track in enumerate(self.tracks, 1)])

    def carried(self, before: bytes, edited: bytes, name: str) -> Carried | None:
        """The list with a person's changes of an earlier one, see `carried.carried`."""
        return carried(before, edited, self.text, name)

    @property
    def traces(self) -> Sequence[Trace]:
        """How much of each frame is damaged, and how many pieces of dirt it has."""
        return [
            Trace("damaged", "% of the picture", {n: 100 * f.damaged for n, f in self.frames.items()}),
            Trace("dirt", "pieces", {n: len(f.dirt) for n, f in self.frames.items()}),
        ]

    @property
    def shown(self) -> Sequence[int]:
        """The frames with the most damage, the worst first."""
        damaged = [n for n, frame in self.frames.items() if frame.damaged > 0]
        return sorted(damaged, key=lambda n: -self.frames[n].damaged)[:_WORST]

    def drawn(self, number: int, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The picture, (H, W, C), with its defects and their numbers, see `drawing.numbered`; (H, W, 3)."""
        dirt = {piece.number or 0: piece.box for piece in self.frames[number].dirt}
        places = {k: (track.sign, track.at(number)) for k, track in enumerate(self.tracks, 1)}
        lines = {k: at.line(sign, len(picture)) for k, (sign, at) in places.items() if at is not None}
        return numbered(picture, dirt, lines)

    @property
    def report(self) -> Sequence[str]:
        """How many defects of each kind there are, and the frames with the most damage."""
        signs = [piece.sign for frame in self.frames.values() for piece in frame.dirt]
        lines = [track.sign for track in self.tracks]
        having = sum(bool(frame.dirt) for frame in self.frames.values())
        scratched = len({n for track in self.tracks for n in track.places})
        gaps = sum(place.bridged for track in self.tracks for place in track.places.values())
        told = [
            f"frame {n}: {_number(len(frame.dirt), 'piece')} of dirt, "
            f"{_number(len(frame.lines), 'scratch', 'es')}, {frame.damaged:.2%} of the picture"
            for n in self.shown
            for frame in (self.frames[n],)
        ]
        return [
            f"found {_number(len(signs), 'piece')} of dirt, {signs.count('bright')} bright and "
            f"{signs.count('dark')} dark, in {having} of {len(self.frames)} frames",
            f"found {_number(len(self.tracks), 'scratch', 'es')}, {lines.count(1)} bright and "
            f"{lines.count(-1)} dark, in {scratched} of {len(self.frames)} frames",
            *([f"bridged scratches where they were not found, {_number(gaps, 'place')}"] if gaps else []),
            *(["the frames with the most damage:"] if told else []),
            *told,
        ]


def listed(spot: Spot, seen: Evidence) -> DirtEntry:
    """The piece of dirt as an entry, in the smallest box that holds it.

    It is bright or dark by what it shows more of against the frames around; clear: how much at most, in 8-bit
    codes, 0 or more.
    """
    rows, columns = (np.flatnonzero(spot.shape.any(axis=k)) for k in (1, 0))
    shape = spot.shape[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    most = {
        sign: float(kind[spot.box][spot.shape].max()) for sign, kind in ((1, seen.bright), (-1, seen.dark))
    }
    sign = 1 if most[1] >= most[-1] else -1
    return DirtEntry(
        box=(spot.x + int(columns[0]), spot.y + int(rows[0]), shape.shape[1], shape.shape[0]),
        pixels=int(shape.sum()),
        sign=_NAMES[sign],
        clear=round(255 * max(most[sign], 0.0), 1),
        shape=runs(shape),
    )


def _track(number: int, track: Track) -> TrackEntry:
    return TrackEntry(
        number=number,
        sign=_NAMES[track.sign],
        width=round(float(np.median([p.width for p in track.places.values()])), 1),
        first=min(track.places),
        last=max(track.places),
        columns={
            n: PlaceEntry(p.column, p.lean, p.width, (p.top, p.bottom), p.clear, p.bridged or msgspec.UNSET)
            for n, p in sorted(track.places.items())
        },
    )


def _number(count: int, what: str, more: str = "s") -> str:
    return f"{count} {what}{more if count != 1 else ''}"
