"""The pictures of movies, from FFmpeg's layouts to planes of float32 and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import av
import numpy as np

from interneg.errors import InputError
from interneg.frame import Frame, Pixels
from interneg.io.attributes import STRAIGHT
from interneg.io.pixels import Warn, integers, unassociated
from interneg.io.ycbcr import Coding, lower, raise_to, to_codes, to_rgb, usual_matrix

__all__ = ["FULL_RANGE", "PLANAR", "UNSPECIFIED", "from_picture", "is_full_range", "to_picture"]


UNSPECIFIED = 2
"""The code of ITU-T H.273 for primaries, transfer or matrix that nothing is said of."""
FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_CENTRED = ("mjpeg", "mpeg1video")
"""Codecs whose samples of chroma lie midway between those of luma in a row."""

PLANAR = {
    "nv12": "yuv420p",
    "nv16": "yuv422p",
    "p010le": "yuv420p10le",
    "p210le": "yuv422p10le",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "y210le": "yuv422p10le",
    "rgb24": "gbrp",
    "bgr24": "gbrp",
    "0rgb": "gbrp",
    "rgb0": "gbrp",
    "0bgr": "gbrp",
    "bgr0": "gbrp",
    "rgba": "gbrap",
    "bgra": "gbrap",
    "argb": "gbrap",
    "abgr": "gbrap",
    "pal8": "gbrap",
    "rgb48le": "gbrp16le",
    "rgb48be": "gbrp16le",
    "rgba64le": "gbrap16le",
    "rgba64be": "gbrap16le",
}
"""Packed and half-packed layouts, and the planar one that holds the same samples."""


def is_full_range(picture: Any) -> bool:
    """Whether a decoded picture's codes fill all bits, as its tags or its layout's name say."""
    return int(picture.color_range) == FULL_RANGE or picture.format.name.startswith("yuvj")


def from_picture(
    picture: Any, codec: str, tell: Callable[[str, str], None]
) -> tuple[Pixels, tuple[str, ...], str]:
    """The pixels of a decoded picture, the names of their channels, and how they were stored.

    picture: an av.VideoFrame. codec: the name of what decoded it. tell: called with a kind and a sentence
    where a matrix had to be presumed. Returns (C, H, W) float32 R'G'B' or Y', nominally 0..1 and never
    clipped, in the movie's own encoding, and straight alpha; names out of Y, R, G, B, A; and one of
    frame.DEPTHS. Raises InputError for a layout that is not supported.
    """
    name = picture.format.name
    planar = picture.reformat(format=PLANAR[name]) if name in PLANAR else picture
    layout, parts = planar.format, planar.format.components
    bits = parts[0].bits
    if (not layout.is_planar and len(parts) > 1) or bits not in (8, 9, 10, 12, 14, 16) or layout.is_bayer:
        raise InputError(f"pictures of the format {name} are not supported")
    planes = [_plane(planar, c) for c in parts]
    has_alpha = parts[-1].is_alpha
    colour = planes[:-1] if has_alpha else planes
    if layout.is_rgb:
        out = np.stack(colour)
        out /= 2**bits - 1
    else:
        matrix = int(picture.colorspace)
        if matrix == UNSPECIFIED:
            matrix = usual_matrix(picture.height)
            if len(colour) > 1:
                presumed = "BT.709" if matrix == 1 else "BT.601"
                tell("matrix", f"no colour matrix is tagged; taken as {presumed}")
        out = _from_codes(colour, Coding(matrix, is_full_range(picture), bits), codec in _CENTRED)
    names: tuple[str, ...] = ("Y",) if len(out) == 1 else ("R", "G", "B")
    if has_alpha:
        out = np.concatenate([out, planes[-1][None] / np.float32(2 ** parts[-1].bits - 1)])
        names += ("A",)
    return out, names, {9: "uint10", 14: "uint16"}.get(bits, f"uint{bits}")


def _from_codes(planes: list[Pixels], coding: Coding, centred: bool) -> Pixels:
    """(1, H, W) Y' or (3, H, W) R'G'B' from planes of codes, chroma as it is sampled."""
    if len(planes) == 1:
        zero, one = coding.luma
        return ((planes[0] - np.float32(zero)) / np.float32(one))[None]
    cb, cr = (raise_to(c, *planes[0].shape, centred=centred) for c in planes[1:])
    return to_rgb(planes[0], cb, cr, coding)


def _plane(picture: Any, component: Any) -> Pixels:
    """The codes of one component as float32, (H, W)."""
    plane = picture.planes[component.plane]
    kind = np.dtype(np.uint8 if component.bits == 8 else np.uint16)
    if picture.format.is_big_endian:
        kind = kind.newbyteorder(">")
    rows = np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind.itemsize)
    return rows[: component.height, : component.width].astype(np.float32)


def to_picture(frame: Frame, layout: str, coding: Coding, warn: Warn) -> Any:
    """A frame as an av.VideoFrame, coded, rounded and in the encoder's pixel format; undoes `from_picture`.

    frame: with the channels Y, RGB or RGBA, as the movie is to be encoded, nominally 0..1. layout: FFmpeg's
    name of the pixel format, such as yuv422p10le. coding: how its codes stand for light. warn: told what
    lies outside the codes, which is clipped, and NaN, stored as 0.
    """
    planar = PLANAR.get(layout, layout)
    picture = av.VideoFrame(frame.width, frame.height, planar)
    parts = picture.format.components
    pixels = frame.pixels[[frame.channels.index(n) for n in ("R", "G", "B", "A", "Y") if n in frame.channels]]
    if "A" in frame.channels and not frame.metadata.get(STRAIGHT, 0):
        pixels = unassociated(pixels.transpose(1, 2, 0), warn).transpose(2, 0, 1)
    top = np.float32(2**coding.bits - 1)
    colour = np.repeat(pixels, 3, 0) if len(pixels) == 1 and len(parts) > 1 else pixels[:3]
    if picture.format.is_rgb:
        planes = list(colour * top)
    elif len(parts) == 1:
        zero, one = coding.luma
        planes = [colour[0] * np.float32(one) + np.float32(zero)]
    else:
        y, cb, cr = to_codes(colour, coding)
        planes = [y, *(lower(c, parts[1].height, parts[1].width, centred=False) for c in (cb, cr))]
    if "A" in frame.channels:
        planes.append(pixels[3] * top)
    for component, plane in zip(parts, planes, strict=True):
        codes = integers(plane, component.bits, warn)
        target = picture.planes[component.plane]
        rows = np.zeros((target.height, target.line_size // codes.itemsize), codes.dtype)
        rows[: component.height, : component.width] = codes
        target.update(rows.tobytes())
    return picture.reformat(format=layout) if planar != layout else picture
