"""Fields of cosines."""

from __future__ import annotations

import numpy as np
import pytest

from interneg.light.waves import GRID, multiples, on_grid, sampled


def test_the_first_product_is_the_same_everywhere_and_the_others_add_up_to_nothing() -> None:
    y, x = np.mgrid[:40, :60] + 0.5
    waves = sampled(y.ravel(), x.ravel(), 40, 60)
    assert waves.shape == (len(multiples()), 2400) and np.all(waves[0] == 1)
    assert waves[1:].sum(axis=1) == pytest.approx(0, abs=1e-9)


def test_a_field_on_the_grid_is_the_one_of_the_picture() -> None:
    terms = np.random.default_rng(1).normal(size=len(multiples()))
    rows, columns = GRID
    y, x = np.mgrid[:rows, :columns] * 8.0 + 4.0
    waves = sampled(y.ravel(), x.ravel(), 8 * rows, 8 * columns)
    assert on_grid(terms) == pytest.approx((terms @ waves).reshape(GRID))
