from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.metrics.overshoot import Overshoot, overshoot, step_chart


def enlarged(kernel: int) -> Pixels:
    small = step_chart(1).picture
    return cv2.resize(small, None, fx=2, fy=2, interpolation=kernel)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_the_chart_itself_does_not_overshoot(scale: int) -> None:
    chart = step_chart(scale)
    assert chart.picture.shape == (192 * scale, 384 * scale)
    assert chart.overshoot(chart.picture) == Overshoot(0, 0)


def test_the_scales_show_one_geometry() -> None:
    reduced = step_chart(2).picture.reshape(192, 2, 384, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(reduced, step_chart(1).picture, atol=1e-6)


def test_edges_are_anti_aliased_by_area() -> None:
    # The first cell: an upright edge a third of a pixel to the right of the middle, from 0.1 to 0.9.
    row = step_chart(1).picture[20, 22:27]
    np.testing.assert_allclose(row, [0.1, 0.1, 0.1 + 0.8 * (1 - 1 / 3), 0.9, 0.9], atol=0.8 / 16)


def test_only_kernels_with_negative_lobes_overshoot() -> None:
    chart = step_chart(2)
    assert chart.overshoot(enlarged(cv2.INTER_LINEAR)).max < 1e-6
    lobes = chart.overshoot(enlarged(cv2.INTER_LANCZOS4))
    assert 0.05 < lobes.max < 0.2
    assert 0 < lobes.mean < lobes.max / 10


def test_it_is_relative_to_the_step() -> None:
    chart = step_chart(1)
    lift = chart.picture + 0.1 * (chart.high - chart.low)
    assert chart.overshoot(lift).max == pytest.approx(0.1, abs=1e-5)
    sunk = chart.picture - 0.1 * (chart.high - chart.low)
    assert chart.overshoot(sunk).max == pytest.approx(0.1, abs=1e-5)


def test_neighbouring_cells_do_not_count() -> None:
    chart = step_chart(1)
    spoiled = np.where(chart.inside, chart.picture, 5).astype(np.float32)
    assert chart.overshoot(spoiled) == Overshoot(0, 0)


def test_overshoot_against_a_reference_is_what_leaves_its_surroundings() -> None:
    reference = np.zeros((20, 20), np.float32)
    reference[:, 10:] = 1
    test = reference.copy()
    test[5, 12] = 1.25
    test[6, 3] = -0.5
    test[7, 9] = 0.7
    found = overshoot(reference, test)
    assert found.max == pytest.approx(0.5)
    assert found.mean == pytest.approx(0.75 / 400)


def test_equal_planes_have_none_in_any_precision() -> None:
    p = np.random.default_rng(0).random((30, 30))
    assert overshoot(p, p.copy()) == Overshoot(0, 0)


def test_a_shift_within_the_radius_is_no_overshoot() -> None:
    reference = np.zeros((20, 20), np.float32)
    reference[:, 10:] = 1
    moved = np.zeros_like(reference)
    moved[:, 12:] = 1
    assert overshoot(reference, moved) == Overshoot(0, 0)
    assert overshoot(reference, moved, radius=1).max == 1


def test_nan_makes_the_result_nan() -> None:
    a = np.zeros((8, 8), np.float32)
    b = a.copy()
    b[0, 0] = np.nan
    assert np.isnan([overshoot(a, b).max, overshoot(b, a).mean]).all()


def test_misfits_are_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        step_chart(2).overshoot(step_chart(1).picture)
    with pytest.raises(InputError, match="scale"):
        step_chart(0)
    with pytest.raises(InputError, match="radius"):
        overshoot(np.zeros((4, 4)), np.zeros((4, 4)), radius=0)
