from __future__ import annotations

import warnings

import numpy as np
import pytest

from interneg.nonfinite import fill, nonfinite

INF, NAN = np.inf, np.nan


def planes(*values: float) -> np.ndarray:
    return (
        np.zeros((3, 5, 7), np.float32)
        + np.array([*values, *[1] * (3 - len(values))], np.float32)[:, None, None]
    )


def test_nothing_is_found_in_finite_planes_however_large() -> None:
    assert nonfinite(planes(-3.0, 1e-30, 6e4)) is None
    assert nonfinite(np.full((3, 64, 64), np.finfo(np.float32).max, np.float32)) is None


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_pixel_is_marked_for_any_of_its_planes(value: float) -> None:
    picture = planes()
    picture[1, 2, 3] = value
    picture[2, 4, 0] = -value
    bad = nonfinite(picture)
    assert bad is not None
    assert sorted(zip(*np.nonzero(bad), strict=True)) == [(2, 3), (4, 0)]


def test_infinities_that_cancel_are_found_without_a_warning() -> None:
    picture = planes()
    picture[0, 0, 0], picture[0, 0, 1] = INF, -INF
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bad = nonfinite(picture)
    assert bad is not None
    assert bad.sum() == 2


def test_fill_takes_the_nearest_good_pixel_and_touches_no_other() -> None:
    picture = np.arange(3 * 5 * 7, dtype=np.float32).reshape(3, 5, 7)
    bad = np.zeros((5, 7), bool)
    bad[1:4, 0:3] = True
    broken = picture.copy()
    broken[:, bad] = NAN
    filled = fill(broken, bad)
    np.testing.assert_array_equal(filled[:, ~bad], picture[:, ~bad])
    np.testing.assert_array_equal(filled[:, 2, 2], picture[:, 2, 3])
    assert np.isnan(broken[:, bad]).all()


def test_fill_without_a_good_pixel_gives_zeros() -> None:
    assert not fill(np.full((3, 1, 1), NAN, np.float32), np.ones((1, 1), bool)).any()
