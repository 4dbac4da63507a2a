"""Models side by side on a plate of the user's: figures, and a sheet of places at 1:1."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from interneg.colour import Colour
from interneg.engine import EngineSource
from interneg.errors import InputError
from interneg.frame import Frame, Pixels
from interneg.graph import Graph, Source
from interneg.memo import Memo
from interneg.metrics.checks import Double
from interneg.metrics.fidelity import luma601, psnr_y, ssim_y
from interneg.node import Context, Node
from interneg.plugin.screen import Codes, codes, shown
from interneg.resize import cubic, reduce

_PLACES = 4
_SIDE = 224
_LINE = 22


@dataclass(frozen=True)
class Contestant:
    """What one model made of a frame.

    picture: (H, W, 3) or (H, W, 1) float32, 0..1, as a screen shows it. seconds: that it took.
    apart: by how much, in 8-bit code values, its reduced result differs from the input, root mean square.
    detail: root mean square of what is finer than some two pixels of the input, times that of the input.
    psnr, ssim: against the reference, where there is one.
    """

    name: str
    picture: Pixels
    seconds: float
    apart: float
    detail: float
    psnr: float | None = None
    ssim: float | None = None


def compete(
    nodes: Sequence[Node],
    source: Source,
    number: int,
    colour: Colour,
    engines: EngineSource,
    reference: Frame | None = None,
) -> tuple[Pixels, list[Contestant]]:
    """Render one frame by each node, which all enlarge alike. Returns the input enlarged, and the results.

    The input: (H, W, C) float32, 0..1, as a screen shows it, enlarged by the cubic kernel. reference: the
    frame as it should be, at the size of the results. Raises what rendering raises, and InputError where the
    reference has another size.
    """
    plain, scale = shown(source.frame(number), colour), nodes[0].enlarges
    large = _each(plain, lambda plane: cubic(plane, scale)).clip(0, 1)
    wanted = None if reference is None else shown(reference, colour)
    if wanted is not None and wanted.shape[:2] != large.shape[:2]:
        raise InputError(
            f"the reference is {wanted.shape[1]}x{wanted.shape[0]}, the result {large.shape[1]}x"
            f"{large.shape[0]}: give a reference of that size, or another --scale"
        )
    made = []
    for node in nodes:
        graph = Graph([node], source, Context(colour, engines, Memo(64)))
        for model in node.models:
            engines.open(model)  # which is no part of the time
        began = time.perf_counter()
        picture = shown(graph.render(number), colour)
        seconds = time.perf_counter() - began
        back = _each(picture, lambda plane: reduce(plane, scale))
        apart = 255 * float(np.sqrt(np.mean(np.square(back - plain))))
        detail = _finest(picture, scale) / max(_finest(large, scale), 1e-9)
        figures = (None, None) if wanted is None else _figures(wanted, picture)
        made.append(Contestant(str(node.knobs["model"]), picture, seconds, apart, detail, *figures))
    return large, made


def sheet(plain: Pixels, made: Sequence[Contestant]) -> Codes:
    """A sheet of places at 1:1, (H, W, 3) 8 bit: the input enlarged, and each result; a row for each place.

    plain: as `compete` returns it. Places are those where the results differ most, none beside another.
    """
    import cv2

    titles = ["input, enlarged" if len(made) else "input", *(m.name for m in made)]
    columns = [codes(p if p.shape[2] == 3 else p.repeat(3, 2)) for p in (plain, *(m.picture for m in made))]
    height, width = (min(n, _SIDE) for n in plain.shape[:2])
    rows = [np.full((_LINE, len(columns) * width, 3), 40, np.uint8)]
    for k, title in enumerate(titles):
        cv2.putText(rows[0], title, (k * width + 6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255,) * 3, 1)
    for y, x in places([m.picture for m in made], (height, width)):
        rows.append(np.concatenate([c[y : y + height, x : x + width] for c in columns], axis=1))
    return np.concatenate(rows)


def places(pictures: Sequence[Pixels], size: tuple[int, int]) -> list[tuple[int, int]]:
    """Where pictures differ most: corners (y, x) of up to four places of that size, none over another.

    pictures: (H, W, C) float32 each, of one shape; of a single one, where it has most detail.
    """
    import cv2

    first, *others = (p.mean(axis=2) for p in pictures)
    apart = sum((np.abs(o - first) for o in others), np.zeros_like(first))
    if not others:
        apart = np.abs(cv2.Laplacian(first, cv2.CV_32F))
    height, width = size
    sums = cv2.boxFilter(apart, -1, (width, height), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    sums = sums[: apart.shape[0] - height + 1, : apart.shape[1] - width + 1].copy()
    found: list[tuple[int, int]] = []
    while len(found) < _PLACES and sums.max() >= 0:
        y, x = (int(n) for n in np.unravel_index(np.argmax(sums), sums.shape))
        found.append((y, x))
        sums[max(0, y - height + 1) : y + height, max(0, x - width + 1) : x + width] = -1
    return found


def _each(picture: Pixels, change: Callable[[Pixels], Pixels]) -> Pixels:
    """Each plane of (H, W, C) changed."""
    return np.stack([change(np.ascontiguousarray(picture[..., k])) for k in range(picture.shape[2])], axis=2)


def _finest(picture: Pixels, scale: int) -> float:
    """Root mean square of what is finer than a blur of a pixel of the input."""
    import cv2

    plane = np.ascontiguousarray(picture.mean(axis=2))
    return float(np.sqrt(np.mean(np.square(plane - cv2.GaussianBlur(plane, (0, 0), float(scale))))))


def _figures(wanted: Pixels, made: Pixels) -> tuple[float, float]:
    reference, test = _luma(wanted), _luma(made)
    return psnr_y(reference, test), ssim_y(reference, test)


def _luma(picture: Pixels) -> Double:
    return (
        luma601(picture.transpose(2, 0, 1)) if picture.shape[2] == 3 else 255 * picture[..., 0].astype(float)
    )
