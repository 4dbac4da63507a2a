"""The grain of a plate, measured: response, spectrum, correlation of channels and of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interneg.colour import Colour
from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.grain.encoding import to_codes
from interneg.grain.profile import GrainProfile, Kind
from interneg.grain.residual import Blocks, of_frame, of_pair
from interneg.grain.response import LEVELS, at, curve
from interneg.grain.spectrum import BLOCK, FREEDOM, RINGS, TWICE, frequencies, mean_power, radial

# Of the blocks, the flattest show the spectrum: this share, but not fewer than so many.
_FLAT, _FEWEST = 0.5, 24
# Less than this is rounding, in LOG_RGB.
_NOTHING = 2e-5
_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Measured:
    """The grain of a plate in LOG_RGB of its picture.

    levels, sigmas: (C, N) float32, rising levels and the standard deviation there; all 0 where there is no
    grain. frequencies: (B,) float32 in cycles per pixel, 0 to sqrt(1/2). power: (C, B) float32, power density
    with a mean of 1 over the square band. correlation: (C, C) float32 of the channels. over_time: the
    correlation of neighbouring frames at the same pixel, 0 for one frame alone. neighbours: whether the
    picture was taken away by neighbouring frames, or flat parts had to do.
    clipped: (C, 2) bool, whether the dark and the bright end were clipped: beyond the last level, which is
    where clipping begins, the deviation is taken to stay.
    """

    levels: Pixels
    sigmas: Pixels
    frequencies: Pixels
    power: Pixels
    correlation: Pixels
    over_time: float
    neighbours: bool
    clipped: npt.NDArray[np.bool_]


def measure(frames: Sequence[Pixels], centre: int = 0) -> Measured:
    """Measure the grain that neighbouring frames of a shot share."""
    planes = frames[centre]
    usable = np.ones(planes.shape[1:], bool)
    pairs = [
        of_pair(a, b, usable)
        for a, b in zip(frames[:-1], frames[1:], strict=True)
        if not np.array_equal(a, b)
    ]
    blocks = _joined(pairs) if pairs else of_frame(planes, usable)
    channels = len(planes)
    power = np.ones((channels, RINGS), np.float32)
    rings = radial(np.square(np.abs(blocks.grain)))
    for _ in range(_ROUNDS):
        curves = [curve(blocks, power[c], c, (-np.inf, np.inf)) for c in range(channels)]
        expected = np.stack(
            [np.square(at(blocks.levels[:, c], *curves[c])).mean((1, 2)) for c in range(channels)], 1
        )
        power = _spectrum(rings, expected, blocks.activity)
    levels, sigmas = (np.stack([c[k] for c in curves]) for k in (0, 1))
    return Measured(
        levels,
        sigmas,
        frequencies(),
        power,
        _correlation(blocks, expected),
        0.0,
        bool(pairs),
        np.zeros((channels, 2), bool),
    )


def _joined(parts: Sequence[Blocks]) -> Blocks:
    return Blocks(
        *(
            np.concatenate([getattr(p, n) for p in parts]) if n != "passed" else parts[0].passed
            for n in Blocks.__dataclass_fields__
        )
    )


def _flattest(activity: Pixels, share: float = _FLAT) -> npt.NDArray[np.int64]:
    return np.argsort(activity, kind="stable")[: max(_FEWEST, int(share * activity.size))]


def _spectrum(rings: Pixels, expected: Pixels, activity: Pixels) -> Pixels:
    flat = _flattest(activity)
    even = rings[flat] / np.maximum(expected[flat], 1e-20)[..., None]
    found = np.median(even, axis=0) / (1 - 2 / (9 * FREEDOM)) ** 3
    found[:, :2] = found[:, 2:3]
    return np.asarray(found / mean_power(found)[:, None], np.float32)


def _correlation(blocks: Blocks, expected: Pixels) -> Pixels:
    flat = _flattest(blocks.activity)
    even = blocks.grain[flat] * blocks.passed / np.sqrt(np.maximum(expected[flat], 1e-20))[..., None, None]
    weighted = even * np.sqrt(TWICE)
    flatter = weighted.reshape(*weighted.shape[:2], -1)
    each = np.einsum("mck,mdk->mcd", flatter, flatter.conj()).real / BLOCK**2
    found = np.median(each, axis=0)
    scale = np.sqrt(np.diag(found))
    return np.asarray(found / scale[:, None] / scale[None], np.float32)


def profile_of(
    measured: Measured, colour: Colour, space: str, name: str, kind: Kind, width: float, pixels: int
) -> GrainProfile:
    """What was measured in LOG_RGB of a picture in `space`, as a profile that fits other pictures.

    name, kind, width in mm of film and pixels across the picture: as `GrainProfile` has them. Raises
    ColourError for an unknown space.
    """
    levels, sigmas = to_codes(measured.levels, measured.sigmas, colour, space)
    return GrainProfile(
        name,
        kind,
        ("R", "G", "B") if len(levels) == 3 else ("Y",),
        levels,
        sigmas,
        np.asarray(measured.frequencies * (pixels / width), np.float32),
        measured.power,
        measured.correlation,
        measured.over_time,
        width,
        pixels,
    )
