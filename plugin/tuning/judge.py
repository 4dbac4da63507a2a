"""What Denoise-SR makes of held-out frames, by PSNR: with Interneg's models, and with a trained one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import numpy as np

from interneg.colour import Colour, WorkingSpace
from interneg.colour.working import to_rgb
from interneg.engine import EngineSource
from interneg.frame import Frame, Pixels
from interneg.graph import FrameList, Graph
from interneg.memo import Memo
from interneg.node import Context
from interneg.nodes import NODES
from interneg.plugin.tuning.frames import Both
from interneg.resize import cubic

_HEIGHT, _WIDTH = 480, 640
"""Of each damaged frame so much of the middle is looked at, at most."""

NOISES = ("auto", 4.0, 10.0, 20.0)
LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""What is tried of the knobs noise and deblock."""


class HeldFrames:
    """Some frames, clean and damaged, to be restored."""

    def __init__(self, frames: Iterable[Both], scale: int, colour: Colour) -> None:
        self._frames = [_middle(both, scale) for both in frames]
        self._scale, self._colour = scale, colour

    def plain(self) -> float:
        """PSNR in dB of the damaged frames, enlarged by the cubic kernel; the mean over the frames."""
        return self._mean([np.stack([cubic(p, self._scale) for p in f.damaged]) for f in self._frames])

    def restored(self, engines: EngineSource, knobs: Mapping[str, Any]) -> float:
        """That of what Denoise-SR makes of each by itself. Raises what rendering raises."""
        node = NODES["denoise-sr"].with_knobs({"scale": str(self._scale), **knobs})
        made = []
        for both in self._frames:
            frame = _as_frame(both, self._colour)
            graph = Graph([node], FrameList([frame]), Context(self._colour, engines, Memo(64)))
            planes = graph.render(frame.number)
            made.append(
                self._colour.enter(
                    planes.pixels[list(planes.colour_channels)], both.space, WorkingSpace.LOG_Y
                )
            )
        return self._mean(made)

    def best(self, engines: EngineSource, model: str) -> dict[str, Any]:
        """The knobs noise and deblock by which a model of Interneg's restores the frames best."""
        tried = [{"model": model, "noise": n, "deblock": d} for n, d in product(NOISES, LEVELS)]
        return max(tried, key=lambda knobs: self.restored(engines, knobs))

    def _mean(self, made: Iterable[Pixels]) -> float:
        return float(np.mean([_psnr(f.clean, m) for f, m in zip(self._frames, made, strict=True)]))


def _middle(both: Both, scale: int) -> Both:
    height, width = both.damaged.shape[1:]
    tall, wide = min(height, _HEIGHT), min(width, _WIDTH)
    y, x = (height - tall) // 2, (width - wide) // 2
    large = np.s_[:, scale * y : scale * (y + tall), scale * x : scale * (x + wide)]
    return Both(both.clean[large].copy(), both.damaged[:, y : y + tall, x : x + wide].copy(), both.space)


def _as_frame(both: Both, colour: Colour) -> Frame:
    planes = both.damaged if both.damaged[1:].any() else both.damaged[:1]
    pixels = colour.leave(planes, both.space, WorkingSpace.LOG_Y)
    return Frame.of(pixels, colour_space=both.space, number=1)


def _psnr(clean: Pixels, made: Pixels) -> float:
    """Over R, G and B as they are encoded, with a peak of 1."""
    pair = []
    for planes in (clean, made):
        rgb = planes.copy() if len(planes) == 3 else np.concatenate([planes, np.zeros_like(clean[1:])])
        to_rgb(rgb)
        pair.append(rgb.astype(np.float64))
    return float(-10 * np.log10(max(float(np.mean((pair[0] - pair[1]) ** 2)), 1e-12)))
