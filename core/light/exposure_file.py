"""The file of exposures: what was measured of a shot's flicker and what is done about it, frame by frame.

The text has what a person may want to change; the fields and rows stand in arrays beside it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePath
from typing import Any

import numpy as np

from interneg import by_frame
from interneg.errors import InputError
from interneg.io import format_frames
from interneg.light.exposure_arrays import ENDING, read_arrays
from interneg.light.steady import Correction

FORMAT = "interneg exposures 1"
DARKEST, STEEPEST = 20, 100
"""Stops, and times, beyond which a correction is taken for a slip of the pen."""

_STOP = math.log(2)
_PLANES = ("luma", "red", "green", "blue")
_NUMBERS = "exposure", "slope"
_COUNTS = "correction", "use", *_PLANES


def text(
    size: tuple[int, int],
    steps: Mapping[int, tuple[float, float]],
    found: Mapping[int, tuple[Correction, ...]],
    events: Collection[int],
    beside: bytes,
) -> str:
    """The file: JSON, a frame to a line.

    size: of the picture (H, W). steps: how each frame's exposure, in natural logarithms of light, and slope
    changed since the frame before. found: what each frame is changed by, plane by plane. events: the frames
    that stay as they are among those around. beside: the arrays, see `arrays`.
    Exposures are written in stops of light.
    """
    frames = {}
    for n in found:
        facts: dict[str, Any] = {
            "measured": _facts(*steps[n]),
            "event": n in events,
            "use": True,
            "correction": _facts(found[n][0].exposure, 1 + found[n][0].slope),
        }
        if len(found[n]) > 1:
            facts |= {
                name: _facts(c.exposure, 1 + c.slope)
                for name, c in zip(_PLANES[1:], found[n][1:], strict=True)
            }
        frames[n] = facts
    digest = hashlib.sha256(beside).hexdigest()
    return by_frame.text({"format": FORMAT, "size": [size[1], size[0]], "fields": digest}, frames)


class Exposures:
    """What a file of exposures says."""

    def __init__(self, name: str, read: Callable[[str], bytes]) -> None:
        """name: of the text; the arrays have the same name with .npz. read: gives the content of a file.

        Raises InputError where either is none, or cannot be read, and where they are not of one analysis.
        """
        self.name = name
        self.size, digest, self._frames = _read(read(name), name)
        self._beside = str(PurePath(name).with_suffix(ENDING))
        try:
            content = read(self._beside)
        except InputError as error:
            raise InputError(
                f"{name} needs the fields that were written with it, {self._beside}: put both into one "
                f"folder, or analyse anew ({error})"
            ) from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise InputError(
                f"{self._beside} is not the one that was written with {name}: put the right one there, or "
                "analyse anew"
            )
        self._numbers, self._levels, self._fields, self._rows = read_arrays(content, self._beside)

    @property
    def numbers(self) -> Collection[int]:
        """The frames that it says something of."""
        return self._frames.keys()

    def require(self, numbers: Iterable[int]) -> None:
        """Raise InputError where it lacks one of these frames, or what it says of one is nonsense."""
        for number in numbers:
            self._of(number)

    def used(self, number: int) -> bool:
        """Whether a person wants the frame to be changed. Raises InputError as `require`."""
        return bool(self._of(number)[1]["use"])

    def corrections(
        self, number: int, size: tuple[int, int], colour: bool, bands: bool
    ) -> tuple[Correction, ...]:
        """What the frame of that number is changed by: luma; or luma, R, G and B, where they were measured.

        size: of its picture, (H, W). colour, bands: what is asked for. Raises InputError where the file lacks
        the frame or what is asked for, or was made for pictures of another size.
        """
        at, facts = self._of(number)
        if size != self.size:
            raise InputError(
                f"{self.name} was made for pictures of {self.size[1]}x{self.size[0]}, frame {number} is "
                f"{size[1]}x{size[0]}: analyse anew"
            )
        planes = self._levels.shape[1]
        if colour and planes == 1:
            raise InputError(
                f"{self.name} was made without colour, and deflicker.colour is above 0: analyse with that "
                "knob above 0, or set it to 0"
            )
        if bands and not self._rows.shape[2]:
            raise InputError(
                f"{self.name} was made without bands, and deflicker.bands is above 0: analyse with that knob "
                "above 0, or set it to 0"
            )
        made = []
        for plane in range(planes if colour else 1):
            key = "correction" if plane == 0 else _PLANES[plane]
            stops, slope = _numbers(facts, key, f"{self.name}, frame {number}")
            lowest, pivot, highest = (float(v) for v in self._levels[at, plane])
            field, rows = self._fields[at, plane], self._rows[at, plane]
            rows = rows if rows.size else np.zeros(1)
            made.append(Correction(_STOP * stops, slope - 1, field, rows, pivot, lowest, highest))
        return tuple(made) if facts["use"] else tuple(_none(c) for c in made)

    def _of(self, number: int) -> tuple[int, Mapping[str, Any]]:
        where = f"{self.name}, frame {number}"
        if number not in self._frames or number not in self._numbers:
            span = format_frames(self._frames)
            raise InputError(
                f"{self.name} has no frame {number}, it has {span}: analyse that frame, too, or put its line "
                "back"
            )
        facts = self._frames[number]
        _numbers(facts, "correction", where)
        if not isinstance(facts.get("use", True), bool):
            raise InputError(f'{where}: expected "use" to be true or false, not {facts["use"]!r}')
        return self._numbers[number], {"use": True, **facts}


def part_of(content: bytes, name: str, numbers: Collection[int]) -> bytes:
    """What of the file counts for these frames, as text that is equal where they come out the same.

    name: of the file, for messages. The arrays beside it count as a whole. Raises InputError where the file
    is none of exposures.
    """
    size, digest, frames = _read_once(content, name)
    return by_frame.part_of([*size, digest], frames, numbers, _COUNTS).encode()


@lru_cache(maxsize=2)
def _read_once(content: bytes, name: str) -> tuple[tuple[int, int], str, dict[int, Any]]:
    return _read(content, name)


def events_in(content: bytes, name: str) -> set[int]:
    """The frames that a file of exposures says are events. Raises InputError as `Exposures` does."""
    return {n for n, facts in _read(content, name)[2].items() if facts.get("event")}


def require_events(content: bytes, name: str, found: Collection[int]) -> None:
    """Raise InputError where a file says that a frame is an event, or none, other than was found."""
    for number, facts in _read(content, name)[2].items():
        said = facts.get("event", number in found)
        if said is not (number in found):
            raise InputError(
                f'{name}, frame {number}: "event" says what was found, and is for reading. Put '
                f'"events": {{"deflicker": {{"{number}": {json.dumps(said)}}}}} into the analysis.json '
                "beside it, and analyse again"
            )


def _none(correction: Correction) -> Correction:
    field, rows = np.zeros_like(correction.field), np.zeros_like(correction.rows)
    return replace(correction, exposure=0.0, slope=0.0, field=field, rows=rows)


def _read(content: bytes, name: str) -> tuple[tuple[int, int], str, dict[int, Any]]:
    """The size (H, W), the digest of the arrays, and the frames."""
    head, frames = by_frame.read(content, name, FORMAT)
    digest = head.get("fields")
    if not isinstance(digest, str):
        raise InputError(
            f'{name}: expected "fields" to be the hash of the arrays beside it, not {digest!r:.40}'
        )
    width, height = head["size"]
    return (height, width), digest, frames


def _facts(exposure: float, slope: float) -> dict[str, float]:
    return {"exposure": round(exposure / _STOP, 6) + 0.0, "slope": round(slope, 6)}


def _numbers(facts: Any, key: str, where: str) -> tuple[float, float]:
    try:
        exposure, slope = by_frame.numbers(facts[key], _NUMBERS)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"{where}: expected {key} with two numbers, exposure and slope, not {facts.get(key)}"
        ) from error
    by_frame.require_no_others(facts[key], _NUMBERS, where, f'"{key}"')
    if not (abs(exposure) <= DARKEST and 0 < slope <= STEEPEST):
        raise InputError(
            f"{where}: expected an exposure of {DARKEST} stops at most, up or down, and a slope above 0 and "
            f"up to {STEEPEST}, not {facts[key]}"
        )
    return exposure, slope
