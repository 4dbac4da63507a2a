"""The path file: what was measured of a shot's weave and what is done about it, frame by frame."""

from __future__ import annotations

import cmath
import math
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from interneg import by_frame
from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.io import format_frames
from interneg.motion.similarity import Motion

FORMAT = "interneg path 1"
FARTHEST, LARGEST = 100_000, 100
"""Pixels and times, beyond which a correction is taken for a slip of the pen."""

_NUMBERS = "dx", "dy", "rotation", "scale"
_COUNTS = "correction", "use", "warp"


def text(
    size: tuple[int, int],
    motions: Mapping[int, Motion],
    corrections: Mapping[int, Motion],
    aspect: float = 1.0,
    bends: Mapping[int, Pixels] = MappingProxyType({}),
) -> str:
    """The file: JSON, a frame to a line.

    size: of the picture (H, W). motions: of each frame since the one before it in its shot. corrections: what
    each frame is moved by. Both as dx and dy in pixels (y downwards), rotation in degrees (clockwise as seen)
    and scale, about the middle of the picture. aspect: how many times as wide as high a pixel is; rotation
    and scale are those of the picture as it is seen. bends: of frames that have one, see `warp.Buckled`.
    """
    frames = {}
    for n in corrections:
        facts = {"motion": _facts(motions[n], aspect), "correction": _facts(corrections[n], aspect)}
        bend = {"warp": bends[n].astype(float).round(3).tolist()} if n in bends else {}
        frames[n] = facts | bend
    return by_frame.text({"format": FORMAT, "size": [size[1], size[0]]}, frames)


def corrections(
    content: bytes, name: str, size: tuple[int, int], aspect: float = 1.0
) -> tuple[dict[int, Motion], dict[int, Pixels]]:
    """What the file says that each frame is moved by, and how it is bent before, where it says so.

    A frame with "use" set to false is not moved. content: of the file, UTF-8. name: of the file, for
    messages. aspect: of the pixels, see `text`. Raises InputError where it is no such file, or was made for
    pictures of another size (H, W).
    """
    (height, width), frames = _read(content, name)
    if (height, width) != size:
        raise InputError(
            f"{name} was made for pictures of {width}x{height}, these are {size[1]}x{size[0]}: analyse anew"
        )
    where = {number: f"{name}, frame {number}" for number in frames}
    motions = {n: _motion(facts, where[n], aspect) for n, facts in frames.items()}
    bends = {n: _bend(facts["warp"], where[n]) for n, facts in frames.items() if "warp" in facts}
    for number, facts in frames.items():
        if not _used(facts, where[number]):
            motions[number] = Motion()
            if number in bends:
                bends[number] = np.zeros_like(bends[number])
    return motions, bends


def require(content: bytes, name: str, numbers: Iterable[int], bent: Iterable[int]) -> None:
    """Raise InputError where the file is no path file, or lacks one of these frames; see `corrections`.

    bent: those that it has to say of how they are bent.
    """
    frames = _read(content, name)[1]
    require_in(frames, name, numbers)
    require_warp([n for n, facts in frames.items() if "warp" in facts], name, bent)


def require_in(known: Collection[int], name: str, numbers: Iterable[int]) -> None:
    """Raise InputError where one of these frames is not among those that the file called `name` has."""
    for number in sorted(numbers):
        if number not in known:
            raise InputError(
                f"{name} has no frame {number}, it has {format_frames(known)}: analyse that frame, too, or "
                "put its line back"
            )


def require_warp(bent: Collection[int], name: str, numbers: Iterable[int]) -> None:
    """Raise InputError where the file called `name` does not say of one of these frames how it is bent."""
    for number in sorted(numbers):
        if number not in bent:
            raise InputError(
                f"{name} was made without warp, or lost it for frame {number}, and stabilise.warp is above "
                "0: analyse with that knob above 0, or set it to 0"
            )


def part_of(content: bytes, name: str, numbers: Collection[int]) -> bytes:
    """What of the file counts for these frames, as text that is equal where they come out the same.

    name: of the file, for messages. Raises InputError where the file is no path file.
    """
    size, frames = _read_once(content, name)
    return by_frame.part_of(size, frames, numbers, _COUNTS).encode()


@lru_cache(maxsize=2)
def _read_once(content: bytes, name: str) -> tuple[tuple[int, int], dict[int, Any]]:
    return _read(content, name)


def _read(content: bytes, name: str) -> tuple[tuple[int, int], dict[int, Any]]:
    """The size (H, W) that the file is for, and its frames, as they are written."""
    head, frames = by_frame.read(content, name, FORMAT)
    width, height = head["size"]
    return (height, width), frames


def rounded(motion: Motion, aspect: float = 1.0) -> Motion:
    """The motion as a path file gives it back: so a render that follows the file is the same, bit for bit.

    aspect: of the pixels, see `text`.
    """
    return _motion({"correction": _facts(motion, aspect)}, "", aspect)


def six_places(value: float) -> float:
    """The number as it is written: to a millionth of its unit, and without a minus before 0."""
    return round(value, 6) + 0.0


def _used(facts: Any, where: str) -> bool:
    used = facts.get("use", True)
    if not isinstance(used, bool):
        raise InputError(f'{where}: expected "use" to be true or false, not {used!r}')
    return used


def _bend(rows: Any, where: str) -> Pixels:
    try:
        found = np.array(rows, np.float32)
    except (ValueError, TypeError):
        found = np.zeros(0, np.float32)
    if found.ndim != 3 or found.shape[2] != 2 or not found.size:
        raise InputError(
            f"{where}: expected warp as rows of places, of each [dx, dy], all of one length, not "
            f"{rows!r:.40}: mend it, or take it out and analyse that frame again"
        )
    # NaN is no number within any limit.
    off = np.argwhere(~(np.abs(found) <= FARTHEST))
    if len(off):
        row, place, _ = off[0].tolist()
        raise InputError(
            f"{where}: expected warp of {FARTHEST} pixels at most, not {rows[row][place]} in row {row + 1}, "
            f"place {place + 1}"
        )
    return found


def _facts(motion: Motion, aspect: float) -> dict[str, Any]:
    return {
        "dx": six_places(motion.shift.real / aspect),
        "dy": six_places(motion.shift.imag),
        "rotation": six_places(math.degrees(cmath.phase(motion.turn))),
        "scale": six_places(abs(motion.turn)),
    }


def _motion(facts: Any, where: str, aspect: float) -> Motion:
    try:
        dx, dy, rotation, scale = by_frame.numbers(facts["correction"], _NUMBERS)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{where}: expected a correction of four numbers, dx, dy, rotation and scale, not "
            f"{facts.get('correction')}"
        ) from error
    by_frame.require_no_others(facts["correction"], _NUMBERS, where, '"correction"')
    if not (abs(dx) <= FARTHEST and abs(dy) <= FARTHEST and abs(rotation) <= 360 and 0 < scale <= LARGEST):
        raise InputError(
            f"{where}: expected dx and dy of {FARTHEST} pixels at most, a rotation within 360 degrees, and a "
            f"scale above 0 and up to {LARGEST}, not {facts['correction']}"
        )
    return Motion(cmath.rect(scale, math.radians(rotation)), complex(aspect * dx, dy))
