"""Float samples to the codes that files store, with every value that cannot be stored counted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from interneg.frame import Pixels

__all__ = ["Warn", "integers", "once", "to_half", "unassociated"]

log = logging.getLogger("interneg.io")

Warn = Callable[[str, str], None]
"""Told the kind of a finding and a sentence about it."""

LARGEST_HALF = 65504.0


def once() -> Callable[[Path, int, str, str], None]:
    """A logger that tells each kind of finding once: called with file, frame number, kind, sentence."""
    told: set[str] = set()
    lock = threading.Lock()

    def tell(path: Path, number: int, kind: str, sentence: str) -> None:
        with lock:
            new = kind not in told
            told.add(kind)
        if new:
            log.warning("%s: frame %d: %s (told once for this output)", path, number, sentence)

    return tell


def integers(codes: Pixels, bits: int, warn: Warn) -> npt.NDArray[Any]:
    """Round codes to the nearest integer of `bits` bits, half to even; uint8 or uint16 of the same shape.

    codes: any shape, full range 0..2^bits - 1; consumed. What lies outside is clipped and NaN becomes 0,
    both told to `warn`.
    """
    top = 2**bits - 1
    np.rint(codes, out=codes)
    if not (codes.min() >= 0 and codes.max() <= top):
        bad = np.isnan(codes)
        nans, outside = int(bad.sum()), int(((codes < 0) | (codes > top)).sum())
        if nans:
            codes[bad] = 0
            warn("nan", f"{nans} NaN samples were stored as 0")
        if outside:
            np.clip(codes, 0, top, out=codes)
            warn(
                "clip",
                f"{outside} samples were clipped, since they lie outside what {bits}-bit integers hold",
            )
    return codes.astype(np.uint8 if bits == 8 else np.uint16)


def to_half(pixels: Pixels, warn: Warn) -> npt.NDArray[np.float16]:
    """Round to the nearest half: float32 of any shape and range to C-contiguous float16 of the same shape.

    Finite values stay finite: what is beyond 65504 becomes 65504, and `warn` is told how many did. Inf and
    NaN are kept.
    """
    with np.errstate(over="ignore"):
        halves = pixels.astype(np.float16, order="C")
    # The largest bits tell whether any inf or NaN is there at a tenth of the cost of np.isinf.
    if halves.size and (halves.view(np.uint16) & 0x7FFF).max() >= 0x7C00:
        beyond = np.isinf(halves) & np.isfinite(pixels)
        if beyond.any():
            warn("half", f"{int(beyond.sum())} samples beyond 65504 were stored as 65504, the largest half")
            halves[beyond] = np.copysign(np.float16(LARGEST_HALF), halves[beyond])
    return halves


def unassociated(pixels: Pixels, warn: Warn) -> Pixels:
    """Colour divided by alpha, as PNG and movies want it; where alpha is 0 the colour stays as it is.

    pixels: (H, W, C) with alpha last. Returns a new array of the same shape.
    """
    alpha = pixels[..., -1:]
    clear = alpha == 0
    lit = int((clear & (pixels[..., :-1] != 0).any(-1, keepdims=True)).sum())
    if lit:
        warn("alpha", f"{lit} pixels glow with alpha 0, which unassociated alpha cannot say; colour kept")
    straight = np.divide(pixels, np.where(clear, np.float32(1), alpha))
    straight[..., -1:] = alpha
    return straight
