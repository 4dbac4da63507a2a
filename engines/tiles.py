"""Tiles: a picture run through a network in overlapping windows of one fixed size.

Every window has the same shape, so that a runtime prepares one shape, and lies wholly inside the picture, so
that at the picture's edge the network sees what it would see without tiles. Each window holds `halo` pixels
more than is kept of it, except at the picture's edge: what is kept equals the untiled result to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import count, pairwise, takewhile
from typing import NamedTuple

import numpy as np

from interneg.engines.cpu_core import core
from interneg.engines.models import Precision
from interneg.errors import HostMemoryError
from interneg.frame import Box, Pixels

TILE_BYTES = 192 * 2**20
"""Activation memory of one tile, as `activation_bytes` counts it; there are as many in work as an engine has
lanes.

A fixed figure: were it the free memory of the moment, two machines would cut one frame into different tiles,
and their chunks would differ by rounding."""

_SMALLEST = 32


class Tile(NamedTuple):
    """One window and the part of its result that is kept, both in input pixels of the whole picture."""

    window: Box
    core: Box


@lru_cache(maxsize=16)
def plan(
    height: int,
    width: int,
    halo: int,
    multiple: int,
    pixels: int,
    most: tuple[int, int] | None = None,
    size: tuple[int, int] | None = None,
) -> tuple[Tile, ...] | None:
    """Cut a picture into tiles of at most `pixels` pixels each, with as little overlap as can be.

    height, width: of the picture, in multiples of `multiple`. most: the largest height and width of a tile,
    None for any. size: the only height and width of a tile, whatever `pixels` says, None for any; the
    picture is at least as large. A pure function of its arguments.
    Returns None where even the smallest sensible tile is larger.
    """
    halo = -(-halo // multiple) * multiple
    if size is not None:
        rows, columns = (_cut(n, halo, one) for n, one in zip((height, width), size, strict=True))
        return _tiles(rows, columns) if rows and columns else None
    fitting = [
        (len(rows) * len(columns) * rows[0][1] * columns[0][1], len(rows) * len(columns), rows, columns)
        for rows in _cuts(height, halo, multiple)
        for columns in _cuts(width, halo, multiple)
        if rows[0][1] * columns[0][1] <= pixels
        and (most is None or (rows[0][1] <= most[0] and columns[0][1] <= most[1]))
    ]
    if not fitting:
        return None
    *_, rows, columns = min(fitting)
    return _tiles(rows, columns)


_Cuts = tuple[tuple[int, int, int, int], ...]


def _tiles(rows: _Cuts, columns: _Cuts) -> tuple[Tile, ...]:
    return tuple(
        Tile(Box(x, y, x + w, y + h), Box(left, top, right, bottom))
        for y, h, top, bottom in rows
        for x, w, left, right in columns
    )


def _cut(length: int, halo: int, size: int) -> _Cuts:
    """One axis in windows of `size`: (start, size, kept from, kept to) each; none where halos fill it."""
    step = size - 2 * halo
    if size == length:
        return ((0, size, 0, length),)
    if step < 1:
        return ()
    starts = [min(i * step, length - size) for i in range(-(-(length - 2 * halo) // step))]
    edges = [0, *(s + size - halo for s in starts[:-1]), length]
    return tuple((s, size, a, b) for s, (a, b) in zip(starts, pairwise(edges), strict=True))


def _cuts(length: int, halo: int, multiple: int) -> Iterator[_Cuts]:
    """Every way to cut one axis into n windows, n = 1, 2, ...: for each (start, size, kept from, kept to)."""
    smallest = max(_SMALLEST, multiple)
    sizes = (_up(-(-(length + 2 * halo * (n - 1)) // n), multiple) for n in count(1))
    for n, size in enumerate(takewhile(lambda s: s - 2 * halo >= smallest or s == length, sizes), 1):
        if n > 1 and size >= length:
            return
        starts = [min(i * (size - 2 * halo), length - size) for i in range(n)]
        edges = [0, *(s + size - halo for s in starts[:-1]), length]
        yield tuple((s, size, a, b) for s, (a, b) in zip(starts, pairwise(edges), strict=True))


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def padded(planes: Pixels, halo: int, multiple: int, out: Pixels | None = None) -> tuple[Pixels, int]:
    """`planes` (C, H, W) mirrored outwards by `halo` or a little more, up to multiples of `multiple`.

    out: what is filled, of the size that `padded_size` says or larger; None for a new array.

    A network's own padding is zeros, which it takes for black beyond the picture: unless what it sees there
    is more of the picture, it draws a frame around a flat field. Returns also where the picture begins, in
    rows and columns alike.
    """
    import cv2

    border = _up(halo, multiple)
    least = padded_size(planes.shape[1], planes.shape[2], halo, multiple)
    result = empty((len(planes), *least)) if out is None else out
    down, right = (n - border - m for n, m in zip(result.shape[1:], planes.shape[1:], strict=True))
    for plane, target in zip(planes, result, strict=True):
        cv2.copyMakeBorder(plane, border, down, border, right, cv2.BORDER_REFLECT, dst=target)
    return result, border


def padded_size(height: int, width: int, halo: int, multiple: int) -> tuple[int, int]:
    """The height and width that `padded` makes of a picture."""
    border = _up(halo, multiple)
    return _up(height, multiple) + 2 * border, _up(width, multiple) + 2 * border


def empty(shape: tuple[int, ...]) -> Pixels:
    """A new C-contiguous float32 array of this shape, not filled. Raises HostMemoryError."""
    try:
        return np.empty(shape, np.float32)
    except MemoryError as error:
        raise HostMemoryError(f"no memory for a result of {' x '.join(map(str, shape))} floats") from error


def activation_bytes(
    weights: bytes, multiple: int, precision: Precision, size: tuple[int, int] | None = None
) -> float:
    """Bytes of activations that a model holds at its peak, for each input pixel. size: its only one, if any.

    Counted on the graph: the most that is alive at one time when its operators run in order, none in place.
    OpenVINO was measured to take 0.8 times (lite) to 1.4 times (standard) as much.
    """
    height, width = size or (_up(64, multiple),) * 2
    model = core().read_model(weights)
    model.reshape([1, model.inputs[0].partial_shape[1].get_length(), height, width])
    ops = model.get_ordered_ops()
    sizes = {
        op.get_friendly_name(): sum(int(np.prod(o.shape)) for o in op.outputs())
        for op in ops
        if op.get_type_name() not in ("Constant", "Result")
    }
    last = {s.get_node().get_friendly_name(): i for i, op in enumerate(ops) for s in op.input_values()}
    alive = peak = 0
    for i, op in enumerate(ops):
        alive += sizes.get(op.get_friendly_name(), 0)
        peak = max(peak, alive)
        for name in {s.get_node().get_friendly_name() for s in op.input_values()}:
            alive -= sizes.get(name, 0) if last[name] == i else 0
    return peak / (height * width) * (2 if precision in ("bf16", "fp16") else 4)
