"""What a task needs of its host, from what renders were measured to take: `python -m bench farm`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from interneg.node import Node
from interneg.plugin.machine.sizes import GIB

BASE = 0.9 * GIB
"""Python and its libraries."""

PER_PIXEL = {
    "deflicker": 760,
    "stabilise": 1460,
    "scratch-inpaint": 1130,
    "grain-match": 710,
    "denoise-sr": 1280,
}
"""Bytes for each pixel of the input, a node at a time, two frames in work at once, on clips that are longer
than the windows: what neighbours will ask for is kept."""

BEHIND = 170
"""Bytes for each pixel of the input for each node behind another: the frames that go from one to the next."""

ENLARGED = 180
"""Bytes for each pixel that an output has more than the input."""

ROOM = 1.25
"""What is asked for over what was measured: hosts differ, and pictures do."""


def memory_of(nodes: Sequence[Node], width: int, height: int) -> int:
    """Bytes of memory that a render of pictures of that size takes, ROOM included, in quarters of a GiB."""
    working = [n for n in nodes if not n.bypassed]
    scale = math.prod(n.enlarges for n in working)
    most = max(PER_PIXEL.values())
    per_pixel = sum(PER_PIXEL.get(n.name, most) for n in working)
    per_pixel += BEHIND * max(0, len(working) - 1) + ENLARGED * (scale**2 - 1)
    asked = ROOM * (BASE + per_pixel * width * height)
    return math.ceil(asked / (GIB / 4)) * GIB // 4
