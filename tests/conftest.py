from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.knobs import knob
from interneg.node import Node, View


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate-goldens", action="store_true", help="write the golden pictures anew")


@dataclass(frozen=True, kw_only=True)
class TemporalMean(Node):
    """The simplest temporal node: the mean of the frames around, each weighted by a measured brightness."""

    name: ClassVar[str] = "temporal-mean"
    label: ClassVar[str] = "Temporal mean"
    help: ClassVar[str] = "Averages frames."
    version: ClassVar[int] = 1
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LINEAR_RGB
    layers: ClassVar[str] = "Treats R, G, B; alpha and AOVs pass through."

    radius: int = knob(3, "int", "Radius", "Frames on each side.", unit="frames", hard=(0, 8))
    gain: float = knob(1.0, "float", "Gain", "Multiplies the result.")
    measured: ClassVar[list[str]] = []

    @property
    def reach(self) -> tuple[int, int]:
        return (self.radius, self.radius)

    def process(self, view: View) -> Pixels:
        total, weights = np.zeros(view.planes().shape, np.float64), 0.0
        for offset in range(-self.radius, self.radius + 1):
            weight = 1 + abs(view.measure("mean", lambda o=offset: self._mean(view, o), offset))
            total += weight * view.planes(offset)
            weights += weight
        return np.asarray(self.gain * total / weights, np.float32)

    def _mean(self, view: View, offset: int) -> float:
        self.measured.append("mean")
        return float(view.planes(offset).mean(dtype=np.float64))


@pytest.fixture
def temporal_mean() -> type[TemporalMean]:
    TemporalMean.measured.clear()
    return TemporalMean
