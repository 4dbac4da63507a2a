"""The pictures that are measured, and what is done to them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interneg.frame import Pixels

PROFILES = ("uhd",)
"""Every case is one tile of it where memory allows. Of several, a render takes the largest that fits."""


class Case(NamedTuple):
    """A picture and what is done to it."""

    name: str
    scale: int
    height: int
    width: int


CASES = (
    Case("720p to 4x", 4, 720, 1280),
    Case("1080p 1x", 1, 1080, 1920),
    Case("1080p to 2x", 2, 1080, 1920),
    Case("UHD 1x", 1, 2160, 3840),
)


def noise_planes(case: Case) -> Pixels:
    """A case's input: (6, height, width) float32 noise, about in the ranges of the catalogue."""
    planes = np.random.default_rng(2).random((6, case.height, case.width), np.float32)
    planes[1:3] -= 0.5
    planes[3:] *= 0.1
    return planes
