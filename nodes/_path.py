"""The analysis file of Stabilise: what was measured and what is done about it, frame by frame."""

from __future__ import annotations

import cmath
import json
import math
from collections.abc import Mapping
from typing import Any

from interneg.errors import InputError
from interneg.nodes._weave import Motion

FORMAT = "interneg path 1"


def text(size: tuple[int, int], motions: Mapping[int, Motion], corrections: Mapping[int, Motion]) -> str:
    """The file: JSON, a frame to a line.

    size: of the picture (H, W). motions: of each frame since the one before it in its shot. corrections: what
    each frame is moved by. Both as dx and dy in pixels (y downwards), rotation in degrees (clockwise as seen)
    and scale, about the middle of the picture.
    """
    lines = (
        f'  "{n}": {{"motion": {json.dumps(_facts(motions[n]))}, '
        f'"correction": {json.dumps(_facts(corrections[n]))}}}'
        for n in sorted(corrections)
    )
    head = f' "format": "{FORMAT}",\n "size": [{size[1]}, {size[0]}],\n "frames": {{\n'
    return "{\n" + head + ",\n".join(lines) + "\n }\n}\n"


def corrections(content: bytes, name: str, size: tuple[int, int]) -> dict[int, Motion]:
    """What the file says that each frame is moved by.

    name: of the file, for messages. Raises InputError where it is no such file, or was made for pictures of
    another size (H, W).
    """
    try:
        data = json.loads(content)
        found, (width, height) = data["format"], data["size"]
        frames = {int(number): facts for number, facts in data["frames"].items()}
    except json.JSONDecodeError as error:
        raise InputError(f"{name}, line {error.lineno}, is not JSON: {error.msg}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{name} is no path file as `interneg analyse` writes it: expected format, size (width, height) "
            "and frames by number"
        ) from error
    if found != FORMAT:
        raise InputError(f"{name} is of the format '{found}', expected '{FORMAT}'")
    if (height, width) != size:
        raise InputError(
            f"{name} was made for pictures of {width}x{height}, these are {size[1]}x{size[0]}: analyse anew"
        )
    return {number: _motion(facts, f"{name}, frame {number}") for number, facts in frames.items()}


def nuke(size: tuple[int, int], corrections: Mapping[int, Motion]) -> str:
    """The corrections as a Nuke Transform, to be pasted into a script.

    Warp, the zoom of crop and the edges are not in it, and it says so. Nuke's y points upwards, its rotation
    is counter-clockwise as seen, and pixels begin at whole numbers.
    """
    x, y, rotation, scale = (
        " ".join(f"x{n} {_number(value(m))}" for n, m in sorted(corrections.items()))
        for value in (
            lambda m: m.shift.real,
            lambda m: -m.shift.imag,
            lambda m: -math.degrees(cmath.phase(m.turn)),
            lambda m: abs(m.turn),
        )
    )
    return (
        "Transform {\n"
        f" translate {{{{curve {x}}} {{curve {y}}}}}\n"
        f" rotate {{{{curve {rotation}}}}}\n"
        f" scale {{{{curve {scale}}}}}\n"
        f" center {{{size[1] / 2:g} {size[0] / 2:g}}}\n"
        " filter Lanczos4\n"
        " name Stabilise\n"
        ' label "weave only: no warp, crop or edges"\n'
        "}\n"
    )


def _facts(motion: Motion) -> dict[str, Any]:
    return {
        "dx": _number(motion.shift.real),
        "dy": _number(motion.shift.imag),
        "rotation": _number(math.degrees(cmath.phase(motion.turn))),
        "scale": _number(abs(motion.turn)),
    }


def _number(value: float) -> float:
    return round(value, 6) + 0.0


def _motion(facts: Any, where: str) -> Motion:
    try:
        dx, dy, rotation, scale = (float(facts["correction"][k]) for k in ("dx", "dy", "rotation", "scale"))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{where}: expected a correction of four numbers, dx, dy, rotation and scale, not {facts}"
        ) from error
    if not all(map(math.isfinite, (dx, dy, rotation, scale))) or scale <= 0:
        raise InputError(
            f"{where}: the correction has to be finite and its scale above 0: {facts['correction']}"
        )
    return Motion(cmath.rect(scale, math.radians(rotation)), complex(dx, dy))
