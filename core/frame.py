"""Frame: one picture with all that a file knows about it; Window: the frames a node sees at one time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from interneg.errors import InputError

Pixels = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Double = npt.NDArray[np.float64]

DEPTHS = ("uint8", "uint10", "uint12", "uint16", "uint32", "half", "float")
"""How a channel was stored in its file."""


_PICTURES = ("beauty", "combined", "rgba")


class Box(NamedTuple):
    """A pixel rectangle, half open: columns x0 <= x < x1, rows y0 <= y < y1, y growing downwards."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Columns, in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Rows, in pixels."""
        return self.y1 - self.y0

    def scaled(self, scale: int) -> Box:
        """The box of the same area in a picture `scale` times as large in each direction."""
        return Box(self.x0 * scale, self.y0 * scale, self.x1 * scale, self.y1 * scale)


@dataclass(frozen=True, eq=False)
class Frame:
    """One immutable picture.

    pixels: (C, H, W) float32, read-only, in any memory order (files give interleaved pixels; a transposed
        view costs nothing). Never clamped: scene-linear values below 0 and far above 1, NaN and inf are
        kept. Integer files are scaled so that their full code range is 0..1.
    channels: C unique names; "R", "G", "B", "A", "Y" unprefixed are the picture, "layer.name" are AOVs.
    data_window: where the pixels lie; display_window: the format. Both in pixels of this frame.
    depth: per channel, how it was stored (one of DEPTHS); what a writer restores.
    colour_space: the OCIO name of the space of the colour channels.
    number: the frame number in its clip.
    metadata: all other attributes of the file (compression, timecode, film key code, ...).
    parts: further parts of a multi-part file, each with channels and windows of its own.
    """

    pixels: Pixels
    channels: tuple[str, ...]
    data_window: Box
    display_window: Box
    depth: tuple[str, ...]
    colour_space: str = ""
    pixel_aspect: float = 1.0
    number: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Frame, ...] = ()

    def __post_init__(self) -> None:
        p = self.pixels
        if p.dtype != np.float32 or p.ndim != 3:
            raise InputError(f"a frame holds (C, H, W) float32 pixels, not {p.dtype} of shape {p.shape}")
        if len(self.channels) != p.shape[0] or len(set(self.channels)) != p.shape[0]:
            raise InputError(f"{p.shape[0]} planes need as many different channel names, not {self.channels}")
        if len(self.depth) != p.shape[0] or not set(self.depth) <= set(DEPTHS):
            raise InputError(
                f"{p.shape[0]} planes need a storage depth each out of {DEPTHS}, not {self.depth}"
            )
        if (self.data_window.height, self.data_window.width) != p.shape[1:]:
            raise InputError(f"the data window {self.data_window} does not fit planes of {p.shape[1:]}")
        if p.flags.writeable:
            view = p.view()
            view.flags.writeable = False
            object.__setattr__(self, "pixels", view)
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    @classmethod
    def of(cls, pixels: npt.ArrayLike, channels: str | tuple[str, ...] = "", **facts: Any) -> Frame:
        """Make a frame from (C, H, W) pixels, its windows at the origin unless `facts` say otherwise.

        pixels: any range; converted to float32, and copied only where they are of another type.
        channels: names, or one letter each; by default "Y", "YA", "RGB" or "RGBA" after the plane count.
        facts: further fields of `Frame`. Raises InputError where pixels and facts do not fit each other.
        """
        p = np.asarray(pixels, np.float32)
        names = tuple(channels) or tuple({1: "Y", 2: "YA", 3: "RGB", 4: "RGBA"}.get(p.shape[0], ""))
        box = Box(0, 0, p.shape[2], p.shape[1])
        facts.setdefault("data_window", box)
        facts.setdefault("display_window", facts["data_window"])
        facts.setdefault("depth", ("float",) * p.shape[0])
        return cls(p, names, **facts)

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the pixels and their channel names: frames with equal digests look the same."""
        content = hashlib.sha256(repr((self.channels, self.pixels.shape)).encode())
        content.update(np.ascontiguousarray(self.pixels.transpose(1, 2, 0)).data)
        return content.digest()

    @property
    def height(self) -> int:
        """Rows of the data window, in pixels."""
        return int(self.pixels.shape[1])

    @property
    def width(self) -> int:
        """Columns of the data window, in pixels."""
        return int(self.pixels.shape[2])

    @property
    def colour_channels(self) -> tuple[int, ...]:
        """The planes that a colour transform applies to; see `colour_planes`."""
        return colour_planes(self.channels)

    @property
    def colour_layers(self) -> tuple[str, ...]:
        """What stands before R, G and B in the names of each layer that has all three, "" for none."""
        return _colour_layers(self.channels)

    def with_pixels(self, pixels: Pixels, **changes: Any) -> Frame:
        """The same frame with other pixels, (C, H, W) float32 of any range, and with other facts.

        changes: fields of `Frame`; needed where the number of planes or their size is another. Raises
        InputError where pixels and facts do not fit each other.
        """
        return replace(self, pixels=pixels, **changes)

    def on(self, like: Frame) -> Frame:
        """The frame, and its parts, on the data windows of another: cropped, and 0 where it has no pixels.

        A frame that lies there already is returned as it is.
        """
        parts = self.parts
        if len(parts) == len(like.parts):
            parts = tuple(own.on(other) for own, other in zip(parts, like.parts, strict=True))
        frame = self if parts == self.parts else replace(self, parts=parts)
        box, own = like.data_window, self.data_window
        if box == own:
            return frame
        pixels = np.zeros((box.height, box.width, len(self.channels)), np.float32).transpose(2, 0, 1)
        x0, y0, x1, y1 = *map(max, box[:2], own[:2]), *map(min, box[2:], own[2:])
        if x0 < x1 and y0 < y1:
            there = self.pixels[:, y0 - own.y0 : y1 - own.y0, x0 - own.x0 : x1 - own.x0]
            pixels[:, y0 - box.y0 : y1 - box.y0, x0 - box.x0 : x1 - box.x0] = there
        return replace(frame, pixels=pixels, data_window=box)


def colour_planes(channels: tuple[str, ...]) -> tuple[int, ...]:
    """Which of the channels of these names are the picture.

    R, G, B; else those of the one layer that has them (of several, of the one called "beauty", "combined"
    or "rgba"); else the lone luminance Y, which beside X or Z is a coordinate; else none.
    """
    layers = set(_colour_layers(channels))
    named = {n for n in layers if n.casefold().rstrip(".").rsplit(".", 1)[-1] in _PICTURES}
    for found in ({""} & layers, layers, named):
        if len(found) == 1:
            (name,) = found
            return tuple(channels.index(name + c) for c in "RGB")
    lone = "Y" in channels and not {"X", "Z"} & set(channels)
    return (channels.index("Y"),) if lone else ()


def _colour_layers(channels: tuple[str, ...]) -> tuple[str, ...]:
    names = set(channels)
    layers = (c[:-1] for c in channels if c.endswith("R"))
    return tuple(n for n in layers if {n + "G", n + "B"} <= names)


@dataclass(frozen=True)
class Window:
    """The frames around one time, in order, all of one shot.

    Beyond a cut or an end of the clip the last frame of the shot repeats, so that `frames` always has
    before + 1 + after entries and no node ever mixes two shots.
    matte: the frame of the matte at the window's time, where there is one. references: of the reference
    plate, at the times of `frames`; empty where there is none.
    anchors: further frames that the node asked for, wherever they lie.
    """

    frames: tuple[Frame, ...]
    centre: int
    references: tuple[Frame, ...] = ()
    matte: Frame | None = None
    anchors: tuple[Frame, ...] = ()

    @property
    def frame(self) -> Frame:
        """The frame at the window's own time."""
        return self.frames[self.centre]

    @property
    def reference(self) -> Frame | None:
        """The frame of the reference plate at the window's own time."""
        return self.references[self.centre] if self.references else None
