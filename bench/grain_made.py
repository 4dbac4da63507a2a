"""Made grain against thrown and real grain: scans in 2K and 4K, and a classifier that is trained to tell.

What the fast generator makes is held against discs that were thrown (`interneg.grain.boolean`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import NormalDist

import numpy as np

from bench.table import Row, at_most
from interneg.engines.training.grain_stocks import classes, emulsion, make
from interneg.grain.boolean import simulated
from interneg.grain.profile import GrainProfile
from interneg.grain.scale import at_pitch

_SEEDS = 3
_SCANS = (2048, 4096)
_EDGES = np.linspace(-4, 4, 41)


def rows(data: Path) -> Iterator[Row]:
    """Measure everything. data: the folder that holds grain/, stills of film."""
    yield from scans()
    yield from gaussian()
    yield from told(data / "grain")


def scans() -> Iterator[Row]:
    """Each stock's profile in 2K and in 4K, each brought to the other: mean distance of the spectra."""
    found = []
    for _, wanted in classes():
        low, high = (make(wanted, pixels) for pixels in _SCANS)
        found += [_distance(at_pitch(low, high.pitch), high), _distance(at_pitch(high, low.pitch), low)]
    what = "one plate scanned in 2K and in 4K, profile of one for the other: spectrum, all stocks"
    yield at_most(f"{what}: mean", 1.5, float(np.mean(found)), "dB")
    yield at_most(f"{what}: worst", 1.5, max(found), "dB")


def gaussian() -> Iterator[Row]:
    """How far the histogram of thrown grain is from a Gaussian, which made grain is: the coarsest stock."""
    film = emulsion(dict(classes())["bw-500"])
    normal = np.diff([NormalDist().cdf(edge) for edge in _EDGES])
    distances = {}
    for exposure in (-2.0, -1.0, 0.0, 1.0):
        plate = simulated(film, np.full((1, 192, 192), exposure), 12.15, 1, 4)
        shares = np.histogram((plate - plate.mean()) / plate.std(), _EDGES)[0] / plate.size
        seen = shares > 0
        distances[exposure] = float((shares[seen] * np.log(shares[seen] / normal[seen])).sum())
    what = "thrown grain, bw-500 in 2K, against a Gaussian: histogram, Kullback-Leibler"
    yield at_most(f"{what}, worst but for the toe", 0.01, max(d for e, d in distances.items() if e > -2))
    yield at_most(f"{what}, in the toe", 0.01, distances[-2.0])


def told(stills: Path) -> Iterator[Row]:
    """What share of patches a classifier takes for what they are, real or made; on real and thrown grain.

    Real plates are single frames; of thrown grain it sees two frames at once.
    """
    try:
        import torch
    except ImportError:
        yield Row("made grain told from real by a classifier", "≤ 60 %", "torch is not installed", None)
        return
    from interneg.engines.training.grain_told import all_grains, told_apart

    torch.set_num_threads(1)
    for grains in all_grains(stills):
        shares = [100 * told_apart(grains.there, grains.filtered(1 + s), s) for s in range(_SEEDS)]
        what = f"made grain told from that of {grains.name} by a classifier"
        yield at_most(f"{what}: mean of {_SEEDS} seeds", 60, float(np.mean(shares)), "%")
        yield at_most(f"{what}: worst", 60, max(shares), "%")


def _distance(found: GrainProfile, wanted: GrainProfile) -> float:
    """The mean over the band, the worst channel."""
    distances = []
    for channel in range(len(wanted.channels)):
        frequencies, power = wanted.per_pixel(channel, 96)
        inside = (frequencies >= 0.02) & (frequencies <= 0.5)
        ratio = found.per_pixel(channel, 96)[1] / power
        distances.append(float(np.abs(10 * np.log10(ratio[inside])).mean()))
    return max(distances)
