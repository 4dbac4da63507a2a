"""A picture filmed by a shaken camera, and what Stabilise moves its frames by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from interneg.colour import Colour
from interneg.engine import NoEngines
from interneg.frame import Frame, Pixels
from interneg.graph import FrameList, Graph
from interneg.memo import Memo
from interneg.motion.measured_path import MeasuredFrame
from interneg.motion.similarity import Motion, points
from interneg.node import Context
from interneg.nodes.stabilise import Stabilise

SCENE = "ACEScg"
HEIGHT, WIDTH, COUNT = 120, 160, 24
EDGES = ("hold", "mirror", "reveal", "crop", "fill")


def numbered(frames: Sequence[Frame]) -> FrameList:
    """Frames by number, from 1001 on."""
    return FrameList(replace(f, number=n) for n, f in enumerate(frames, 1001))


def world() -> Pixels:
    """A large picture (H, W, 3) with detail of several sizes, 0.02..1."""
    rng = np.random.default_rng(7)
    total = np.zeros((400, 500, 3), np.float32)
    for sigma, share in ((1.2, 0.5), (3, 1), (10, 2), (30, 3)):
        noise = cv2.GaussianBlur(rng.normal(size=total.shape).astype(np.float32), (0, 0), sigma)
        total += share * noise / noise.std()
    return np.asarray(0.02 + 0.98 / (1 + np.exp(-0.5 * total)), np.float32)


WORLD = world()


def gate(count: int = COUNT) -> np.ndarray:
    """x, y and degrees."""
    return np.random.default_rng(3).normal(0, (2, 2, 0.15), (count, 3))


def shot(shaken: np.ndarray, speed: float = 0.0, extra: Any = None, aspect: float = 1.0) -> Pixels:
    """(N, C, H, W): the world as the camera that pans at `speed` sees it, moved by the gate."""
    made = []
    for k, (dx, dy, degrees) in enumerate(shaken):
        z = points(HEIGHT, WIDTH, (HEIGHT, aspect * WIDTH))
        at = (z - complex(dx, dy)) * np.exp(-1j * np.radians(degrees)) + speed * k + complex(250, 200)
        picture = cv2.remap(WORLD, at.real.astype(np.float32), at.imag.astype(np.float32), cv2.INTER_LANCZOS4)
        if extra is not None:
            extra(picture, k)
        made.append(picture.transpose(2, 0, 1))
    return np.ascontiguousarray(made, np.float32)


def clip(
    pictures: Sequence[Pixels] | Pixels, channels: Sequence[str] = ("R", "G", "B"), **facts: Any
) -> FrameList:
    return numbered([Frame.of(p, tuple(channels), colour_space=SCENE, **facts) for p in pictures])


def graph(node: Any, source: FrameList, colour: Colour, **facts: Any) -> Graph:
    context = Context(colour, NoEngines(), Memo(400), **facts.pop("context", {}))
    return Graph([node], source, context, cuts=facts.pop("cuts", []), **facts)


def rendered(node: Stabilise, source: FrameList, colour: Colour, **facts: Any) -> list[Frame]:
    made = graph(node, source, colour, **facts)
    return [made.render(n) for n in source.numbers]


def rms(values: Any) -> float:
    return float(np.sqrt(np.mean(np.square(np.abs(values)))))


def observed(node: Stabilise, source: FrameList, colour: Colour, **facts: Any) -> list[MeasuredFrame]:
    """What an analysis notes of each frame."""
    found: dict[int, MeasuredFrame] = {}

    class Watched(Stabilise):
        def process(self, view: Any) -> Pixels:
            found[view.window.frame.number] = self.observe(view)
            return super().process(view)

    rendered(Watched.with_knobs(node.knobs), source, colour, **facts)
    return [found[n] for n in source.numbers]


def corrections(node: Stabilise, source: FrameList, colour: Colour, **facts: Any) -> list[Motion]:
    """What each frame is moved by."""
    found: dict[int, Motion] = {}

    class Watched(Stabilise):
        def process(self, view: Any) -> Pixels:
            found[view.window.frame.number] = self.solve(view).motion
            return super().process(view)

    rendered(Watched.with_knobs(node.knobs), source, colour, **facts)
    return [found[n] for n in source.numbers]


def left_over(moves: Sequence[Motion], shaken: np.ndarray) -> np.ndarray:
    """x and y that the middle of each frame is still off by, (N, 2), and what it was."""
    at = [m(np.array([complex(dx, dy)]))[0] for m, (dx, dy, _) in zip(moves, shaken, strict=True)]
    return np.stack([np.real(at), np.imag(at)], 1)
