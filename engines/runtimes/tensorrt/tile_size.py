"""How large tiles may be, by the memory of the GPU."""

from __future__ import annotations

import logging

log = logging.getLogger("interneg.engines")

_SHARE_OF_TOTAL = 0.5
_SHARE_OF_FREE = 0.8
"""Tiles may fill half of a GPU's memory, which is one figure for all GPUs of a kind, so that they cut frames
alike; less only where less is free."""


def tile_pixels(per_pixel: float, most: int, free: int, total: int, gpu: str) -> int:
    """The input pixels of the largest tile that there is room for, which may be more than `most`.

    per_pixel: bytes that all lanes together take for each. most: pixels of the largest tile that the engine
    takes. free, total: bytes of the GPU. Warns where less than usual is free, and tiles get smaller for that.
    """
    usual, possible = total * _SHARE_OF_TOTAL, free * _SHARE_OF_FREE
    if possible < min(usual, per_pixel * most):
        log.warning(
            "%d of %d MiB of GPU memory are free, tiles are smaller than usual on %s: results agree to "
            "rounding, not bit for bit",
            free >> 20,
            total >> 20,
            gpu,
        )
    return int(min(usual, possible) / per_pixel)
