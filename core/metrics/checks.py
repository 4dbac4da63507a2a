"""The shape checks that all measures share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from interneg.errors import InputError

Array = npt.NDArray[np.floating[Any]]
"""Floating pixels of any precision and layout that the function states."""

Double = npt.NDArray[np.float64]


def plane(array: Array, what: str) -> Array:
    """Return `array` if it is a non-empty (H, W) plane of floats, else raise InputError."""
    return _checked(array, what, array.ndim == 2, "an (H, W) plane")


def picture(array: Array, what: str) -> Array:
    """Return `array` if it is a non-empty (3, H, W) picture of floats, else raise InputError."""
    return _checked(array, what, array.ndim == 3 and array.shape[0] == 3, "a (3, H, W) picture")


def same_shape(reference: Array, test: Array) -> None:
    """Raise InputError unless both have one shape, whichever it is."""
    if reference.shape != test.shape:
        raise InputError(
            f"the reference has the shape {reference.shape} and the test {test.shape}; "
            "compare pictures of one size, cropped or scaled beforehand"
        )


def _checked(array: Array, what: str, fits: bool, expected: str) -> Array:
    if not fits or array.size == 0 or array.dtype.kind != "f":
        raise InputError(f"{what} must be {expected} of floats, not {array.dtype} of shape {array.shape}")
    return array
