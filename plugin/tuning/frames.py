"""Frames of plates as pairs, clean and damaged, and parts cut out of them to train on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from interneg.colour import Colour
from interneg.engines.tuning.samples import Part
from interneg.errors import UsageError
from interneg.frame import Pixels
from interneg.grain.noise import measure_noise
from interneg.plugin.tuning.damage import LaidDamage
from interneg.plugin.tuning.plates import SMALLEST, Plates
from interneg.plugin.tuning.split import PairAt
from interneg.restore.trained import see

SIDE = 192
"""Pixels of a clean part's side, at most."""

_MOST_PARTS = 800


class Both(NamedTuple):
    """A frame twice: clean (3, H * scale, W * scale) and damaged (3, H, W), float32 in LOG_Y of `space`."""

    clean: Pixels
    damaged: Pixels
    space: str


def frames(
    plates: Plates, runs: Sequence[Sequence[PairAt]], damage: LaidDamage, colour: Colour
) -> Iterator[Both]:
    """The frames of runs, in order; damaged ones are made where the plates have none.

    Raises InputError for one that cannot be read, UsageError for one too small.
    """
    for run in runs:
        take = plates.takes[run[0].clip]
        pairs = [take.pairs[place.pair] for place in run]
        shown = [take.clean.shown(pair.reference) for pair in pairs]
        clean, space = [s.planes for s in shown], shown[0].space
        if take.damaged is not None:
            damaged = [take.damaged.shown(pair.test).planes for pair in pairs]
        else:
            clean = [_whole(planes, damage.scale) for planes in clean]
            numbers = [1000 * run[0].clip + pair.reference for pair in pairs]
            damaged = damage.laid_on(clean, numbers, colour, space)
        for whole, made in zip(clean, damaged, strict=True):
            if min(made.shape[1:]) < SMALLEST:
                raise UsageError(
                    f"{take.clean.path}: a damaged frame of {made.shape[2]}x{made.shape[1]} pixels is too "
                    f"small to train on: {SMALLEST}x{SMALLEST} at least"
                )
            yield Both(whole, made, space)


def parts(
    plates: Plates,
    runs: Sequence[Sequence[PairAt]],
    damage: LaidDamage,
    colour: Colour,
    seed: int,
    most: int = _MOST_PARTS,
    done: Callable[[], None] = lambda: None,
) -> list[Part]:
    """Parts of the frames of runs, all of one size: half of them the busiest of each frame, half anywhere.

    done: called after each frame. Raises what `frames` does, and UsageError where clips are of several sizes
    and one is too small for the parts of the others.
    """
    random = np.random.default_rng(seed)
    scale = max(plates.scale, damage.scale)
    each = max(1, most // max(1, sum(map(len, runs))))
    found: list[Part] = []
    side = 0
    for both in frames(plates, runs, damage, colour):
        height, width = both.damaged.shape[1:]
        side = side or min(SIDE // scale, height // 2 * 2, width // 2 * 2)
        if min(height, width) < side:
            raise UsageError(
                f"a clip of {width}x{height} pixels goes with one that has {side} a side and more: train "
                "with clips of about one size"
            )
        clean, seen, sigma = *_held(both), _sigma(both.damaged)
        for y, x in _corners(both.damaged[0], side, each, random):
            small = np.s_[:, y : y + side, x : x + side]
            large = np.s_[:, scale * y : scale * (y + side), scale * x : scale * (x + side)]
            found.append(Part(clean[large].copy(), seen[small].copy(), sigma[small].copy()))
        done()
    return found


def _whole(planes: Pixels, scale: int) -> Pixels:
    height, width = (n // scale * scale for n in planes.shape[1:])
    return planes[:, :height, :width]


def _held(both: Both) -> tuple[Pixels, Pixels]:
    """Both frames within the range that networks see."""
    found = np.empty_like(both.clean), np.empty_like(both.damaged)
    for planes, out in zip((both.clean, both.damaged), found, strict=True):
        out[see(planes, out) :] = 0
    return found


def _sigma(planes: Pixels) -> Pixels:
    """What Denoise-SR measures of the noise with noise=auto: (2, H, W), of luma and of colour."""
    seen = np.empty_like(planes)
    count = see(planes, seen)
    luma, chroma = measure_noise(seen[:count]).map(seen[:count])
    return np.stack([luma, chroma if count == 3 else np.zeros_like(luma)])


def _corners(luma: Pixels, side: int, count: int, random: np.random.Generator) -> list[tuple[int, int]]:
    """Where parts begin: the busiest places of a grid that is laid anew, and some others."""
    height, width = luma.shape
    top, left = (int(random.integers(0, (n - side) % side + 1)) for n in (height, width))
    grid = [(y, x) for y in range(top, height - side + 1, side) for x in range(left, width - side + 1, side)]
    busy = sorted(grid, key=lambda at: -float(luma[at[0] : at[0] + side, at[1] : at[1] + side].std()))
    chosen = busy[: (count + 1) // 2]
    while len(chosen) < count and len(chosen) < 2 * len(grid):
        chosen.append((int(random.integers(0, height - side + 1)), int(random.integers(0, width - side + 1))))
    return chosen
