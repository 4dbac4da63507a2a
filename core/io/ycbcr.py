"""Y'CbCr and R'G'B': matrices, code ranges and chroma sampling, in float32 without clipping.

Matrices and ranges after ITU-T H.273 (2021), 8.3. Chroma is raised by linear interpolation, which is what
the siting of its samples asks for, and lowered by the filters that are exact inverses of it (for co-sited
samples the low-pass of LeGall's 5/3 wavelet): raising and lowering again returns the very same chroma, so an
untouched picture keeps its codes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interneg.errors import InputError
from interneg.frame import Pixels

__all__ = ["MATRICES", "Coding", "lower", "raise_to", "to_codes", "to_rgb", "usual_matrix"]


# H.273 table 4: MatrixCoefficients -> (Kr, Kb)
MATRICES = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}


class Coding(NamedTuple):
    """How samples are coded: matrix (H.273 code), full range or not, bits per sample."""

    matrix: int
    full: bool
    bits: int

    @property
    def luma(self) -> tuple[float, float]:
        """Code of 0, and codes between 0 and 1."""
        return (0, 2**self.bits - 1) if self.full else (16 << (self.bits - 8), 219 << (self.bits - 8))

    @property
    def chroma(self) -> tuple[float, float]:
        """Code of 0, and codes between -0.5 and 0.5."""
        span = 2**self.bits - 1 if self.full else 224 << (self.bits - 8)
        return 1 << (self.bits - 1), span

    @property
    def weights(self) -> tuple[float, float]:
        """Kr and Kb. Raises InputError for a matrix that is no plain luma and two differences."""
        if self.matrix not in MATRICES:
            raise InputError(
                f"matrix coefficients {self.matrix} (ITU-T H.273) are not supported; known are "
                f"{', '.join(map(str, MATRICES))}"
            )
        return MATRICES[self.matrix]


def usual_matrix(height: int) -> int:
    """The matrix (H.273 code) of pictures that do not say: BT.709 from 720 lines on, else BT.601."""
    return 1 if height >= 720 else 6


def to_rgb(y: Pixels, cb: Pixels, cr: Pixels, coding: Coding) -> Pixels:
    """(3, H, W) float32 R'G'B', nominally 0..1, from planes of codes; chroma already of the size of luma.

    y, cb, cr: (H, W) float32, any codes; nothing is clipped. Raises InputError for an unknown matrix.
    """
    kr, kb = coding.weights
    kg = 1 - kr - kb
    zero, one = coding.luma
    middle, span = coding.chroma
    out = np.empty((3, *y.shape), np.float32)
    luma = (y - np.float32(zero)) * np.float32(1 / one)
    blue = (cb - np.float32(middle)) * np.float32(1 / span)
    red = (cr - np.float32(middle)) * np.float32(1 / span)
    np.multiply(red, np.float32(2 * (1 - kr)), out=out[0])
    np.multiply(blue, np.float32(2 * (1 - kb)), out=out[2])
    red *= np.float32(-2 * (1 - kr) * kr / kg)
    blue *= np.float32(-2 * (1 - kb) * kb / kg)
    np.add(red, blue, out=out[1])
    out += luma
    return out


def to_codes(rgb: Pixels, coding: Coding) -> tuple[Pixels, Pixels, Pixels]:
    """Planes of codes Y', Cb, Cr, (H, W) float32 not yet rounded or clipped; the inverse of `to_rgb`.

    rgb: (3, H, W) float32 R'G'B', nominally 0..1. Raises InputError for an unknown matrix.
    """
    kr, kb = coding.weights
    zero, one = coding.luma
    middle, span = coding.chroma
    y = np.float32(kr) * rgb[0] + np.float32(1 - kr - kb) * rgb[1] + np.float32(kb) * rgb[2]
    cb = (rgb[2] - y) * np.float32(span / (2 * (1 - kb))) + np.float32(middle)
    cr = (rgb[0] - y) * np.float32(span / (2 * (1 - kr))) + np.float32(middle)
    y *= np.float32(one)
    y += np.float32(zero)
    return y, cb, cr


def raise_to(plane: Pixels, height: int, width: int, *, centred: bool) -> Pixels:
    """Interpolate a chroma plane linearly to the size of luma, `height` rows of `width`.

    plane: (h, w) float32, any range; whole as it is or half the size in one direction or both.
    Vertically chroma lies midway between two lines; horizontally on the even columns, or midway too where
    `centred` (JPEG, MPEG-1).
    """
    while plane.shape[1] < width:
        plane = _double(plane.T, centred).T[:, :width]
    while plane.shape[0] < height:
        plane = _double(plane, True)[:height]
    return plane


def lower(plane: Pixels, height: int, width: int, *, centred: bool) -> Pixels:
    """Reduce a plane of chroma to `height` and `width`; undoes `raise_to` exactly, but for odd sizes.

    plane: (H, W) float32, any range; the result is (height, width) float32. `centred` as there.
    """
    while plane.shape[1] > width:
        plane = _halve(plane.T, centred).T
    while plane.shape[0] > height:
        plane = _halve(plane, True)
    return plane


def _double(c: Pixels, midway: bool) -> Pixels:
    out = np.empty((2 * c.shape[0], c.shape[1]), np.float32)
    after = np.concatenate([c[1:], c[-1:]])
    if midway:
        before = np.concatenate([c[:1], c[:-1]])
        out[0::2] = 0.75 * c + 0.25 * before
        out[1::2] = 0.75 * c + 0.25 * after
    else:
        out[0::2] = c
        out[1::2] = 0.5 * (c + after)
    return out


def _halve(u: Pixels, midway: bool) -> Pixels:
    n = (u.shape[0] + 1) // 2
    taps = (-0.25, 0.75, 0.75, -0.25) if midway else (-0.125, 0.25, 0.75, 0.25, -0.125)
    before = 1 if midway else 2
    padded = np.pad(u, ((before, 2 * n - u.shape[0] + 2), (0, 0)), mode="edge")
    out = np.zeros((n, u.shape[1]), np.float32)
    for k, tap in enumerate(taps):
        out += np.float32(tap) * padded[k : k + 2 * n : 2]
    return out
