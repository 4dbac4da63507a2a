"""Colour that a codec has broken into blocks and spots, told from colour that follows the luma."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from interneg.frame import Pixels
from interneg.restore.coding import quantiser_step

# OpenCV is imported where it is used: what only lists nodes never loads it.

_BLOCK = 8
# Where grids of blocks begin, every fourth sample each way: 16 blocks lie over each sample, and their centres
# average to that sample, so a ramp stays a ramp.
_OFFSETS = ((0, 1), (1, 3), (2, 0), (3, 2))
_STRIDE = 4
_STRIP = 16  # rows of blocks at a time, which stay in the cache
# The coarsest step, in codes, up to which codecs quantise colour as coarsely as luma; above it H.264 doubles
# its step half as often (ITU-T H.264, table 8-15).
_EVEN = 20.0
_LEAST = 0.35  # of a step: a coefficient below it is rather error than colour


def least_coefficient(level: float) -> float:
    """The deviation, in codes of 0..1 of an orthonormal transform, below which colour is taken for error.

    level: of compression, 0 to 1, as the knob deblock has it.
    """
    step = quantiser_step(level)
    return _LEAST * min(step, float(np.sqrt(step * _EVEN / 255)))


def deblock_colour(restored: Pixels, taken: Pixels, level: float) -> Pixels:
    """What is to be added to two colour planes, so that less of what a codec did to them is left.

    restored: (3, H, W) float32, Y, Cb, Cr in LOG_Y, finite: what a network made of a coded picture.
    taken: (2, H, W), what the network has added to Cb and Cr. level: of compression, above 0 to 1.
    Returns (2, H, W); where colour is flat or a ramp it is 0.

    Colour is looked at with half the rows and columns, as 4:2:0 has it, in overlapping blocks of 8x8. In
    each, what follows the luma stays (by least squares, as codecs predict colour: Zhang et al., Chroma intra
    prediction based on inter-channel correlation for HEVC, 2014). Of the rest those coefficients of the DCT
    go that are small in both planes together, by the share that the network has not already taken: where it
    has, what it left it takes for colour. The blocks are averaged (re-application of JPEG: Nosratinia, 2001;
    the transform's shifts: Coifman and Donoho, Translation-invariant de-noising, 1995).
    """
    import cv2

    height, width = restored.shape[1:]
    whole = (width + width % 2, height + height % 2)
    half = (whole[0] // 2, whole[1] // 2)
    planes = np.empty((5, half[1], half[0]), np.float32)
    for plane, given in zip(planes, (*restored, *taken), strict=True):
        even = cv2.copyMakeBorder(given, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        cv2.resize(even, half, dst=plane, interpolation=cv2.INTER_AREA)
    removed = _removed(planes, np.float32(least_coefficient(level)))
    raised = [cv2.resize(p, whole, interpolation=cv2.INTER_LINEAR)[:height, :width] for p in removed]
    return -np.stack(raised)


def _removed(planes: Pixels, least: np.float32) -> Pixels:
    """What is taken for error, (2, H, W), of Y, Cb, Cr and what has been added to Cb, Cr, (5, H, W)."""
    height, width = planes.shape[1:]
    # Blocks begin up to seven samples before the picture and end as far behind it.
    before, rows, columns = _BLOCK - 1, *(-(-(n + _BLOCK - 1) // _STRIDE) for n in (height, width))
    after = [_STRIDE * n + 2 * _BLOCK - before - size for n, size in ((rows, height), (columns, width))]
    padded = np.pad(planes, ((0, 0), (before, after[0]), (before, after[1])), mode="symmetric")
    out = np.zeros((2, *padded.shape[1:]), np.float32)
    for (down, across), top in product(_OFFSETS, range(0, rows, _STRIP)):
        here = np.s_[
            _STRIDE * top + down : _STRIDE * (min(top + _STRIP, rows) - 1) + down + _BLOCK,
            across : _STRIDE * (columns - 1) + across + _BLOCK,
        ]
        part, target = padded[:, *here], out[:, *here]
        for plane, blocks in zip(target, _errors(part, least), strict=True):
            for y, x in product(range(_BLOCK), repeat=2):
                count = blocks.shape[2:]
                plane[y:, x:][: _STRIDE * count[0] : _STRIDE, : _STRIDE * count[1] : _STRIDE] += blocks[y, x]
    shifts = len(_OFFSETS) * (_BLOCK // _STRIDE) ** 2
    out /= shifts
    return out[:, before : before + height, before : before + width]


def _errors(planes: Pixels, least: np.float32) -> tuple[Pixels, Pixels]:
    """What is taken for error in each block of (5, H, W), (8, 8, rows, columns) for each colour plane."""
    windows = np.lib.stride_tricks.sliding_window_view(planes, (_BLOCK, _BLOCK), (1, 2))
    blocks = windows[:, ::_STRIDE, ::_STRIDE].transpose(0, 3, 4, 1, 2)
    luma, *rest = _transform()[1:] @ blocks.reshape(5, _BLOCK * _BLOCK, -1)  # without the mean
    energy = _dot(luma, luma) + least * least
    for plane in rest:
        plane -= _dot(luma, plane) / energy * luma
    left, taken = rest[:2], rest[2:]
    small = np.square(left[0]) + np.square(left[1]) < 2 * least * least
    found, matched = np.full_like(energy, 1e-12), np.zeros_like(energy)
    for plane, before in zip(left, taken, strict=True):
        plane *= small
        before *= small
        was = plane - before
        found += _dot(was, was)
        matched -= _dot(was, before)
    share = 1 - np.clip(matched / found, 0, 1)
    back = _transform()[1:].T
    first, second = ((back @ (share * c)).reshape(_BLOCK, _BLOCK, *blocks.shape[3:]) for c in left)
    return first, second


def _dot(first: Pixels, second: Pixels) -> Pixels:
    """The products of the columns of two (N, M) arrays, (M,)."""
    return np.asarray(np.einsum("ij,ij->j", first, second))


@cache
def _transform() -> Pixels:
    """The orthonormal two-dimensional DCT-II of 8x8 samples, (64, 64) float32; the mean comes first."""
    n = np.arange(_BLOCK)
    basis = np.cos((2 * n + 1) * n[:, None] * (np.pi / (2 * _BLOCK))) * np.sqrt(2 / _BLOCK)
    basis[0] /= np.sqrt(2)
    return np.kron(basis, basis).astype(np.float32)
