"""What stands where a moved picture ends: what other frames show there, or an enlargement that hides it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from interneg.frame import Pixels
from interneg.motion.resample import Origin, PlaneKind, resampled
from interneg.motion.similarity import Motion

# OpenCV is imported where it is used: what only lists nodes never loads it.

# Pixels over which frames pass into each other, and beside what is missing that tell the level.
_SOFT, _SEAM = 12, 16
# The soft edge of the gate may be as wide as this part of the height.
_RIM = 40
# How many times brighter or darker another frame is made at most, and from how many pixels that is told.
_LEVEL, _ENOUGH = 2.0, 64
# Scattered places are looked up in rows of so many: OpenCV's limit is 32767 columns.
_ROW = 1024


def filled(
    made: Pixels,
    at: Origin,
    track: Mapping[int, Motion],
    picture: Callable[[int], Pixels],
    kind: PlaneKind = PlaneKind.LIGHT,
) -> None:
    """Take what lies outside of the own frame from the nearest frames of the window that show it.

    made: (C, H, W) float32, as seen from `at`, written to; light is linear or an encoding near 0 at black.
    track: where the own frame's places lie in the others, by offset; picture: their planes. Where frames meet
    they pass into each other over some pixels, and light is brought to the level of the own frame, plane by
    plane; labels are neither mixed nor levelled. NaN and inf of the own frame stay in their pixels, those of
    the others are not taken.
    """
    import cv2

    # The gate has its soft, dark edge in the picture: it is left out, as far as the picture is moved.
    outside = at.lacking(at.x.shape[0] // _RIM)
    soft = 0 if kind is PlaneKind.LABEL else _SOFT
    share = _softened(outside, soft) if soft else np.rint(outside)
    height, width = share.shape
    share[(at.x == np.arange(width)) & (at.y == np.arange(height)[:, None])] = 0
    wanted = share > 0
    if kind is PlaneKind.LIGHT:
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
        if kind is PlaneKind.LIGHT:
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

    motion: what moves it, in square pixels; where that moves the middle out of the picture, no enlargement is
    enough. aspect: how many times as wide as high a pixel is. Returns 1 or more.
    """
    back = motion.inverse
    reach = complex(aspect * (size[1] - 1) / 2, (size[0] - 1) / 2)
    corners = [back.turn * corner for corner in (reach, reach.conjugate())]
    across = max(abs(c.real) for c in corners) / max(reach.real - abs(back.shift.real), 0.5)
    down = max(abs(c.imag) for c in corners) / max(reach.imag - abs(back.shift.imag), 0.5)
    return max(1.0, across, down)


def cropped(
    size: tuple[int, int],
    motion: Motion,
    around: Mapping[int, Motion],
    reach: int,
    limit: float,
    aspect: float = 1.0,
) -> Motion:
    """The motion and then an enlargement that no frame around needs more of, which swells and fades slowly.

    size: of the picture (H, W). around: what each frame is moved by, by offset within `reach`. limit: the
    most it is enlarged. aspect: how many times as wide as high a pixel is.
    """
    return zoomed(motion, {o: zoom_to_fill(size, m, aspect) for o, m in around.items()}, reach, limit)


def zoomed(motion: Motion, zooms: Mapping[int, float], reach: int, limit: float) -> Motion:
    """The motion and then an enlargement about the middle that swells and fades slowly.

    zooms: what each frame around needs by itself, by offset, within `reach`. limit: the most it is enlarged.
    """
    near = (1 + (zoom - 1) * (1 - abs(o) / (reach + 1)) for o, zoom in zooms.items())
    return Motion(min(limit, max(near))).after(motion)
