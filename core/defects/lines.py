"""Lines: what is thin, nearly upright and runs through most of a frame, and where exactly it is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from interneg.colour import WorkingSpace
from interneg.defects.middle import median
from interneg.defects.strips import strip
from interneg.frame import Pixels
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

WIDEST = 3.5
"""Half the width of the widest line that counts, in pixels."""

# A line is seen in bands of so many rows; it leans by at most this much.
_BAND, _LEAN = 32, 1 / 40
# A line is brighter or darker than the pixels so far away on both sides; one pixel counts as so much at most.
_BESIDE, _LOUDEST = 4, np.float32(0.06)
# In which share of the bands it has to be seen.
_SPAN = 0.85
# A band counts at most so much, and as one that shows the line from so much on, in deviations of what it
# shows elsewhere.
_MOST, _SOME = 6.0, 1.0
# Beside a line, so near, a fainter one of the other sign is what its own contrast makes.
_LOBE = 16
# How far the ends of a line as it is found may be off it, and twice its middle.
_STRAYS = np.arange(-4, 4.1, 0.25)
# Which share of its contrast a line's rim has left, and how far from its middle its foot is looked for.
_RIM, _FOOT = 0.2, 5


@dataclass(frozen=True)
class Scratch:
    """A line: its column in the middle of each band, (B,) float, its sign, half its width, how clear it is.

    rows: the first row of each band, and the last one's end, (B + 1,) int. seen: the bands that show it,
    bool.
    """

    columns: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    seen: npt.NDArray[np.bool_]
    sign: int
    half: float
    clear: float

    def at(self, height: int) -> npt.NDArray[np.float64]:
        """The column of the line in each row, (height,)."""
        middles = (self.rows[:-1] + self.rows[1:] - 1) / 2
        if len(middles) == 1:
            return np.full(height, self.columns[0])
        slope, start = np.polyfit(middles, self.columns, 1)
        return np.asarray(start + slope * np.arange(height))

    def cover(self, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """The pixels of the line, (H, W)."""
        made = np.zeros(size, np.bool_)
        shown = np.flatnonzero(self.seen)
        rows = np.arange(self.rows[shown[0]], min(self.rows[shown[-1] + 1], size[0]))[:, None]
        middle, reach = self.at(size[0])[rows], int(np.ceil(self.half)) + 1
        columns = np.rint(middle).astype(int) + np.arange(-reach, reach + 1)
        inside = (np.abs(columns - middle) <= self.half) & (columns >= 0) & (columns < size[1])
        made[np.broadcast_to(rows, columns.shape)[inside], columns[inside]] = True
        return made


def lines(view: View, offset: int, needed: float) -> list[Scratch]:
    """The lines of one frame that are at least so clear, clearest first; once per frame."""

    def found() -> list[Scratch]:
        luma = view.planes(offset, WorkingSpace.LOG_Y)[0]
        if len(luma) < 4 * _BAND or luma.shape[1] < 4 * _BESIDE:
            return []
        every = (line for sign in (1, -1) for line in _lines(luma, sign, needed))
        alone: list[Scratch] = []
        for line in sorted(every, key=lambda line: -line.clear):
            if all(np.abs(line.columns - other.columns).min() > _LOBE for other in alone):
                alone.append(line)
        return alone

    made: list[Scratch] = view.measure(f"defects lines 2 {needed}", found, offset)
    return made


def _lines(luma: Pixels, sign: int, needed: float) -> list[Scratch]:
    """The lines that are brighter (1) or darker (-1) than both sides."""
    response = contrast(luma, sign)
    height, width = luma.shape
    count = height // _BAND
    rows = np.linspace(0, height, count + 1).astype(int)
    bands = np.stack([response[a:b].mean(axis=0) for a, b in pairwise(rows)])
    middle = np.median(bands, axis=1, keepdims=True)
    spread = 1.4826 * np.median(np.abs(bands - middle), axis=1, keepdims=True) + 1e-4
    shown = np.clip((bands - middle) / spread, -_MOST, _MOST)
    # A line may pass between two columns, or be off by one in a band.
    near = np.maximum.reduce([np.roll(shown, k, axis=1) for k in (-1, 0, 1)])
    lean = np.arange(-int(_LEAN * height), int(_LEAN * height) + 1)
    share = (np.arange(count) + 0.5) / count - 0.5
    sums, spans = np.zeros((len(lean), width), np.float32), np.zeros((len(lean), width), np.int16)
    for band, part in zip(near, share, strict=True):
        along = sliding_window_view(np.concatenate([band, band]), width)[
            np.rint(part * lean).astype(int) % width
        ]
        sums += along
        spans += along > _SOME
    sums, spans = sums / np.float32(count), spans / count
    score = np.where(spans >= _SPAN, sums, -np.inf)
    edge = int(_LEAN * height) // 2 + _BESIDE
    score[:, :edge] = score[:, width - edge :] = -np.inf
    done: list[Scratch] = []
    while (best := float(score.max())) >= needed:
        k, column = (int(i) for i in np.unravel_index(int(np.argmax(score)), score.shape))
        columns = column + share * lean[k]
        at = np.clip(np.rint(columns).astype(int), 1, width - 2)
        seen = near[np.arange(count), at] > _SOME
        done.append(_measured(luma, columns, rows, seen, sign, best))
        score[:, max(0, column - 2 * _BESIDE) : column + 2 * _BESIDE + 1] = -np.inf
    return done


def contrast(luma: Pixels, sign: int) -> Pixels:
    """How much brighter (1) or darker (-1) each pixel is than both its sides, (H, W), 0 or more, limited."""
    import cv2

    plane = np.float32(sign) * cv2.GaussianBlur(luma, (0, 0), 0.7)
    # Two columns on each side, outside of a line of up to five.
    pair = cv2.blur(plane, (2, 1), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    sides = np.roll(pair, _BESIDE, axis=1)
    back = _BESIDE - 1
    np.maximum(sides[:, :-back], pair[:, back:], out=sides[:, :-back])
    np.maximum(sides[:, -back:], pair[:, :back], out=sides[:, -back:])
    np.subtract(plane, sides, out=sides)
    return np.asarray(np.clip(sides, 0, _LOUDEST, out=sides), np.float32)


def _measured(
    luma: Pixels,
    columns: npt.NDArray[np.float64],
    rows: npt.NDArray[np.int64],
    seen: npt.NDArray[np.bool_],
    sign: int,
    clear: float,
) -> Scratch:
    """The line with its place and width, from the median of the rows along it."""
    reach = 2 * _BESIDE
    coarse = Scratch(columns, rows, seen, sign, 1.0, clear)
    columns = columns + _strayed(_beside(luma, coarse, reach), coarse)
    whole = Scratch(columns, rows, seen, sign, 1.0, clear)
    profile = sign * median(_beside(luma, whole, reach))
    peak = reach - 2 + int(np.argmax(profile[reach - 2 : reach + 3]))
    found = _extent(profile, peak)
    if found is not None and found[1] >= WIDEST:
        # It may be a narrow one beside something bright: what it stands on, on either side, is no part of it.
        under = [
            max(float(side.min()), 0.0)
            for side in (profile[peak - _FOOT : peak], profile[peak + 1 :][:_FOOT])
        ]
        level = np.repeat(
            np.array([under[0], max(under), under[1]], np.float32), [peak, 1, len(profile) - peak - 1]
        )
        found = _extent(profile - level, peak) or found
    if found is None:
        return whole
    middle, half = found
    return Scratch(columns + middle, rows, seen, sign, min(half, float(_BESIDE)), clear)


def _extent(profile: Pixels, peak: int) -> tuple[float, float] | None:
    """The middle of what stands out in a profile, from its middle, and half its width; None for nothing."""
    reach = len(profile) // 2
    rim = max(_RIM * float(profile[peak]), 0.0)
    low = np.flatnonzero(profile <= rim)
    first, last = max(low[low < peak], default=0) + 1, min(low[low > peak], default=2 * reach)
    weight = np.zeros_like(profile)
    weight[first:last] = profile[first:last]
    if not weight.sum() > 0:
        return None
    places = np.arange(-reach, reach + 1)
    middle = float((weight * places).sum() / weight.sum())
    # The rim lies between two pixels of the profile.
    left, right = (
        float(
            places[k] + step * np.clip((profile[k] - rim) / max(profile[k] - profile[k + step], 1e-6), 0, 1)
        )
        for k, step in ((first, -1), (last - 1, 1))
    )
    return middle, max(right - middle, middle - left)


def _beside(luma: Pixels, line: Scratch, reach: int) -> Pixels:
    """What pixels along a line, and so far beside it, have more than the outermost, (H, 2 * reach + 1)."""
    seen = strip(luma, line.at(len(luma)), np.arange(-reach, reach + 1))
    return np.asarray(seen - (seen[:, :2].mean(1) + seen[:, -2:].mean(1))[:, None] / 2, np.float32)


def _strayed(strip: Pixels, line: Scratch) -> npt.NDArray[np.float64]:
    """How far beside a line, found to a pixel or some, it is seen to lie in each band: a straight line.

    strip: what `_beside` gives. The straight line along which most is seen in all bands together, no band
    counting for more than most do; and then what fits the places in those bands best that are near it.
    """
    middle, count = strip.shape[1] // 2, len(line.seen)
    shown = np.array([line.sign * median(strip[a:b]) for a, b in pairwise(line.rows)])
    most = float(np.median(shown[:, middle - _BESIDE : middle + _BESIDE + 1].max(axis=1)))
    bands, along = np.arange(count), (2 * np.arange(count) + 1) / count - 1
    tried = (_STRAYS[:, None, None] / 2 + _STRAYS[None, :, None] * along).reshape(-1, count)
    low = np.floor(tried).astype(int)
    share, limited = tried - low, np.minimum(shown, most)
    totals = (1 - share) * limited[bands, middle + low] + share * limited[bands, middle + low + 1]
    fit = tried[int(np.argmax(totals.sum(axis=1)))]
    peaks = np.rint(fit).astype(int)[:, None] + np.arange(-1, 2)
    weights = np.maximum(shown[bands[:, None], middle + peaks], 0)
    used = line.seen & (weights.sum(axis=1) > 0)
    if used.sum() <= count / 2:
        return np.asarray(fit)
    places = (weights * peaks)[used].sum(axis=1) / weights[used].sum(axis=1)
    return np.asarray(np.polyval(np.polyfit(bands[used], places, 1), bands))
