"""Clips whose light is known, rendered through Deflicker."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from interneg.colour import Colour
from interneg.frame import Frame, Pixels
from interneg.graph import FrameList, Graph
from interneg.memo import Memo
from interneg.node import Context
from interneg.nodes.deflicker import Deflicker

SCENE = "ACEScg"
FRAMES, HEIGHT, WIDTH = 24, 72, 96


@dataclass
class Render:
    """Renders clips through the node; every call remembers nothing of the ones before."""

    colour: Colour

    def __call__(
        self,
        pixels: Any,
        node: Deflicker | None = None,
        *,
        order: Collection[int] | None = None,
        mask: Pixels | None = None,
        cuts: Collection[int] | None = (),
        **facts: Any,
    ) -> Pixels:
        clip = clip_of(pixels, **facts)
        masks = None if mask is None else FrameList(Frame.of(mask, number=n) for n in clip.numbers)
        context = Context(self.colour, None, Memo(100))  # type: ignore[arg-type]
        graph = Graph([node or Deflicker()], clip, context, mask=masks, cuts=cuts)
        done = {n: graph.render(n).pixels for n in order or clip.numbers}
        return np.stack([done[n] for n in sorted(done)])


def clip_of(pixels: Any, **facts: Any) -> FrameList:
    return FrameList(
        Frame.of(p, number=n, **{"colour_space": SCENE, **facts}) for n, p in enumerate(pixels, 1)
    )


def scene(frames: int = FRAMES, seed: int = 0) -> Pixels:
    """A pan over coarse and fine texture, light of 0.02 to 1.5, (T, 3, H, W), with a disc moving across."""
    rng = np.random.default_rng(seed)
    size = (WIDTH + 2 * frames, HEIGHT + frames)
    large = np.zeros((size[1], size[0], 3), np.float32)
    for step in (24, 8, 3):
        small = rng.normal(0, 0.5, (size[1] // step + 2, size[0] // step + 2, 3)).astype(np.float32)
        large += cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    large = np.exp(0.8 * large - 1.5)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    clip = []
    for t in range(frames):
        picture = large[t : t + HEIGHT, 2 * t : 2 * t + WIDTH].copy()
        picture[np.hypot(y - HEIGHT / 2, x - 4 * t) < 10] = 0.9
        clip.append(picture.transpose(2, 0, 1))
    return np.stack(clip)


def flicker(size: float = 0.1, frames: int = FRAMES, seed: int = 1) -> Pixels:
    return np.exp(size * np.random.default_rng(seed).normal(size=(frames, 1, 1, 1))).astype(np.float32)


def unsteady(ratio: Pixels, block: int = 12) -> float:
    """The rms of the high-passed logarithm of a ratio of clips, over block means."""
    level = np.log(ratio).mean(axis=1).reshape(len(ratio), HEIGHT // block, block, WIDTH // block, block)
    level = level.mean(axis=(2, 4))
    return float(np.sqrt(np.mean((level[1:-1] - 0.5 * (level[:-2] + level[2:])) ** 2)))
