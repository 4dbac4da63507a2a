"""One resampling: where each pixel of the result comes from, and what stands where nothing does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

from interneg.frame import Pixels
from interneg.nodes._weave import Motion
from interneg.nonfinite import fill, nonfinite
from interneg.resize import is_label

# OpenCV is imported where it is used: what only lists nodes never loads it.

_HEADROOM = 0.25
_ROW = 1024
_SOFT = 12
_SEAM = 16
_RIM = 40
_LEVEL = 2.0
_ENOUGH = 64
_SLOPE = np.array([1, -8, 0, 8, -1], np.float32) / 12


class Kind(Enum):
    """What a plane holds. light: colour, and AOVs that can be mixed; labels cannot, see `is_label`."""

    LIGHT = "light"
    ALPHA = "alpha"
    LABEL = "label"


def kind_of(channel: str, depth: str) -> Kind:
    """What a channel holds, by its name and how it was stored."""
    if is_label(channel, depth):
        return Kind.LABEL
    return Kind.ALPHA if channel.rsplit(".", 1)[-1].casefold() in ("a", "alpha") else Kind.LIGHT


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
        """How far x and y are, each, from the nearest 1/32 of a pixel, where OpenCV samples; 0 outside."""
        inside = self.outside == 0
        x, y = (inside * (v - np.rint(v * np.float32(32)) / np.float32(32)) for v in (self.x, self.y))
        return x, y

    @property
    def outside(self) -> Pixels:
        """(H, W) float32, how much of each pixel comes from outside the picture, 0..1."""
        return self.lacking(0)

    def lacking(self, rim: int) -> Pixels:
        """As `outside`; at each side where pixels come from outside, so many more of its rim, up to `rim`."""
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

    bend: (h, w, 2) float32 of any size, by how many pixels what lies there is moved before. amount: how much
    of the way is gone, (H, W) or one number. mirror: the picture is mirrored beyond its edges, else its edge
    repeats. aspect: how many times as wide as high a pixel is.
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


def resampled(planes: Pixels, at: Origin, kind: Kind = Kind.LIGHT) -> Pixels:
    """(C, H, W) planes as seen from `at`, by an 8-tap Lanczos kernel; labels by the nearest pixel.

    OpenCV's kernel knows places to 1/32 of a pixel; what is left is followed along the slope of the picture.
    Light may ring by a quarter of the light of the pixels around, and no more: beside a highlight of 100 it
    would go far below 0. Alpha stays between the pixels around. Where a pixel comes from its own place it is
    left as it is. NaN and inf stay in their pixel.
    """
    import cv2

    made = np.empty((len(planes), *at.x.shape), np.float32)
    for plane, out in zip(planes, made, strict=True):
        plane = np.ascontiguousarray(plane)
        bad = None if kind is Kind.LABEL else nonfinite(plane[None])
        if kind is Kind.LABEL or bad is not None:
            cv2.remap(plane, at.x, at.y, cv2.INTER_NEAREST, dst=out, borderMode=at.border)
        if kind is not Kind.LABEL:
            clean = plane if bad is None else fill(plane[None], bad)[0]
            smooth = _lanczos(clean, at, 0 if kind is Kind.ALPHA else _HEADROOM)
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


def filled(
    made: Pixels,
    at: Origin,
    track: dict[int, Motion],
    picture: Callable[[int], Pixels],
    kind: Kind = Kind.LIGHT,
) -> None:
    """Take what lies outside of the own frame from the nearest frames of the window that show it.

    made: (C, H, W), as seen from `at`, written to. track: where the own frame's places lie in the others, by
    offset; picture: their planes. Where frames meet they pass into each other over some pixels, and light is
    brought to the level of the own frame, plane by plane; labels are neither mixed nor levelled.
    """
    import cv2

    # The gate has its soft, dark edge in the picture: it is left out, as far as the picture is moved.
    outside = at.lacking(at.x.shape[0] // _RIM)
    soft = 0 if kind is Kind.LABEL else _SOFT
    share = _softened(outside, soft) if soft else np.rint(outside)
    height, width = share.shape
    share[(at.x == np.arange(width)) & (at.y == np.arange(height)[:, None])] = 0
    wanted = share > 0
    if kind is Kind.LIGHT:
        wanted = cv2.dilate(wanted.astype(np.uint8), np.ones((2 * _SEAM + 1, 2 * _SEAM + 1), np.uint8)) > 0
    rows, columns = np.nonzero(wanted)
    share, own = share[rows, columns], made[:, rows, columns]
    known = outside[rows, columns] == 0
    middle = complex(at.aspect * (width - 1) / 2, (height - 1) / 2)
    place = at.aspect * at.x[rows, columns] + 1j * at.y[rows, columns] - middle
    taken, mean = np.zeros_like(share), np.zeros_like(own)
    for offset in sorted(track.keys() - {0}, key=lambda o: (abs(o), o)):
        there = track[offset](place) + middle
        x, y = (there.real / at.aspect).astype(np.float32), there.imag.astype(np.float32)
        depth = np.min([x, width - 1 - x, y, height - 1 - y], axis=0)
        wanting = np.where(share > 0, 1 - taken, 0)
        if not ((depth >= 0) & (wanting > 0)).any():
            continue
        seen = resampled(picture(offset), _in_rows(x, y, at.border), kind).reshape(len(made), -1)[:, : len(x)]
        whole = np.isfinite(seen).all(axis=0)
        seen[:, ~whole] = 0
        shown = whole & (depth >= 0)
        if kind is Kind.LIGHT:
            seen *= _levels(own[:, shown & known], seen[:, shown & known])[:, None]
        weight = wanting * np.where(shown, np.clip((depth + 1) / (soft + 1), 0, 1), 0)
        taken += weight
        rate = np.divide(weight, taken, out=np.zeros_like(weight), where=taken > 0)
        mean += np.where(shown, rate * (seen - mean), 0)
    # NaN and inf are no light to pass into: they stay, or go as a whole.
    mixed = (share < 1) & np.isfinite(own)
    given = np.where(mixed, own, mean)
    values = np.where(mixed | (share == 1), given + share * (mean - given), own)
    made[:, rows, columns] = np.where(taken > 0, values, own)


def _softened(outside: Pixels, reach: int) -> Pixels:
    """`outside` with a slope of `reach` pixels around."""
    import cv2

    share, square = outside.copy(), np.ones((3, 3), np.uint8)
    for _ in range(reach):
        cv2.max(share, cv2.dilate(share, square) - np.float32(1 / (reach + 1)), dst=share)
    return share


def _levels(own: Pixels, other: Pixels) -> Pixels:
    """How many times each plane of `other`, (C, N), is to be brighter to be as bright as `own`; (C,).

    The median of the brighter half, which noise tells least about; within `_LEVEL`, and 1 where it is dark.
    """
    levels = np.ones(len(own), np.float32)
    for k, (a, b) in enumerate(zip(own, other, strict=True)):
        lit = np.isfinite(a) & (a > 0) & (b > 0)
        if lit.sum() >= _ENOUGH:
            a, b = a[lit], b[lit]
            bright = a + b >= np.median(a + b)
            levels[k] = np.clip(np.median(a[bright] / b[bright]), 1 / _LEVEL, _LEVEL)
    return levels


def _in_rows(x: Pixels, y: Pixels, border: int) -> Origin:
    """Scattered places as a picture of limited width, the last one repeated."""
    short = -len(x) % _ROW
    x, y = (np.pad(v, (0, short), "edge").reshape(-1, _ROW) for v in (x, y))
    return Origin(x, y, border)


def zoom_to_fill(size: tuple[int, int], motion: Motion, aspect: float = 1.0) -> float:
    """How many times a picture of `size` (H, W) is to be enlarged, so that no pixel lies outside of it.

    aspect: how many times as wide as high a pixel is.
    """
    back = motion.inverse
    reach = complex(aspect * (size[1] - 1) / 2, (size[0] - 1) / 2)
    corners = [back.turn * corner for corner in (reach, reach.conjugate())]
    across = max(abs(c.real) for c in corners) / max(reach.real - abs(back.shift.real), 0.5)
    down = max(abs(c.imag) for c in corners) / max(reach.imag - abs(back.shift.imag), 0.5)
    return max(1.0, across, down)


def zoomed(motion: Motion, zooms: Mapping[int, float], reach: int, limit: float) -> Motion:
    """The motion and then an enlargement about the middle that swells and fades slowly.

    zooms: what each frame around needs by itself, by offset.
    """
    near = (1 + (zoom - 1) * (1 - abs(o) / (reach + 1)) for o, zoom in zooms.items())
    return Motion(min(limit, max(near))).after(motion)
