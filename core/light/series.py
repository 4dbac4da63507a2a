"""Series of light over a window of frames, and what an explanation of one tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interneg.frame import Double

SIZES = np.geomspace(1e-3, 0.4, 12)
"""The standard deviations that flicker may have, in logarithms of light."""

DARK = 0.5
"""Light so much darker than the middle is off by a share of this, rather than of itself."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Ways a window may be explained, (h, k) for k series: the error, over the weights of the samples; what
    the middle was meant to be; the cost, (h, k or 1, SIZES), of all else; the frames of the trend, (h, n).
    """

    error: Double
    meant: Double
    cost: Double
    inside: Double


@dataclass(frozen=True, eq=False)
class Seen:
    """Series, (n, k), at offsets x, (n, 1), from the middle, in order; weights, (n, k), 0 and above: what
    each sample counts; near: (n,), the same without what the light around makes of it. power: 0 where the
    series are logarithms of light, else (light ** power - 1) / power.
    """

    series: Double
    x: Double
    near: Double
    weights: Double
    power: float = 0.0

    @property
    def middle(self) -> int:
        """The place of the middle."""
        return int(np.searchsorted(self.x[:, 0], 0))

    def reversed(self) -> Seen:
        """The same backwards: series and weights, (n, k), and the rest."""
        return Seen(self.series[::-1], -self.x[::-1], self.near[::-1], self.weights[::-1], self.power)

    def logarithms(self, series: Double) -> Double:
        """Series, or trends, (..., n, k), as logarithms of light; straight on below `DARK`."""
        if not self.power:
            return series
        light = 1 + self.power * series
        dark = np.log(DARK) + (light - DARK) / DARK
        return np.asarray(np.where(light < DARK, dark, np.log(np.maximum(light, DARK))) / self.power)

    def apart(self, trends: Double) -> Double:
        """What the series have beyond trends of them, (..., n, k) each, in logarithms of light."""
        return np.asarray(self.logarithms(self.series) - self.logarithms(trends))

    def off(self, part: Double, meant: Double, slope: Double) -> Double:
        """The error of trends over parts of the window: part (h, n), meant and slope (h, k)."""
        apart = self.apart(meant[:, None] + slope[:, None] * self.x)
        return np.asarray(np.einsum("hn,n,hnk->hk", part, self.near, np.square(apart)))
