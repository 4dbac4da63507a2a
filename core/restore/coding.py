"""The noise that a codec's rounding leaves, and what of it averages out over time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from interneg.frame import Pixels
from interneg.motion.align import Each, averaged
from interneg.motion.flow import Looked
from interneg.node import View

_COARSEST = 224.0
# Of the deviation that coding leaves: what a codec makes anew in each frame and does not copy from another.
_ANEW = 0.5


def quantiser_step(level: float) -> float:
    """The step of a codec's quantiser for the low frequencies of luma, in codes of 0..1.

    level: of compression, 0 (none) to 1, as the knob deblock and the networks have it: the step is 224**level
    8-bit codes of an orthonormal transform (`engines/training/levels.py`), and 0 without compression.
    """
    return float(_COARSEST**level / 255) if level else 0.0


def coding_noise(level: float) -> float:
    """The standard deviation of what a codec's rounding did, in codes of 0..1.

    level: as for `quantiser_step`. Rounding spreads evenly over one step, whose deviation is step / sqrt(12)
    (Bennett, Spectra of quantized signals, 1948).
    """
    return quantiser_step(level) / math.sqrt(12)


def average(
    view: View,
    count: int,
    level: float,
    deviations: Callable[[int], tuple[Pixels, Pixels]],
    looked: Looked,
    each: Each = lambda offset, planes, weight: None,
) -> tuple[Pixels, Pixels]:
    """Average compressed frames along the motion: what coding did averages out beside the noise.

    count, deviations (those of the noise alone, (H, W) float32 for luma and for colour), looked, each, the
    results ((C, H, W) float32 in the node's working space, and what is left of both) and what is raised are
    as in `align.averaged`. level: of compression; see `coding_noise`. Of the deviations that are left, what
    coding did is no part: a network is told of it by its level.
    """
    coded = np.float32(_ANEW * coding_noise(level))

    def both(offset: int) -> tuple[Pixels, Pixels]:
        luma, chroma = deviations(offset)
        return np.hypot(luma, coded), np.hypot(chroma, coded)

    planes, left = averaged(view, count, both, looked, each)
    if coded:
        for plane, sigma in zip(left, deviations(0), strict=True):
            plane *= sigma / np.hypot(sigma, coded)
    return planes, left
