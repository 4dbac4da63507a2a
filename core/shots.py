"""Shots: the frames between two cuts, so that no window ever mixes two of them.

Whether a cut lies between two frames is decided from the four frames before and the four after it alone, so
a range rendered in pieces sees the same cuts as one long run.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Container, Sequence
from itertools import pairwise

import numpy as np

from interneg.cut_list import parse_cuts
from interneg.frame import Frame, Pixels
from interneg.memo import Memo

# OpenCV is imported where it is used: what only lists nodes never loads it.

__all__ = ["LOOK", "Shots", "parse_cuts"]

LOOK = 3
"""How many frames beyond the two at a boundary are looked at: a flash of up to so many frames is no cut."""

_REMEMBERED = 256
_SIZE = (64, 36)
_BLUR, _DETAIL = 1.5, 6.0
# Of thumbs: how far a picture may move to the sides, half as far up and down.
_MOVE = 12
# Unrelated pictures match better in one of 200 cases, and in one of 500.
_LIKE, _LIKE_APART = 0.7, 0.8
_PLAIN_LIKE = 0.45
_FLAT = 0.02
_FADED = 0.8


class Shots:
    """Finds the shot around a frame.

    numbers: the frames of the clip, in order. frame: gives one of them. cuts: where known, the first frame
    number of each shot, in place of detection; where that frame is not in the clip, the next one is. known:
    the frames that `cuts` tells of, where it does not of all.
    """

    def __init__(
        self,
        numbers: Sequence[int],
        frame: Callable[[int], Frame],
        measurements: Memo,
        cuts: Collection[int] | None = None,
        known: Container[int] | None = None,
    ) -> None:
        self._numbers = numbers
        self._frame = frame
        self._measurements = measurements
        self._cuts = None if cuts is None else sorted(cuts)
        self._known = known
        self._starts = Memo(_REMEMBERED)

    def starts(self, index: int) -> bool:
        """Whether a shot starts at the frame with this index (the first frame of a clip starts one)."""
        if index == 0:
            return True
        if self._cuts is not None and (self._known is None or self._numbers[index] in self._known):
            before, here = (bisect_right(self._cuts, self._numbers[i]) for i in (index - 1, index))
            return before < here
        return bool(self._starts.get(index, lambda: self._unlike(index)))

    def window(self, index: int, before: int, after: int) -> list[int]:
        """The indices of the frames around `index`, cut at its shot; the end frame repeats beyond a cut."""
        first = index
        while first > 0 and index - first < before and not self.starts(first):
            first -= 1
        last = index
        while last + 1 < len(self._numbers) and last - index < after and not self.starts(last + 1):
            last += 1
        return [min(max(i, first), last) for i in range(index - before, index + after + 1)]

    def _unlike(self, index: int) -> bool:
        """Whether every frame just before `index` is unlike every frame from it on.

        One like pair across the boundary (the frame before a flash and the one after it) is one shot, if what
        is between them is all alike, or if one of them goes on beyond them: where each frame is another
        picture, some come back. Of so many pairs of unrelated frames some match by chance, so those that are
        apart have to match better.
        """
        before = [self._thumb(i) for i in range(max(0, index - LOOK - 1), index)]
        after = [self._thumb(i) for i in range(index, min(len(self._numbers), index + LOOK + 1))]
        faint = _FADED * max(map(_contrast, before)), _FADED * max(map(_contrast, after))
        if _alike(before[-1], after[0], faint, _LIKE):
            return False
        return not any(
            _alike(a, b, faint, _LIKE_APART)
            and (
                _one(before[k + 1 :] + after[:j], faint)
                or (k > 0 and _alike(before[k - 1], a, faint, _LIKE))
                or (j + 1 < len(after) and _alike(b, after[j + 1], faint, _LIKE))
            )
            for k, a in enumerate(before)
            for j, b in enumerate(after)
        )

    def _thumb(self, index: int) -> Pixels:
        frame = self._frame(self._numbers[index])
        thumb: Pixels = self._measurements.get(("thumb", frame.digest), lambda: _thumb(frame))
        return thumb


def _thumb(frame: Frame) -> Pixels:
    """A small luma picture, logarithmic above 1 so that highlights do not rule, blurred against motion."""
    import cv2

    planes = frame.pixels[list(frame.colour_channels)] if frame.colour_channels else frame.pixels[:1]
    luma = np.nan_to_num(planes.mean(axis=0), nan=0.0, posinf=0.0, neginf=0.0)
    small = cv2.resize(np.sign(luma) * np.log1p(8 * np.abs(luma)), _SIZE, interpolation=cv2.INTER_AREA)
    thumb: Pixels = cv2.GaussianBlur(small, (0, 0), _BLUR)
    return thumb


def _alike(a: Pixels, b: Pixels, faint: tuple[float, float], like: float) -> bool:
    """Whether two thumbs show the same shot: their detail matches, whatever its gain, moved or not.

    faint: the contrast below which each is fainter than its neighbours. like: from which correlation on.
    A thumb without detail is compared as a whole. A flat one (black, white, fog) has nothing to compare: it
    is like another flat one, and like one fainter than its neighbours, as a fade leaves it; not like a full
    picture.
    """
    import cv2

    ca, cb = _contrast(a), _contrast(b)
    if ca < _FLAT or cb < _FLAT:
        return (ca < _FLAT or ca < faint[0]) and (cb < _FLAT or cb < faint[1])
    fine_a, fine_b = (t - cv2.GaussianBlur(t, (0, 0), _DETAIL) for t in (a, b))
    if min(_contrast(fine_a), _contrast(fine_b)) < _FLAT / 2:
        correlation = float(((a - a.mean()) * (b - b.mean())).mean()) / (ca * cb)
        return correlation > _PLAIN_LIKE
    inner = fine_a[_MOVE // 2 : -_MOVE // 2, _MOVE:-_MOVE]
    return float(cv2.matchTemplate(fine_b, inner, cv2.TM_CCOEFF_NORMED).max()) > like


def _one(thumbs: Sequence[Pixels], faint: tuple[float, float]) -> bool:
    """Whether thumbs in a row each show what the one before shows."""
    return all(_alike(a, b, faint, _LIKE) for a, b in pairwise(thumbs))


def _contrast(thumb: Pixels) -> float:
    return float(thumb.std())
