"""Frames per second, as files say them."""

from fractions import Fraction
from typing import Any

import pytest

from interneg.io.attributes import Typed
from interneg.io.rates import nominal_rate, rate_in


@pytest.mark.parametrize(
    ("metadata", "rate"),
    [
        ({"FramesPerSecond": Typed("rational", (24000, 1001))}, Fraction(24000, 1001)),
        ({"framesPerSecond": 25}, Fraction(25)),
        ({"dpx:FrameRate": 0.0, "dpx:TemporalFrameRate": 29.97}, Fraction(30000, 1001)),
        ({"FramesPerSecond": Typed("rational", (24, 0)), "dpx:FrameRate": 23.976}, Fraction(24000, 1001)),
        ({"dpx:FrameRate": float("nan")}, None),
        ({}, None),
    ],
)
def test_rates_of_files(metadata: dict[str, Any], rate: Fraction | None) -> None:
    assert rate_in(metadata) == rate


def test_rounded_rates_are_those_they_stand_for() -> None:
    assert nominal_rate(Fraction("59.94")) == Fraction(60000, 1001)
    assert nominal_rate(Fraction(24)) == 24
    assert nominal_rate(Fraction("12.5")) == Fraction(25, 2)
