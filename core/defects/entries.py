"""Entries of a defects list: what is written of each piece of dirt and each scratch, and how it is read."""

from __future__ import annotations

import json
from typing import Any, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import structs

from interneg.defects.dirt import Spot
from interneg.defects.runs import shape_of
from interneg.errors import InputError, near

Sign = Literal["bright", "dark"]
Entry = TypeVar("Entry", bound=msgspec.Struct)

_EXPECTED = {
    "number": "a whole number",
    "use": "true or false",
    "forced": "true or false",
    "bridged": "true or false",
    "box": "four whole numbers (x, y, width, height)",
    "pixels": "a whole number",
    "sign": '"bright" or "dark"',
    "clear": "a number",
    "shape": "a text (lengths of runs)",
    "width": "a number",
    "first": "the number of a frame",
    "last": "the number of a frame",
    "columns": "a column, or more of its place, by the number of each frame",
    "column": "a number",
    "lean": "a number",
    "note": "a text",
    "rows": "two whole numbers (the first, and the one beyond the last)",
}
_LONGEST = 40


class DirtEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A piece of dirt as it is written; box: x, y, width, height; shape: see `runs`, None for all of it.

    note: a person's own.
    """

    number: int | None = None
    use: bool = True
    box: tuple[int, int, int, int]
    pixels: int | None = None
    sign: Sign | None = None
    clear: float | None = None
    shape: str | None = None
    note: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def spot(self) -> Spot:
        """The dirt itself."""
        x, y, width, height = self.box
        whole = np.ones((height, width), np.bool_)
        return Spot(x, y, whole if self.shape is None else shape_of(self.shape, width, height))


class PlaceEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A scratch in one frame as it is written, see `LinePlace`; what is left out is that of its track.

    bridged: written only where it is so; for reading.
    """

    column: float
    lean: float = 0.0
    width: float | None = None
    rows: tuple[int, int] | None = None
    clear: float = 0.0
    bridged: bool | msgspec.UnsetType = msgspec.UNSET


class TrackEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A scratch over the shot as it is written, see `Track`; columns: by frame, a number or more of it.

    note: a person's own.
    """

    number: int | None = None
    use: bool = True
    forced: bool = False
    sign: Sign
    width: float = 3.0
    first: int | None = None
    last: int | None = None
    columns: dict[int, float | PlaceEntry]
    note: str | msgspec.UnsetType = msgspec.UNSET


def read_entry(row: Any, kind: type[Entry], where: str) -> Entry:
    """The entry that a row of the file is. where: in which file, for messages. Raises InputError."""
    try:
        return msgspec.convert(row, kind, str_keys=True)
    except msgspec.ValidationError as error:
        raise InputError(f"{where}: {_wrong(row, kind)}") from error


def _wrong(row: Any, kind: type[msgspec.Struct]) -> str:
    """What is wrong with a row that is no such entry, in a sentence."""
    fields = {field.name: field for field in structs.fields(kind)}
    known = ", ".join(fields)
    if not isinstance(row, dict):
        return f"expected an entry in braces, of {known}, not {_short(row)}"
    for name in row:
        if name not in fields:
            return f"an entry has no '{name}'{near(name, fields)}, it has {known}"
    for name, field in fields.items():
        if field.required and name not in row:
            return f"'{name}' is missing, expected {_EXPECTED[name]}"
    for name, value in row.items():
        if name == "columns" and isinstance(value, dict):
            for frame, place in value.items():
                if not _is(frame, int):
                    return f"expected the number of a frame in 'columns', not {_short(frame)}"
                if isinstance(place, dict) and not _is(place, PlaceEntry):
                    return f"frame {frame}: {_wrong(place, PlaceEntry)}"
                if not isinstance(place, dict) and not _is(place, float):
                    return f"frame {frame}: expected a column, a number, not {_short(place)}"
        elif not _is(value, fields[name].type):
            return f"expected '{name}' to be {_EXPECTED[name]}, not {_short(value)}"
    return f"expected an entry of {known}"


def _is(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind, str_keys=True, strict=not isinstance(value, str) or kind is not int)
    except msgspec.ValidationError:
        return False
    return True


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
