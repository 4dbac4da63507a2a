"""Pictures that lie on their side or mirrored in their file, turned as they are to be seen.

Cameras and scanners store rows as they come and say in a tag how to turn them: EXIF and TIFF in "Orientation"
(TIFF 6.0, page 36), DPX in its image header (SMPTE ST 268-1). OpenImageIO gives both as EXIF's number.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from interneg.frame import Box, Frame
from interneg.io.attributes import ORIENTATION, TILES

__all__ = ["upright"]

# Whether rows and columns are swapped, and then whether columns and rows run backwards.
_TURNS = {
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}


def upright(frame: Frame) -> Frame:
    """The frame as its metadata say that it is to be seen; they then say nothing of it any more.

    Pixels are moved, not changed: (C, H, W) float32, interleaved in memory, or (C, W, H) where the picture
    lay on its side. Windows, pixel aspect and tiles follow. A number that there is not is taken as upright.
    """
    turn = _TURNS.get(frame.metadata.get(ORIENTATION, 1))
    metadata = {name: value for name, value in frame.metadata.items() if name != ORIENTATION}
    if turn is None:
        return replace(frame, metadata=metadata)
    swapped, mirrored, flipped = turn
    pixels = frame.pixels.transpose(0, 2, 1) if swapped else frame.pixels
    pixels = pixels[:, :: -1 if flipped else 1, :: -1 if mirrored else 1]
    if swapped and TILES in metadata:
        metadata[TILES] = metadata[TILES][::-1]
    display = frame.display_window

    def turned(box: Box) -> Box:
        x0, y0, x1, y1 = (*box,)
        if swapped:
            x0, y0, x1, y1 = y0, x0, y1, x1
        left, top, right, bottom = (display.y0, display.x0, display.y1, display.x1) if swapped else display
        if mirrored:
            x0, x1 = left + right - x1, left + right - x0
        if flipped:
            y0, y1 = top + bottom - y1, top + bottom - y0
        return Box(x0, y0, x1, y1)

    return replace(
        frame,
        pixels=np.ascontiguousarray(pixels.transpose(1, 2, 0)).transpose(2, 0, 1),
        data_window=turned(frame.data_window),
        display_window=turned(display),
        pixel_aspect=1 / frame.pixel_aspect if swapped else frame.pixel_aspect,
        metadata=metadata,
    )
