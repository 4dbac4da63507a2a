"""Grey frames among colour ones, as black leader is that a program saved without its colour channels."""

from __future__ import annotations

import numpy as np

from interneg.frame import DEPTHS, Frame

__all__ = ["in_colour", "is_grey_among"]


def is_grey_among(frame: Frame, like: Frame) -> bool:
    """Whether a frame has a lone Y where another has R, G and B."""
    return len(frame.colour_channels) == 1 and len(like.colour_channels) == 3


def in_colour(frame: Frame, like: Frame) -> Frame:
    """A grey frame with its Y as R, G and B alike, called as in a colour frame of the same clip.

    All else stays: values, bit for bit, windows, alpha and AOVs. The three are stored like those of the
    colour frame, or as Y was where that is deeper.
    """
    (grey,) = frame.colour_channels
    names = [like.channels[c] for c in like.colour_channels]
    planes = [*range(grey), grey, grey, grey, *range(grey + 1, len(frame.channels))]
    deepest = max(frame.depth[grey], like.depth[like.colour_channels[0]], key=DEPTHS.index)
    return frame.with_pixels(
        np.ascontiguousarray(frame.pixels[planes].transpose(1, 2, 0)).transpose(2, 0, 1),
        channels=(*frame.channels[:grey], *names, *frame.channels[grey + 1 :]),
        depth=(*frame.depth[:grey], *(deepest,) * 3, *frame.depth[grey + 1 :]),
    )
