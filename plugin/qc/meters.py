"""Figures that need something of the user's: LPIPS by weights, VMAF by an FFmpeg that has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from interneg.engines.lpips import SMALLEST, Lpips
from interneg.frame import Pixels
from interneg.plugin.qc.figures import Measure


class Meter(Protocol):
    """A further figure of each pair of frames."""

    @property
    def measure(self) -> Measure:
        """Which it is."""

    def see(self, reference: Pixels, test: Pixels) -> None:
        """Take the next pair, (3, H, W) float32 each of one shape, encoded, 0..1, finite."""

    def figures(self) -> Sequence[float]:
        """The figures of all pairs, in their order; NaN where there is none."""

    def close(self) -> None:
        """Give back what it holds."""


class LpipsMeter:
    """LPIPS of each pair. files: of weights, see `interneg.engines.lpips`, whose errors it raises."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._lpips = Lpips(files)
        self._found: list[float] = []
        self.measure = Measure(
            "lpips", f"LPIPS ({self._lpips.network})", "distance of features of a network; 0 for equal frames"
        )

    def see(self, reference: Pixels, test: Pixels) -> None:
        """Take the next pair, as `Meter.see`, (3, H, W) each."""
        small = min(reference.shape[1:]) < SMALLEST
        self._found.append(np.nan if small else self._lpips.distance(reference, test))

    def figures(self) -> Sequence[float]:
        """The distances."""
        return self._found

    def close(self) -> None:
        """It holds nothing."""
