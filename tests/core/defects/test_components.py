"""Components: what hangs together, its box and area, and its pixels."""

import numpy as np

from interneg.defects.components import components, pixels

THERE = np.zeros((6, 8), np.bool_)
THERE[1, 1] = THERE[2, 2] = THERE[3, 3] = True
THERE[4:6, 6:8] = True


def test_what_touches_by_corners_hangs_together() -> None:
    labels, facts = components(THERE)
    assert facts[1:].tolist() == [[1, 1, 3, 3, 3], [6, 4, 2, 2, 4]]
    np.testing.assert_array_equal(labels > 0, THERE)
    assert labels[3, 3] == 1 and labels[5, 7] == 2


def test_pixels_are_found_row_by_row_of_masks_and_of_labels() -> None:
    for there in (THERE, components(THERE)[0]):
        np.testing.assert_array_equal(pixels(there), np.nonzero(there))
    assert [len(p) for p in pixels(np.zeros((3, 3), np.bool_))] == [0, 0]
