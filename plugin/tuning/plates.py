"""The plates of a training: clips that are clean, and the same ones damaged, frame by frame in LOG_Y."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import NamedTuple

import numpy as np

from interneg.colour import Colour, WorkingSpace
from interneg.errors import InputError, UsageError
from interneg.frame import Frame, Pixels
from interneg.io import Clip, open_clip
from interneg.nonfinite import fill, nonfinite
from interneg.plugin.batch.source import ClipSource
from interneg.plugin.pairs import FramePair, pair_frames
from interneg.plugin.screen import over_display
from interneg.plugin.tuning.clips_in import expanded_clips, require_pairs
from interneg.restore.own_model import SCALES

SMALLEST = 48
"""Pixels a side that a damaged frame has at least."""


class ShownPlanes(NamedTuple):
    """A frame of a clip: its planes in LOG_Y, (3, H, W) float32, Cb and Cr 0 where it is grey; its space."""

    planes: Pixels
    space: str


class Reel:
    """One clip, by the frames that it has."""

    def __init__(self, path: str, clip: Clip, colour: Colour, space: str | None) -> None:
        self.path, self.clip = path, clip
        self.name = path.rstrip("/\\").replace("\\", "/").rpartition("/")[2]
        self._colour = colour
        self._source = ClipSource(clip, path, list(clip.numbers), colour=colour, space=space)

    @property
    def space(self) -> str:
        """Its colour space."""
        return self._source.space

    def frame(self, number: int) -> Frame:
        """A frame as it is stored. Raises InputError."""
        return self._source.frame(number)

    def shown(self, number: int) -> ShownPlanes:
        """A frame in LOG_Y, over its display window. Raises InputError for one that cannot be read."""
        frame = self._source.frame(number)
        if not frame.colour_channels:
            raise InputError(f"{self.path}: frame {number} has neither R, G, B nor Y")
        pixels = over_display(frame, frame.colour_channels)
        bad = nonfinite(pixels)
        pixels = pixels if bad is None else fill(pixels, bad)
        planes = self._colour.enter(pixels, frame.colour_space, WorkingSpace.LOG_Y)
        if len(planes) == 1:
            planes = np.concatenate([planes, np.zeros((2, *planes.shape[1:]), np.float32)])
        return ShownPlanes(planes, frame.colour_space)


class Take(NamedTuple):
    """A clip to train on: clean, and the same one damaged, None where the damage is made."""

    clean: Reel
    damaged: Reel | None
    pairs: tuple[FramePair, ...]

    @property
    def scale(self) -> int:
        """How many times larger its clean frames are. Raises UsageError where that is not 1, 2 or 4."""
        if self.damaged is None:
            return 1
        first = self.pairs[0]
        large = self.clean.shown(first.reference).planes.shape[1:]
        small = self.damaged.shown(first.test).planes.shape[1:]
        for scale in SCALES:
            if large == tuple(n * scale for n in small):
                return scale
        raise UsageError(
            f"{self.clean.path} has {large[1]}x{large[0]} pixels, {self.damaged.path} {small[1]}x{small[0]}: "
            "the clean plates are as large as the damaged ones, or exactly 2 or 4 times as large"
        )


class Plates:
    """All clips of a training, open. scale: how many times larger the clean frames are than the damaged."""

    def __init__(
        self, clean: Sequence[str], damaged: Sequence[str], colour: Colour, space: str | None
    ) -> None:
        """Open them; a folder of clips stands for those in it.

        Raises UsageError for numbers or sizes of clips that do not fit each other, InputError for one that
        cannot be read or whose frames have no partner.
        """
        clean, damaged = expanded_clips(clean), expanded_clips(damaged)
        require_pairs(clean, damaged)
        self._opened = ExitStack()
        try:
            self.takes = [
                self._take(path, damaged[k] if damaged else None, colour, space)
                for k, path in enumerate(clean)
            ]
            scales = [take.scale for take in self.takes]
        except BaseException:
            self._opened.close()
            raise
        if len(set(scales)) > 1:
            self._opened.close()
            sizes = ", ".join(f"{t.clean.name} {s}x" for t, s in zip(self.takes, scales, strict=True))
            raise UsageError(f"a model has one scale, and these clips have several: {sizes}")
        self.scale = scales[0]

    def close(self) -> None:
        """Close the clips."""
        self._opened.close()

    def _take(self, path: str, partner: str | None, colour: Colour, space: str | None) -> Take:
        clean = self._reel(path, colour, space)
        if partner is None:
            return Take(clean, None, tuple(FramePair(n, n) for n in clean.clip.numbers))
        damaged = self._reel(partner, colour, space)
        if clean.space != damaged.space:
            raise UsageError(
                f"{path} is in '{clean.space}', {partner} in '{damaged.space}': bring both into one colour "
                "space, or name it with --input-space"
            )
        mend = "clean and damaged plates have the same frames: leave out those of one alone"
        return Take(clean, damaged, tuple(pair_frames(clean.clip, damaged.clip, mend=mend)[1]))

    def _reel(self, path: str, colour: Colour, space: str | None) -> Reel:
        clip = self._opened.enter_context(closing(open_clip(path)))
        return Reel(path, clip, colour, space)
