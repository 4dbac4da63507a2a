"""Pictures as a screen shows them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from interneg.colour import Colour
from interneg.colour.tags import SRGB_PICTURE
from interneg.errors import ColourError
from interneg.frame import Frame

# OpenCV is imported where it is used: what only lists nodes never loads it.

Codes = npt.NDArray[np.uint8]


def on_screen(frame: Frame, colour: Colour) -> Codes:
    """R, G, B, or the one plane of a grey picture, as a screen shows them: (H, W, C), 8 bit.

    In the configuration's sRGB picture space, limited to 0..1; NaN and inf are black. Raises ColourError
    where it has no such space.
    """
    planes = frame.pixels[list(frame.colour_channels)]
    shown = colour.transform(frame.colour_space, _screen(colour))(planes)
    codes = np.rint(np.clip(np.nan_to_num(shown, posinf=0, neginf=0), 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(codes.transpose(1, 2, 0))


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
