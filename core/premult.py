"""Premultiplied colour: divided by its alpha before a node looks at it, multiplied again after.

A log of premultiplied colour falls steeply towards a soft edge, and alpha does not follow it: what a node
does to the one and not to the other is a fringe of a wrong colour.
"""

from __future__ import annotations

import numpy as np

from interneg.frame import Frame, Pixels
from interneg.nonfinite import fill

_BRIGHTER = 2.0
"""How much brighter than what is covered a colour may become by dividing it."""

_STRAY = 0.02
"""From which share of that on light counts as not multiplied by its alpha."""

_NEAR = 17
"""Pixels over which the coverage of such light passes into the alpha around it."""


def coverage(frame: Frame) -> Pixels | None:
    """What the colour of a frame has been multiplied by, (H, W) float32; None where that is 1 throughout.

    The alpha, as far as the colour was multiplied by it: a glow, or a matte that was only laid beside a
    plate, has more light than its alpha allows. Around such light the coverage passes into 1 over some
    pixels, so that what is divided by it stays as smooth as it was. None for frames without alpha, and for
    those that say that it is unassociated.
    """
    if "A" not in frame.channels or frame.metadata.get("oiio:UnassociatedAlpha", 0):
        return None
    alpha = frame.pixels[frame.channels.index("A")]
    if (alpha == 1).all():
        return None
    import cv2

    alpha = np.where(np.isfinite(alpha) & (alpha > 0), alpha, np.float32(0))
    light = np.abs(frame.pixels[list(frame.colour_channels)]).max(axis=0)
    light[~np.isfinite(light)] = 0
    solid = light[alpha >= 0.5]
    most = _BRIGHTER * float(np.percentile(solid, 99.5)) if solid.any() else float(light.max())
    if most == 0:
        return None if (alpha == 1).all() else alpha
    needed = np.minimum(light / np.float32(most), 1)
    stray = (needed > alpha + np.float32(_STRAY)).astype(np.float32)
    cover = np.maximum(alpha, needed)
    if stray.any():
        near = cv2.dilate(stray, np.ones((_NEAR, _NEAR), np.uint8))
        near = cv2.blur(near, (_NEAR, _NEAR))
        # By a factor per pixel, as a log sees it.
        cover = np.where(cover < 1, np.maximum(cover, near * np.float32(1e-4)) ** (1 - near), cover)
    return None if (cover == 1).all() else np.asarray(cover, np.float32)


def unpremultiplied(colour: Pixels, cover: Pixels) -> Pixels:
    """`colour` (C, H, W) divided by its coverage (H, W); where that is 0, the colour of the nearest pixel."""
    empty = cover == 0
    divided = np.divide(colour, cover, out=np.zeros(colour.shape, np.float32), where=~empty)
    return fill(divided, empty) if empty.any() else divided
