"""In which unit a graph is told how strong the noise is."""

from __future__ import annotations

import numpy as np

from interneg.engines.importing.colours import Guess
from interneg.engines.importing.convention import Convention, Range
from interneg.engines.importing.raw import RawGraph
from interneg.engines.importing.sizes import Sizes, blobs
from interneg.frame import Pixels
from interneg.resize import reduce

# The noise that is tried, in 0..1. The pictures' own unit is taken unless another one leaves so much less.
_SIGMA, _CLEARLY = 0.1, 0.9
_UNITS: tuple[Range, ...] = ("0..1", "0..255")


def noise_unit(graph: RawGraph, found: Sizes, how: Convention, asked: Range | None) -> Guess:
    """Find the range that the deviation of noise is given in, by which of them takes most noise away.

    how: all else of the graph. asked: where the user knows.
    """
    if not graph.signature.noise:
        return Guess(how.takes, "")
    if asked:
        return Guess(asked, f"in {asked}, as given")
    clean = blobs(found.planes, found.side)
    random = np.random.Generator(np.random.PCG64(17))
    noisy = clean + np.float32(_SIGMA) * random.standard_normal(clean.shape, np.float32)

    def left(unit: Range) -> float:
        made = graph.restored(noisy, how._replace(noise_range=unit), _SIGMA)
        small = np.stack([reduce(p, how.scale) for p in np.nan_to_num(made, posinf=9, neginf=-9)])
        return _rms(small - clean)

    units = dict.fromkeys((how.takes, *_UNITS))
    remaining = {unit: left(unit) for unit in units}
    best = min(remaining, key=remaining.__getitem__)
    if remaining[best] < _CLEARLY * min(remaining[how.takes], _rms(noisy - clean)):
        return Guess(best, f"in {best}: told so, it takes most of some noise away")
    return Guess(how.takes, f"in {how.takes} like its pictures; if that is wrong, say --noise-range")


def _rms(apart: Pixels) -> float:
    return float(np.sqrt(np.mean(np.square(apart[:, 12:-12, 12:-12]))))
