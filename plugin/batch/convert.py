"""The way from the input's colour space to the output's."""

from __future__ import annotations

from dataclasses import replace

from interneg.colour import Colour
from interneg.frame import Frame

_TAGS = ("colorInteropID", "dpx:Transfer", "dpx:Colorimetric", "acesImageContainerFlag", "chromaticities")
"""Metadata that would go on naming the old colour space; so would all of "cicp:..."."""


def converted(frame: Frame, colour: Colour, space: str) -> Frame:
    """The frame and its parts with their colour channels in another space, and tagged so.

    The frame itself where it is in that space already; alpha and AOVs stay as they are.
    """
    if frame.colour_space == space:
        return frame
    parts = tuple(_converted(p, colour, frame.colour_space, space) for p in frame.parts)
    return replace(_converted(frame, colour, frame.colour_space, space), parts=parts)


def _converted(frame: Frame, colour: Colour, source: str, space: str) -> Frame:
    planes = list(frame.colour_channels)
    if not planes:
        return frame
    pixels = frame.pixels.copy(order="K")
    pixels[planes] = colour.transform(source, space)(frame.pixels[planes])
    kept = {k: v for k, v in frame.metadata.items() if k not in _TAGS and not k.startswith("cicp:")}
    return frame.with_pixels(pixels, colour_space=space, metadata={**kept, "oiio:ColorSpace": space})
