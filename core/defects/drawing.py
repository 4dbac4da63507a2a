"""Defects drawn into a picture, each with its number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from interneg.defects.scratches import Scratch

# OpenCV is imported where it is used: what only lists nodes never loads it.

Codes = npt.NDArray[np.uint8]

# Smaller pictures are enlarged to at least half of this, but not by more times, so that numbers can be read.
_WIDE, _MOST = 1600, 8
_AROUND = 3
_DIRT, _SCRATCH = (255, 60, 60), (60, 255, 60)


def numbered(
    picture: Codes, dirt: Mapping[int, tuple[int, int, int, int]], lines: Mapping[int, Scratch]
) -> Codes:
    """The picture with a box around each piece of dirt and a line beside each scratch, and their numbers.

    picture: (H, W, 1 or 3), 8 bit, R, G, B. dirt: boxes of x, y, width and height. Both by number. Returns
    (H, W, 3) times a whole number, which enlarges small pictures.
    """
    import cv2

    scale = max(1, min(_MOST, _WIDE // max(picture.shape[:2])))
    made = np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))
    made = np.ascontiguousarray(made.repeat(scale, 0).repeat(scale, 1))
    height = picture.shape[0]
    for number, (x, y, w, h) in dirt.items():
        first = (scale * (x - _AROUND), scale * (y - _AROUND))
        last = (scale * (x + w + _AROUND), scale * (y + h + _AROUND))
        cv2.rectangle(made, first, last, _DIRT, 1)
        _label(made, number, (last[0] + 2, last[1]), _DIRT)
    for number, line in lines.items():
        for aside in (-1, 1):
            columns = scale * (line.at(height) + aside * (line.half + _AROUND))
            points = np.stack([columns, scale * np.arange(height)], 1)
            cv2.polylines(made, [np.rint(points).astype(np.int32)], False, _SCRATCH, 1)
        _label(made, number, (int(scale * (line.at(height)[0] + line.half + _AROUND)) + 2, 12), _SCRATCH)
    return made


def _label(picture: Codes, number: int, place: tuple[int, int], colour: tuple[int, int, int]) -> None:
    import cv2

    text, font, size = str(number), cv2.FONT_HERSHEY_SIMPLEX, 0.45
    (width, height), _ = cv2.getTextSize(text, font, size, 1)
    x = max(1, min(place[0], picture.shape[1] - width - 2))
    y = max(height + 1, min(place[1], picture.shape[0] - 2))
    # Dark around it, so that it can be read on anything.
    for across, down in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        cv2.putText(picture, text, (x + across, y + down), font, size, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(picture, text, (x, y), font, size, colour, 1, cv2.LINE_AA)
