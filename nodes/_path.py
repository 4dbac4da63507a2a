"""The analysis file of Stabilise: what was measured and what is done about it, frame by frame."""

from __future__ import annotations

import cmath
import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from interneg.errors import InputError
from interneg.frame import Box, Pixels
from interneg.nodes._weave import Motion

FORMAT = "interneg path 1"

_NOT_IN_IT = "weave only: no warp, crop or edges"


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
    and scale are those of the picture as it is seen. bends: of frames that have one, see `_warp.bend`.
    """
    lines = []
    for n in sorted(corrections):
        facts = {"motion": _facts(motions[n], aspect), "correction": _facts(corrections[n], aspect)}
        bend = {"warp": bends[n].astype(float).round(3).tolist()} if n in bends else {}
        lines.append(f'  "{n}": {json.dumps(facts | bend)}')
    head = f' "format": "{FORMAT}",\n "size": [{size[1]}, {size[0]}],\n "frames": {{\n'
    return "{\n" + head + ",\n".join(lines) + "\n }\n}\n"


def corrections(
    content: bytes, name: str, size: tuple[int, int], aspect: float = 1.0
) -> tuple[dict[int, Motion], dict[int, Pixels]]:
    """What the file says that each frame is moved by, and how it is bent before, where it says so.

    name: of the file, for messages. aspect: of the pixels, see `text`. Raises InputError where it is no such
    file, or was made for pictures of another size (H, W).
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
    where = {number: f"{name}, frame {number}" for number in frames}
    motions = {n: _motion(facts, where[n], aspect) for n, facts in frames.items()}
    return motions, {n: _bend(facts["warp"], where[n]) for n, facts in frames.items() if "warp" in facts}


def rounded(motion: Motion, aspect: float = 1.0) -> Motion:
    """The motion as a path file gives it back: so a render that follows the file is the same, bit for bit."""
    return _motion({"correction": _facts(motion, aspect)}, "", aspect)


def nuke(data: Box, display: Box, corrections: Mapping[int, Motion], aspect: float = 1.0) -> str:
    """The corrections as a Nuke Transform, to be pasted into a script.

    data, display: the windows of the frames; Nuke counts from the bottom left corner of the display window.
    Warp, the zoom of crop and the edges are not in it, and it says so. Nuke's y points upwards, its rotation
    is counter-clockwise as seen, and pixels begin at whole numbers. Where pixels are not square it is a
    CornerPin2D, which tells pixels where to go whatever their aspect.
    """
    half = complex(data.width / 2, data.height / 2)
    middle = complex(data.x0 - display.x0, display.y1 - data.y1) + half
    if aspect != 1:
        return _pinned(middle, half, corrections, aspect)
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
        f" center {{{middle.real:g} {middle.imag:g}}}\n"
        " filter Lanczos4\n"
        " name Stabilise\n"
        f' label "{_NOT_IN_IT}"\n'
        "}\n"
    )


def _pinned(middle: complex, half: complex, corrections: Mapping[int, Motion], aspect: float) -> str:
    lines = []
    for k, out in enumerate((-half, half.conjugate(), half, -half.conjugate()), 1):
        corner = middle + out
        ways = [m(np.array(complex(aspect * out.real, -out.imag))) for _, m in sorted(corrections.items())]
        x, y = (
            " ".join(f"x{n} {_number(v)}" for n, v in zip(sorted(corrections), values, strict=True))
            for values in (
                [float(w.real) / aspect + middle.real for w in ways],
                [middle.imag - float(w.imag) for w in ways],
            )
        )
        lines.append(f" to{k} {{{{curve {x}}} {{curve {y}}}}}\n")
        lines.append(f" from{k} {{{corner.real:g} {corner.imag:g}}}\n")
    return (
        "CornerPin2D {\n"
        + "".join(lines)
        + " filter Lanczos4\n"
        + " name Stabilise\n"
        + f' label "{_NOT_IN_IT}"\n'
        + "}\n"
    )


def _bend(rows: Any, where: str) -> Pixels:
    try:
        found = np.array(rows, np.float32)
    except (ValueError, TypeError):
        found = np.zeros(0, np.float32)
    if found.ndim != 3 or found.shape[2] != 2 or not found.size or not np.isfinite(found).all():
        raise InputError(f"{where}: expected warp as rows of places, of each [dx, dy], all of one length")
    return found


def _facts(motion: Motion, aspect: float) -> dict[str, Any]:
    return {
        "dx": _number(motion.shift.real / aspect),
        "dy": _number(motion.shift.imag),
        "rotation": _number(math.degrees(cmath.phase(motion.turn))),
        "scale": _number(abs(motion.turn)),
    }


def _number(value: float) -> float:
    return round(value, 6) + 0.0


def _motion(facts: Any, where: str, aspect: float) -> Motion:
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
    return Motion(cmath.rect(scale, math.radians(rotation)), complex(aspect * dx, dy))
