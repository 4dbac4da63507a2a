"""Context: what a network makes of what is around a hole, where no other frame shows the place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from interneg.defects.blend import membrane
from interneg.engine import Engine
from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Area = tuple[slice, slice]
Corner = tuple[int, int]

FILLER = "scratch-inpaint-fill"
"""The model that fills holes."""

# The network looks at windows of one size, of which several make one picture: a runtime prepares few shapes,
# and an engine adds its border once. What is filled has at least so many pixels of its window around it.
_WINDOW, _GRID, _MARGIN = 128, 3, 32
# So few windows run faster one by one.
_FEW = 2
# What lies deeper in a hole than the network sees well is filled at half the size first.
_DEEP, _SMALLEST = 32, 32
# The range that the network was trained in; what is around a hole and lies beyond it is stretched into 0..1.
_RANGE = (-0.25, 1.6)
_NEUTRAL = 1e-6
# What a window counts towards its borders.
_TENT = np.minimum(np.minimum(np.arange(1, _WINDOW + 1), np.arange(_WINDOW, 0, -1)) / _MARGIN, 1)
_TENT = _TENT.astype(np.float32)


def continued(picture: Pixels, hole: Mask, areas: Sequence[Area], engine: Engine) -> Pixels:
    """Continue a picture into its holes, as far as they lie in some areas.

    picture: (H, W, C) float32, C being 3 or 1, in a perceptual encoding, finite, of any range. hole: (H, W);
    what the picture shows there counts for nothing. areas: each at most 64 pixels a side. Returns the
    picture, (H, W, C), with the holes in the areas filled. Without colour around it stays without.
    """
    import cv2

    deep, made = np.zeros(hole.shape, np.bool_), picture.copy(order="K")
    for area in areas:
        wide = tuple(slice(max(0, s.start - _DEEP - 1), s.stop + _DEEP + 1) for s in area)
        depth = cv2.distanceTransform(np.uint8(hole[wide]), cv2.DIST_L2, cv2.DIST_MASK_3)
        deep[area] = (
            depth[tuple(slice(s.start - w.start, s.stop - w.start) for s, w in zip(area, wide, strict=True))]
            > _DEEP
        )
    if deep.any() and min(hole.shape) >= 2 * _SMALLEST:
        made[deep] = _coarse(picture, hole, [a for a in areas if deep[a].any()], engine)[deep]
        hole = hole & ~deep
    windows = _windows(hole, [a for a in areas if hole[a].any()])
    sums, weights = np.zeros(made.shape, np.float32), np.zeros(hole.shape, np.float32)
    for corners, size in _runs(windows):
        for area, filled in _filled(made, hole, corners, size, engine):
            # Windows that overlap pass into each other.
            down, across = (_TENT[:n] for n in filled.shape[:2])
            tent = np.outer(down, across) * hole[area]
            sums[area] += tent[..., None] * filled
            weights[area] += tent
    done = weights > 0
    made[done] = sums[done] / weights[done][:, None]
    return made


def _coarse(picture: Pixels, hole: Mask, areas: Sequence[Area], engine: Engine) -> Pixels:
    """The picture filled at half the size, brought to its own again."""
    import cv2

    height, width = hole.shape
    size = ((width + 1) // 2, (height + 1) // 2)
    known = (~hole).astype(np.float32)
    weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(picture * known[..., None], size, interpolation=cv2.INTER_AREA)
    small = small.reshape(size[1], size[0], -1) / np.maximum(weight, np.float32(_NEUTRAL))[..., None]
    halves = [np.s_[r.start // 2 : (r.stop + 1) // 2, c.start // 2 : (c.stop + 1) // 2] for r, c in areas]
    filled = continued(small, weight < 0.5, halves, engine)
    return np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)).reshape(
        picture.shape
    )


def _windows(hole: Mask, areas: Sequence[Area]) -> list[Corner]:
    """The top left corners of windows that show each area with enough around it."""
    height, width = hole.shape
    corners: list[Corner] = []
    for rows, columns in areas:
        if any(_inside(rows, y, height) and _inside(columns, x, width) for y, x in corners):
            continue
        y, x = (
            int(np.clip((s.start + s.stop - _WINDOW) // 2, 0, max(0, length - _WINDOW)))
            for s, length in ((rows, height), (columns, width))
        )
        corners.append((y, x))
    return corners


def _runs(windows: list[Corner]) -> Iterator[tuple[list[Corner], int]]:
    """The windows of each run of the network, and how many stand side by side in its picture."""
    for first in range(0, len(windows), _GRID**2):
        part = windows[first : first + _GRID**2]
        if len(part) > _FEW:
            yield part, _GRID
        else:
            yield from (([corner], 1) for corner in part)


def _inside(part: slice, start: int, length: int) -> bool:
    """Whether a stretch lies in a window with enough around it, as far as the picture reaches."""
    low = max(0, part.start - _MARGIN) >= start
    return bool(low and min(length, part.stop + _MARGIN) <= start + _WINDOW)


def _filled(
    picture: Pixels, hole: Mask, corners: Sequence[Corner], size: int, engine: Engine
) -> Iterator[tuple[Area, Pixels]]:
    """Some windows of a picture, and each with its holes filled, (h, w, C)."""
    count = picture.shape[2]
    planes = np.zeros((4, size * _WINDOW, size * _WINDOW), np.float32)
    looks = []
    for k, (y, x) in enumerate(corners):
        area = np.s_[y : y + _WINDOW, x : x + _WINDOW]
        seen, gap = picture[area], hole[area]
        low, high = _limits(seen, gap)
        smooth = membrane((seen - low) / (high - low), ~gap)
        place = np.s_[k // size * _WINDOW :, k % size * _WINDOW :]
        pad = [(0, _WINDOW - n) for n in gap.shape]
        planes[:3][(slice(None), *place)][:, :_WINDOW, :_WINDOW] = np.pad(
            np.broadcast_to(smooth, (*gap.shape, 3)), (*pad, (0, 0)), "symmetric"
        ).transpose(2, 0, 1)
        planes[3][place][:_WINDOW, :_WINDOW] = np.pad(gap, pad, "symmetric")
        looks.append((area, place, smooth, gap, low, high))
    correction = engine.run(planes)
    for area, place, smooth, gap, low, high in looks:
        added = correction[(slice(None), *place)][:, : gap.shape[0], : gap.shape[1]].transpose(1, 2, 0)
        known = smooth[~gap]
        if count == 1 or (np.ptp(known, axis=1) < _NEUTRAL).all():
            added = added.mean(axis=2, keepdims=True)
        yield area, np.asarray(low + (high - low) * (smooth + added), np.float32)


def _limits(seen: Pixels, gap: Mask) -> tuple[np.float32, np.float32]:
    """What is taken for black and for white around a hole: 0 and 1, or else its own limits."""
    known = seen[~gap]
    if not known.size or (known.min() >= _RANGE[0] and known.max() <= _RANGE[1]):
        return np.float32(0), np.float32(1)
    low, high = np.float32(known.min()), np.float32(known.max())
    return low, max(high, low + np.float32(_NEUTRAL))
