from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.strips import stays, strip
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
    ("wandered", "same"), [(0.0, True), (0.3, True), (1.5, False), (-1.5, False), (4.0, False)]
)
def test_a_line_stays_where_it_moves_as_the_scene_does(wandered: float, same: bool) -> None:
    own, other = scene()[1:3, 0]
    places = np.arange(own.shape[1])
    at = np.full(len(own), 70.0)
    for picture, column in ((own, 70.0), (other, 67.0 + wandered)):
        picture += 0.8 * np.clip(1.5 - np.abs(places - column), 0, 1) * (0.95 - picture)
    assert stays(own, other, at, (-3.0, -1.0)) is same
    assert not stays(own, other, at, (-3.0 - 6, -1.0))


def test_a_flat_picture_shows_no_line_anywhere() -> None:
    flat = np.full((40, 40), 0.5, np.float32)
    assert not stays(flat, flat, np.full(40, 20.0), (0.0, 0.0))
