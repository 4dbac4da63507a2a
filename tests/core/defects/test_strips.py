from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.strips import left, strip
from tests.damage import scene


def test_a_strip_is_what_lies_beside_the_line() -> None:
    rows, columns = np.mgrid[:6, :20]
    luma = (100 * rows + columns).astype(np.float32)
    at = 8.0 + np.arange(6) / 2
    places = np.array([-2.0, 0.0, 1.5])
    expected = 100 * rows[:, :3] + at[:, None] + places
    assert np.abs(strip(luma, at, places) - expected).max() < 1e-3
    assert np.abs(strip(luma, at, places, down=1)[:-1] - expected[1:] + 0.5).max() < 1e-3


@pytest.mark.parametrize(
    ("wandered", "expected"), [(0.0, 0), (0.3, 0), (0.9, 1), (-0.9, 1), (1.5, 2), (-1.5, 2), (4.0, 2)]
)
def test_a_line_stays_where_it_moves_as_the_scene_does(wandered: float, expected: int) -> None:
    own, other = scene()[1:3, 0]
    places = np.arange(own.shape[1])
    at = np.full(len(own), 70.0)
    for picture, column in ((own, 70.0), (other, 67.0 + wandered)):
        picture += 0.8 * np.clip(1.5 - np.abs(places - column), 0, 1) * (0.95 - picture)
    assert left(own, other, at, (-3.0, -1.0), wandered - 3) == expected


def test_things_that_move_with_the_scene_stay_wherever_their_middle_is_measured() -> None:
    own, other = scene()[1:3, 0]
    at = np.full(len(own), 70.0)
    for picture, column in ((own, 70), (other, 67)):
        picture[:, column - 2 : column + 3] = 0.05
    assert [left(own, other, at, (-3.0, -1.0), -3 + error) for error in (-2.0, -0.6, 0.6, 2.0)] == [0] * 4
