"""What sizes a graph takes, how much it enlarges, and how its result lies over its input."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from interneg.engines.importing.raw import GraphRefusedError, RawGraph
from interneg.errors import EngineError
from interneg.frame import Pixels
from interneg.resize import cubic

_SIDES = (64, 48, 96, 80, 112, 128, 256)
_LIKE = 0.8
"""The correlation of result and input below which they are not taken for the same picture."""


class Sizes(NamedTuple):
    """planes: of the picture. side: one that the graph takes. multiple: sides have to be multiples of it.
    scale: output pixels for one of the input. less: by how many pixels the output is smaller than that.
    """

    planes: int
    side: tuple[int, int]
    multiple: int
    scale: int
    less: tuple[int, int]


def sizes(graph: RawGraph, scale: int | None = None) -> Sizes:
    """Try sizes. scale: where the user knows it. Raises EngineError where none is taken, or scaled."""
    planes = graph.signature.planes
    if graph.signature.size is not None:
        side = graph.signature.size
        try:
            made = _made(graph, side)
        except GraphRefusedError as error:
            raise EngineError(
                f"the model does not run on its own size {side[1]}x{side[0]}: {error}"
            ) from error
        found = _scaled(side, made, scale)
        return Sizes(planes, side, next(m for m in (8, 4, 2, 1) if not (side[0] % m or side[1] % m)), *found)
    reason = ""
    for n in _SIDES:
        try:
            made = _made(graph, (n, n))
        except GraphRefusedError as error:
            reason = reason or str(error)
            continue
        enlarged, less = _scaled((n, n), made, scale)
        for multiple in (m for m in range(1, n + 1) if n % m == 0):
            if _takes(graph, n, multiple, enlarged, less):
                return Sizes(planes, (n, n), multiple, enlarged, less)
        raise EngineError(
            f"the model runs on {n}x{n} pixels, and on no others that were tried: export it with free height "
            "and width, or with one fixed size"
        )
    raise EngineError(f"the model runs on none of the sizes {', '.join(map(str, _SIDES))}: {reason}")


def _made(graph: RawGraph, side: tuple[int, int]) -> tuple[int, int]:
    form = graph.signature
    planes, height, width = graph.run(np.full((form.planes, *side), 0.5, np.float32)).shape
    if planes != form.planes:
        if form.noise == "channel" and planes == form.planes + 1:
            raise EngineError(
                f"it takes and gives {planes} planes: the last one as alpha, which Denoise-SR passes "
                f"through by itself: export the model for {form.planes} planes"
            )
        raise EngineError(
            f"its output {form.output} has {planes} planes, and its picture {form.planes}: name another "
            "output with --output, or export the model so that it gives what it takes"
        )
    return height, width


def _takes(graph: RawGraph, n: int, multiple: int, scale: int, less: tuple[int, int]) -> bool:
    """Whether two more sizes, that are no further multiples, are taken, and scaled alike."""
    for height, width in ((n + multiple, n + 3 * multiple), (n + 3 * multiple, n)):
        try:
            made = _made(graph, (height, width))
        except GraphRefusedError:
            return False
        if made != (height * scale - less[0], width * scale - less[1]):
            return False
    return True


def _scaled(side: tuple[int, int], made: tuple[int, int], asked: int | None) -> tuple[int, tuple[int, int]]:
    """The scale, and by how many pixels the output is smaller."""
    scale = asked or max(1, round(max(m / n for m, n in zip(made, side, strict=True))))
    less = side[0] * scale - made[0], side[1] * scale - made[1]
    if not all(-4 * scale <= d <= 0.45 * side[0] * scale for d in less):
        raise EngineError(
            f"the model makes {made[1]}x{made[0]} of {side[1]}x{side[0]} pixels, which is "
            + (f"not {asked}x: leave out --scale, or correct it" if asked else "no whole scale")
        )
    return scale, less


class Placement(NamedTuple):
    """Where the result lies in the output.

    start: the pixel of the output that stands for the first one of the enlarged input.
    left_over: the rest of a shift that is no whole pixel, down and right, in pixels of the output. likeness:
    the correlation of result and enlarged input, which says whether the rest means anything.
    """

    start: tuple[int, int]
    left_over: tuple[float, float]
    likeness: float

    @property
    def is_alike(self) -> bool:
        """Whether result and input are the same picture."""
        return self.likeness >= _LIKE


def placement(run: Callable[[Pixels], Pixels], found: Sizes) -> Placement:
    """Find where a picture comes out, by correlating brightness, whatever range and order it has then.

    run: the graph, on (C, H, W) in 0..1, to its output in any range.
    """
    import cv2

    seen = blobs(found.planes, found.side)
    output = run(seen).mean(axis=0)
    spread = output.std()
    output = (output - output.mean()) / spread if spread > 1e-9 else np.zeros_like(output)
    large = cubic(seen.mean(axis=0), found.scale)
    margin = [max(8 * found.scale, abs(d) + 4) for d in found.less]
    patch = large[margin[0] : -margin[0], margin[1] : -margin[1]]
    if min(patch.shape) < 8 or any(p > o for p, o in zip(patch.shape, output.shape, strict=True)):
        return Placement((0, 0), (0.0, 0.0), 0.0)
    score = cv2.matchTemplate(
        np.ascontiguousarray(output, np.float32), np.ascontiguousarray(patch), cv2.TM_CCOEFF_NORMED
    )
    row, column = np.unravel_index(np.argmax(score), score.shape)
    rest = (_peak(score[:, column], int(row)), _peak(score[row], int(column)))
    start = int(row) - margin[0], int(column) - margin[1]
    return Placement(start, rest, float(score[row, column]))


def _peak(scores: Pixels, at: int) -> float:
    """How far from its largest value a row of scores has its peak: that of a parabola through three."""
    if not 0 < at < len(scores) - 1:
        return 0.0
    before, top, after = (float(scores[at + k]) for k in (-1, 0, 1))
    bend = before - 2 * top + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def border_of(found: Sizes, start: tuple[int, int], multiple: int) -> int:
    """How many pixels have to be added around an input, so that the output holds the whole result.

    A multiple of `multiple`. start: as in `Placement`.
    """
    needed = max(0, *(-t for t in start), *(d + t for d, t in zip(found.less, start, strict=True)))
    pixels = -(-needed // found.scale)
    return -(-pixels // multiple) * multiple


def blobs(planes: int, side: tuple[int, int], seed: int = 3) -> Pixels:
    """A picture to probe with, (planes, H, W) float32 in 0.05..0.95: soft blobs of many colours, an edge."""
    import cv2

    random = np.random.Generator(np.random.PCG64(seed))
    made = []
    for _ in range(planes):
        fine = cv2.GaussianBlur(random.random(side, np.float32) - np.float32(0.5), (0, 0), 2.0)
        coarse = cv2.GaussianBlur(random.random(side, np.float32) - np.float32(0.5), (0, 0), 6.0)
        made.append(0.5 + 0.12 * fine / fine.std() + 0.12 * coarse / coarse.std())
    picture = np.stack(made)
    picture[:, side[0] // 3 : side[0] // 3 + 6, side[1] // 2 : side[1] // 2 + 12] += np.float32(0.2)
    return np.asarray(np.clip(picture, 0.05, 0.95), np.float32)
