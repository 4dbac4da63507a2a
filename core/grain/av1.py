"""A grain profile as AV1's film grain.

Points of a table are in 8-bit codes of Y', Cb, Cr, whatever the bits of the picture; here of video range.
Chroma's points are looked up at the code of luma, which is exact for neutral colours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from interneg.colour import Colour, WorkingSpace
from interneg.errors import ColourError, InputError
from interneg.frame import Double
from interneg.grain.av1_filter import LAG, Spectra, averaged, filters
from interneg.grain.av1_player import templates
from interneg.grain.av1_table import FOREVER, PER_SECOND, Parameters, Points, Segment, text
from interneg.grain.encoding import from_codes, to_codes
from interneg.grain.profile import GrainProfile
from interneg.grain.scale import at_pitch
from interneg.io.ycbcr import Coding

BLACK, RANGE = Coding(1, False, 8).luma
_CODES = np.arange(BLACK, BLACK + RANGE + 1)
_GRID = 128
# The templates that are looked at, and the parts of them that blocks are cut from, by their size.
_SEEDS = range(1, 65)
_USED = {82: slice(9, 73), 73: slice(9, 73), 44: slice(6, 38), 38: slice(6, 38)}
# Grain of a deviation beyond this, in 8-bit codes, would often reach the end of the template's range.
_LOUDEST = 40.0
# The largest scaling, and the share of all codes, near black, at which more than that is wanted and not had.
_FULL, _STEEP = 255.0, 0.1
# Points that luma, and each of Cb and Cr, may have.
_MOST = (14, 10, 10)
# Chroma grain that is quieter than this, in 8-bit codes, is none.
_NOTHING = 0.02
_BY_LUMA = (128, 192, 256)
_NOT_CODES = ("scene-linear", "display-linear", "data")


@dataclass(frozen=True, eq=False)
class Encode:
    """The encode that film grain is for.

    space: of its R'G'B', a video or log space of `colour`. subsampling: of chroma, 1 for half, horizontally
    and vertically. matrix: of its Y'CbCr (ITU-T H.273), 1 for BT.709, 9 for BT.2020.
    """

    colour: Colour
    space: str
    subsampling: tuple[int, int] = (1, 1)
    matrix: int = 1


def fit(profile: GrainProfile, pitch: float, encode: Encode) -> Parameters:
    """The film grain that comes closest to a profile, for an encode with pixels of `pitch` mm of film.

    Filters of lag 3 have the spectrum and the correlation of the channels as Y', Cb and Cr show them, points
    the response along the neutral axis. Chroma's grain is taken to be averaged over the pixels of a sample.
    A profile of one channel, or of channels that are wholly alike, gives grain of luma alone. Raises
    ColourError for a space of light or data, InputError for an unknown matrix and for grain that is louder
    than AV1 can say, unless only near black.
    """
    profile = at_pitch(profile, pitch)
    values = (_CODES - BLACK) / RANGE
    response = _response(profile, encode, values)
    matrix = matrix_of(encode, len(profile.channels))
    full = _alike(profile)
    half = averaged(full, encode.subsampling)
    power = response @ response.T / response.shape[1]

    def shared(one: int, other: int, alike: Double) -> Double:
        return np.asarray(np.einsum("c,d,cd,cdyx->yx", matrix[one], matrix[other], power, alike))

    deviations = np.zeros((3, len(values)))
    for p, (weights, alike) in enumerate(zip(matrix, (full, half, half), strict=False)):
        louder = weights[:, None] * response
        squares = np.einsum("cx,dx,cd->x", louder, louder, alike.mean((2, 3)))
        deviations[p] = np.sqrt(np.maximum(squares, 0))
    if not deviations[0].any():
        return Parameters(0, 6, 0, 8, False, True, _BY_LUMA, _BY_LUMA, ((),) * 3, ((), (0,), (0,)))
    # Of 4:2:0, both or none.
    loud = (1, 2) if deviations[1:].max() > _NOTHING else ()
    shift, rows = filters(
        Spectra(
            shared(0, 0, full), [shared(p, p, half) for p in loud], shared(0, 0, half),
            [shared(0, p, half) for p in loud],
        )
    )  # fmt: skip
    rows += [[0] * (len(rows[0]) + 1)] * (3 - len(rows))
    some: list[Points] = [((0, 1),) if p in (0, *loud) else () for p in range(3)]
    made = Parameters(
        LAG, shift, 3, 8, False, True, _BY_LUMA, _BY_LUMA, (some[0], some[1], some[2]),
        (tuple(rows[0]), tuple(rows[1]), tuple(rows[2])),
    )  # fmt: skip
    return _scaled(made, deviations, encode.subsampling)


def table_text(
    profile: GrainProfile,
    pitch: float,
    encode: Encode,
    rate: float,
    first: int = 0,
    last: int | None = None,
    seed: int = 7391,
) -> str:
    """The film-grain table of a profile, for frames `first` to `last` of an encode, or to its end.

    rate: frames per second; frame 0 is shown at time 0, and the table's times cover each frame whole. seed:
    of the first frame, 1..65535; encoders go on from it. The others, and what is raised, are those of `fit`.
    """
    start = _time(first, rate)
    end = FOREVER if last is None else _time(last + 1, rate)
    return text((Segment(start, end, True, seed, fit(profile, pitch, encode)),))


def _time(frame: int, rate: float) -> int:
    return round(frame * PER_SECOND / rate)


def matrix_of(encode: Encode, channels: int) -> Double:
    """From R', G', B' of 0..1 to 8-bit codes of Y', Cb, Cr, (3, 3) float64; or from Y' alone, (1, 1)."""
    coding = Coding(encode.matrix, False, 8)
    kr, kb = coding.weights
    if channels == 1:
        return np.array([[float(RANGE)]])
    luma = np.array([kr, 1 - kr - kb, kb])
    span = coding.chroma[1]
    blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - kb)) * span
    red = (np.array([1, 0, 0]) - luma) / (2 * (1 - kr)) * span
    return np.stack([luma * RANGE, blue, red])


def spread(encode: Encode) -> tuple[float, float]:
    """The value of the encode that LOG_RGB of 0 is, and how much more that of 1 is; all else is in line."""
    found = encode.colour.encoding(encode.space)
    if found in _NOT_CODES:
        raise ColourError(
            f"'{encode.space}' is {found}, which no film-grain table is for: "
            "choose the video space of the encode"
        )
    ends = np.broadcast_to(np.array([0, 1], np.float32), (3, 1, 2))
    codes = encode.colour.leave(np.ascontiguousarray(ends), encode.space, WorkingSpace.LOG_RGB)
    black, white = codes[1, 0].tolist()
    return black, white - black


def _response(profile: GrainProfile, encode: Encode, values: Double) -> Double:
    """The deviation of each channel at each value of the encode's space, (C, N), in units of that."""
    black, span = spread(encode)
    count = len(profile.channels)
    logs = np.tile(np.asarray((values - black) / span, np.float32), (count, 1))
    levels = to_codes(logs, np.zeros_like(logs), encode.colour, encode.space)[0]
    curves = zip(levels, profile.levels, profile.sigmas, strict=True)
    sigmas = np.stack([np.interp(*c) for c in curves]).astype(np.float32)
    return np.asarray(from_codes(levels, sigmas, encode.colour, encode.space)[1] * span, np.float64)


def _alike(profile: GrainProfile) -> Double:
    """Cross spectra of the channels at a deviation of 1, (C, C, n, n), in the order of `np.fft.fft2`."""
    axis = np.fft.fftfreq(_GRID)
    radii = np.hypot(axis[:, None], axis)
    count = len(profile.channels)
    towards = profile.gain(axis[:, None], axis[None])
    own = [np.interp(radii, *profile.per_pixel(c, 181)) * towards for c in range(count)]
    found = np.empty((count, count, _GRID, _GRID))
    for i, j in np.ndindex(count, count):
        both = np.sqrt(own[i] * own[j])
        # Channels of unlike spectra can't be wholly alike.
        found[i, j] = both * np.clip(profile.correlation[i, j] / both.mean(), -1, 1)
    return found


def _scaled(parameters: Parameters, deviations: Double, subsampling: tuple[int, int]) -> Parameters:
    """The parameters with the shifts and points that make these deviations, (3, N) in 8-bit codes."""
    quiet = [f.std() for f in fields(parameters, subsampling)]
    shift = next((s for s in range(4) if max(quiet) * 2 ** (3 - s) <= _LOUDEST), 3)
    parameters = replace(parameters, grain_shift=shift)
    units = np.array([[f.std()] for f in fields(parameters, subsampling)])
    scalings = deviations / np.maximum(units, 1e-6) * (units > 0)
    # Near black a video space is so steep that grain may be louder than a table can say: as loud as it can.
    if np.quantile(scalings.max(0), 1 - _STEEP) * 2**8 > _FULL:
        raise InputError(
            f"the grain has a deviation of up to {deviations.max():.0f} 8-bit codes in this space, more than "
            "AV1's film grain can have: choose the video space of the encode, or a quieter profile"
        )
    scaling = next((s for s in (11, 10, 9) if scalings.max() * 2**s <= _FULL), 8)
    scalings = np.minimum(scalings, _FULL / 2**scaling)
    found = [
        _points(curve * 2**scaling, most) if unit else ()
        for curve, most, unit in zip(scalings, _MOST, units[:, 0], strict=True)
    ]
    return replace(parameters, scaling_shift=scaling, points=(found[0], found[1], found[2]))


def _points(scalings: Double, most: int) -> Points:
    """At most so many points of the curve over _CODES, each where those before were furthest from it.

    In shares of the curve: a video space is loud near black, and all else would get no points.
    """
    chosen = [0, len(_CODES) - 1]
    while True:
        chosen.sort()
        whole = np.rint(scalings[chosen])
        off = np.abs(np.interp(_CODES, _CODES[chosen], whole) - scalings)
        off[chosen] = 0
        off[off <= 0.5] = 0
        k = int((off / np.maximum(scalings, 1)).argmax())
        if len(chosen) == most or not off[k]:
            return tuple(zip(_CODES[chosen].tolist(), whole.astype(int).tolist(), strict=True))
        chosen.append(k)


def fields(parameters: Parameters, subsampling: tuple[int, int]) -> list[Double]:
    """What players cut blocks from, of Y, Cb and Cr, for many seeds: (H, W, N), in 8-bit codes."""
    made = templates(parameters, _SEEDS, 10, subsampling)
    return [t[_USED[t.shape[0]], _USED[t.shape[1]]] / 4 for t in made]
