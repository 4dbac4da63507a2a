"""Enlarging planes by a whole factor, and reducing them again."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels
from interneg.nonfinite import fill, nonfinite

# OpenCV is imported where it is used: what only lists nodes never loads it.

PEAKS = 0.5
"""By how much of its height above what is wider a line or dot may grow when it is enlarged."""

_CORNER = 0.25
_AROUND = 5
_VECTORS = ("forward", "backward", "motion", "disparity", "disparityl", "disparityr")
_LABELS = ("id", "objectid", "materialid", "z", "zback", "depth")


def cubic(plane: Pixels, scale: int) -> Pixels:
    """Enlarge an (H, W) plane with the cubic kernel of Keys (1981), a = -0.75, sample centres aligned.

    The edge row and column repeat outwards. The same as torch's bicubic `interpolate`, which the networks
    were trained to correct.
    """
    import cv2

    return _enlarge(plane, scale, cv2.INTER_CUBIC)


def enlarge(planes: Pixels, scale: int) -> Pixels:
    """Enlarge (C, H, W) planes of R, G, B or grey, light or its encoding, by `cubic` without its halos."""
    return np.stack([hold(cubic(p, scale), p, scale, peaks=PEAKS) for p in planes])


def reduce(plane: Pixels, scale: int) -> Pixels:
    """Reduce an (H, W) plane to 1/scale with the cubic kernel of Keys (1981), a = -0.5, widened by `scale`.

    The antialiased reduction of the public super-resolution protocols, and the one the networks were trained
    to invert. scale: 1 and more, even or odd; H and W are multiples of it; the edge repeats outwards.
    """
    import cv2

    if scale == 1:
        return plane
    # Output sample i lies at input coordinate i * scale + (scale - 1) / 2.
    count = 4 * scale - scale % 2
    taps = np.arange(count) - (count - 1) / 2
    x = np.abs(taps / scale)
    weights = np.where(x <= 1, 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2) * (x < 2)
    weights /= weights.sum()
    at, first = 2 * scale - 1, (scale - 1) // 2
    rows = cv2.sepFilter2D(plane, -1, weights, np.ones(1), anchor=(at, 0), borderType=cv2.BORDER_REPLICATE)
    rows = np.ascontiguousarray(rows[:, first::scale])
    both = cv2.sepFilter2D(rows, -1, np.ones(1), weights, anchor=(0, at), borderType=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(both[first::scale])


def hold(
    plane: Pixels,
    given: Pixels,
    scale: int,
    headroom: float = 0.0,
    peaks: float = 0.0,
    doubt: Pixels | float = 0.0,
) -> Pixels:
    """Keep a restored plane, in place, within what was given around each pixel: no halo beside an edge.

    plane: (H * scale, W * scale); given: (H, W), the plane it was made from; both in one encoding.
    No value leaves the range of the 5x5 given pixels by more than `headroom` times that range: a step edge
    keeps its plateaus, and a highlight its level, for which a ringing of a tenth in a log encoding is a stop
    of light. Lines and dots narrower than three given pixels have no plateau, and their true height lies
    beyond what is given of them: they may grow by `peaks` times their height above what is wider.
    Nor does it leave the range of the 3x3 given pixels by more than once that range and `doubt`, by how much
    they may be wrong (noise; (H, W) or one for all; inf lifts this limit): what is flat stays flat, without
    the dark line that a filter draws behind a bright rim.
    """
    import cv2

    below, above = reach(given, headroom, peaks, doubt)
    cv2.min(plane, _enlarge(above, scale, cv2.INTER_NEAREST), dst=plane)
    cv2.max(plane, _enlarge(below, scale, cv2.INTER_NEAREST), dst=plane)
    return plane


def reach(
    given: Pixels, headroom: float = 0.0, peaks: float = 0.0, doubt: Pixels | float = 0.0
) -> tuple[Pixels, Pixels]:
    """The lowest and the highest value that `hold` leaves at each given pixel, (H, W) each."""
    import cv2

    square, narrow = (np.ones((size, size), np.uint8) for size in (_AROUND, 3))
    high, low = cv2.dilate(given, square), cv2.erode(given, square)
    # Below 0 a log encoding goes far for no light at all, and an edge to it would have headroom for a stop.
    span = cv2.subtract(high, cv2.max(low, np.minimum(high, 0)))
    above, below = cv2.scaleAdd(span, headroom, high), cv2.scaleAdd(span, -headroom, low)
    if peaks:
        wide_high = cv2.dilate(cv2.morphologyEx(given, cv2.MORPH_OPEN, narrow), square)
        wide_low = cv2.erode(cv2.morphologyEx(given, cv2.MORPH_CLOSE, narrow), square)
        above += np.float32(peaks) * _narrow(high - wide_high, span)
        below -= np.float32(peaks) * _narrow(wide_low - low, span)
    high, low = cv2.dilate(given, narrow), cv2.erode(given, narrow)
    more = high - low + np.float32(doubt)
    return cv2.max(below, low - more, dst=below), cv2.min(above, high + more, dst=above)


def _narrow(height: Pixels, span: Pixels) -> Pixels:
    """The height of lines and dots, most of the span around them; the height of corners and curves is not."""
    return np.maximum((height - np.float32(_CORNER) * span) / np.float32(1 - _CORNER), 0)


def layer(plane: Pixels, channel: str, depth: str, scale: int) -> Pixels:
    """Enlarge one (H, W) plane of alpha or an AOV.

    Identifiers and depth (integers, Cryptomatte, Z) repeat their values; see `is_label`.
    All else is interpolated linearly, which never leaves the range of the neighbours: an alpha of 1 stays 1.
    Vectors in pixels (the layers forward, backward, motion, disparity, disparityL and disparityR) grow by
    `scale`.
    NaN and inf fill the block of their own pixel and no more.
    """
    import cv2

    if scale == 1:
        return plane
    repeats = plane.repeat(scale, axis=0).repeat(scale, axis=1)
    if is_label(channel, depth):
        return repeats
    bad = nonfinite(plane[None])
    smooth = _enlarge(plane if bad is None else fill(plane[None], bad)[0], scale, cv2.INTER_LINEAR)
    if _is_vector(channel):
        smooth *= np.float32(scale)
    return smooth if bad is None else np.where(np.isfinite(repeats), smooth, repeats)


def is_label(channel: str, depth: str) -> bool:
    """Whether a channel holds identifiers or depth, of which a mean of two is neither."""
    name = channel.rsplit(".", 1)[-1].casefold()
    return depth == "uint32" or name in _LABELS or "crypto" in channel.casefold()


def _is_vector(channel: str) -> bool:
    *layers, component = channel.casefold().split(".")
    return any(name in _VECTORS for name in layers) and component in ("x", "y", "u", "v", "r", "g")


def _enlarge(plane: Pixels, scale: int, kernel: int) -> Pixels:
    import cv2

    if scale == 1:
        return plane
    height, width = plane.shape
    out: Pixels = cv2.resize(plane, (width * scale, height * scale), interpolation=kernel)
    return out
