from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.drawing import numbered
from interneg.defects.tracks import LinePlace


@pytest.mark.parametrize(
    ("size", "scale"), [((1, 1), 8), ((300, 1), 5), ((60, 100), 8), ((500, 640), 2), ((20, 3000), 1)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_small_pictures_are_enlarged_and_numbers_stay_within(
    size: tuple[int, int], scale: int, channels: int
) -> None:
    picture = np.full((*size, channels), 90, np.uint8)
    plain = numbered(picture, {}, {})
    assert plain.shape == (size[0] * scale, size[1] * scale, 3) and (plain == 90).all()
    line = LinePlace(size[1] - 1, 0, 1, 0, size[0]).line(1, size[0])
    made = numbered(picture, {12345: (size[1] - 1, size[0] - 1, 1, 1)}, {7: line})
    assert made.shape == plain.shape
    if min(plain.shape[:2]) > 60:
        assert (made[..., 0].astype(int) > made[..., 1].astype(int) + 60).sum() > 40
    assert (picture == 90).all()


def test_dirt_has_a_red_box_and_a_scratch_green_lines() -> None:
    picture = np.zeros((900, 1000, 3), np.uint8)
    lean = LinePlace(500, 20, 4, 0, 900).line(-1, 900)
    made = numbered(picture, {1: (100, 200, 10, 20)}, {2: lean})
    red, green = ((made == colour).all(axis=2) for colour in ((255, 60, 60), (60, 255, 60)))
    rows, columns = np.nonzero(red[:, :114])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (197, 223, 97, 113)
    for row in (30, 450, 890):
        middle = 500 + 20 * (row / 900 - 0.5)
        found = np.flatnonzero(green[row])
        np.testing.assert_allclose([found.min(), found.max()], [middle - 5, middle + 5], atol=2)
