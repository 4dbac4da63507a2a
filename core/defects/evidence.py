"""How unlike its neighbours in time a frame is, pixel by pixel, along the motion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import combinations

import numpy as np

from interneg.colour import WorkingSpace
from interneg.defects.enlarged import Enlarged
from interneg.frame import Pixels
from interneg.motion.flow import flow
from interneg.motion.weave import level_of
from interneg.node import View
from interneg.spare import Spare

# OpenCV is imported where it is used: what only lists nodes never loads it.

REACH = 2
"""How many frames before and after are looked at."""

# A little blur against grain, and how far the light around is compared, in pixels.
_GRAIN, _AROUND = 0.7, 41
# What differs by more than this is no flicker.
_FLICKER = np.float32(0.08)
# What the frames around differ by is looked at so far away, in pixels, a pixel counting as this at most; for
# the whole frame one of so many in each direction.
_WIDE, _LOUD, _EVERY = 63, np.float32(0.08), 4
# A frame whose difference from its neighbours is this share of theirs from each other is like most. It is at
# most so much odder; a difference below the floor tells nothing.
_USUAL, _ODDEST, _FLOOR = 0.6, 1.7, 1 / 255
# How much of what the frames before and after differ by among each other is taken off.
_DISAGREED = np.float32(0.7)
# So many rows are compared at a time.
_BAND = 32


@dataclass(frozen=True, eq=False)
class Neighbour:
    """Another frame, seen from the window's own.

    offset: of the frame. field: (H, W, 2), where its own pixels lie there, in pixels. confidence: (H, W),
    0..1, of the field. luma: (H, W) float32, LOG_Y, at these places, in the light of the own frame.
    """

    offset: int
    field: Enlarged
    confidence: Enlarged
    luma: Pixels

    def shows_all(self, box: tuple[slice, slice]) -> bool:
        """Whether all of a box lies within this frame for sure: its edges are farther away than it may be."""
        far = self.field.farthest + 1
        return all(s.start >= far and s.stop + far <= n for s, n in zip(box, self.luma.shape, strict=True))

    def shows(self, box: tuple[slice, slice]) -> bool:
        """Whether most of a box of the window's own frame lies within this frame."""
        if self.shows_all(box):
            return True
        height, width = self.luma.shape
        rows, columns = (np.arange(s.start, s.stop) for s in box)
        field = self.field[box]
        x, y = field[..., 0] + columns, field[..., 1] + rows[:, None]
        within = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
        return bool(within.mean() > 0.5)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for damage of one frame in the window's own frame.

    bright, dark: (H, W) float32 in units of LOG_Y, how much brighter or darker the pixel is than all that the
    frames before and after show at its place or beside it, less what these differ by; below 0 where it is
    not. unlike: (H, W) float32, what the frame differs by from the more alike of them on average, far around.
    odd: how much more the whole frame differs from them than they do from each other, 1 being usual.
    luma: (H, W) float32, the own frame's, a little blurred. neighbours: nearest first; they may lie on one
    side only, at an end of a shot.
    """

    bright: Pixels
    dark: Pixels
    unlike: Pixels
    odd: float
    luma: Pixels
    neighbours: tuple[Neighbour, ...]

    @cached_property
    def usual(self) -> Pixels:
        """The median of the frames around, along the motion, and the own one, (H, W) float32; see `usual`."""
        return usual([n.luma for n in self.neighbours] + [self.luma])

    @property
    def nearest(self) -> tuple[Neighbour, ...]:
        """The nearest frame before and the nearest after, or the one there is."""
        return nearest(self.neighbours)


def nearest(around: tuple[Neighbour, ...]) -> tuple[Neighbour, ...]:
    """The nearest of the neighbours on each side."""
    sides = ([n for n in around if n.offset * side > 0][:1] for side in (-1, 1))
    return tuple(n for side in sides for n in side)


def offsets(view: View) -> tuple[int, ...]:
    """The offsets of the frames around, within `REACH`, nearest first, each content once."""
    frames, centre = view.window.frames, view.window.centre
    seen, found = {frames[centre].digest}, []
    for offset in sorted(range(-centre, len(frames) - centre), key=lambda o: (abs(o), o)):
        digest = frames[centre + offset].digest
        if abs(offset) <= REACH and digest not in seen:
            seen.add(digest)
            found.append(offset)
    return tuple(found)


def luma_of(view: View, offset: int) -> Pixels:
    """The luma of the frame at `offset`, (H, W) float32 in LOG_Y, a little blurred; once per frame."""

    def blurred() -> Pixels:
        import cv2

        plane = view.planes(offset, WorkingSpace.LOG_Y)[0]
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), _GRAIN), np.float32).reshape(plane.shape)

    made: Pixels = view.measure("defects luma 1", blurred, offset)
    return made


def neighbours(view: View) -> tuple[Neighbour, ...]:
    """The frames around, brought onto the window's own by their flow, nearest first.

    Raises InputError where frames differ in size.
    """
    return tuple(_neighbour(view, offset) for offset in offsets(view))


def evidence(view: View, around: tuple[Neighbour, ...]) -> Evidence | None:
    """Compare the window's own frame with those around; None where there are none: a shot of one frame.

    A spike is what is unlike both neighbours while these agree (the spike detection index of Kokaram, Motion
    Picture Restoration, 1998), beyond the values that neighbours have around the place, so that a flow a
    pixel off makes none (the rank order detector of Nadenau and Mitra, 1997). A neighbour that is damaged
    itself agrees with none; then those two frames away decide whether there is agreement.
    """
    if not around:
        return None
    luma = luma_of(view, 0)
    bright, dark = np.empty_like(luma), np.empty_like(luma)
    close = [n.offset for n in nearest(around)]
    for rows in _bands(len(luma)):
        own, ranges = luma[rows], {n.offset: _range(n.luma, rows) for n in around}
        apart = _DISAGREED * _apart(ranges)
        highest, lowest = (
            reduce(f, (ranges[o][k] for o in close)) for k, f in ((1, np.maximum), (0, np.minimum))
        )
        np.subtract(own - highest, apart, out=bright[rows])
        np.subtract(lowest - own, apart, out=dark[rows])
    return Evidence(bright, dark, *_unlike(luma, nearest(around)), luma, around)


def usual(planes: Sequence[Pixels]) -> Pixels:
    """The median of planes (H, W) at each pixel, of an even number of them the upper one; float32."""
    import cv2

    made = np.empty_like(planes[0])
    for band in _bands(len(made)):
        rows = [p[band] for p in planes]
        for turn in range(len(rows)):  # odd-even transposition sort
            for k in range(turn % 2, len(rows) - 1, 2):
                rows[k : k + 2] = cv2.min(*rows[k : k + 2]), cv2.max(*rows[k : k + 2])
        made[band] = rows[len(rows) // 2]
    return made


def _unlike(luma: Pixels, around: tuple[Neighbour, ...]) -> tuple[Pixels, float]:
    """What the frame differs by from the more alike neighbour, (H, W), and how odd that makes it, 1 as usual.

    Half of what moves is uncovered on either side, so that an ordinary frame is nearer to both neighbours
    than they are to each other. One that is blurred, veiled or shaken is not.
    """
    import cv2

    apart = np.empty_like(luma)
    for rows in _bands(len(luma)):
        apart[rows] = reduce(np.minimum, (np.abs(luma[rows] - n.luma[rows]) for n in around))
    loud = cv2.blur(np.minimum(apart, _LOUD), (_WIDE, _WIDE), borderType=cv2.BORDER_REFLECT)
    odd = 1.0
    if len(around) > 1:
        thin = np.s_[::_EVERY, ::_EVERY]
        both = np.abs(around[0].luma[thin] - around[1].luma[thin])
        own, theirs = (float(np.quantile(p, 0.75)) for p in (apart[thin], both))
        odd = min(max(own - _FLOOR, 0.0) / (_USUAL * max(theirs, _FLOOR)), _ODDEST)
    return np.asarray(loud, np.float32).reshape(luma.shape), odd


def _apart(ranges: dict[int, tuple[Pixels, Pixels]]) -> Pixels:
    """How far frames before and after are apart, or else those on the one side: the best pair counts."""
    pairs = [(a, b) for a in ranges for b in ranges if a < 0 < b] or list(combinations(ranges, 2))
    gaps = [np.maximum(ranges[a][0] - ranges[b][1], ranges[b][0] - ranges[a][1]) for a, b in pairs]
    return np.maximum(reduce(np.minimum, gaps), 0) if gaps else np.zeros_like(next(iter(ranges.values()))[0])


def _bands(height: int) -> Iterator[slice]:
    """Rows of a picture, few at a time: what is computed of them stays in the processor's cache."""
    return (slice(top, min(top + _BAND, height)) for top in range(0, height, _BAND))


def _range(luma: Pixels, rows: slice) -> tuple[Pixels, Pixels]:
    """The lowest and the highest value at each pixel of some rows and the four beside it."""
    import cv2

    first = max(0, rows.start - 1)
    wide, inside = luma[first : rows.stop + 1], np.s_[rows.start - first : rows.stop - first]
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    low, high = (f(wide, cross).reshape(wide.shape)[inside] for f in (cv2.erode, cv2.dilate))
    return low, high


_FIELDS = Spare()


def _neighbour(view: View, offset: int) -> Neighbour:
    def brought() -> Neighbour:
        import cv2

        own, other = luma_of(view, 0), luma_of(view, offset)
        height, width = own.shape
        motion = flow(view, 0, offset, level_of(own.shape))
        field, confidence = (Enlarged(p, (height, width)) for p in (motion.field, motion.confidence))
        with _FIELDS.lent((2, height, width)) as places:
            x, y = (Enlarged(motion.field[..., k], own.shape).whole(p) for k, p in enumerate(places))
            x += np.arange(width, dtype=np.float32)
            y += np.arange(height, dtype=np.float32)[:, None]
            luma = cv2.remap(other, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        luma = luma.reshape(own.shape)
        change = own - luma
        np.clip(change, -_FLICKER, _FLICKER, out=change)
        luma += cv2.blur(change, (_AROUND, _AROUND), borderType=cv2.BORDER_REFLECT).reshape(own.shape)
        return Neighbour(offset, field, confidence, luma)

    made: Neighbour = view.measure(f"defects neighbour 2 {offset}", brought, 0, offset)
    return made
