"""What was meant by the name of an input that is not there: the sequence that its folder holds."""

from __future__ import annotations

import re
from pathlib import Path

from interneg.io.sequence import Pattern, paddings

__all__ = ["meant_sequence"]

_SIGNS = re.compile(r"\*+|\?+|\$F\d*|%0?\d*d|#+|@+")
"""How shells, Houdini, C, Nuke and others write a frame number."""

_DIGITS = 4


def meant_sequence(path: Path) -> str:
    """Return " (did you mean 'plate.####.exr'?)" for a name with one frame number that finds no file.

    The number of digits is that of the files in the folder; where there are none, and the sign is none that
    is read here, how a frame number is written. Empty where neither helps.
    """
    found = list(_SIGNS.finditer(path.name))
    if len(found) != 1:
        return ""
    prefix, suffix = path.name[: found[0].start()], path.name[found[0].end() :]
    number = re.compile(rf"{re.escape(prefix)}(-?\d+){re.escape(suffix)}", re.ASCII)
    try:
        numbers = [m[1] for entry in path.parent.iterdir() if (m := number.fullmatch(entry.name))]
    except OSError:
        numbers = []
    if numbers:
        return f" (did you mean '{Pattern(path.parent, prefix, min(paddings(numbers)), suffix)}'?)"
    if found[0][0][0] in "*?$":
        return f" (a sequence is written as '{Pattern(path.parent, prefix, _DIGITS, suffix)}')"
    return ""
