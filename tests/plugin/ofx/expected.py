"""What a plugin has to render: the product's own graph, here, on the frames that the host shows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engines.source import Engines
from interneg.frame import Box, Frame
from interneg.graph import Graph
from interneg.memo import Memo
from interneg.node import Context, Node
from interneg.plugin.facts.files import read
from tests.plugin.ofx.ofx_images import Picture, Rect
from tests.plugin.ofx.ofx_objects import Plate

_CHANNELS = {"RGBA": "RGBA", "RGB": "RGB", "A": "Y"}


@lru_cache
def _shared() -> tuple[Colour, Engines]:
    return Colour(), Engines()


class _Shown:
    """A plate as a source; the frame before, else the one after, stands for one that is not there."""

    def __init__(self, plate: Plate, size: tuple[int, int], *, mask: bool) -> None:
        self._plate, self._size, self._mask = plate, size, mask
        self.numbers: Sequence[int] = range(int(plate.range[0]), int(plate.range[1]) + 1)

    def frame(self, number: int) -> Frame:
        nearby = [*range(number, self.numbers[0] - 1, -1), *range(number + 1, self.numbers[-1] + 1)]
        pictures = (self._plate.at(n) for n in nearby)
        picture = next(p for p in pictures if p is not None)
        width, height = self._size
        top = height - picture.bounds.y2
        straight = self._plate.premultiplied == "OfxImageAlphaUnPremultiplied"
        return Frame.of(
            picture.pixels.transpose(2, 0, 1),
            picture.components if self._mask else _CHANNELS[picture.components],
            data_window=Box(picture.x, top, picture.bounds.x2, top + picture.bounds.height),
            display_window=Box(0, 0, width, height),
            colour_space=_shared()[0].resolve("scene_linear"),
            number=number,
            metadata={"oiio:UnassociatedAlpha": 1} if straight else {},
        )


def expected(
    node: Node,
    time: int,
    source: Plate,
    *,
    mask: Plate | None = None,
    reference: Plate | None = None,
    matte: Plate | None = None,
    size: tuple[int, int] | None = None,
) -> Picture:
    """The node's result at a time; size: of the project, by default that of the source's first frame."""
    if node.models and os.environ.get("INTERNEG_SANITIZE"):
        pytest.skip("OpenVINO does not load beside the sanitizers")
    shown = source.picture.bounds
    size = size or (shown.x2, shown.y2)
    colour, engines = _shared()

    def clip(plate: Plate | None, is_mask: bool = False) -> _Shown | None:
        return _Shown(plate, size, mask=is_mask) if plate else None

    graph = Graph(
        [node], _Shown(source, size, mask=False), Context(colour, engines, Memo(64), read=read),
        mask=clip(mask, is_mask=True), reference=clip(reference), matte=clip(matte, is_mask=True),
    )  # fmt: skip
    result = graph.render(time)
    pixels = np.ascontiguousarray(result.pixels.transpose(1, 2, 0))
    return Picture(pixels, result.data_window.x0, size[1] * node.enlarges - result.data_window.y1)


def part(picture: Picture, window: Rect) -> np.ndarray:
    """The pixels of a picture within a window."""
    bounds = picture.bounds
    assert window.within(bounds)
    top = bounds.y2 - window.y2
    left = window.x1 - bounds.x1
    return picture.pixels[top : top + window.height, left : left + window.width]
