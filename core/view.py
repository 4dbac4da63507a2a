"""View: what a node may use while it renders, and the frames it looks at, in its working space."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from interneg.colour import Colour, WorkingSpace
from interneg.engine import EngineSource
from interneg.errors import InputError
from interneg.frame import Pixels, Window
from interneg.memo import Memo
from interneg.nonfinite import fill, nonfinite
from interneg.premult import coverage, unpremultiplied

log = logging.getLogger("interneg")


def _log_nonfinite(number: int, pixels: int) -> None:
    log.warning("frame %d: %d pixels are NaN or inf and stay as they are", number, pixels)


def _no_files(path: str) -> bytes:
    raise InputError(f"{path} cannot be read: nothing here opens files")


@dataclass(frozen=True)
class Context:
    """What a node may use while it renders.

    tell: takes what a node has found out, in a sentence; of each node the first is shown to the user.
    read: the content of a file that a knob names; nodes open none themselves.
    nonfinite: takes the number of a frame and how many of its pixels are NaN or inf.
    """

    colour: Colour
    engines: EngineSource
    measurements: Memo
    tell: Callable[[str, str], None] = lambda node, sentence: None
    read: Callable[[str], bytes] = _no_files
    nonfinite: Callable[[int, int], None] = _log_nonfinite


@dataclass(frozen=True)
class View:
    """The window of one render, seen in the node's working space.

    amount: strength times mask: how much of the result is used, one number, or (H, W) float32 at the size of
    the result, 0..1. made: what `once` keeps.
    """

    window: Window
    space: WorkingSpace
    context: Context
    unpremultiply: bool = True
    amount: float | Pixels = 1.0
    made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def planes(self, offset: int = 0, space: WorkingSpace | None = None) -> Pixels:
        """The colour planes of the frame `offset` frames away, free of NaN and inf.

        space: another working space than the node's own, to measure in. (C, H, W) float32: R, G, B; or Y, Cb,
        Cr; or the one plane of a grey picture. Entered once per frame and space.
        """
        frame = self.window.frames[self.window.centre + offset]
        space = space or self.space

        def enter() -> Pixels:
            colour = frame.pixels[span(frame.colour_channels)]
            bad = nonfinite(colour)
            if bad is not None:
                colour = fill(colour, bad)
            cover = coverage(frame) if self.unpremultiply else None
            if cover is not None:
                colour = unpremultiplied(colour, cover)
            return self.context.colour.enter(colour, frame.colour_space, space)

        planes: Pixels = self.measure(f"planes {space} {self.unpremultiply}", enter, offset)
        return planes

    def measure(self, name: str, compute: Callable[[], Any], *offsets: int) -> Any:
        """Return `compute()`, done once for the frames at `offsets`, however many windows they are seen in.

        name: says what is measured and every setting it depends on. The result must depend on nothing but
        `name` and the content of those frames.
        """
        if len(self.window.frames) == 1:  # seen once: nothing to gain from remembering
            return compute()
        frames = [self.window.frames[self.window.centre + o] for o in offsets]
        key = (name, *((f.digest, f.colour_space) for f in frames))
        return self.context.measurements.get(key, compute)

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return `compute()`, done once for this render: what `process` and `aovs` both need."""
        if name not in self.made:
            self.made[name] = compute()
        return self.made[name]


def span(channels: tuple[int, ...]) -> slice | list[int]:
    """Return the index of the planes `channels`: a slice where they lie side by side in order, else a list.

    A slice gives a view of the frame's pixels, a list a copy of them.
    """
    first = channels[0]
    if channels == tuple(range(first, first + len(channels))):
        return slice(first, first + len(channels))
    return list(channels)
