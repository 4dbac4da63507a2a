"""AV1's film grain as a player adds it to a decoded picture.

After the AV1 Bitstream and Decoding Process Specification, section 7.18.3: all in whole numbers, from a
16-bit shift register. The one thing that is not the specification's is its table of 2,048 Gaussian numbers:
ours have the same deviation, rounding and range, so that grain is equal in all statistics, not bit for bit.
Given the specification's numbers, it is.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from interneg.errors import InputError
from interneg.grain.av1_table import Parameters

Whole = npt.NDArray[np.int32]
Codes = npt.NDArray[Any]

_HEIGHT, _WIDTH, _EDGE = 73, 82, 3
_BLOCK = 32
# What the seed is mixed with for Cb and Cr.
_MIXED = (0, 0xB524, 0x49D8)
# Weights, in 1/32, of the block before and of the next one, over the columns or rows that both have.
_BLENDED = {0: ((27, 17), (17, 27)), 1: ((23, 22),)}
_DEVIATION = 511.5


@functools.cache
def gaussian() -> Whole:
    """(2048,) int32, a Gaussian's quantiles of a deviation of 511.5 in a fixed order, multiples of 4."""
    quantiles = np.array([NormalDist().inv_cdf((k + 0.5) / 2048) for k in range(2048)])
    quantiles *= _DEVIATION / 4 / quantiles.std()
    return np.random.default_rng(1).permutation(4 * np.rint(quantiles)).astype(np.int32)


def templates(
    parameters: Parameters,
    seeds: Sequence[int],
    bits: int = 8,
    subsampling: tuple[int, int] = (1, 1),
    numbers: Whole | None = None,
) -> list[Whole]:
    """The filtered noise that blocks are cut from, of Y, Cb and Cr, for each of N seeds.

    bits: of a sample, 8 to 12. subsampling: of chroma, 1 for half, horizontally and vertically. numbers: the
    specification's Gaussian numbers, (2048,); ours by default. Returns three of (73 or 38, 82 or 44, N)
    int32, 0 for planes without grain.
    """
    numbers = gaussian() if numbers is None else numbers
    made: list[Whole] = []
    for plane in range(3):
        sub_x, sub_y = subsampling if plane else (0, 0)
        height, width = (38 if sub_y else _HEIGHT), (44 if sub_x else _WIDTH)
        if not parameters.points_of(plane):
            made.append(np.zeros((height, width, len(seeds)), np.int32))
            continue
        mixed = [s ^ _MIXED[plane] for s in seeds]
        drawn = np.stack([numbers[_drawn(s, height * width, 11)] for s in mixed], -1)
        white = _rounded(drawn, 12 - bits + parameters.grain_shift)
        grain = np.ascontiguousarray(white.reshape(height, width, -1), np.int32)
        taps = np.array(parameters.coefficients[plane], np.int32)
        given = np.zeros_like(grain)
        if plane:
            luma, taps = taps[-1], taps[:-1]
            if parameters.points[0]:
                inner = _averaged(made[0][_EDGE:, _EDGE:-_EDGE], sub_x, sub_y)
                given[_EDGE:, _EDGE:-_EDGE] = luma * inner
        _filter(grain, given, taps, parameters.lag, parameters.coefficient_shift, bits)
        made.append(grain)
    return made


def noise(
    parameters: Parameters,
    height: int,
    width: int,
    seed: int,
    bits: int = 8,
    subsampling: tuple[int, int] = (1, 1),
    numbers: Whole | None = None,
) -> list[Whole]:
    """The grain of one picture before it is scaled: Y, Cb and Cr, (height, width) int32, or half of that.

    The other arguments are those of `templates`.
    """
    made = templates(parameters, [seed], bits, subsampling, numbers)
    rows, columns = (-(-((n + 1) // 2) // (_BLOCK // 2)) for n in (height, width))
    offsets = np.stack([_drawn(_stripe_seed(seed, k), columns, 8) for k in range(rows)])
    images = []
    for plane, template in enumerate(made):
        sub_x, sub_y = subsampling if plane else (0, 0)
        image = _tiled(template[..., 0], offsets, sub_x, sub_y, parameters.overlap, bits)
        images.append(image[: (height + sub_y) >> sub_y, : (width + sub_x) >> sub_x])
    return images


def applied(
    planes: Sequence[Codes],
    parameters: Parameters,
    seed: int,
    bits: int = 8,
    restricted: bool = False,
    numbers: Whole | None = None,
) -> list[Codes]:
    """A decoded picture with its grain.

    planes: Y, or Y, Cb and Cr, 4:4:4, 4:2:2 or 4:2:0; (H, W) of whole numbers, codes of 8 to 12 bits. seed:
    of this picture, 0..65535. restricted: codes are clipped to video range, not to all codes. numbers: as
    `templates` has them. Returns new planes of the same types. Raises InputError for other planes.
    """
    height, width = planes[0].shape
    sub_x, sub_y = _subsampling([p.shape for p in planes])
    grain = noise(parameters, height, width, seed, bits, (sub_x, sub_y), numbers)
    luma = planes[0].astype(np.int32)
    least, most = (16 << (bits - 8), (235 << (bits - 8), 240 << (bits - 8))) if restricted else (0, (0, 0))
    result = []
    for plane, picture in enumerate(planes):
        points = parameters.points_of(plane)
        if not points:
            result.append(picture.copy())
            continue
        codes = picture.astype(np.int32)
        index = codes
        if plane:
            near = luma[:: 1 << sub_y, :: 1 << sub_x]
            if sub_x:
                nexts = np.concatenate([luma[:, 1:], luma[:, -1:]], 1)[:: 1 << sub_y, ::2]
                near = (near + nexts + 1) >> 1
            index = near if parameters.chroma_from_luma else merged(near, codes, parameters, plane, bits)
        scaled = _rounded(curve(points, bits)[index] * grain[plane], parameters.scaling_shift)
        high = most[plane > 0] if restricted else (1 << bits) - 1
        result.append(np.clip(codes + scaled, least, high).astype(picture.dtype))
    return result


def merged(luma: Whole, chroma: Whole, parameters: Parameters, plane: int, bits: int) -> Whole:
    """The code at which the points of plane 1 or 2 are looked up, of luma and chroma there, (H, W) int32."""
    mult, luma_mult, offset = parameters.cb if plane == 1 else parameters.cr
    combined = luma * (luma_mult - 128) + chroma * (mult - 128)
    found = (combined >> 6) + ((offset - 256) << (bits - 8))
    return np.asarray(np.clip(found, 0, (1 << bits) - 1), np.int32)


def curve(points: Sequence[tuple[int, int]], bits: int = 8) -> Whole:
    """The scaling of each code of `bits`, straight between points and flat beyond, (2**bits,) int32."""
    coarse = np.zeros(256, np.int32)
    coarse[: points[0][0]] = points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        step = (y1 - y0) * ((65536 + ((x1 - x0) >> 1)) // (x1 - x0))
        coarse[x0:x1] = y0 + ((np.arange(x1 - x0) * step + 32768) >> 16)
    coarse[points[-1][0] :] = points[-1][1]
    index = np.arange(1 << bits)
    shift = bits - 8
    low, rest = index >> shift, index & ((1 << shift) - 1)
    span = np.append(np.diff(coarse), 0)[low]
    return np.asarray(coarse[low] + _rounded(span * rest, shift), np.int32)


@functools.cache
def _orbit() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All states of the shift register but 0, one after the other, and where each of them stands."""
    states = np.empty(65535, np.int64)
    r = 1
    for k in range(65535):
        states[k] = r
        r = (r >> 1) | (((r ^ (r >> 1) ^ (r >> 3) ^ (r >> 12)) & 1) << 15)
    places = np.zeros(65536, np.int64)
    places[states] = np.arange(65535)
    return states, places


def _drawn(seed: int, count: int, bits: int) -> npt.NDArray[np.int64]:
    """Random numbers of so many bits, after the register was set to `seed`."""
    if not seed:
        return np.zeros(count, np.int64)
    states, places = _orbit()
    following = (places[seed] + 1 + np.arange(count)) % 65535
    return np.asarray(states[following] >> (16 - bits), np.int64)


def _stripe_seed(seed: int, stripe: int) -> int:
    return seed ^ (((stripe * 37 + 178) & 255) << 8) ^ ((stripe * 173 + 105) & 255)


def _rounded(values: Any, shift: int) -> Any:
    return (values + ((1 << shift) >> 1)) >> shift


def _averaged(luma: Whole, sub_x: int, sub_y: int) -> Whole:
    """Luma's grain at the samples of chroma."""
    height, width, count = luma.shape
    parts = luma.reshape(height >> sub_y, 1 << sub_y, width >> sub_x, 1 << sub_x, count)
    return np.asarray(_rounded(parts.sum((1, 3)), sub_x + sub_y), np.int32)


def _filter(grain: Whole, given: Whole, taps: Whole, lag: int, shift: int, bits: int) -> None:
    """The autoregressive filter, in place; `given` is what luma adds to the sum at each sample."""
    height, width, _ = grain.shape
    low, high = -(128 << (bits - 8)), (128 << (bits - 8)) - 1
    rows = taps[: lag * (2 * lag + 1)].reshape(lag, 2 * lag + 1)
    beside = taps[lag * (2 * lag + 1) :]
    for y in range(_EDGE, height):
        sums = given[y, _EDGE:-_EDGE] + ((1 << shift) >> 1)
        for k, row in enumerate(rows):
            for j, c in enumerate(row):
                left = _EDGE - lag + j
                sums += c * grain[y - lag + k, left : left + width - 2 * _EDGE]
        line = grain[y]
        for x in range(_EDGE, width - _EDGE):
            total = sums[x - _EDGE] + beside @ line[x - lag : x]
            line[x] = np.minimum(np.maximum(line[x] + (total >> shift), low), high)


def _tiled(
    template: Whole, offsets: npt.NDArray[np.int64], sub_x: int, sub_y: int, overlap: bool, bits: int
) -> Whole:
    """Blocks of the template side by side, blended where they overlap."""
    rows, columns = offsets.shape
    high, wide = _BLOCK >> sub_y, _BLOCK >> sub_x
    more_x, more_y = 2 >> sub_x, 2 >> sub_y
    stripes = np.empty((rows, high + more_y, columns * wide + more_x), np.int32)
    for row, column in np.ndindex(rows, columns):
        across, down = divmod(int(offsets[row, column]), 16)
        top = 6 + down if sub_y else 9 + 2 * down
        left = 6 + across if sub_x else 9 + 2 * across
        block = template[top : top + high + more_y, left : left + wide + more_x].copy()
        at = column * wide
        if overlap and column:
            for j, weights in enumerate(_BLENDED[sub_x]):
                block[:, j] = _blend(stripes[row, :, at + j], block[:, j], weights, bits)
        stripes[row, :, at : at + wide + more_x] = block
    image = stripes[:, :high].copy()
    if overlap:
        for i, weights in enumerate(_BLENDED[sub_y]):
            image[1:, i] = _blend(stripes[:-1, high + i], stripes[1:, i], weights, bits)
    return image.reshape(rows * high, -1)


def _blend(before: Whole, after: Whole, weights: tuple[int, int], bits: int) -> Whole:
    most = 128 << (bits - 8)
    found = _rounded(before * weights[0] + after * weights[1], 5)
    return np.asarray(np.clip(found, -most, most - 1), np.int32)


def _subsampling(shapes: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Whether chroma has half the columns, and half the rows."""
    height, width = shapes[0]
    for sub_x, sub_y in ((0, 0), (1, 0), (1, 1)):
        if all(s == ((height + sub_y) >> sub_y, (width + sub_x) >> sub_x) for s in shapes[1:]):
            return sub_x, sub_y
    raise InputError(f"planes of {', '.join(map(str, shapes))}: expected 4:4:4, 4:2:2 or 4:2:0")
