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


@pytest.mark.parametrize(
    "box", [(990, 400, 6, 6), (2, 400, 6, 6), (500, 2, 6, 6), (500, 890, 6, 6), (994, 894, 6, 6)]
)
def test_a_number_at_the_edge_is_whole_and_beside_its_box(box: tuple[int, int, int, int]) -> None:
    picture = np.zeros((900, 1000, 3), np.uint8)
    inner = numbered(picture, {188: (500, 400, 6, 6)}, {})
    made = numbered(picture, {188: box}, {})
    shown, expected = ((p > 100).all(axis=2) | (p[..., 0] > 200) for p in (made, inner))
    x, y, w, h = box
    for drawn, (left, top) in ((shown, (x, y)), (expected, (500, 400))):
        drawn[max(0, top - 3) : top + h + 4, max(0, left - 3) : left + w + 4] = False
    assert shown.sum() == expected.sum() > 40
    rows, columns = np.nonzero(shown)
    assert abs(columns.mean() - x) < 40 and abs(rows.mean() - y) < 40


def test_numbers_of_boxes_side_by_side_do_not_cover_each_other() -> None:
    picture = np.zeros((900, 1000, 3), np.uint8)
    boxes = {188: (500, 400, 6, 6), 189: (516, 398, 6, 6), 190: (540, 402, 6, 6)}
    alone = [(numbered(picture, {n: b}, {})[..., 0] > 200).sum() for n, b in boxes.items()]
    made = (numbered(picture, boxes, {})[..., 0] > 200).sum()
    assert made == sum(alone)
