"""Medians of few values: what numpy's own costs beside is many times what it takes to find them."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels


def median(values: Pixels) -> Pixels:
    """The median of (N, ...) float32 along N, (...), as `np.median` has it; N is 1 or more, NaN is none."""
    middle = len(values) // 2
    if len(values) % 2:
        return np.asarray(np.partition(values, middle, axis=0)[middle])
    low, high = np.partition(values, (middle - 1, middle), axis=0)[middle - 1 : middle + 1]
    return np.asarray((low + high) / np.float32(2))


def upper_median(values: Pixels) -> Pixels:
    """The median, or of an even number the upper one, of (..., N, C) float32 along N, (..., C)."""
    middle = values.shape[-2] // 2
    return np.asarray(np.partition(values, middle, axis=-2)[..., middle, :])
