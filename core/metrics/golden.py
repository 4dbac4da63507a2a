"""The golden comparison: NaN first, then the largest error, then the mean, each with a limit of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interneg.metrics.checks import Array, same_shape


@dataclass(frozen=True)
class Difference:
    """How far a result is from its reference.

    nan: how many values are not finite in one of the two and not the very same (NaN, inf, -inf) in the other.
    max, mean, p999: of the absolute difference, over the values that are finite in both; p999 is the
        99.9th percentile. All three are NaN where no value is finite in both.
    psnr: decibels below the peak given to `compare`; inf where the two agree exactly.
    """

    nan: int
    max: float
    mean: float
    p999: float
    psnr: float

    def failure(self, *, max: float, mean: float) -> str:
        """Say which limit is broken first, in the order NaN, max, mean; empty where the result is good."""
        if self.nan:
            return f"{self.nan} values are NaN or infinite in only one of the two"
        if not self.max <= max:
            return f"the largest difference is {self.max:.3g}, allowed are {max:.3g} ({self})"
        if not self.mean <= mean:
            return f"the mean difference is {self.mean:.3g}, allowed are {mean:.3g} ({self})"
        return ""

    def __str__(self) -> str:
        return (
            f"NaN {self.nan}, max {self.max:.3g}, p99.9 {self.p999:.3g}, mean {self.mean:.3g}, "
            f"PSNR {self.psnr:.2f} dB"
        )


def compare(reference: Array, test: Array, peak: float = 1.0) -> Difference:
    """Compare two float arrays of one shape and any number of dimensions.

    peak: the value of full signal, for the PSNR.
    NaN and infinities are counted where the two disagree on them and are left out of the other figures.
    Raises InputError for different shapes.
    """
    same_shape(reference, test)
    both = np.isfinite(reference) & np.isfinite(test)
    odd = ~both
    alike = (reference[odd] == test[odd]) | (np.isnan(reference[odd]) & np.isnan(test[odd]))
    nan = int(alike.size - np.count_nonzero(alike))
    delta = np.abs(test[both].astype(np.float64) - reference[both])
    if delta.size == 0:
        return Difference(nan, np.nan, np.nan, np.nan, np.nan)
    square = float(np.mean(np.square(delta)))
    psnr = float(10.0 * np.log10(peak * peak / square)) if square else float("inf")
    return Difference(nan, float(delta.max()), float(delta.mean()), float(np.quantile(delta, 0.999)), psnr)
