"""Pictures as a screen shows them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from interneg.colour import Colour
from interneg.colour.tags import SRGB_PICTURE
from interneg.errors import ColourError
from interneg.frame import Frame, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Codes = npt.NDArray[np.uint8]


def over_display(frame: Frame, channels: Sequence[int]) -> Pixels:
    """Some channels of a frame over its display window, (C, H, W) float32; 0 where there are no pixels."""
    planes = frame.pixels[list(channels)]
    data, display = frame.data_window, frame.display_window
    if data == display:
        return planes
    out = np.zeros((len(planes), display.height, display.width), np.float32)
    x0, x1 = max(data.x0, display.x0), min(data.x1, display.x1)
    y0, y1 = max(data.y0, display.y0), min(data.y1, display.y1)
    if x0 < x1 and y0 < y1:
        out[:, y0 - display.y0 : y1 - display.y0, x0 - display.x0 : x1 - display.x0] = planes[
            :, y0 - data.y0 : y1 - data.y0, x0 - data.x0 : x1 - data.x0
        ]
    return out


def on_screen(frame: Frame, colour: Colour) -> Codes:
    """R, G, B, or the one plane of a grey picture, as a screen shows them: (H, W, C), 8 bit.

    In the configuration's sRGB picture space, limited to 0..1; NaN and inf are black. Raises ColourError
    where it has no such space.
    """
    return codes(shown(frame, colour))


def shown(frame: Frame, colour: Colour, whole: bool = False) -> Pixels:
    """As `on_screen`, and not rounded: (H, W, C) float32, 0..1. whole: over the display window."""
    channels = frame.colour_channels
    planes = over_display(frame, channels) if whole else frame.pixels[list(channels)]
    seen = colour.transform(frame.colour_space, _screen(colour))(planes)
    limited = np.clip(np.nan_to_num(seen, posinf=0, neginf=0), 0, 1)
    return np.ascontiguousarray(limited.transpose(1, 2, 0))


def codes(picture: Pixels) -> Codes:
    """A picture, (H, W, C) float32, 0..1, in 8 bit."""
    return np.rint(picture * 255).astype(np.uint8)


def png(picture: Codes) -> bytes:
    """A picture, (H, W, C), 8 bit, as a PNG file."""
    import cv2

    _, data = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))
    return data.tobytes()


def _screen(colour: Colour) -> str:
    for name in SRGB_PICTURE:
        try:
            return colour.resolve(name)
        except ColourError:
            continue
    raise ColourError(
        f"{colour.name} has no sRGB picture space to look at pictures in (looked for "
        f"{', '.join(SRGB_PICTURE)})"
    )
