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
from interneg.grain.quiet import Rings, Shape, as_film, shape
from interneg.grain.residual import Blocks, joined, of_frame, of_pair, pure, standing, strengths
from interneg.grain.response import Response, curve
from interneg.grain.spectrum import BLOCK, frequencies, mean_power

# Blocks that are looked at, at most, in all frames together, and at least in a pair of many.
_MOST, _FEWEST = 960, 160
# Blocks below which there is nothing to choose from.
_ENOUGH = 4
# Strength and shape are found from one another, so many times.
_ROUNDS = 4
# Tiles with less grain than this, in LOG_RGB, have none: bars, a matte, a frame that was drawn.
_NOTHING = 1e-5
# Tiles with more clipped pixels than this are left out.
_SPOILT = 0.005
# A channel is clipped at an end where this share of its pixels has one value, so many times as many as the
# next code value holds.
_CLIPPED, _PILED, _NEXT = 1e-3, 3, 1.5 / 255
# By the levels at which tiles differ least, the shape is found: in this share of the blocks.
_SUREST = 0.8
# Where less than this share of the grain's power is sure to be grain, no block is flat.
_FLAT = 0.25
# Share of blocks, flattest first, in which neighbouring frames are compared; by chance, a tenth of these lie
# so many deviations below the truth. The picture stands still where it moves by less than so many pixels.
_COMPARED, _TENTH, _STILL = 0.3, 1.2816, 0.5


@dataclass(frozen=True, eq=False)
class MeasuredGrain:
    """The grain of a plate in LOG_RGB of its picture.

    levels, sigmas: (C, N) float32, rising levels and the standard deviation there, which stays beyond them;
    all 0 where there is no grain. frequencies: (B,) float32 in cycles per pixel, 0 to sqrt(1/2). power:
    (C, B) float32, power density with a mean of 1 over the square band. correlation: (C, C) float32 of the
    channels. over_time: the correlation of neighbouring frames at the same pixel, 0 for one frame alone.
    neighbours: whether the picture was taken away by neighbouring frames, or flat parts had to do.
    clipped: (C, 2) bool, whether the dark and the bright end are clipped: levels end before.
    trust: (bands,) float32, 0..1, from low to high frequencies, how sure it is that the spectrum shows no
    picture; where it is not, the spectrum goes on from above as a Gaussian would. slant: (C, 3) float32, how
    many times as much power as upright and level detail has, diagonal detail has: about 1 for film; of
    frequencies in `SLANTS`. directions: (2, B) float32, as `interneg.grain.directions` has them, or None.
    """

    levels: Pixels
    sigmas: Pixels
    frequencies: Pixels
    power: Pixels
    correlation: Pixels
    over_time: float
    neighbours: bool
    clipped: npt.NDArray[np.bool_]
    trust: Pixels
    slant: Pixels
    directions: Pixels | None = None


def measure(frames: Sequence[Pixels], centre: int = 0) -> MeasuredGrain:
    """Measure the grain of a window of frames, which is that of the shot.

    frames: neighbours, (C, H, W) float32 in LOG_RGB each, C 3 or 1, finite, of one shape. centre: the frame
    that is measured alone where no other is there, or all show the same pixels.
    Of a pair of frames the difference along the motion shows grain alone, of one frame its flat parts do. In
    both, what picture is left is told by how unlike blocks are: the quietest count, by what pure grain shows
    of its quietest. (Quiet blocks: Olsen, 1993; their bias by simulation: the parametric bootstrap, Efron,
    1979.) Raises InputError for a picture of less than 64x64, frames of several shapes, a plate that is
    clipped throughout, and one in which nothing is flat.
    """
    planes = frames[centre]
    _checked(frames, planes)
    clipped = _ends(planes)
    spoilt = [_spoilt(f, clipped) for f in frames]
    pairs = [
        of_pair(
            frames[k], frames[k + 1], (spoilt[k], spoilt[k + 1]), max(_FEWEST, _MOST // (len(frames) - 1))
        )
        for k in range(len(frames) - 1)
        if not np.array_equal(frames[k], frames[k + 1])
    ]
    alone = not pairs
    blocks = joined(pairs) if pairs else of_frame(planes, spoilt[centre], _MOST)
    made = _of_blocks(blocks, planes, alone, clipped)
    if made is None and pairs:
        alone = True
        made = _of_blocks(of_frame(planes, spoilt[centre], _MOST), planes, alone, clipped)
    if made is None:
        beside = "measure other frames of the shot" if pairs else "give the frames beside it"
        raise InputError(
            f"no part of the picture is flat enough to show its grain: {beside}, or a plate of the same film "
            "with sky or a wall in it"
        )
    return made


def _checked(frames: Sequence[Pixels], planes: Pixels) -> None:
    height, width = planes.shape[1:]
    if min(height, width) < BLOCK:
        raise InputError(
            f"the picture is {width}x{height}: grain is measured in {BLOCK}x{BLOCK} pixels or more; measure "
            "a larger part of the plate"
        )
    for frame in frames:
        if frame.shape != planes.shape:
            theirs, ours = (f"{f.shape[2]}x{f.shape[1]} with {f.shape[0]} channels" for f in (frame, planes))
            raise InputError(
                f"a frame beside is {theirs}, the frame {ours}: grain is measured in frames of one size"
            )


def _of_blocks(
    blocks: Blocks, planes: Pixels, alone: bool, clipped: npt.NDArray[np.bool_]
) -> MeasuredGrain | None:
    """Strength and shape of the grain in blocks, each by the other; None where all of them show picture.

    planes: of the frame. alone: whether blocks are of that frame only.
    """
    if len(blocks.grain) < _ENOUGH:
        raise InputError(
            f"grain cannot be measured where nearly all of the picture is clipped: {len(blocks.grain)} parts "
            f"of {BLOCK}x{BLOCK} pixels are not; measure another frame, or one that is exposed less"
        )
    grainy = strengths(blocks.grain, np.ones((1, 1), np.float32)).min((1, 2, 3)) > _NOTHING**2
    if np.count_nonzero(grainy) < _ENOUGH:
        return _without(planes, not alone, clipped)
    blocks = blocks.chosen(grainy)
    channels = blocks.levels.shape[1]
    plate, found = Rings(blocks.grain), Shape.white(channels, fine=True)
    curves: list[Response] = []
    for _ in range(_ROUNDS):
        chance = Rings(pure(found.power, found.correlation))
        shown, by_chance = (strengths(g, found.passed) for g in (blocks.grain, chance.grain))
        curves = [_curve(blocks, shown, by_chance, c, curves[c] if curves else None) for c in range(channels)]
        expected, sure = _expected(blocks.levels, curves)
        found = shape(plate.chosen(sure), expected[sure], chance, found)
    if found.sure < _FLAT:
        return None
    levels, sigmas = (np.stack(values) for values in ([c.levels for c in curves], [c.sigmas for c in curves]))
    over_time = 0.0 if alone else _over_time(blocks, _spread(chance))
    if not alone and np.median(blocks.travel) < _STILL:
        # What stands still is not in the difference of frames.
        sigmas /= np.sqrt(1 - np.clip(over_time, 0, 0.9))
    return MeasuredGrain(
        levels, sigmas, frequencies(), found.power, found.correlation, over_time, not alone, clipped,
        found.trust, found.slant, found.directions,
    )  # fmt: skip


def _expected(levels: Pixels, curves: Sequence[Response]) -> tuple[Pixels, npt.NDArray[np.bool_]]:
    """The variance of grain at the levels of blocks, (M, C), and which blocks have the surest, (M,)."""
    variances = [
        np.square(np.interp(levels[:, k], c.levels, c.sigmas)).mean((1, 2)) for k, c in enumerate(curves)
    ]
    doubts = [np.interp(levels[:, k], c.levels, c.doubts).mean((1, 2)) for k, c in enumerate(curves)]
    doubt = np.mean(doubts, 0)
    return np.stack(variances, 1), doubt <= np.quantile(doubt, _SUREST)


def _curve(
    blocks: Blocks, shown: Pixels, by_chance: Pixels, channel: int, guess: Response | None
) -> Response:
    clear = blocks.spoilt[:, channel] <= _SPOILT
    return curve(
        blocks.levels[:, channel][clear],
        shown[:, channel][clear],
        blocks.structure[clear],
        by_chance[:, channel],
        guess,
    )


def _over_time(blocks: Blocks, spread: float) -> float:
    """The correlation of neighbouring frames at the same pixel, where picture moves if it does."""
    moving = np.flatnonzero(blocks.travel > 2)
    some = moving if moving.size * 4 > blocks.travel.size else np.arange(blocks.travel.size)
    flat = some[np.argsort(blocks.activity[some], kind="stable")[: max(8, int(_COMPARED * some.size))]]
    quiet = np.quantile(blocks.standing[flat].mean(1), 0.1)
    return float(np.clip(quiet + _TENTH * spread, 0, 1))


def _spread(chance: Rings) -> float:
    """The deviation of the correlation of blocks that have nothing to do with one another."""
    some, others = chance.grain, np.roll(chance.grain, len(chance.grain) // 2, 0)
    return float(standing(some, others).mean(1).std())


def _ends(planes: Pixels) -> npt.NDArray[np.bool_]:
    """Whether each channel's dark and bright end are clipped, (C, 2)."""
    found = np.zeros((len(planes), 2), bool)
    for plane, ends in zip(planes, found, strict=True):
        for k, at in enumerate((plane.min(), plane.max())):
            near = np.abs(plane - at) < _NEXT
            same = np.count_nonzero(plane == at)
            ends[k] = same > _CLIPPED * plane.size and same > _PILED * (np.count_nonzero(near) - same)
    return found


def _spoilt(planes: Pixels, clipped: npt.NDArray[np.bool_]) -> Pixels:
    """1 where a pixel is clipped, else 0."""
    found = np.zeros(planes.shape, np.float32)
    for plane, ends, out in zip(planes, clipped, found, strict=True):
        if plane.min() < plane.max():
            out[:] = (ends[0] & (plane <= plane.min())) | (ends[1] & (plane >= plane.max()))
    return found


def _without(planes: Pixels, neighbours: bool, clipped: npt.NDArray[np.bool_]) -> MeasuredGrain:
    """No grain, from the darkest to the brightest level."""
    none = Shape.white(len(planes), fine=False)
    levels = np.stack([planes.min((1, 2)), planes.max((1, 2))], 1)
    return MeasuredGrain(
        levels, np.zeros_like(levels), frequencies(), none.power, none.correlation, 0.0, neighbours, clipped,
        np.ones(1, np.float32), none.slant,
    )  # fmt: skip


def profile_of(
    measured: MeasuredGrain, colour: Colour, space: str, name: str, kind: Kind, width: float, pixels: int
) -> GrainProfile:
    """What was measured in LOG_RGB of a picture in `space`, as a profile that fits other pictures.

    name, kind, width in mm of film and pixels across the picture: as `GrainProfile` has them. Raises
    ColourError for an unknown space.
    """
    power, strong = measured.power, measured.sigmas
    if kind == "film":
        power = as_film(power)
        left = mean_power(power)[:, None]
        power, strong = power / left, strong * np.sqrt(left)
    levels, sigmas = to_codes(measured.levels, strong, colour, space)
    return GrainProfile(
        name,
        kind,
        ("R", "G", "B") if len(levels) == 3 else ("Y",),
        levels,
        sigmas,
        np.asarray(measured.frequencies * (pixels / width), np.float32),
        power,
        measured.correlation,
        measured.over_time,
        width,
        pixels,
        measured.directions,
    )
