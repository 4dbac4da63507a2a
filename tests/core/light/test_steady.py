"""Corrections: of a window, and between two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interneg.light.steady import Correction, LevelPath, correction
from interneg.light.waves import GRID

LEVELS = np.array([-6.0, -2.0, 0.5])
SMALL = st.floats(-0.5, 0.5)


def added(correction: Correction) -> npt.NDArray[np.float64]:
    """What it adds to each of `LEVELS` where its field and rows are nought."""
    return correction.exposure + correction.slope * (LEVELS - correction.pivot)


@given(SMALL, SMALL, st.floats(-5, 1), st.floats(0, 1))
def test_between_two_of_different_pivots_each_level_is_added_to_in_proportion(
    exposure: float, slope: float, pivot: float, share: float
) -> None:
    own = Correction(0.1, -0.2, np.zeros(GRID), np.zeros(4), -2.0, -8.0, 1.0)
    other = replace(own, exposure=exposure, slope=slope, pivot=pivot)
    expected = (1 - share) * added(own) + share * added(other)
    assert added(own.towards(other, share)) == pytest.approx(expected, abs=1e-12)


def test_the_dark_end_of_a_fade_is_measured_less_well_and_frames_beside_a_flash_are_not() -> None:
    offsets, wave = np.arange(-7, 8), np.array([-1.0, 1.0] * 7 + [-1.0])
    flicker = 0.012 * (wave - wave[7])

    def found(light: npt.NDArray[np.float64]) -> float:
        fields = np.broadcast_to((flicker + light)[:, None, None], (15, *GRID))
        flat = np.zeros(15), fields, np.zeros((15, 4))
        return correction(LevelPath(offsets, -2.0, -6.0, 1.0, *flat), 7, 0.5).exposure

    level, flash = np.zeros(15), np.where(np.isin(offsets, (3, 4)), 1.5, 0.0)
    fade = 2.2 * np.log((8 - offsets) / 8)
    assert abs(found(level)) > 0.006
    assert found(flash) == pytest.approx(found(level), rel=0.3)
    assert abs(found(fade)) < 0.5 * abs(found(level))
