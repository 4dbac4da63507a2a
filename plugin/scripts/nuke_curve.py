"""Nuke's curves, as scripts have them: what a knob's value is in each frame, where that is known."""

from __future__ import annotations

import re
from itertools import pairwise

from interneg.curve import Curve, Key
from interneg.plugin.scripts.hostfile import Setting, Varying

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")

_KINDS = frozenset("KLSRC")
"""Keys of a curve: constant, linear, smooth, Catmull-Rom, cubic. One holds for the keys behind it, too."""


def parse_setting(text: str) -> Setting:
    """A curve, `curve x1001 0.5 x1010 1` with the frames where they are not the next, or an expression.

    Source: Foundry, NDK Developer's Guide, "Curve serialisation format".
    """
    first, *tokens = text.split() or [""]
    if not tokens and _NUMBER.fullmatch(first):
        return first
    if first != "curve":
        return Varying(f"set by the expression '{short(text)}'")
    keys: list[tuple[float, str, str]] = []
    frame, step, kind, known = 0.0, 1.0, "S", True
    for token in tokens:
        if token in _KINDS:
            kind = token
        elif token[0] == "x" and _NUMBER.fullmatch(token[1:]):
            frame = float(token[1:])
        elif _NUMBER.fullmatch(token):
            step = frame - keys[-1][0] if keys else 1.0
            keys.append((frame, token, kind))
            frame += step
        elif token[0] in "stuv":  # slopes that were set by hand, and how long they are kept
            keys[-1:] = [(*keys[-1][:2], "")] if keys else []
        elif token not in "iIk":  # how it is shown; held at its end
            known = False
    if not keys:
        return Varying("set by a curve without keys")
    how = f"animated over frames {keys[0][0]:g} to {keys[-1][0]:g}"
    curve = _curve(keys) if known else None
    if curve is None:
        how += " in curves that Nuke alone can draw (make its keys linear or constant there)"
    return Varying(how, keys[0][1] if len(keys) == 1 else None, curve)


def _curve(keys: list[tuple[float, str, str]]) -> Curve | None:
    """The curve through keys of a frame, a value and a kind, where its value in every frame is known.

    Nuke does not document the slopes of smooth keys, but that they do not leave the range of their
    neighbours: between equal values they are level. Between frames that follow each other nobody asks.
    """
    course = []
    for (frame, value, kind), (following, other, kind_there) in pairwise([*keys, keys[-1]]):
        level = float(value) == float(other) and {kind, kind_there} <= {"S", "L"}
        neighbours = frame.is_integer() and following - frame <= 1
        if kind != "K" and not (level or neighbours or kind == kind_there == "L"):
            return None
        course.append(Key(frame, float(value), "hold" if kind == "K" else "line"))
    return Curve(tuple(course)) if all(a.frame < b.frame for a, b in pairwise(course)) else None


def short(text: str) -> str:
    """A text in one line of at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
