"""The working spaces a node can ask for, and the split into luma and colour differences."""

from __future__ import annotations

import enum

import numpy as np

from interneg.frame import Pixels

__all__ = ["WorkingSpace", "fold", "to_luma", "to_rgb", "unfold"]

_R, _G, _B = np.float32(0.299), np.float32(0.587), np.float32(0.114)
_CB, _CR = np.float32(0.564), np.float32(0.713)


class WorkingSpace(enum.Enum):
    """What a node sees: R, G, B or Y, Cb, Cr planes in one of these encodings.

    LINEAR_RGB: light, in the scene_linear space of the configuration.
    LOG_RGB: the perceptual encoding, 0..1 for ordinary scenes and unbounded beyond.
    LOG_Y: LOG_RGB as luma and colour differences (Y, Cb, Cr; Cb and Cr are 0 for neutrals).
    """

    LINEAR_RGB = "linear RGB"
    LOG_RGB = "log RGB"
    LOG_Y = "log Y"


def fold(codes: Pixels) -> None:
    """Continue a log encoding logarithmically below -1, in place: v becomes -1 - ln(-v).

    codes: float32 of any shape. Curves like ACEScct are steep and straight below zero: light of -100, common
    where a saturated highlight leaves the gamut, would be -1054, and its share in the luma would cost the
    other channels of its pixel their precision. Value and slope are continuous at -1, light of about -0.1.
    NaN and inf stay.
    """
    deep = codes < -1
    if deep.any():
        codes[deep] = -1 - np.log(-codes[deep])


def unfold(codes: Pixels) -> None:
    """Undo `fold`, in place, to float rounding.

    codes: float32 of any shape. Codes of about -90 and below become -inf; NaN and inf stay.
    """
    deep = codes < -1
    if deep.any():
        with np.errstate(over="ignore"):
            codes[deep] = -np.exp(-1 - codes[deep])


def to_luma(planes: Pixels) -> None:
    """Turn R, G, B into Y, Cb, Cr in place.

    planes: (3, H, W) float32, encoded values of any range. Y = 0.299 R + 0.587 G + 0.114 B,
    Cb = 0.564 (B - Y), Cr = 0.713 (R - Y), from Recommendation ITU-R BT.601, section 2.5, without offset and
    quantisation. NaN and inf stay in their pixel.
    """
    red, green, blue = planes
    with np.errstate(invalid="ignore", over="ignore"):
        luma = red * _R
        luma += green * _G
        luma += blue * _B
        # From the rounded luma, so that its rounding cancels on the way back.
        np.subtract(blue, luma, out=green)
        green *= _CB
        np.subtract(red, luma, out=blue)
        blue *= _CR
        red[...] = luma


def to_rgb(planes: Pixels) -> None:
    """Turn Y, Cb, Cr into R, G, B in place: the inverse of `to_luma`, exact to float rounding.

    planes: (3, H, W) float32. The rounding is that of the largest value in the pixel.
    """
    luma, cb, cr = planes
    with np.errstate(invalid="ignore", over="ignore"):
        cb /= _CB
        cb += luma
        cr /= _CR
        cr += luma
        green = luma - cr * _R
        green -= cb * _B
        green /= _G
        luma[...] = cr
        planes[2] = cb
        planes[1] = green
