"""What there is to see of each frame: its figures, and its pictures as far as the page has room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from interneg.colour import Colour
from interneg.errors import InputError
from interneg.frame import Frame, Pixels
from interneg.grain.noise import measure_noise
from interneg.io import Clip
from interneg.metrics.temporal import block_levels
from interneg.plugin.page.pictures import jpeg, matte, reduced
from interneg.plugin.page.viewer import ViewedFrame
from interneg.plugin.pairs import FramePair
from interneg.plugin.review.texture import quiet_spectra
from interneg.plugin.screen import codes, over_display, shown

SMALL = 640
"""Width of reduced pictures, and THUMBNAIL that of those in the strip."""

THUMBNAIL = 96
BLOCK = 32
"""Edge of the blocks in which the largest change is looked for, in pixels."""

MATTES: Mapping[str, tuple[float, tuple[int, int, int]]] = {
    "defects": (1.0, (255, 40, 40)),
    "synthesis": (8.0, (60, 160, 255)),
}
"""Channels that are mattes: how many times stronger they are shown, and in which colour."""


@dataclass(frozen=True)
class FrameFigures:
    """The figures of a frame, of luma as a screen shows it, 0 to 1.

    before, after: the mean level. difference: mean. change: the mean difference of the block of BLOCK pixels
    that differs most. noise_before, noise_after: standard deviation of the noise, over the levels that there
    are; NaN where the picture has no place to measure it. spectra: see `quiet_spectra`.
    """

    pair: FramePair
    before: float
    after: float
    difference: float
    change: float
    noise_before: float
    noise_after: float
    spectra: Pixels | None = None

    @property
    def number(self) -> int:
        """The frame's number before."""
        return self.pair.reference

    @property
    def says(self) -> str:
        """The figures in a sentence."""
        return (
            f"Mean level {self.before:.4f}, after {self.after:.4f}; mean difference {self.difference:.4f}, "
            f"in the block that changed most {self.change:.4f}."
        )


class ReviewedClips:
    """Two clips, looked at frame by frame. spaces: of the input and of what was rendered, None to find them.

    size: (W, H) of what was rendered, enlarged: how many times as large as the input it is; offset: of the
    input's pixels in its display window. All three from the first frame that was read.
    """

    def __init__(
        self, before: Clip, after: Clip, colour: Colour, spaces: tuple[str | None, str | None] = (None, None)
    ) -> None:
        self._clips = before, after
        self._colour = colour
        self._spaces = spaces
        self.size = (0, 0)
        self.enlarged = 1.0
        self.offset = (0, 0)

    def figures(self, pair: FramePair) -> tuple[FrameFigures, ViewedFrame]:
        """The figures of a frame, and its reduced pictures. Raises InputError."""
        before, after, frame = self._read(pair)
        ours, theirs = _luma(before), _luma(after)
        if ours.shape != theirs.shape:
            theirs = cv2.resize(theirs, ours.shape[::-1], interpolation=cv2.INTER_AREA)
        apart = np.abs(ours - theirs)
        found = FrameFigures(
            pair,
            float(ours.mean()),
            float(theirs.mean()),
            float(apart.mean()),
            float(block_levels(apart, BLOCK).max()),
            _noise(_luma(before)),
            _noise(_luma(after)),
            quiet_spectra(ours, theirs),
        )
        return found, self._shown(found, before, after, frame, SMALL)

    def whole(self, found: FrameFigures) -> ViewedFrame:
        """A frame's pictures in full size, with whole colour. Raises InputError."""
        before, after, frame = self._read(found.pair)
        return self._shown(found, before, after, frame, max(self.size))

    def _shown(
        self, found: FrameFigures, before: Pixels, after: Pixels, frame: Frame, width: int
    ) -> ViewedFrame:
        full = width >= self.size[0]
        quality = 92 if full else 75
        names = {name: frame.channels.index(name) for name in sorted(frame.channels) if _kind(name) in MATTES}
        mattes = {}
        for name, channel in names.items():
            gain, tint = MATTES[_kind(name)]
            plane = over_display(frame, [channel])[0] * gain
            mattes[_named(name, gain)] = matte(reduced(plane, width), tint)
        return ViewedFrame(
            found.number,
            jpeg(codes(reduced(before, width)), quality),
            jpeg(codes(reduced(after, width)), quality),
            jpeg(codes(reduced(after, THUMBNAIL)), 70),
            full,
            found.says,
            mattes,
        )

    def _read(self, pair: FramePair) -> tuple[Pixels, Pixels, Frame]:
        frames = [clip.read(number) for clip, number in zip(self._clips, pair, strict=True)]
        seen = [
            shown(self._in_space(clip, frame, space), self._colour, whole=True)
            for clip, frame, space in zip(self._clips, frames, self._spaces, strict=True)
        ]
        (height, width), (rows, columns) = seen[0].shape[:2], seen[1].shape[:2]
        if abs(columns / width - rows / height) > 0.01 * columns / width:
            raise InputError(
                f"frame {pair.reference} is {width}x{height}, and rendered {columns}x{rows}, which is of "
                "another shape: these are no two states of one shot"
            )
        if self.size == (0, 0):
            data, display = frames[0].data_window, frames[0].display_window
            self.offset = data.x0 - display.x0, data.y0 - display.y0
            self.size, self.enlarged = (columns, rows), columns / width
        elif self.size != (columns, rows):
            raise InputError(
                f"frame {pair.test} is {columns}x{rows}, the clip began with {self.size[0]}x{self.size[1]}; "
                "review each format as a range of its own (--frames)"
            )
        return seen[0], seen[1], frames[1]

    def _in_space(self, clip: Clip, frame: Frame, override: str | None) -> Frame:
        depth = frame.depth[frame.colour_channels[0]] if frame.colour_channels else ""
        if not frame.colour_channels:
            raise InputError(f"frame {frame.number} of {clip} has neither R, G, B nor Y")
        path = str(clip.path_of(frame.number) or "")
        space = self._colour.space_of(path, frame.metadata, depth, override).space
        return frame.with_pixels(frame.pixels, colour_space=space)


def with_room(
    clips: ReviewedClips,
    found: Sequence[FrameFigures],
    small: Mapping[int, ViewedFrame],
    room: int,
    done: Callable[[], None] = lambda: None,
) -> list[ViewedFrame]:
    """The frames that the page shows, so that it has about `room` bytes at most; at least one.

    Reduced pictures may fill half of it, of every second, third, ... frame where those of all do not fit;
    the frames that changed most come in full size as far as the rest goes. done: called after each of those.
    """
    step = 1
    while step < len(found) and sum(_bytes(small[f.number]) for f in found[::step]) > room / 2:
        step += 1
    chosen = {f.number: small[f.number] for f in found[::step]}
    left = room - sum(map(_bytes, chosen.values()))
    for frame in most_changed(found):
        if chosen.get(frame.number) is not None and chosen[frame.number].full:
            continue
        whole = clips.whole(frame)
        done()
        if _bytes(whole) > left and any(s.full for s in chosen.values()):
            break
        left -= _bytes(whole)
        chosen[frame.number] = whole
    return [chosen[number] for number in sorted(chosen)]


def most_changed(found: Sequence[FrameFigures]) -> list[FrameFigures]:
    """The frames, the most changed first."""
    return sorted(found, key=lambda f: (-f.change, f.number))


def _luma(picture: Pixels) -> Pixels:
    if picture.shape[2] == 1:
        return picture[..., 0]
    return np.asarray(picture @ np.array([0.2126, 0.7152, 0.0722], np.float32))


def _noise(luma: Pixels) -> float:
    if min(luma.shape) < 32:
        return float("nan")
    return float(measure_noise(luma[None]).sigmas.mean())


def _bytes(shown: ViewedFrame) -> int:
    return sum(map(len, (shown.before, shown.after, shown.thumbnail, *shown.overlays.values())))


def _kind(channel: str) -> str:
    return channel.partition(".")[0]


def _named(name: str, gain: float) -> str:
    return name if gain == 1 else f"{name}, {gain:g} times"
