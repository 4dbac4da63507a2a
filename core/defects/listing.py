"""The defects list: what was found in a shot as a file, to be accepted or rejected piece by piece."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

import msgspec

from interneg.defects.dirt import Spot
from interneg.defects.entries import DirtEntry, PlaceEntry, TrackEntry, read_entry
from interneg.defects.lines import Scratch
from interneg.defects.runs import lengths_of
from interneg.defects.tracks import LinePlace, Track
from interneg.errors import InputError

FORMAT = "interneg defects 1"

_SIGNS = {"bright": 1, "dark": -1}


@dataclass(frozen=True, eq=False)
class Listing:
    """What a file lists: of each frame the dirt in use, and the scratches in use, in a picture (H, W)."""

    name: str
    size: tuple[int, int]
    dirt: Mapping[int, Sequence[DirtEntry]]
    tracks: Sequence[Track]

    def of(self, number: int) -> tuple[list[Spot], list[Scratch]]:
        """The dirt and the scratches of a frame. Raises InputError for one that was not analysed."""
        _require(self.dirt, self.name, number)
        return [entry.spot for entry in self.dirt[number]], self._lines(number, self.tracks)

    def forced(self, number: int) -> list[Scratch]:
        """The scratches of a frame that are there because the file says so."""
        return self._lines(number, [t for t in self.tracks if t.forced])

    def _lines(self, number: int, tracks: Iterable[Track]) -> list[Scratch]:
        places = ((t.sign, t.at(number)) for t in tracks)
        return [place.line(sign, self.size[0]) for sign, place in places if place is not None]


def laid_out(size: tuple[int, int], dirt: Mapping[int, Sequence[Any]], tracks: Sequence[Any]) -> str:
    """The file: JSON, a piece of dirt and the place of a scratch to a line.

    size: of the picture (H, W). dirt: of each frame the pieces, tracks: the scratches, each an entry or the
    same as plain data.
    """
    frames = [f'  "{n}": {_rows([_json(piece) for piece in pieces], "   ")}' for n, pieces in dirt.items()]
    lines = [_laid_out(msgspec.to_builtins(track, str_keys=True)) for track in tracks]
    return (
        f'{{\n "format": "{FORMAT}",\n "size": [{size[1]}, {size[0]}],\n "dirt": {{\n'
        + ",\n".join(frames)
        + f'\n }},\n "scratches": {_rows(lines, "  ")}\n}}\n'
    )


def _laid_out(track: dict[str, Any]) -> str:
    lines = ",\n".join(f'    "{n}": {_json(place)}' for n, place in track["columns"].items())
    head = _json({**track, "columns": {}})
    return head.replace('"columns":{}', '"columns": {\n' + lines + "\n  }")


def _rows(lines: Sequence[str], margin: str) -> str:
    return "[" + "".join(f"\n{margin}{line}," for line in lines)[:-1] + f"\n{margin[:-1]}]" if lines else "[]"


def _json(entry: Any) -> str:
    return msgspec.json.encode(entry).decode()


def listing(content: bytes, name: str, size: tuple[int, int]) -> Listing:
    """What the file says that is to be repaired.

    content: of the file, UTF-8. name: of the file, for messages. Raises InputError where it is no such file,
    or was made for pictures of another size (H, W).
    """
    (height, width), frames, rows = read_list(content, name)
    if (height, width) != size:
        raise InputError(
            f"{name} was made for pictures of {width}x{height}, these are {size[1]}x{size[0]}: analyse anew"
        )
    dirt = {n: _used(pieces, f"{name}, frame {n}", size) for n, pieces in frames.items()}
    return Listing(name, size, dirt, _tracks(rows, name, size, frames))


class _NoNumberError(ValueError):
    """NaN or Infinity stands where a number should."""


def require(content: bytes, name: str, numbers: Iterable[int]) -> None:
    """Raise InputError where the file is none, or lacks one of these frames; see `listing`."""
    frames = read_list(content, name)[1]
    _require(frames, name, *sorted(set(numbers)))


def part_of(content: bytes, numbers: Collection[int]) -> bytes:
    """What of the file counts for these frames, as text that is equal where they come out the same.

    What is rejected does not count, and of scratches those that are in none of the frames. Raises InputError
    where the file is no list.
    """
    size, frames, rows = _read_once(content)
    dirt = {n: [piece for piece in frames[n] if _counts(piece)] for n in sorted(numbers) if n in frames}
    there = [row for row in rows if _counts(row) and _reaches(row, numbers)]
    return json.dumps([size, dirt, there], sort_keys=True).encode()


@lru_cache(maxsize=2)
def _read_once(content: bytes) -> tuple[tuple[int, int], dict[int, list[Any]], list[Any]]:
    return read_list(content, "the list of defects")


def _counts(entry: Any) -> bool:
    return not (isinstance(entry, dict) and entry.get("use") is False)


def _reaches(track: Any, numbers: Collection[int]) -> bool:
    """Whether a scratch may be in one of the frames, see `Track.at`."""
    try:
        ends = [
            *map(int, track["columns"]),
            *(track[e] for e in ("first", "last") if track.get(e) is not None),
        ]
        return any(min(ends) <= number <= max(ends) for number in numbers)
    except (ValueError, KeyError, TypeError, AttributeError):
        return True  # what is wrong with it is said where it is read


def _require(frames: Collection[int], name: str, *numbers: int) -> None:
    lacking = [n for n in numbers if n not in frames]
    if not lacking:
        return
    if len(lacking) == 1:
        raise InputError(f"{name} has no frame {lacking[0]}, it has {_span(frames)}: analyse that frame, too")
    raise InputError(
        f"{name} has no frame {lacking[0]}, and lacks {len(lacking)} in all of those that this render looks "
        f"at, {_span(numbers)}; it has {_span(frames)}: analyse them, too (nodes that come after look at "
        "frames around)"
    )


def read_list(content: bytes, name: str) -> tuple[tuple[int, int], dict[int, list[Any]], list[Any]]:
    """The size (H, W) that the file is for, the dirt of each frame and the scratches, as they are written."""
    try:
        data = json.loads(content, parse_constant=_refuse)
        found, (width, height) = data["format"], data["size"]
        frames = {int(number): list(pieces) for number, pieces in data["dirt"].items()}
        rows = list(data["scratches"])
    except json.JSONDecodeError as error:
        raise InputError(f"{name}, line {error.lineno}, is not JSON: {error.msg}") from error
    except _NoNumberError as error:
        raise InputError(f"{name}: {error} in JSON: write a number in its place, or leave it out") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{name} is no list of defects as `interneg analyse` writes it: it has to have format, size "
            "(width, height), dirt (by the number of each frame, a list of entries) and scratches (a list of "
            "entries)"
        ) from error
    if found != FORMAT:
        raise InputError(f"{name} is of the format '{found}', expected '{FORMAT}'")
    return (height, width), frames, rows


def _used(pieces: Sequence[Any], frame: str, size: tuple[int, int]) -> list[DirtEntry]:
    made = []
    for k, piece in enumerate(pieces, 1):
        where = f"{frame}, dirt {_called(piece, k)}"
        entry = read_entry(piece, DirtEntry, where)
        x, y, width, height = entry.box
        if not (min(x, y) >= 0 < min(width, height) and x + width <= size[1] and y + height <= size[0]):
            raise InputError(
                f"{where}: expected a box of x, y, width and height within the picture of "
                f"{size[1]}x{size[0]}, not {list(entry.box)}"
            )
        try:
            if entry.shape is not None:
                lengths_of(entry.shape, width, height)
        except ValueError as error:
            raise InputError(f"{where}: the shape does not fit its box, {error}") from error
        if entry.use:
            made.append(entry)
    return made


def _tracks(rows: Sequence[Any], name: str, size: tuple[int, int], frames: Collection[int]) -> list[Track]:
    made = []
    for k, row in enumerate(rows, 1):
        where = f"{name}, scratch {_called(row, k)}"
        entry = read_entry(row, TrackEntry, where)
        if not entry.columns:
            raise InputError(f"{where}: expected columns by frame, there is none")
        if entry.first is not None and entry.last is not None and entry.first > entry.last:
            raise InputError(
                f"{where}: expected first to be no later than last, not {entry.first} and {entry.last}"
            )
        places = {n: _place(given, entry, f"{where}, frame {n}", size) for n, given in entry.columns.items()}
        track = Track(_SIGNS[entry.sign], places, entry.forced, entry.first, entry.last)
        if entry.use and all(track.at(n) is None for n in frames):
            raise InputError(
                f"{where} is in none of the frames of the file, {_span(frames)}: correct the frames of its "
                "columns, first and last; or set use to false"
            )
        if entry.use:
            made.append(track)
    return made


def _place(given: float | PlaceEntry, track: TrackEntry, where: str, size: tuple[int, int]) -> LinePlace:
    entry, (height, across) = given if isinstance(given, PlaceEntry) else PlaceEntry(given), size
    width = track.width if entry.width is None else entry.width
    top, bottom = entry.rows or (0, height)
    if not 0 < width < math.inf:
        raise InputError(f"{where}: expected a width above 0 pixels, not {width:g}")
    aside = (abs(entry.lean) + width) / 2
    if not -aside < entry.column < across - 1 + aside < math.inf:
        raise InputError(
            f"{where}: expected a column within the picture, 0 to {across - 1}, not {entry.column:g}"
        )
    if not 0 <= top < bottom <= height:
        raise InputError(
            f"{where}: expected rows from the first to the one beyond the last, within 0 and {height}, not "
            f"{top} and {bottom}"
        )
    return LinePlace(entry.column, entry.lean, width, top, bottom, entry.clear, entry.bridged is True)


def _called(entry: Any, place: int) -> object:
    """What an entry is called in messages: its number, or where it stands."""
    number = entry.get("number") if isinstance(entry, dict) else None
    return f"no. {place}" if number is None else number


def _refuse(word: str) -> NoReturn:
    raise _NoNumberError(f"{word} is no number")


def _span(numbers: Iterable[int]) -> str:
    found = sorted(numbers)
    return f"{found[0]}-{found[-1]}" if found else "none"
