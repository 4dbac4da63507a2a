"""A path as a Nuke node to paste: a Transform, or a CornerPin2D where pixels are not square."""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping

import numpy as np

from interneg.frame import Box
from interneg.motion.path_file import six_places
from interneg.motion.similarity import Motion

_NOT_IN_IT = "weave only: no warp, crop or edges"


def nuke(data: Box, display: Box, corrections: Mapping[int, Motion], aspect: float = 1.0) -> str:
    """The corrections as a Nuke Transform, to be pasted into a script.

    corrections: what each frame is moved by, by number. aspect: how many times as wide as high a pixel is.
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
        " ".join(f"x{n} {six_places(value(m))}" for n, m in sorted(corrections.items()))
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
            " ".join(f"x{n} {six_places(v)}" for n, v in zip(sorted(corrections), values, strict=True))
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
