"""The icons of the nodes, drawn: `python -m interneg.plugin.ofx.draw_icons`, a part of `make nodes`.

One style: a film frame, dark, with its perforations, and in it what the node does, white and amber.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_name("icons")

SIZE = 256

_DARK, _PALE, _WHITE, _AMBER = (38, 41, 48), (118, 126, 140), (240, 242, 245), (255, 178, 56)
_Y, _X = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) + 0.5

Distance = Any
"""(SIZE, SIZE) float32: pixels to the edge of a shape, negative inside."""


class _Canvas:
    """A picture, (SIZE, SIZE, 4) R, G, B, A of 0..255, alpha unassociated."""

    def __init__(self) -> None:
        self.pixels = np.zeros((SIZE, SIZE, 4), np.float32)
        self.fill(_box(128, 128, 124, 124, 28), _DARK)
        self.pixels[..., 3] = np.clip(0.5 - _box(128, 128, 124, 124, 28), 0, 1) * 255
        for x in (24, 232):
            for y in range(44, 256, 56):
                self.fill(_box(x, y, 9, 13, 5), _PALE)

    def fill(self, shape: Distance, colour: tuple[int, int, int], share: float = 1) -> None:
        """Paint a shape, its edge smoothed over one pixel."""
        cover = (np.clip(0.5 - shape, 0, 1) * share)[..., None]
        self.pixels[..., :3] += cover * (np.asarray(colour, np.float32) - self.pixels[..., :3])


def _box(x: float, y: float, wide: float, high: float, corner: float = 0) -> Distance:
    """A box with round corners, from its centre and half its size."""
    dx, dy = np.abs(_X - x) - wide + corner, np.abs(_Y - y) - high + corner
    return np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - corner


def _disc(x: float, y: float, radius: float) -> Distance:
    return np.hypot(_X - x, _Y - y) - radius


def _line(x0: float, y0: float, x1: float, y1: float, width: float) -> Distance:
    along = np.clip(((_X - x0) * (x1 - x0) + (_Y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2), 0, 1)
    return np.hypot(_X - x0 - along * (x1 - x0), _Y - y0 - along * (y1 - y0)) - width / 2


def _denoise_sr(canvas: _Canvas) -> None:
    """A disc: coarse and noisy on the left, smooth on the right."""
    rng, disc = np.random.default_rng(4), _disc(128, 128, 72)
    canvas.fill(disc, _WHITE)
    for y in range(64, 200, 16):
        for x in range(64, 128, 16):
            square = np.maximum(_box(x, y, 8, 8), np.maximum(disc, _X - 128))
            canvas.fill(square, _AMBER if rng.random() < 0.3 else _DARK, float(rng.uniform(0.2, 0.9)))
    canvas.fill(_line(128, 46, 128, 210, 5), _AMBER)


def _deflicker(canvas: _Canvas) -> None:
    """Bars of uneven height, and the level that they are brought to."""
    for i, high in enumerate((44, 66, 34, 72, 52)):
        canvas.fill(_box(68 + 30 * i, 196 - high, 10, high, 4), _WHITE)
    canvas.fill(_line(52, 112, 204, 112, 9), _AMBER)


def _stabilise(canvas: _Canvas) -> None:
    """Frames that lie askew, and the steady one."""
    for x, y in ((-17, 12), (15, -15), (11, 17)):
        outside, inside = _box(128 + x, 128 + y, 60, 46, 6), _box(128 + x, 128 + y, 55, 41, 4)
        canvas.fill(np.maximum(outside, -inside), _PALE)
    canvas.fill(np.maximum(_box(128, 128, 60, 46, 6), -_box(128, 128, 52, 38, 4)), _WHITE)
    canvas.fill(_line(128, 108, 128, 148, 7), _AMBER)
    canvas.fill(_line(108, 128, 148, 128, 7), _AMBER)


def _scratch_inpaint(canvas: _Canvas) -> None:
    """A scratch and dirt on a frame, mended in the middle."""
    canvas.fill(_box(128, 128, 76, 76, 10), _WHITE)
    points = ((120, 52), (132, 88), (124, 128), (136, 166), (128, 204))
    for (x0, y0), (x1, y1) in pairwise(points):
        canvas.fill(_line(x0, y0, x1, y1, 8), _DARK)
    for x, y, radius in ((84, 84, 9), (172, 176, 11), (176, 88, 6)):
        canvas.fill(_disc(x, y, radius), _DARK)
    canvas.fill(_box(128, 128, 30, 30, 8), _AMBER)


def _grain_match(canvas: _Canvas) -> None:
    """Grain that passes from one disc to another."""
    rng = np.random.default_rng(7)
    for x, colour in ((94, _WHITE), (162, _AMBER)):
        disc = _disc(x, 128, 58)
        canvas.fill(disc, colour)
        for _ in range(60):
            far, angle = 54 * float(np.sqrt(rng.random())), 2 * np.pi * float(rng.random())
            place = x + far * np.cos(angle), 128 + far * np.sin(angle)
            canvas.fill(np.maximum(_disc(*place, float(rng.uniform(2, 5))), disc), _DARK, 0.7)


def _node(canvas: _Canvas) -> None:
    """A node between its two pipes: for those that bring no icon."""
    canvas.fill(_line(48, 128, 208, 128, 9), _WHITE)
    canvas.fill(_box(128, 128, 50, 34, 10), _WHITE)
    canvas.fill(_disc(128, 128, 15), _AMBER)


ICONS: dict[str, Callable[[_Canvas], None]] = {
    "DenoiseSR": _denoise_sr,
    "Deflicker": _deflicker,
    "Stabilise": _stabilise,
    "ScratchInpaint": _scratch_inpaint,
    "GrainMatch": _grain_match,
    "Node": _node,
}
"""What to draw for each node, by its class; Node stands for those that are not here."""


def draw(name: str) -> Any:
    """The icon of the node class of that name: (256, 256, 4) uint8, R, G, B, A, alpha unassociated."""
    canvas = _Canvas()
    ICONS[name](canvas)
    return np.rint(canvas.pixels).astype(np.uint8)


def main() -> None:
    """Write all icons."""
    import cv2

    FOLDER.mkdir(exist_ok=True)
    for name in ICONS:
        cv2.imwrite(str(FOLDER / f"org.interneg.{name}.png"), cv2.cvtColor(draw(name), cv2.COLOR_RGBA2BGRA))


if __name__ == "__main__":
    main()
