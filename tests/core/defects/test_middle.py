"""Medians of few values: those that numpy finds."""

import numpy as np
import pytest

from interneg.defects.middle import median, upper_median


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_medians_are_those_of_numpy(count: int) -> None:
    values = np.random.default_rng(count).random((count, 3), np.float32)
    np.testing.assert_array_equal(median(values), np.median(values, axis=0))
    np.testing.assert_array_equal(upper_median(values), np.sort(values, axis=0)[count // 2])
