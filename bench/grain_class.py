"""What a plate's grain is taken for: film or digital, and which class of stock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.grain_truth import truth_of
from bench.table import Row, at_least
from interneg.colour import Colour
from interneg.engines.training.grain_plates import plate
from interneg.errors import InputError
from interneg.grain.encoding import from_codes
from interneg.grain.kind import kind_of
from interneg.grain.likest import likest
from interneg.grain.measure import measure, profile_of
from interneg.grain.scale import at_pitch
from interneg.grain.stocks import NAMES, stock
from interneg.io.image_reader import read_rgb8

_SEEDS = (1, 2)
_PLATES, _SEED = 150, 77_000
_HEIGHT, _WIDTH = 480, 854


def rows(colour: Colour, space: str, shared: Path) -> Iterator[Row]:
    """Stocks on simulated plates of all levels; film and digital noise that nothing was trained on."""
    right = [_named(colour, space, name, 2048 * (1 + k), seed) for seed in _SEEDS for k, name in _each()]
    yield at_least(f"class of stock, {len(right)} simulated plates", 95, 100 * float(np.mean(right)), "%")
    tiles = sorted((shared / "dev" / "BSD68").glob("*.png"))
    if not tiles:
        print("no pictures for film and digital noise: its row is left out")
        return
    stills = [np.asarray(read_rgb8(t).transpose(2, 0, 1) / 255, np.float32) for t in tiles]
    told, refused = [], 0
    for number in range(_PLATES):
        rng = np.random.default_rng([_SEED, number])
        made = plate(rng, stills, held=True)
        try:
            found = measure(made.frames)
        except InputError:
            refused += 1
            continue
        told.append((kind_of(found)[0] == "film") == made.film)
    what = f"film grain against digital noise, {len(told)} plates of kinds not trained on"
    yield at_least(f"{what} ({refused} more refused)", 97, 100 * float(np.mean(told)), "%")


def _each() -> Iterator[tuple[int, str]]:
    for k in (0, 1):
        for name in NAMES:
            yield k, name


def _named(colour: Colour, space: str, name: str, pixels: int, seed: int) -> bool:
    """Whether a stock is known by two frames of a ramp with its grain."""
    grain = stock(name)
    seen = at_pitch(grain, grain.width / pixels).coloured()
    levels, sigmas = from_codes(seen.levels, seen.sigmas, colour, space)
    ramp = np.tile(np.linspace(0.08, 0.92, _WIDTH, dtype=np.float32), (3, _HEIGHT, 1))
    rng = np.random.default_rng(seed)
    frames = [ramp + truth_of(seen, ramp, levels, sigmas, rng) for _ in range(2)]
    measured = measure(frames)
    return likest(profile_of(measured, colour, space, name, "film", grain.width, pixels))[0] == name
