"""Two clips in one encoding, as they look on a display."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from interneg.colour import Colour, Transform
from interneg.colour.tags import SRGB_PICTURE
from interneg.errors import ColourError, InputError, UsageError
from interneg.frame import Frame, Pixels
from interneg.grey import in_colour, is_grey_among
from interneg.io import Clip
from interneg.io.coloured import in_colour_of
from interneg.plugin.pairs import FramePair
from interneg.plugin.screen import over_display

_FLOATS = ("half", "float")


@dataclass
class Viewer:
    """Shows the frames of both clips in one encoding.

    Integer pictures are encoded already and are taken as they are. Float pictures are converted by OCIO:
    to the colour space of the other clip where that one is of integers, else to the sRGB picture space.
    notes: what was done to the reference and to the test, filled with their first frames.
    """

    reference: Clip
    test: Clip
    crop: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    _colour: Colour | None = None
    _target: str = ""

    def pictures(self, pair: FramePair) -> tuple[Pixels, Pixels]:
        """Return both frames, (C, H, W) float32 each, of one shape: the display window less the crop.

        R, G, B or one plane, encoded, nominally 0..1; a grey frame among colour ones is R = G = B. NaN and
        inf are as in the files. Raises InputError where the two do not fit each other, UsageError where the
        crop leaves nothing.
        """
        frames = self.reference.read(pair.reference), self.test.read(pair.test)
        names = (
            f"frame {pair.reference} of the reference {self.reference}",
            f"frame {pair.test} of the test {self.test}",
        )
        for name, frame in zip(names, frames, strict=True):
            if not frame.colour_channels:
                raise InputError(f"{name} has neither R, G, B nor Y but {', '.join(frame.channels)}")
        windows = [(f.display_window.width, f.display_window.height) for f in frames]
        if len(frames[0].colour_channels) != len(frames[1].colour_channels):
            frames = _as_their_clip(self.reference, frames[0]), _as_their_clip(self.test, frames[1])
        planes = [len(f.colour_channels) for f in frames]
        for what, (a, b) in (("{}x{} pixels", windows), ("{} colour channels", [(p,) for p in planes])):
            if a != b:
                raise InputError(
                    f"{names[0]} has {what.format(*a)}, {names[1]} {what.format(*b)}; "
                    "bring both to one size and kind first"
                )
        width, height = windows[0]
        if min(width, height) <= 2 * self.crop:
            raise UsageError(f"--crop {self.crop} leaves nothing of {width}x{height} pixels")
        if not self._target:
            self._target = self._choose_target(frames)
        inside = np.s_[:, self.crop : height - self.crop, self.crop : width - self.crop]
        r, t = (
            self._encoded(who, clip, frame)[inside]
            for who, clip, frame in zip(
                ("reference", "test"), (self.reference, self.test), frames, strict=True
            )
        )
        return r, t

    def _choose_target(self, frames: tuple[Frame, Frame]) -> str:
        if not any(_is_float(f) for f in frames):
            return "as stored"
        for clip, frame in zip((self.reference, self.test), frames, strict=True):
            if not _is_float(frame):
                return self._space(clip, frame)
        for name in SRGB_PICTURE:
            try:
                return self._ocio().resolve(name)
            except ColourError:
                continue
        raise ColourError(
            f"{self._ocio().name} has no sRGB picture space to look at float pictures in (looked for "
            f"{', '.join(SRGB_PICTURE)}); convert both clips to integer pictures, or unset $OCIO"
        )

    def _encoded(self, who: str, clip: Clip, frame: Frame) -> Pixels:
        planes = over_display(frame, frame.colour_channels)
        if not _is_float(frame):
            self.notes.setdefault(who, f"as stored ({frame.depth[frame.colour_channels[0]]})")
            return planes
        space = self._space(clip, frame)
        self.notes.setdefault(who, f"converted from {space} to {self._target}")
        change: Transform = self._ocio().transform(space, self._target)
        return change(planes)

    def _space(self, clip: Clip, frame: Frame) -> str:
        path = str(clip.path_of(frame.number) or "")
        depth = frame.depth[frame.colour_channels[0]]
        return self._ocio().space_of(path, frame.metadata, depth).space

    def _ocio(self) -> Colour:
        if self._colour is None:
            self._colour = Colour()
        return self._colour


def _as_their_clip(clip: Clip, frame: Frame) -> Frame:
    """The frame as R = G = B where it is grey among colour ones of its clip, else as it is."""
    like = in_colour_of(clip, frame)
    return in_colour(frame, like) if is_grey_among(frame, like) else frame


def _is_float(frame: Frame) -> bool:
    return frame.depth[frame.colour_channels[0]] in _FLOATS
