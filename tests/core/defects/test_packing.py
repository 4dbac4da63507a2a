from __future__ import annotations

import numpy as np

from interneg.defects.packing import merged, packed


def test_areas_near_by_are_joined_and_others_are_not() -> None:
    upright = [np.s_[y : y + 44, 50:55] for y in (0, 32, 64, 96, 128)]
    assert merged([*upright, np.s_[0:10, 400:410]], 32, 160) == [
        np.s_[0:140, 50:55], np.s_[128:172, 50:55], np.s_[0:10, 400:410],
    ]  # fmt: skip
    apart = [np.s_[0:20, 0:20], np.s_[100:120, 100:120]]
    assert merged(apart, 32, 160) == apart
    assert merged([np.s_[0:300, 0:9]], 32, 160) == [np.s_[0:300, 0:9]]


def test_boxes_lie_in_squares_side_by_side() -> None:
    rng = np.random.default_rng(1)
    sizes = [(int(h), int(w)) for h, w in rng.integers(8, 200, (60, 2))]
    squares = packed(sizes, 256)
    assert sorted(number for square in squares for number in square) == list(range(60))
    for square in squares:
        taken = np.zeros((256, 256), int)
        for number, (y, x) in square.items():
            height, width = sizes[number]
            assert y + height <= 256 and x + width <= 256
            taken[y : y + height, x : x + width] += 1
        assert taken.max() == 1
    assert sum(h * w for h, w in sizes) > 0.7 * len(squares) * 256**2


def test_nothing_takes_no_squares() -> None:
    assert packed([], 256) == [] and merged([], 32, 160) == []
