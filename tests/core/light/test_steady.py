"""A correction between two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interneg.light.steady import Correction
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
