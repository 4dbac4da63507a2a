"""Dense motion between two frames of a window, measured on luma, once per pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from interneg.colour import WorkingSpace
from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

_SMALLEST = 16
_RANGE = (-0.5, 1.6)
_GRAIN = 0.7
_AROUND = 257
_FLOOR = 0.03
_CODES = 48
_AROUND_HOLES = 6.0
_NONE = np.float32(1e-6)
# From this share of the picture's sides on, and so many pixels, the search loses what moves, unless it begins
# there; and the size at which the motion of all of the picture is looked for.
_FAR, _LEAST, _COARSE = 0.1, 16, 256


Bytes = npt.NDArray[np.uint8]
Pair = tuple[Pixels, Pixels]


class Looked(NamedTuple):
    """The frames of a window as motion is looked for in them: with their noise removed, say.

    name: says what was done to them, and every setting that it depends on.
    planes: those of the frame at an offset, luma first, (C, H, W) float32, finite, in LOG_Y.
    """

    name: str
    planes: Callable[[int], Pixels]


@dataclass(frozen=True, eq=False)
class Flow:
    """Where the pixels of one frame lie in another.

    field: (H, W, 2) float32, x and y displacement from the first frame to the second, in full-size pixels;
        where it is not confident, that of around.
    confidence: (H, W) float32, 0..1; 0 where the pixel is covered in the second frame or lies outside it.
    level: H and W are those of the picture over 2**level, rounded up.
    """

    field: Pixels
    confidence: Pixels
    level: int


def flow(view: View, first: int, second: int, level: int = 0, looked: Looked | None = None) -> Flow:
    """Measure the motion from the frame at offset `first` to the one at `second`.

    level: the picture is reduced by 2**level before; motion keeps its unit. looked: by which frames, if not
    by the window's own. Reduced to less than 16 pixels in a direction, or without any structure, a picture
    has no motion, with confidence 0. Raises InputError where the frames differ in size. NaN and inf count as
    what is around. Measured once per pair, both ways.
    Dense inverse search (Kroeger et al., 2016) on luma less its local mean and over its local deviation, so
    that flicker is no motion; in fast pans from the motion of the whole picture on, by phase correlation
    (Kuglin and Hines, 1975); confidence from the way there and back (Sundaram et al., 2010).
    """
    (h, w), (h2, w2) = (view.planes(o, WorkingSpace.LOG_Y).shape[1:] for o in (first, second))
    if (h, w) != (h2, w2):
        a, b = (view.window.frames[view.window.centre + o].number for o in (first, second))
        raise InputError(
            f"frame {a} is {w}x{h}, frame {b} is {w2}x{h2}: within a shot all frames have one size; "
            "render those of another size apart"
        )
    early, late = sorted((first, second))
    pair: tuple[Flow, Flow] = view.measure(
        f"flow 2 {level}{looked.name if looked else ''}",
        lambda: _pair(
            structure(view, early, level, looked), structure(view, late, level, looked), (h, w), level
        ),
        early,
        late,
    )
    return pair[first > second]


def between(first: Pixels, second: Pixels) -> tuple[Flow, Flow]:
    """The motion from one luma plane to another and back, as `flow` finds it, without a window.

    (H, W) float32 each, of one shape, perceptually encoded, finite.
    """
    return _pair(_contrast(first, 0), _contrast(second, 0), first.shape, 0)


def moved(planes: Pixels, field: Pixels, kernel: int = 1) -> Pixels:
    """The second frame's planes, (H, W) or (H, W, C), as seen from the first; the edge repeats outwards.

    field: (H, W, 2) float32, x and y, in pixels of `planes`. kernel: OpenCV's number, 1 being linear
    interpolation. Returns float32 of the shape of `planes`, which are finite: the kernel spreads NaN.
    """
    return _sampled(planes, *_ends(field), kernel)


def _ends(field: Pixels) -> tuple[Pixels, Pixels]:
    """Columns and rows where the pixels of the first frame lie in the second, (H, W) each."""
    height, width = field.shape[:2]
    y, x = (np.arange(size, dtype=np.float32) for size in (height, width))
    return np.add(field[..., 0], x), np.add(field[..., 1], y[:, None])


def _sampled(planes: Pixels, x: Pixels, y: Pixels, kernel: int = 1) -> Pixels:
    import cv2

    return np.asarray(cv2.remap(planes, x, y, kernel, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _pair(a: Bytes, b: Bytes, full: tuple[int, ...], level: int) -> tuple[Flow, Flow]:
    """The motion there and back between two structures. full: height and width of the picture."""
    if min(a.shape) < _SMALLEST or np.ptp(a) == 0 or np.ptp(b) == 0:
        none = Flow(np.zeros((*a.shape, 2), np.float32), np.zeros(a.shape, np.float32), level)
        return none, none
    height, width = full
    unit = (width / a.shape[1], height / a.shape[0])
    ways, known = _searched(a, b)
    there, back = (_filled(field, sure, unit) for field, sure in zip(ways, known, strict=True))
    return Flow(there, known[0], level), Flow(back, known[1], level)


def _searched(a: Bytes, b: Bytes) -> tuple[Pair, Pair]:
    """The fields there and back between two structures, and how confident each is."""
    import cv2

    # The search gives the same on any number of threads.
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there, back = search.calc(a, b, None), search.calc(b, a, None)
    known = _confidence(there, back), _confidence(back, there)
    x, y = _shift(a, b)
    if not any(abs(way) > max(_LEAST, _FAR * size) for way, size in ((x, a.shape[1]), (y, a.shape[0]))):
        return (there, back), known
    far = np.broadcast_to(np.array([x, y], np.float32), there.shape)
    pan = search.calc(a, b, far.copy()), search.calc(b, a, -far)
    sure = _confidence(*pan), _confidence(*pan[::-1])
    better = sum(float(c.mean()) for c in sure) > sum(float(c.mean()) for c in known)
    return (pan, sure) if better else ((there, back), known)


def _shift(a: Bytes, b: Bytes) -> tuple[float, float]:
    """By how much most of one structure lies further right and down in another, in its pixels, roughly."""
    import cv2

    less = max(1.0, max(a.shape) / _COARSE)
    height, width = (max(2, round(size / less)) for size in a.shape)
    size = (width, height)
    here, there = (cv2.resize(p, size, interpolation=cv2.INTER_AREA).astype(np.float32) for p in (a, b))
    (x, y), _ = cv2.phaseCorrelate(here - 128, there - 128, cv2.createHanningWindow(size, cv2.CV_32F))
    return round(x) * less, round(y) * less


def structure(view: View, offset: int, level: int, looked: Looked | None = None) -> Bytes:
    """Luma as the search sees it: contrast over the contrast around, 128 where there is none.

    level: the picture is reduced by 2**level before. (H, W) uint8, of the reduction. From LOG_Y, once per
    frame and level. looked: as in `flow`.
    """

    def even() -> Bytes:
        planes = looked.planes(offset) if looked else view.planes(offset, WorkingSpace.LOG_Y)
        return _contrast(planes[0], level)

    made: Bytes = view.measure(f"flow structure 1 {level}{looked.name if looked else ''}", even, offset)
    return made


def _contrast(plane: Pixels, level: int) -> Bytes:
    """The structure of one luma plane."""
    import cv2

    luma = np.clip(plane, *_RANGE)
    if level:
        height, width = (-(-size // 2**level) for size in luma.shape)
        luma = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
    luma = cv2.GaussianBlur(luma, (0, 0), _GRAIN)
    around = (_AROUND >> level | 1,) * 2
    mean = cv2.blur(luma, around, borderType=cv2.BORDER_REFLECT)
    variance = cv2.blur(luma * luma, around, borderType=cv2.BORDER_REFLECT) - mean * mean
    contrast = (luma - mean) / (np.sqrt(np.maximum(variance, 0)) + np.float32(_FLOOR))
    return np.asarray(np.rint(np.clip(128 + _CODES * contrast, 0, 255)), np.uint8)


def _confidence(there: Pixels, back: Pixels) -> Pixels:
    """1 where the way there and back ends where it began, 0 where it ends elsewhere or leaves the picture."""
    height, width = there.shape[:2]
    x, y = _ends(there)
    returned = _sampled(back, x, y)
    apart = _square(there + returned)
    allowed = np.float32(0.5) + np.float32(0.01) * (_square(there) + _square(returned))
    confidence: Pixels = np.clip(np.float32(1.5) - np.sqrt(apart / allowed), 0, 1)
    confidence[(x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)] = 0
    return confidence


def _filled(field: Pixels, confidence: Pixels, unit: tuple[float, float]) -> Pixels:
    """The field, where it is not confident, as around: beside dirt and behind what moves it is anything.

    unit: what x and y are multiplied by.
    """
    import cv2

    height, width = confidence.shape
    # One component after the other: numpy is slow over a last axis of two.
    weighted = np.empty((height, width, 3), np.float32)
    weighted[..., 2] = confidence
    for k in (0, 1):
        np.multiply(field[..., k], confidence, out=weighted[..., k])
    small = cv2.resize(weighted, (-(-width // 4), -(-height // 4)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), _AROUND_HOLES / 4)
    made = cv2.resize(small[..., :2] / (small[..., 2:] + _NONE), (width, height))
    for k in (0, 1):
        beyond = field[..., k] - made[..., k]
        beyond *= confidence
        made[..., k] += beyond
        made[..., k] *= np.float32(unit[k])
    return np.asarray(made, np.float32)


def _square(field: Pixels) -> Pixels:
    """The squared length of each vector."""
    x, y = field[..., 0], field[..., 1]
    return x * x + y * y
