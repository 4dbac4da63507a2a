"""Context: what a network makes of what is around a hole, where no other frame shows the place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interneg.defects.blend import membrane
from interneg.defects.packing import Area, merged, packed
from interneg.engine import Engine
from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

FILLER = "scratch-inpaint-fill"
"""The model that fills holes."""

# The network is run on squares of one size, or halves of it, for which a runtime is prepared. Several windows
# fit into one.
# What is filled has so many pixels of its window around it, and these so many that are mirrored: farther away
# it hardly looks. It halves pictures three times: a window begins at a multiple of 8, to look alike anywhere.
_SQUARE, _MARGIN, _EDGE, _STEP = 256, 24, 8, 8
_AROUND = _MARGIN + _EDGE
# What lies deeper in a hole than the network sees well is filled at half the size first.
_DEEP, _SMALLEST = 32, 32
# There so much around it is looked at, in whole steps: however often it is halved, all looks as in the whole.
_FAR, _WHOLE = 8 * _DEEP, 16
# The range that the network was trained in; what is around a hole and lies beyond it is stretched into 0..1.
_RANGE = (-0.25, 1.6)
_NEUTRAL = 1e-6


def continued(picture: Pixels, hole: Mask, areas: Sequence[Area], engine: Engine) -> list[Pixels]:
    """Continue a picture into its holes, as far as they lie in some areas.

    picture: (H, W, C) float32, C being 3 or 1, in a perceptual encoding, finite, of any range. hole: (H, W);
    what the picture shows there counts for nothing. areas: each at most 160 pixels a side. Returns the
    picture in each area, (h, w, C), with its holes filled. Without colour around it stays without.
    """
    deep = _deep(hole, areas)
    if deep.any() and min(hole.shape) >= 2 * _SMALLEST:
        some = [a for a in areas if deep[a].any()]
        box = _box_of(some, hole.shape)
        within = [_moved(a, box) for a in some]
        coarse = _coarse(picture[box], hole[box], within, engine)
        picture, hole = picture.copy(order="K"), hole & ~deep
        np.copyto(picture[box], coarse, where=deep[box][..., None])
    windows = merged([a for a in areas if hole[a].any()], _AROUND, _SQUARE - 2 * _AROUND)
    wide = [_widened(a, _MARGIN, hole.shape) for a in windows]
    filled = list(_filled(picture, hole, wide, engine))
    shares = [np.outer(*map(_tent, f.shape[:2])) * hole[a] for a, f in zip(wide, filled, strict=True)]
    return [_joined(area, picture[area], wide, filled, shares) for area in areas]


def _joined(
    area: Area, picture: Pixels, windows: Sequence[Area], filled: Sequence[Pixels], shares: Sequence[Pixels]
) -> Pixels:
    """What windows that overlap show in an area, as they pass into each other, (h, w, C).

    picture: what it shows itself, where none has a share, (h, w, C). filled, shares: of each window.
    """
    sums, weights = np.zeros(picture.shape, np.float32), np.zeros((*picture.shape[:2], 1), np.float32)
    for window, there, share in zip(windows, filled, shares, strict=True):
        both = _overlap(area, window)
        if all(part.start < part.stop for part in both):
            mine, its = _moved(both, area), _moved(both, window)
            sums[mine] += share[its][..., None] * there[its]
            weights[mine] += share[its][..., None]
    return np.where(weights > 0, sums / np.where(weights > 0, weights, 1), picture)


def _box_of(areas: Sequence[Area], size: tuple[int, ...]) -> Area:
    """What holds some areas and what is looked at around them, in whole steps, as far as the picture goes."""
    rows, columns = (
        slice(
            max(0, min(a[k].start for a in areas) - _FAR) // _WHOLE * _WHOLE,
            min(n, -(-(max(a[k].stop for a in areas) + _FAR) // _WHOLE) * _WHOLE),
        )
        for k, n in enumerate(size)
    )
    return rows, columns


def _overlap(one: Area, other: Area) -> Area:
    """What two areas have in common."""
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return rows, columns


def _moved(area: Area, box: Area) -> Area:
    """Where an area lies in a box that holds it."""
    rows, columns = (slice(s.start - b.start, s.stop - b.start) for s, b in zip(area, box, strict=True))
    return rows, columns


def _deep(hole: Mask, areas: Sequence[Area]) -> Mask:
    """What of the areas lies deep in holes, (H, W)."""
    import cv2

    deep = np.zeros(hole.shape, np.bool_)
    for area in areas:
        wide = _widened(area, _DEEP + 1, hole.shape)
        depth = cv2.distanceTransform(np.uint8(hole[wide]), cv2.DIST_L2, cv2.DIST_MASK_3)
        deep[area] = depth[_moved(area, wide)] > _DEEP
    return deep


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
    for half, filled in zip(halves, continued(small, weight < 0.5, halves, engine), strict=True):
        small[half] = filled
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)).reshape(
        picture.shape
    )


def _widened(area: Area, by: int, size: tuple[int, ...]) -> Area:
    """The area with so many pixels more on each side, as far as the picture reaches."""
    rows, columns = (
        slice(max(0, s.start - by), min(n, s.stop + by)) for s, n in zip(area, size, strict=True)
    )
    return rows, columns


def _stepped(part: slice) -> int:
    """The length of a stretch with its mirrored edges, in whole steps."""
    return int(-(-(part.stop - part.start + 2 * _EDGE) // _STEP) * _STEP)


def _tent(length: int) -> Pixels:
    """What a window of that length counts towards its borders."""
    at = np.arange(1, length + 1)
    return np.asarray(np.minimum(np.minimum(at, at[::-1]) / _MARGIN, 1), np.float32)


def _filled(picture: Pixels, hole: Mask, windows: Sequence[Area], engine: Engine) -> list[Pixels]:
    """Windows of a picture with their holes filled, (h, w, C) each."""
    import cv2

    count, made = picture.shape[2], [np.empty(0, np.float32)] * len(windows)
    sizes = [(_stepped(rows), _stepped(columns)) for rows, columns in windows]
    for square in packed(sizes, _SQUARE):
        # One that is hardly filled is cut to half its height, the other size that a runtime is prepared for.
        half = all(y + sizes[number][0] <= _SQUARE // 2 for number, (y, _) in square.items())
        planes, looks = np.zeros((4, _SQUARE // 2 if half else _SQUARE, _SQUARE), np.float32), []
        for number, (y, x) in square.items():
            seen, gap = picture[windows[number]], hole[windows[number]]
            low, high = _limits(seen, gap)
            smooth = membrane((seen - low) / (high - low), ~gap)
            coloured = np.broadcast_to(smooth, (*gap.shape, 3)).transpose(2, 0, 1)
            for plane, values in zip(planes, (*coloured, gap.astype(np.float32)), strict=True):
                (height, width), (h, w) = sizes[number], gap.shape
                plane[y : y + height, x : x + width] = cv2.copyMakeBorder(
                    np.ascontiguousarray(values),
                    *(_EDGE, height - h - _EDGE, _EDGE, width - w - _EDGE),
                    cv2.BORDER_REFLECT,
                ).reshape(height, width)
            looks.append((number, y + _EDGE, x + _EDGE, smooth, gap, low, high))
        correction = engine.run(planes, border=0)
        for number, y, x, smooth, gap, low, high in looks:
            added = correction[:, y : y + gap.shape[0], x : x + gap.shape[1]].transpose(1, 2, 0)
            known = smooth[~gap]
            if count == 1 or (np.ptp(known, axis=1) < _NEUTRAL).all():
                added = added.mean(axis=2, keepdims=True)
            made[number] = np.asarray(low + (high - low) * (smooth + added), np.float32)
    return made


def _limits(seen: Pixels, gap: Mask) -> tuple[np.float32, np.float32]:
    """What is taken for black and for white around a hole: 0 and 1, or else its own limits."""
    known = seen[~gap]
    if not known.size or (known.min() >= _RANGE[0] and known.max() <= _RANGE[1]):
        return np.float32(0), np.float32(1)
    low, high = np.float32(known.min()), np.float32(known.max())
    return low, max(high, low + np.float32(_NEUTRAL))
