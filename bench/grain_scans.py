"""Real scans of 35 mm film: grain made from their profiles, against their own in flat areas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.table import Row, at_most
from interneg.colour import Colour
from interneg.engines.training.grain_rival import histogram, spectrum
from interneg.engines.training.grain_told import real
from interneg.grain.encoding import from_codes
from interneg.grain.measure import measure, profile_of
from interneg.io.image_reader import read_rgb8

# Flat areas of 64x64 below which a scan shows too little.
_FEWEST = 10


def rows(colour: Colour, space: str, shared: Path) -> Iterator[Row]:
    """Of each still in the folder `grain`; the profile is measured in the whole of it."""
    distances = []
    for path in sorted((shared / "grain").glob("*.png")):
        areas = real(path, _FEWEST)
        if areas is None:
            continue
        plate = np.asarray(read_rgb8(path).transpose(2, 0, 1)[1:2] / 255, np.float32)
        pixels = plate.shape[2]
        found = profile_of(measure([plate]), colour, space, path.stem, "film", float(pixels), pixels)
        levels, sigmas = from_codes(found.levels, found.sigmas, colour, space)
        made = replace(areas, profile=replace(found, levels=levels, sigmas=sigmas)).filtered(3)
        distances.append(spectrum(areas.there, made))
        strength = 100 * (made.std() / areas.there.std() - 1)
        figure = f"{distances[-1]:.2f} dB; {strength:+.0f} %; {histogram(areas.there, made):.4f}"
        what = f"real scan {path.stem}, {len(areas.there)} flat areas: spectrum; deviation; Kullback-Leibler"
        yield Row(what, "≤ 1 dB; 5 %; 0.01", figure, None)
    if distances:
        text = f"real scans, scan to profile to grain: spectrum (worst {max(distances):.2f})"
        yield at_most(text, 1, float(np.mean(distances)), "dB")
