"""The grain profile: how strong grain is at each density, how coarse, and how alike the channels have it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interneg.frame import Pixels
from interneg.grain.directions import gain

DENSITY = 1023 * 0.002
"""Printing density per unit of the codes that profiles are in: 0.002 per 10-bit code, as Cineon has it."""

Kind = str
KINDS = ("film", "digital")


@dataclass(frozen=True, eq=False)
class GrainProfile:
    """The grain of a plate or of a stock, as it is on a film that is `width` mm wide.

    name: of the plate or the stock. kind: what it was taken for, "film" or "digital" (noise of a sensor, or
    what a codec left). channels: ("R", "G", "B") or ("Y",), C of them.
    levels: (C, N) float32, rising, and sigmas: (C, N) float32, 0 or more: the standard deviation at each
    level, as a scan with `pixels` across shows it; straight between levels, flat beyond. Both in Cineon codes
    (0..1 for 0..1023; see `interneg.grain.encoding`): times `DENSITY`, printing density.
    frequencies: (B,) float32, rising from 0, in cycles per mm of film, to the corner of what the scan holds.
    power: (C, B) float32, 0 or more: power density over them, the mean of all directions; only its shape
    counts.
    directions: (2, B) float32 at the frequencies, how power differs with direction, as
    `interneg.grain.directions` has it; None where it does not, as on film.
    correlation: (C, C) float32 of the channels. over_time: correlation of a frame with the next, 0 for film.
    width: of the film that the picture shows, in mm. pixels: across the picture, of the scan.
    """

    name: str
    kind: Kind
    channels: tuple[str, ...]
    levels: Pixels
    sigmas: Pixels
    frequencies: Pixels
    power: Pixels
    correlation: Pixels
    over_time: float
    width: float
    pixels: int
    directions: Pixels | None = None

    @property
    def pitch(self) -> float:
        """Of the scan's pixels, in mm of film."""
        return self.width / self.pixels

    def per_pixel(self, channel: int, count: int = 36) -> tuple[Pixels, Pixels]:
        """Frequencies in cycles per pixel of the scan, 0 to sqrt(1/2), and the power density there, (count,).

        The power is scaled so that its mean over the square of -0.5..0.5 in both directions is 1, which is
        what white noise of a deviation of 1 has.
        """
        frequencies = np.linspace(0, math.sqrt(0.5), count, dtype=np.float32)
        found = np.interp(frequencies * self.pixels / self.width, self.frequencies, self.power[channel])
        axis = np.fft.fftfreq(128)
        radii = np.hypot(axis[:, None], axis[None, :])
        mean = float(np.interp(radii, frequencies, found).mean())
        return frequencies, np.asarray(found / max(mean, 1e-12), np.float32)

    def gain(self, y: NDArray[np.floating], x: NDArray[np.floating]) -> Pixels:
        """By what power is multiplied at the frequencies y and x, (H, W) each, in cycles per pixel."""
        return gain(self.directions, self.frequencies * np.float32(self.pitch), y, x)

    def grey(self) -> GrainProfile:
        """The profile for a picture of one channel: that of the green one, or its own."""
        if len(self.channels) == 1:
            return self
        at = self.channels.index("G")
        return replace(
            self,
            channels=("Y",),
            levels=self.levels[at : at + 1],
            sigmas=self.sigmas[at : at + 1],
            power=self.power[at : at + 1],
            correlation=np.ones((1, 1), np.float32),
        )

    def coloured(self) -> GrainProfile:
        """The profile for a picture of R, G, B: its own, or that of its one channel in all, as one grain."""
        if len(self.channels) == 3:
            return self
        return replace(
            self,
            channels=("R", "G", "B"),
            levels=np.repeat(self.levels, 3, 0),
            sigmas=np.repeat(self.sigmas, 3, 0),
            power=np.repeat(self.power, 3, 0),
            correlation=np.ones((3, 3), np.float32),
        )
