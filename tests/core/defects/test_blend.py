from __future__ import annotations

import numpy as np

from interneg.defects.blend import lacking_grain, levelled, membrane, noise, rough, spread
from interneg.frame import Pixels

SIZE = (40, 50)
HOLE = np.zeros(SIZE, bool)
HOLE[12:28, 15:35] = True


def slope() -> Pixels:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.dstack([0.2 + 0.01 * rows, 0.5 - 0.004 * columns]).astype(np.float32)


def test_known_values_stay_and_holes_are_filled_smoothly() -> None:
    given = slope()
    made = spread(np.where(HOLE[..., None], 99, given).astype(np.float32), ~HOLE)
    np.testing.assert_allclose(made[~HOLE], given[~HOLE], rtol=1e-6)
    assert np.abs(made - given)[HOLE].max() < 0.1 < np.ptp(given[HOLE])


def test_nothing_known_is_zero_and_finite() -> None:
    made = spread(slope(), np.zeros(SIZE, bool))
    assert (made == 0).all()


def test_a_patch_takes_the_light_of_its_ring() -> None:
    texture = np.random.default_rng(0).normal(0, 0.05, (*SIZE, 2)).astype(np.float32)
    around = slope() + texture
    made = levelled(texture + np.float32(0.3), around, ~HOLE)
    assert np.abs(made - around)[HOLE].mean() < 0.04
    assert np.corrcoef(made[HOLE].ravel(), around[HOLE].ravel())[0, 1] > 0.7


def test_a_membrane_has_no_step_at_its_rim() -> None:
    given = slope()
    made = membrane(np.where(HOLE[..., None], 99, given).astype(np.float32), ~HOLE)
    np.testing.assert_array_equal(made[~HOLE], given[~HOLE])
    assert np.abs(made - given)[HOLE].max() < 0.02
    assert np.abs(made - given)[12, 15:35].max() < 0.01


def test_grain_is_brought_up_to_that_of_the_ring_and_never_taken_away() -> None:
    rng = np.random.default_rng(1)
    around = slope() + rng.normal(0, 0.03, (*SIZE, 2)).astype(np.float32)
    smooth, loud = slope(), slope() + rng.normal(0, 0.1, (*SIZE, 2)).astype(np.float32)
    lacks = lacking_grain(smooth, around, HOLE, ~HOLE)
    made = smooth + lacks * noise(np.s_[0 : SIZE[0], 0 : SIZE[1]], 3)[..., None]
    np.testing.assert_allclose(rough(made, HOLE), rough(around, ~HOLE), rtol=0.25)
    assert (lacking_grain(loud, around, HOLE, ~HOLE) == 0).all()
    np.testing.assert_allclose(lacking_grain(smooth, around, HOLE, ~HOLE, most=lambda: 0.01), 0.01, rtol=0.1)


def test_noise_is_the_same_at_a_place_whatever_area_is_asked_for() -> None:
    whole = noise(np.s_[0:200, 0:150], 7)
    np.testing.assert_array_equal(noise(np.s_[50:140, 60:70], 7), whole[50:140, 60:70])
    assert (noise(np.s_[0:200, 0:150], 8) != whole).any()
    assert abs(float(whole.std()) - 1) < 0.02 and abs(float(whole.mean())) < 0.02
