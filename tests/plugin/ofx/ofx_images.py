"""Images as hosts lay them out, in buffers that show what was written where it should not be."""

from __future__ import annotations

import ctypes
import zlib
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[Any]

TYPES = {"byte": np.uint8, "short": np.uint16, "half": np.float16, "float": np.float32}
WHITE = {"byte": 255, "short": 65535}

_GUARD = 4096
_PATTERN = 0xA5
_UNWRITTEN = np.uint32(0x7FC0DEAD)
"""A NaN that no arithmetic makes."""


class Rect(NamedTuple):
    """Columns x1 <= x < x2, rows y1 <= y < y2, y growing upwards."""

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def width(self) -> int:
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        return self.y2 - self.y1

    def within(self, other: Rect) -> bool:
        return self.x1 >= other.x1 and self.y1 >= other.y1 and self.x2 <= other.x2 and self.y2 <= other.y2


NOTHING = Rect(0, 0, 0, 0)


@dataclass(frozen=True)
class Picture:
    """pixels: (H, W, C) float32, the top row first; C is 4 (RGBA), 3 (RGB) or 1 (A). x, y: its lower left."""

    pixels: npt.NDArray[np.float32]
    x: int = 0
    y: int = 0

    @property
    def bounds(self) -> Rect:
        height, width = self.pixels.shape[:2]
        return Rect(self.x, self.y, self.x + width, self.y + height)

    @property
    def components(self) -> str:
        return {4: "RGBA", 3: "RGB", 1: "A"}[self.pixels.shape[2]]

    def halved(self) -> Picture:
        """What a host shows at a render scale of 0.5: every other pixel."""
        return replace(self, pixels=self.pixels[::2, ::2], x=self.x // 2, y=self.y // 2)


@dataclass(frozen=True)
class Layout:
    """How a host lays out its images: bytes of padding after each row, and whether rowBytes is negative."""

    padding: int = 0
    negative: bool = False


PACKED = Layout()


class Image:
    """One image in memory, between guard bytes.

    `data` is the address of the sample at the lower left, `row_bytes` the way to the row above.
    """

    def __init__(self, bounds: Rect, components: str, depth: str, layout: Layout) -> None:
        self.bounds, self.components, self.depth = bounds, components, depth
        dtype = np.dtype(TYPES[depth])
        row = bounds.width * len(components) * dtype.itemsize
        stride = -(-(row + layout.padding) // dtype.itemsize) * dtype.itemsize
        used = bounds.height * stride
        self._memory = np.full(2 * _GUARD + used, _PATTERN, np.uint8)
        inner = self._memory[_GUARD : _GUARD + used].reshape(bounds.height, stride)
        rows = inner[:, :row].view(dtype).reshape(bounds.height, bounds.width, len(components))
        # `samples` has its rows from bottom to top; with a negative stride, memory has them the other way.
        self.samples: Samples = rows[::-1] if layout.negative else rows
        self.row_bytes = -stride if layout.negative else stride
        first = _GUARD + ((bounds.height - 1) * stride if layout.negative and bounds.height else 0)
        self.data = self._memory.ctypes.data + first
        self._outside = np.ones(len(self._memory), bool)
        self._outside[_GUARD : _GUARD + used].reshape(bounds.height, stride)[:, :row] = False
        self._checksum = 0

    @classmethod
    def of(cls, picture: Picture, depth: str, layout: Layout) -> Image:
        """An image that shows the picture, integer samples limited to 0..1."""
        image = cls(picture.bounds, picture.components, depth, layout)
        values = picture.pixels[::-1]
        if depth in WHITE:
            values = np.rint(np.clip(values, 0, 1).astype(np.float64) * WHITE[depth])
        image.samples[...] = values
        image._checksum = image._sum()
        return image

    @classmethod
    def unwritten(cls, bounds: Rect, components: str, depth: str, layout: Layout) -> Image:
        """An image that nothing was written to yet."""
        image = cls(bounds, components, depth, layout)
        if depth == "float":
            image.samples.view(np.uint32)[...] = _UNWRITTEN
        return image

    def faults_of_source(self) -> list[str]:
        """What was done to an image that was given to be read."""
        return ["a source image was written to"] if self._sum() != self._checksum else []

    def faults_of_output(self, window: Rect) -> list[str]:
        """What was done wrong to an image that was given to be written within `window`."""
        faults = []
        if (self._memory[self._outside] != _PATTERN).any():
            faults.append("the output was written beyond its rows")
        if self.depth != "float":
            return faults
        left = self.samples.view(np.uint32) == _UNWRITTEN
        inside = np.zeros(left.shape, bool)
        inside[
            window.y1 - self.bounds.y1 : window.y2 - self.bounds.y1,
            window.x1 - self.bounds.x1 : window.x2 - self.bounds.x1,
        ] = True
        if left[inside].any():
            faults.append(f"{int(left[inside].sum())} samples of the render window were not written")
        if not left[~inside].all():
            faults.append(f"{int((~left[~inside]).sum())} samples outside the render window were written")
        return faults

    def picture(self, window: Rect) -> Picture:
        """What lies within the window, integers as 0..1."""
        x, y = window.x1 - self.bounds.x1, window.y1 - self.bounds.y1
        rows = self.samples[y : y + window.height, x : x + window.width][::-1]
        pixels = rows.astype(np.float32)
        if self.depth in WHITE:
            pixels /= WHITE[self.depth]
        return Picture(pixels, window.x1, window.y1)

    def _sum(self) -> int:
        return zlib.crc32(ctypes.string_at(self._memory.ctypes.data, len(self._memory)))
