"""The detection network: what it is given of a frame and those around, and what its answer means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interneg.colour import WorkingSpace
from interneg.defects.evidence import Evidence
from interneg.frame import Pixels
from interneg.node import View
from interneg.spare import Spare

# OpenCV is imported where it is used: what only lists nodes never loads it.

FINDER = "scratch-inpaint-find"
"""The catalogue's name of the network."""

CHANNELS = (
    "Y", "Y less before", "Y less after", "Y less 2 before", "Y less 2 after", "confidence before",
    "confidence after", "unlike", "odd", "columns",
)  # fmt: skip
"""The planes of its input, in order; see `planes`."""

_ORDER = (-1, 1, -2, 2)
_RANGE = (-0.25, 1.6)
# A column less what is beside it so near, on average over so many rows.
_BESIDE, _ROWS = 9, 65
# Planes that are small by nature are brought up by this.
_UP = np.float32(10)


_PLANES = Spare()


def planes(view: View, seen: Evidence, out: Pixels | None = None) -> Pixels:
    """What the network is given of the window's own frame, (10, H, W) float32.

    out: what is filled; None for a new array.

    Luma in LOG_Y, limited to -0.25..1.6; what it is, a little blurred, less each of the four frames around
    along the motion; how sure that motion is; ten times what the frame differs by around, and how odd the
    whole frame is (see `Evidence`); ten times how much a pixel's column stands out over 65 rows. A frame that
    isn't there is replaced by the one as far away on the other side, else by the nearest.
    """
    import cv2

    luma = np.clip(view.planes(0, WorkingSpace.LOG_Y)[0], *_RANGE)
    by = {n.offset: n for n in seen.neighbours}
    chosen = [by.get(o) or by.get(-o) or seen.neighbours[0] for o in _ORDER]
    level = cv2.blur(luma, (_BESIDE, 1), borderType=cv2.BORDER_REFLECT).reshape(luma.shape)
    columns = cv2.blur(luma - level, (1, _ROWS), borderType=cv2.BORDER_REFLECT).reshape(luma.shape)
    made = np.empty((len(CHANNELS), *luma.shape), np.float32) if out is None else out
    made[0] = luma
    for k, n in enumerate(chosen):
        np.subtract(seen.luma, n.luma, out=made[1 + k])
        np.clip(made[1 + k], -1, 1, out=made[1 + k])
    for plane, n in zip(made[5:7], chosen, strict=False):
        n.confidence.whole(plane)
    np.multiply(_UP, seen.unlike, out=made[7])
    made[8] = seen.odd
    np.clip(_UP * columns, -1, 1, out=made[9])
    return made


@dataclass(frozen=True, eq=False)
class Answer:
    """How likely each pixel is to be covered visibly, by dirt and by a scratch, (H, W) float32 each, 0..1."""

    dirt: Pixels
    scratch: Pixels


def answered(view: View, seen: Evidence) -> Answer:
    """What the network finds in the window's own frame.

    Raises EngineError where no runtime here opens the network.
    """
    with _PLANES.lent((len(CHANNELS), *seen.luma.shape)) as room:
        found = view.context.engines.open(FINDER).run(planes(view, seen, room))
    return Answer(found[0], found[1])
