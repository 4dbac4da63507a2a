"""Defects drawn into a picture, each with its number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from interneg.defects.lines import Scratch
from interneg.frame import Mask

# OpenCV is imported where it is used: what only lists nodes never loads it.

Codes = npt.NDArray[np.uint8]
_Box = tuple[tuple[int, int], tuple[int, int]]
_Numbered = tuple[int, _Box, tuple[int, int, int]]

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
    height, places = picture.shape[0], list[_Numbered]()
    for number, (x, y, w, h) in dirt.items():
        first = (scale * (x - _AROUND), scale * (y - _AROUND))
        last = (scale * (x + w + _AROUND), scale * (y + h + _AROUND))
        cv2.rectangle(made, first, last, _DIRT, 1)
        places.append((number, (first, last), _DIRT))
    for number, line in lines.items():
        for aside in (-1, 1):
            columns = scale * (line.at(height) + aside * (line.half + _AROUND))
            points = np.stack([columns, scale * np.arange(height)], 1)
            cv2.polylines(made, [np.rint(points).astype(np.int32)], False, _SCRATCH, 1)
        left, right = (int(scale * (line.at(height)[0] + k * (line.half + _AROUND))) for k in (-1, 1))
        places.append((number, ((left, 0), (right, 12)), _SCRATCH))
    taken = np.zeros(made.shape[:2], np.bool_)
    for _, ((x0, y0), (x1, y1)), _ in places:
        taken[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = True
    for number, box, colour in places:
        _label(made, taken, number, box, colour)
    return made


def _label(picture: Codes, taken: Mask, number: int, box: _Box, colour: tuple[int, int, int]) -> None:
    """The number right of a box, left of it, above or below: where it leaves the picture least and is free.

    taken: what boxes and numbers cover, (H, W); this one is added.
    """
    import cv2

    text, font, size = str(number), cv2.FONT_HERSHEY_SIMPLEX, 0.45
    (width, height), below = cv2.getTextSize(text, font, size, 1)
    (left, top), (right, bottom) = box
    x0, y0 = left - width - 2, top - below - 1
    around = [(right + 2, bottom), (x0, bottom), (left, y0), (left, bottom + height + 3)]
    around += [(right + 2, top + height), (x0, top + height), (right + 2, y0), (x0, y0)]
    tried = []
    for x, y in around:
        at = max(1, min(x, picture.shape[1] - width - 2)), max(height + 1, min(y, picture.shape[0] - 2))
        area = np.s_[at[1] - height - 1 : at[1] + below, at[0] - 1 : at[0] + width + 1]
        tried.append((abs(at[0] - x) + abs(at[1] - y) + int(taken[area].sum()), at, area))
    _, (x, y), area = min(tried, key=lambda t: t[0])
    taken[area] = True
    # Dark around it, so that it can be read on anything.
    for across, down in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        cv2.putText(picture, text, (x + across, y + down), font, size, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(picture, text, (x, y), font, size, colour, 1, cv2.LINE_AA)
