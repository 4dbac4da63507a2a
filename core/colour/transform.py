"""One colour transform, run over a picture by all cores."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.processor import cores

__all__ = ["Step", "Transform", "in_chunks", "round_trip_loss"]

CHUNK_PIXELS = 1 << 16
"""Three float planes of so many pixels (768 KiB) stay in the second-level cache of one core."""

Step = Callable[[Pixels], None]
"""Changes a (3, rows, W) chunk in place; each pixel depends on itself alone."""


class Transform:
    """From one colour space to another, as a callable on pixels; safe to call from several threads.

    A pixel depends on that pixel alone, and the result is that of OCIO's own lossless CPU processor bit for
    bit, however many cores work. NaN stays NaN in its channel (OCIO's vectorised logarithm would make a
    number of it); inf follows arithmetic, and becomes NaN where primaries are mixed.
    """

    def __init__(self, processor: Any) -> None:
        """processor: a PyOpenColorIO.Processor."""
        import PyOpenColorIO as ocio

        self._describe = ocio.PlanarImageDesc
        self._cpu = processor.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
        self.is_identity: bool = self._cpu.isNoOp()

    def __call__(self, pixels: Pixels, out: Pixels | None = None) -> Pixels:
        """Return the transformed pixels.

        pixels: (3, H, W) R, G, B or (1, H, W) grey (taken as R = G = B), float32, any strides, any range.
        out: where to put the result, of the same shape, any strides, not overlapping `pixels`; by default a
            new C-contiguous array.
        Raises InputError for another shape or dtype.
        """
        return in_chunks(() if self.is_identity else (self.apply,), pixels, out)

    def apply(self, chunk: Pixels) -> None:
        """Transform (3, rows, W) C-contiguous float32 in place, on this thread."""
        lost = np.isnan(chunk)
        _, rows, width = chunk.shape
        self._cpu.apply(self._describe(*chunk, width, rows))
        if lost.any():
            chunk[lost] = np.nan


def in_chunks(steps: tuple[Step, ...], pixels: Pixels, out: Pixels | None = None) -> Pixels:
    """Run per-pixel steps over row chunks of a picture on all cores.

    pixels: (3, H, W) or (1, H, W) float32, any strides; one plane runs through the steps as R = G = B, and
        the green result is its result.
    out: as in `Transform.__call__`.
    """
    if pixels.dtype != np.float32 or pixels.ndim != 3 or pixels.shape[0] not in (1, 3):
        raise InputError(
            f"a colour transform takes (3, H, W) or (1, H, W) float32 pixels, not {pixels.dtype} of shape "
            f"{pixels.shape}: leave alpha and other channels out"
        )
    if out is None:
        out = np.empty(pixels.shape, np.float32)
    elif out.dtype != np.float32 or out.shape != pixels.shape:
        raise InputError(f"a result of shape {pixels.shape} float32 does not fit {out.dtype} {out.shape}")
    target = out
    planes, height, width = pixels.shape

    def run(start: int) -> None:
        rows = slice(start, start + step)
        source, result = pixels[:, rows], target[:, rows]
        if not steps:
            result[...] = source
        elif planes == 3 and result.strides[2] == result.itemsize and result.strides[1] == width * 4:
            # Each plane's rows lie together: work where the result belongs.
            result[...] = source
            for apply in steps:
                apply(result)
        else:
            chunk = np.empty((3, *source.shape[1:]), np.float32)
            chunk[...] = source
            for apply in steps:
                apply(chunk)
            result[...] = chunk if planes == 3 else chunk[1:2]

    step = max(1, CHUNK_PIXELS // max(1, width))
    starts = range(0, height, step)
    if len(starts) > 1:
        for _ in _pool().map(run, starts):
            pass
    elif width and height:
        run(0)
    return out


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), "interneg-colour")


def round_trip_loss(there: Transform, back: Transform, grey: Pixels) -> Pixels:
    """The relative error (absolute below 1e-4) of grey values after the way there and back; NaN is inf.

    grey: (N,) float32, taken as R = G = B. Returns (1, N) float32, the largest error of the three channels.
    """
    line = np.broadcast_to(grey, (3, 1, grey.size))
    with np.errstate(invalid="ignore", over="ignore"):
        error: Pixels = np.abs(back(there(line)) - line).max(axis=0) / np.maximum(np.abs(grey), 1e-4)
    error[np.isnan(error)] = np.inf
    return error
