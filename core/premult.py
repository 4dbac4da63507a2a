"""Premultiplied colour: divided by its alpha before a node looks at it, multiplied again after.

A log of premultiplied colour falls steeply towards a soft edge, and alpha does not follow it: what a node
does to the one and not to the other is a fringe of a wrong colour.
"""

from __future__ import annotations

import numpy as np

from interneg.frame import Frame, Pixels
from interneg.nonfinite import fill


def coverage(frame: Frame) -> Pixels | None:
    """What the colour of a frame has been multiplied by, (H, W) float32; None where that is 1 throughout.

    The alpha; but 1 where it is 0 (or negative, NaN or inf) and there is colour all the same: light without
    coverage was not multiplied. None for frames without alpha, and for those that say that it is
    unassociated.
    """
    if "A" not in frame.channels or frame.metadata.get("oiio:UnassociatedAlpha", 0):
        return None
    alpha = frame.pixels[frame.channels.index("A")]
    if (alpha == 1).all():
        return None
    usable = np.isfinite(alpha) & (alpha > 0)
    lit = (frame.pixels[list(frame.colour_channels)] != 0).any(axis=0)
    cover = np.where(usable, alpha, lit).astype(np.float32)
    return None if (cover == 1).all() else cover


def unpremultiplied(colour: Pixels, cover: Pixels) -> Pixels:
    """`colour` (C, H, W) divided by its coverage (H, W); where that is 0, the colour of the nearest pixel."""
    empty = cover == 0
    divided = np.divide(colour, cover, out=np.zeros(colour.shape, np.float32), where=~empty)
    return fill(divided, empty) if empty.any() else divided
