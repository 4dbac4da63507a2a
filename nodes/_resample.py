"""One resampling: where each pixel of the result comes from, and what stands where nothing does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from interneg.frame import Pixels
from interneg.nodes._weave import Motion
from interneg.nonfinite import fill, nonfinite

# OpenCV is imported where it is used: what only lists nodes never loads it.

_HEADROOM = 0.25
_ROW = 1024


@dataclass(frozen=True, eq=False)
class Origin:
    """Where in a picture each pixel of the result comes from.

    x, y: (H, W) float32, pixel centres at whole numbers. border: OpenCV's rule for what lies outside.
    """

    x: Pixels
    y: Pixels
    border: int

    @property
    def outside(self) -> Pixels:
        """(H, W) float32, how much of each pixel comes from outside the picture, 0..1."""
        height, width = self.x.shape
        beyond = [-self.x, self.x - (width - 1), -self.y, self.y - (height - 1)]
        return np.asarray(np.clip(np.max(beyond, axis=0), 0, 1), np.float32)


def origin(
    size: tuple[int, ...], motion: Motion, bend: Pixels | None, amount: float | Pixels, mirror: bool = False
) -> Origin:
    """The origin of each pixel of a picture of `size` (H, W) that `motion` moves.

    bend: (h, w, 2) float32 of any size, by how many pixels what lies there is moved before. amount: how much
    of the way is gone, (H, W) or one number. mirror: the picture is mirrored beyond its edges, else its edge
    repeats.
    """
    import cv2

    height, width = size
    back = motion.inverse
    x = (np.arange(width, dtype=np.float64) - (width - 1) / 2)[None]
    y = (np.arange(height, dtype=np.float64) - (height - 1) / 2)[:, None]
    # The way to go, and not the place, so that no way is exactly none.
    turn = back.turn - 1
    dx = (turn.real * x + (back.shift.real - turn.imag * y)).astype(np.float32)
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
    return Origin(column + dx * np.float32(amount), row + dy * np.float32(amount), border)


def resampled(planes: Pixels, at: Origin) -> Pixels:
    """(C, H, W) planes of light as seen from `at`, by an 8-tap Lanczos kernel.

    It may ring by a quarter of the light of the pixels around, and no more: beside a highlight of 100 it
    would go far below 0. Where a pixel comes from its own place it is left as it is.
    """
    import cv2

    made = np.empty((len(planes), *at.x.shape), np.float32)
    square = np.ones((3, 3), np.uint8)
    for plane, out in zip(planes, made, strict=True):
        plane = np.ascontiguousarray(plane)
        cv2.remap(plane, at.x, at.y, cv2.INTER_LANCZOS4, dst=out, borderMode=at.border)
        high, low = cv2.dilate(plane, square), cv2.erode(plane, square)
        span = high - low
        high += np.float32(_HEADROOM) * np.minimum(span, np.abs(high))
        low -= np.float32(_HEADROOM) * np.minimum(span, np.abs(low))
        cv2.min(out, cv2.remap(high, at.x, at.y, cv2.INTER_NEAREST, borderMode=at.border), dst=out)
        cv2.max(out, cv2.remap(low, at.x, at.y, cv2.INTER_NEAREST, borderMode=at.border), dst=out)
    return made


def carried(planes: Pixels, at: Origin, label: bool) -> Pixels:
    """(C, H, W) planes of alpha or AOVs as seen from `at`.

    label: whether they hold identifiers or depth, which keep their values; all else is interpolated linearly,
    which never leaves the range of the neighbours. NaN and inf stay in their pixel.
    """
    import cv2

    made = np.empty((len(planes), *at.x.shape), np.float32)
    for plane, out in zip(planes, made, strict=True):
        plane = np.ascontiguousarray(plane)
        cv2.remap(plane, at.x, at.y, cv2.INTER_NEAREST, dst=out, borderMode=at.border)
        if not label:
            bad = nonfinite(plane[None])
            clean = plane if bad is None else fill(plane[None], bad)[0]
            smooth = cv2.remap(clean, at.x, at.y, cv2.INTER_LINEAR, borderMode=at.border)
            np.copyto(out, smooth, where=np.isfinite(out))
    return made


def filled(
    made: Pixels,
    at: Origin,
    missing: Pixels,
    track: dict[int, Motion],
    picture: Callable[[int], Pixels],
    sampled: Callable[[Pixels, Origin], Pixels],
) -> Pixels:
    """Take what lies outside of the own frame from the nearest frame of the window that shows it.

    made: (C, H, W), as seen from `at`; missing: how much of each pixel is. track: where the own frame's
    places lie in the others, by offset; picture: their planes; sampled: how they are looked at.
    """
    rows, columns = np.nonzero(missing)
    height, width = missing.shape
    middle = complex((width - 1) / 2, (height - 1) / 2)
    place = at.x[rows, columns] + 1j * at.y[rows, columns] - middle
    for offset in sorted(track.keys() - {0}, key=lambda o: (abs(o), o)):
        if not len(rows):
            break
        there = track[offset](place) + middle
        x, y = there.real.astype(np.float32), there.imag.astype(np.float32)
        shown = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
        if shown.any():
            here = np.s_[:, rows[shown], columns[shown]]
            share = missing[rows[shown], columns[shown]]
            values = sampled(picture(offset), _in_rows(x[shown], y[shown], at.border))
            made[here] += share * (values.reshape(len(made), -1)[:, : len(share)] - made[here])
        rows, columns, place = rows[~shown], columns[~shown], place[~shown]
    return made


def _in_rows(x: Pixels, y: Pixels, border: int) -> Origin:
    """Scattered places as a picture of limited width, the last one repeated."""
    short = -len(x) % _ROW
    x, y = (np.pad(v, (0, short), "edge").reshape(-1, _ROW) for v in (x, y))
    return Origin(x, y, border)


def zoom_to_fill(size: tuple[int, int], motion: Motion) -> float:
    """How many times a picture of `size` (H, W) is to be enlarged, so that no pixel lies outside of it."""
    back = motion.inverse
    reach = complex((size[1] - 1) / 2, (size[0] - 1) / 2)
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
