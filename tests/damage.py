"""Pictures with damage: a pan over texture under grain, with dirt and a scratch at known places."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

from interneg.colour import Colour
from interneg.engines.source import Engines
from interneg.frame import Frame, Pixels
from interneg.graph import Graph
from interneg.memo import Memo
from interneg.node import Context
from interneg.nodes.scratch_inpaint import ScratchInpaint

FRAMES, HEIGHT, WIDTH = 5, 144, 128
MIDDLE = FRAMES // 2


@dataclass(frozen=True)
class Clip:
    frames: list[Frame]

    @property
    def numbers(self) -> range:
        return range(1, len(self.frames) + 1)

    def frame(self, number: int) -> Frame:
        return self.frames[number - 1]


@cache
def engines() -> Engines:
    """The networks, in fp32, opened once."""
    return Engines(precision="fp32")


@dataclass
class Render:
    """Renders one frame of a clip of encoded pictures; every call remembers nothing of the ones before.

    files: what the node reads, by name.
    """

    colour: Colour

    def __call__(
        self,
        pictures: Any,
        node: ScratchInpaint | None = None,
        number: int = MIDDLE + 1,
        cuts: Collection[int] | None = (),
        *,
        channels: tuple[str, ...] = (),
        matte: Frame | None = None,
        mask: Frame | None = None,
        files: Mapping[str, str] | None = None,
        tell: Callable[[str, str], None] = lambda node, sentence: None,
    ) -> Frame:
        space = self.colour.resolve("texture_paint")
        frames = [Frame.of(p, channels, number=n, colour_space=space) for n, p in enumerate(pictures, 1)]

        def read(name: str) -> bytes:
            return (files or {})[name].encode()

        def still(frame: Frame | None) -> Clip | None:
            return None if frame is None else Clip([frame] * len(frames))

        context = Context(self.colour, engines(), Memo(200), tell, read)
        nodes = [node or ScratchInpaint()]
        graph = Graph(nodes, Clip(frames), context, cuts=cuts, mask=still(mask), matte=still(matte))
        return graph.render(number)


def scene(frames: int = FRAMES, grain: float = 0.008) -> Pixels:
    """A pan over coarse and fine texture under grain, encoded 0.2 to 0.8, (T, 3, H, W)."""
    rng = np.random.default_rng(2)
    size = (WIDTH + 3 * frames, HEIGHT + frames)
    large = np.zeros((size[1], size[0], 3), np.float32)
    for step in (32, 12, 5):
        small = rng.normal(0, 0.5, (size[1] // step + 2, size[0] // step + 2, 3)).astype(np.float32)
        large += cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    large = np.clip(0.5 + 0.12 * large, 0.2, 0.8)
    clip = [large[t : t + HEIGHT, 3 * t : 3 * t + WIDTH].transpose(2, 0, 1) for t in range(frames)]
    return np.stack([p + rng.normal(0, grain, p.shape) for p in clip]).astype(np.float32)


def disc(x: float, y: float, radius: float) -> Any:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.hypot(columns - x, rows - y) <= radius


SPOTS = {(30, 30, 3): 0.02, (90, 60, 6): 0.02, (60, 70, 4): 0.98, (100, 20, 2.5): 0.98}
"""Places and radii of dirt, and its levels."""


def dirty(clip: Pixels) -> tuple[Pixels, Any]:
    """The clip with the spots in its middle frame, and where they are."""
    made, where = clip.copy(), np.zeros((HEIGHT, WIDTH), bool)
    for spot, level in SPOTS.items():
        made[MIDDLE][:, disc(*spot)] = level
        where |= disc(*spot)
    return made, where


def scratched(clip: Pixels, level: float = 0.95, cover: float = 0.5) -> tuple[Pixels, Any]:
    """The clip with a scratch that wanders, two pixels wide, and where it is in the middle frame."""
    made = clip.copy()
    for t, at in enumerate((60.0, 61.5, 60.7, 62.0, 61.0)):
        away = np.abs(np.arange(WIDTH) - (at + 0.01 * np.arange(HEIGHT))[:, None])
        alpha = cover * np.clip(1.5 - away, 0, 1)
        made[t] += alpha * (level - made[t])
        if t == MIDDLE:
            where = alpha > 0.04
    return made.astype(np.float32), where
