from __future__ import annotations

import numpy as np
import pytest

from interneg.errors import InputError
from interneg.metrics.golden import compare


def test_equal_arrays_differ_by_nothing() -> None:
    a = np.linspace(-3, 70000, 50, dtype=np.float32)
    d = compare(a, a.copy())
    assert (d.nan, d.max, d.mean, d.p999, d.psnr) == (0, 0, 0, 0, np.inf)
    assert d.failure(max=0, mean=0) == ""


def test_figures_of_a_known_difference() -> None:
    a = np.zeros(1000, np.float32)
    b = np.full(1000, 0.1, np.float32)
    b[7] = 0.5
    d = compare(a, b)
    assert d.max == pytest.approx(0.5)
    assert d.mean == pytest.approx(0.1004, rel=1e-5)
    assert d.psnr == pytest.approx(10 * np.log10(1000 / (999 * 0.01 + 0.25)), abs=1e-4)
    assert compare(a, b, peak=10.0).psnr == pytest.approx(d.psnr + 20)
    assert 0.1 <= d.p999 < 0.2


def test_nan_is_judged_first_then_max_then_mean() -> None:
    a, b = np.zeros((2, 3)), np.full((2, 3), 0.2)
    assert "largest" in compare(a, b).failure(max=0.1, mean=0.1)
    assert "mean" in compare(a, b).failure(max=0.3, mean=0.1)
    b[0, 0] = np.nan
    assert compare(a, b).nan == 1
    assert "NaN" in compare(a, b).failure(max=0.1, mean=0.1)


def test_values_that_are_not_finite_must_be_the_same_ones() -> None:
    a = np.array([np.nan, np.inf, -np.inf, 1.0])
    assert compare(a, a.copy()).failure(max=0, mean=0) == ""
    assert compare(a, np.array([np.inf, -np.inf, np.nan, 1.0])).nan == 3
    assert compare(a, np.array([0.0, 0.0, 0.0, 1.0])).nan == 3


def test_without_one_finite_value_the_result_fails() -> None:
    d = compare(np.full(3, np.nan), np.full(3, np.nan))
    assert d.nan == 0 and np.isnan(d.max)
    assert d.failure(max=1, mean=1)


def test_shapes_must_agree() -> None:
    with pytest.raises(InputError, match="shape"):
        compare(np.zeros((2, 3)), np.zeros((3, 2)))
