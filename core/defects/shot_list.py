"""The defects of a shot: gathered frame by frame, as the file that lists them, and told in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from interneg.defects.dirt import Spot
from interneg.defects.evidence import Evidence
from interneg.defects.listing import FORMAT, DirtEntry, PlaceEntry, Sign, TrackEntry
from interneg.defects.runs import runs
from interneg.defects.scratches import Scratch
from interneg.defects.tracks import Track, followed

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


class ShotDefects:
    """All that was found in a shot."""

    def __init__(self, seen: Mapping[int, FrameDefects]) -> None:
        self.frames = dict(sorted(seen.items()))
        starts = frozenset(n for n, frame in seen.items() if frame.starts)
        self.tracks = followed({n: frame.lines for n, frame in seen.items()}, starts)

    @property
    def text(self) -> str:
        """The file: JSON, a piece of dirt and the place of a scratch to a line, both numbered."""
        frames, count = [], 0
        for number, frame in self.frames.items():
            pieces = []
            for piece in frame.dirt:
                count += 1
                pieces.append("   " + _json(msgspec.structs.replace(piece, number=count)))
            frames.append(f'  "{number}": [' + ("\n" + ",\n".join(pieces) + "\n  ]" if pieces else "]"))
        lines = [_track(k, track) for k, track in enumerate(self.tracks, 1)]
        height, width = next(iter(self.frames.values())).size
        return (
            f'{{\n "format": "{FORMAT}",\n "size": [{width}, {height}],\n "dirt": {{\n'
            + ",\n".join(frames)
            + '\n },\n "scratches": ['
            + ("\n" + ",\n".join(lines) + "\n ]" if lines else "]")
            + "\n}\n"
        )

    @property
    def report(self) -> Sequence[str]:
        """How many defects of each kind there are, and the frames with the most damage."""
        signs = [piece.sign for frame in self.frames.values() for piece in frame.dirt]
        lines = [track.sign for track in self.tracks]
        having = sum(bool(frame.dirt) for frame in self.frames.values())
        scratched = sum(bool(frame.lines) for frame in self.frames.values())
        worst = sorted(self.frames, key=lambda n: (-self.frames[n].damaged, n))[:_WORST]
        told = [
            f"frame {n}: {_number(len(frame.dirt), 'piece')} of dirt, "
            f"{_number(len(frame.lines), 'scratch', 'es')}, {frame.damaged:.2%} of the picture"
            for n in worst
            if (frame := self.frames[n]).damaged > 0
        ]
        return [
            f"found {_number(len(signs), 'piece')} of dirt, {signs.count('bright')} bright and "
            f"{signs.count('dark')} dark, in {having} of {len(self.frames)} frames",
            f"found {_number(len(self.tracks), 'scratch', 'es')}, {lines.count(1)} bright and "
            f"{lines.count(-1)} dark, in {scratched} of {len(self.frames)} frames",
            *(["the frames with the most damage:"] if told else []),
            *told,
        ]


def listed(spot: Spot, seen: Evidence) -> DirtEntry:
    """The piece of dirt as an entry, in the smallest box that holds it.

    It is bright or dark by what it shows more of against the frames around; clear: how much at most, in 8-bit
    codes.
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
        clear=round(255 * most[sign], 1),
        shape=runs(shape),
    )


def _track(number: int, track: Track) -> str:
    places = {
        n: PlaceEntry(p.column, p.lean, p.width, (p.top, p.bottom), p.clear)
        for n, p in sorted(track.places.items())
    }
    entry = TrackEntry(
        number=number,
        sign=_NAMES[track.sign],
        width=round(float(np.median([p.width for p in track.places.values()])), 1),
        first=min(places),
        last=max(places),
        columns={},
    )
    lines = ",\n".join(f'    "{n}": {_json(place)}' for n, place in places.items())
    head = _json(entry).replace('"columns":{}', '"columns": {\n' + lines + "\n  }")
    return f"  {head}"


def _number(count: int, what: str, more: str = "s") -> str:
    return f"{count} {what}{more if count != 1 else ''}"


def _json(entry: msgspec.Struct) -> str:
    return msgspec.json.encode(entry).decode()
