"""Make the built-in grain profiles: `python -m interneg.engines.training.grain_stocks FOLDER`.

Each is an emulsion of the Boolean model (`interneg.grain.boolean`), whose grains are made so large that its
diffuse RMS granularity, at a net density of 1 through the standard round aperture of 48 µm, is that of its
class. The classes follow what makers publish: 4 to 5 for colour negatives of ISO 100 to 800, with curves over
density that peak in the toe and have blue far above green; 8, 10 and 17 for black-and-white negatives of ISO
100, 125 and 400; 9 to 10 for slides. Those of motion picture negative are finer than the same speed's still
film, within these ranges.

A record has a fast, a medium and a slow layer, as negatives do: the coarse grains of the fast one are used up
in the shadows, so grain is strongest there. Pushing one stop makes grain 1.3 times as strong, with more fog.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from interneg.grain.boolean import Coat, Emulsion, Grains
from interneg.grain.expected import Statistics, profile_of
from interneg.grain.profile import GrainProfile
from interneg.grain.profile_file import text

# Of the records red, green, blue: how much coarser than green's the grains are, and how many sheets there are
# for one of green. The blue layers are on top, thin, fast and coarse.
_COARSER, _DEEP = (0.95, 1.0, 1.3), (1.0, 1.0, 0.6)
# What a channel of a scan sees of each record's dye: dyes absorb a little of the neighbours' light.
_DYES = ((0.90, 0.07, 0.03), (0.06, 0.88, 0.06), (0.03, 0.10, 0.87))
_SPREAD = 0.35
_BLUR = 2.4
"""Of the scanner's lens, in µm: 0.4 pixels of a scan of 35 mm film in 4K."""
_PUSHED = 1.3
_WIDTH, _PIXELS = 24.89, 8192


@dataclass(frozen=True)
class Class:
    """A class of stock. granularity: diffuse RMS times 1000. sheets: how many grains deep a layer is."""

    name: str
    granularity: float
    colour: bool
    sheets: int
    positive: bool = False
    fog: float = 0.03


def classes() -> Iterator[tuple[str, Class]]:
    """Identifiers and classes of all built-in stocks."""
    for word, colour, granularities, sheets in (
        ("colour", True, (3.2, 4.4, 6.0), 25),
        ("bw", False, (8.0, 11.0, 16.0), 9),
    ):
        called = "colour" if colour else "black-and-white"
        for speed, granularity in zip((50, 200, 500), granularities, strict=True):
            found = Class(f"{called} negative, {speed} speed", granularity, colour, sheets)
            yield f"{word}-{speed}", found
            pushed = f"{found.name}, pushed one stop"
            yield (
                f"{word}-{speed}-pushed",
                replace(found, name=pushed, granularity=_PUSHED * granularity, fog=0.06),
            )
        yield f"{word}-print", Class(f"{called} print", 5.0 if colour else 6.0, colour, 36, positive=True)


def emulsion(wanted: Class) -> Emulsion:
    """The emulsion of a class: its grains have the size that gives it its granularity."""
    scale = 1.0
    for _ in range(4):
        found = _layers(wanted, scale)
        scale *= wanted.granularity / _granularity(found)
    return found


def make(wanted: Class, pixels: int = _PIXELS) -> GrainProfile:
    """Its profile on 35 mm film, from a scan with so many pixels across."""
    return profile_of(emulsion(wanted), wanted.name, _WIDTH, pixels, wanted.positive)


def _layers(wanted: Class, radius: float) -> Emulsion:
    # Size of the grains, density and speed of each layer. A print's curve is steep.
    layers = [(1.0, 0.65, -0.75), (0.75, 0.65, 0.0), (0.55, 0.65, 0.75)]
    if wanted.positive:
        layers = [(1.0, 1.7, -0.15), (0.7, 1.7, 0.15)]
    records = list(zip(_COARSER, _DEEP, strict=True)) if wanted.colour else [(1.0, 1.0)]
    return Emulsion(
        tuple(
            Coat(
                record,
                Grains(radius * coarser * size, _SPREAD),
                round(wanted.sheets * deep),
                density,
                speed,
                contrast=7.0 if wanted.positive else 2.5,
                fog=wanted.fog,
            )
            for record, (coarser, deep) in enumerate(records)
            for size, density, speed in layers
        ),
        _DYES if wanted.colour else ((1.0,),),
        _BLUR,
    )


def _granularity(found: Emulsion) -> float:
    """Of green, or of grey, at a net density of 1, times 1000."""
    exposures = np.linspace(-1.5, 1.5, 13)
    at = [Statistics(found, float(e)) for e in exposures]
    middle = len(found.seen) // 2
    densities = np.array([s.density[middle] for s in at]) - Statistics(found, -np.inf).density[middle]
    return float(1000 * np.interp(1.0, densities, [s.granularity()[middle] for s in at]))


def main() -> None:
    """The command: writes NAME.grain.toml of each stock."""
    parser = argparse.ArgumentParser(description="Make the built-in grain profiles.")
    parser.add_argument("folder", type=Path, help="where to write them: core/grain/stocks")
    folder: Path = parser.parse_args().folder
    folder.mkdir(exist_ok=True)
    for identifier, wanted in classes():
        (folder / f"{identifier}.grain.toml").write_text(text(make(wanted)), encoding="utf-8")
        size = emulsion(wanted).layers[0].grains.radius
        print(f"{identifier}: grains of {size:.2f} µm and less in red's fast layer")


if __name__ == "__main__":
    main()
