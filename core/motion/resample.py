"""One resampling: a picture as seen from other places, sharp, without rings and without mixed labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

from interneg.frame import Pixels
from interneg.motion.similarity import Motion
from interneg.nonfinite import fill, nonfinite
from interneg.resize import is_label

# OpenCV is imported where it is used: what only lists nodes never loads it.

_HEADROOM = 0.25
_SLOPE = np.array([1, -8, 0, 8, -1], np.float32) / 12


class PlaneKind(Enum):
    """What a plane holds. light: colour, and AOVs that can be mixed; labels cannot, see `is_label`."""

    LIGHT = "light"
    ALPHA = "alpha"
    LABEL = "label"


def kind_of(channel: str, depth: str) -> PlaneKind:
    """What a channel holds, by its name and how it was stored."""
    if is_label(channel, depth):
        return PlaneKind.LABEL
    return PlaneKind.ALPHA if channel.rsplit(".", 1)[-1].casefold() in ("a", "alpha") else PlaneKind.LIGHT


@dataclass(frozen=True, eq=False)
class Origin:
    """Where in a picture each pixel of the result comes from.

    x, y: (H, W) float32, pixel centres at whole numbers. border: OpenCV's rule for what lies outside.
    aspect: how many times as wide as high a pixel is.
    """

    x: Pixels
    y: Pixels
    border: int
    aspect: float = 1.0

    @cached_property
    def beside(self) -> tuple[Pixels, Pixels]:
        """How far x and y are, each (H, W) float32, from the nearest 1/32 of a pixel, where OpenCV samples.

        In pixels, -1/64..1/64; 0 outside of the picture.
        """
        inside = self.outside == 0
        x, y = (inside * (v - np.rint(v * np.float32(32)) / np.float32(32)) for v in (self.x, self.y))
        return x, y

    @property
    def outside(self) -> Pixels:
        """(H, W) float32, how much of each pixel comes from outside the picture, 0..1."""
        return self.lacking(0)

    def lacking(self, rim: int) -> Pixels:
        """(H, W) float32, 0..1, `outside` and more of the rim of each side where pixels come from outside.

        rim: in pixels; as many more count as come from outside, but at most these.
        """
        height, width = self.x.shape
        beyond = [-self.x, self.x - (width - 1), -self.y, self.y - (height - 1)]
        beyond = [b + np.clip(b.max(), 0, np.float32(rim)) for b in beyond]
        return np.asarray(np.clip(np.max(beyond, axis=0), 0, 1), np.float32)


def origin(
    size: tuple[int, ...],
    motion: Motion,
    bend: Pixels | None,
    amount: float | Pixels,
    mirror: bool = False,
    aspect: float = 1.0,
) -> Origin:
    """The origin of each pixel of a picture of `size` (H, W) that `motion` moves.

    motion: from where the picture is to where it belongs, in full-size square pixels; see `Motion`. bend: (h,
    w, 2) float32 of any size, by how many pixels what lies there is moved before. amount: how much of the way
    is gone, (H, W) or one number. mirror: the picture is mirrored beyond its edges, else its edge repeats.
    aspect: how many times as wide as high a pixel is.
    """
    import cv2

    height, width = size
    back = motion.inverse
    x = aspect * (np.arange(width, dtype=np.float64) - (width - 1) / 2)[None]
    y = (np.arange(height, dtype=np.float64) - (height - 1) / 2)[:, None]
    # The way to go, and not the place, so that no way is exactly none.
    turn = back.turn - 1
    dx = ((turn.real * x + (back.shift.real - turn.imag * y)) / aspect).astype(np.float32)
    dy = (turn.imag * x + (back.shift.imag + turn.real * y)).astype(np.float32)
    column, row = np.arange(width, dtype=np.float32)[None], np.arange(height, dtype=np.float32)[:, None]
    if bend is not None:
        shape = bend.shape[:2]
        u = (column + dx + np.float32(0.5)) * np.float32(shape[1] / width) - np.float32(0.5)
        v = (row + dy + np.float32(0.5)) * np.float32(shape[0] / height) - np.float32(0.5)
        bent = cv2.remap(bend, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        dx -= bent[..., 0]
        dy -= bent[..., 1]
    border = cv2.BORDER_REFLECT if mirror else cv2.BORDER_REPLICATE
    return Origin(column + dx * np.float32(amount), row + dy * np.float32(amount), border, aspect)


def resampled(planes: Pixels, at: Origin, kind: PlaneKind = PlaneKind.LIGHT) -> Pixels:
    """(C, H, W) planes as seen from `at`, by an 8-tap Lanczos kernel; labels by the nearest pixel.

    planes: float32, of any range and colour space; rings are limited plane by plane.
    OpenCV's kernel knows places to 1/32 of a pixel; what is left is followed along the slope of the picture.
    Light may ring by a quarter of the light of the pixels around, and no more: beside a highlight of 100 it
    would go far below 0. Alpha stays between the pixels around. Where a pixel comes from its own place it is
    left as it is. NaN and inf stay in their pixel.
    """
    import cv2

    made = np.empty((len(planes), *at.x.shape), np.float32)
    for plane, out in zip(planes, made, strict=True):
        plane = np.ascontiguousarray(plane)
        bad = None if kind is PlaneKind.LABEL else nonfinite(plane[None])
        if kind is PlaneKind.LABEL or bad is not None:
            cv2.remap(plane, at.x, at.y, cv2.INTER_NEAREST, dst=out, borderMode=at.border)
        if kind is not PlaneKind.LABEL:
            clean = plane if bad is None else fill(plane[None], bad)[0]
            smooth = _lanczos(clean, at, 0 if kind is PlaneKind.ALPHA else _HEADROOM)
            np.copyto(out, smooth, where=True if bad is None else np.isfinite(out))
    return made


def _lanczos(plane: Pixels, at: Origin, headroom: float) -> Pixels:
    import cv2

    made = cv2.remap(plane, at.x, at.y, cv2.INTER_LANCZOS4, borderMode=at.border)
    for beside, kernel in zip(at.beside, (_SLOPE[None], _SLOPE[:, None]), strict=True):
        slope = cv2.filter2D(plane, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE)
        made += beside * cv2.remap(slope, at.x, at.y, cv2.INTER_LINEAR, borderMode=at.border)
    square = np.ones((3, 3), np.uint8)
    high, low = cv2.dilate(plane, square), cv2.erode(plane, square)
    span = high - low
    high += np.float32(headroom) * np.minimum(span, np.abs(high))
    low -= np.float32(headroom) * np.minimum(span, np.abs(low))
    # The limits pass smoothly from pixel to pixel, or the result would jump where a place does.
    cv2.min(made, cv2.remap(high, at.x, at.y, cv2.INTER_LINEAR, borderMode=at.border), dst=made)
    cv2.max(made, cv2.remap(low, at.x, at.y, cv2.INTER_LINEAR, borderMode=at.border), dst=made)
    return np.asarray(made)
