from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.defects.enlarged import Enlarged

SIZES = [((60, 80), 2), ((60, 80), 1), ((61, 79), 2), ((64, 96), 4), ((61, 80), 2)]


@pytest.mark.parametrize(("size", "by"), SIZES)
@pytest.mark.parametrize("channels", [(), (2,)])
def test_a_part_is_that_of_the_whole_bit_for_bit(
    size: tuple[int, int], by: int, channels: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(1)
    small = rng.random((-(-size[0] // by), -(-size[1] // by), *channels), np.float32)
    whole = cv2.resize(small, size[::-1], interpolation=cv2.INTER_LINEAR)
    plane = Enlarged(small, size)
    np.testing.assert_array_equal(plane.whole(), whole)
    for box in (
        np.s_[0:9, 0:9],
        np.s_[7:31, 20:21],
        np.s_[50:99, 3:99:4],
        np.s_[0:99, 0:99],
        np.s_[5:5, 3:9],
    ):
        np.testing.assert_array_equal(plane[box], whole[box])
    y, x = rng.integers(0, size[0], 50), rng.integers(0, size[1], 50)
    np.testing.assert_array_equal(plane.at(y, x), whole[y, x])
    room = np.empty_like(whole)
    assert plane.whole(room) is room
    np.testing.assert_array_equal(room, whole)
