from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.defects.evidence import neighbours, usual
from tests.core.defects.test_detector import seen, shot, view_of

CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def test_a_spike_is_beyond_all_that_the_frames_around_show_beside_it() -> None:
    view = view_of(shot()[1:4], 1)
    found, (one, other) = seen(view), neighbours(view)
    low, high = ([f(n.luma, CROSS) for n in (one, other)] for f in (cv2.erode, cv2.dilate))
    apart = np.maximum(np.maximum(low[0] - high[1], low[1] - high[0]), 0)
    np.testing.assert_allclose(found.bright, found.luma - np.maximum(*high) - 0.7 * apart, atol=1e-6)
    np.testing.assert_allclose(found.dark, np.minimum(*low) - found.luma - 0.7 * apart, atol=1e-6)
    assert found.bright[22, 33] > 0.2 and found.dark[10, 50] > 0.1


@pytest.mark.parametrize(("count", "place"), [(3, 1), (4, 2), (5, 2)])
def test_what_is_usual_is_the_median_or_the_upper_one(count: int, place: int) -> None:
    planes = [np.random.default_rng(k).random((70, 9), np.float32) for k in range(count)]
    kept = [p.copy() for p in planes]
    np.testing.assert_array_equal(usual(planes), np.sort(planes, axis=0)[place])
    np.testing.assert_array_equal(planes, kept)
