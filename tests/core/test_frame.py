from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from interneg.frame import Box, Frame


def ramp(box: Box, **facts: Any) -> Frame:
    """One plane whose values tell their own place."""
    y, x = np.mgrid[box.y0 : box.y1, box.x0 : box.x1]
    return Frame.of((100 * y + x + 1)[None], data_window=box, **facts)


def test_a_frame_on_another_data_window_is_cropped_and_0_where_it_has_nothing() -> None:
    frame, like = ramp(Box(2, 1, 8, 6), number=7), ramp(Box(0, 3, 5, 9), number=8)
    placed = frame.on(like)
    assert (placed.data_window, placed.number) == (Box(0, 3, 5, 9), 7)
    expected = like.pixels.copy()
    expected[:, 3:] = 0
    expected[:, :, :2] = 0
    np.testing.assert_array_equal(placed.pixels, expected)
    assert not frame.on(ramp(Box(20, 20, 24, 24))).pixels.any()


def test_a_frame_that_lies_there_already_is_the_same() -> None:
    frame = ramp(Box(2, 1, 8, 6), parts=(ramp(Box(0, 0, 2, 2)),))
    assert frame.on(ramp(Box(2, 1, 8, 6), parts=(ramp(Box(0, 0, 2, 2)),))) is frame


def test_parts_are_placed_on_those_of_the_other() -> None:
    frame = ramp(Box(0, 0, 4, 4), parts=(ramp(Box(1, 1, 3, 3)),))
    placed = frame.on(ramp(Box(0, 0, 4, 4), parts=(ramp(Box(2, 1, 4, 3)),)))
    assert placed.pixels is frame.pixels
    np.testing.assert_array_equal(placed.parts[0].pixels[0], [[103, 0], [203, 0]])


@pytest.mark.parametrize(
    ("channels", "picture"),
    [(("Y",), (0,)), (("Y", "A"), (0,)), (("X", "Y", "Z"), ()), (("X", "Y"), ()), (("Y", "Z"), ())],
)
def test_y_beside_x_or_z_is_a_coordinate(channels: tuple[str, ...], picture: tuple[int, ...]) -> None:
    pixels = np.zeros((len(channels), 2, 3), np.float32)
    assert Frame.of(pixels, channels=channels).colour_channels == picture
