from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.lines import Scratch, lines
from interneg.frame import Pixels
from tests.core.defects.test_detector import view_of

SIZE = (320, 200)


def leaning(lean: float, half: float, level: float = 0.9) -> tuple[Pixels, Pixels]:
    """Texture under grain, (1, H, W), with a line that leans by so many pixels; and its place in each row."""
    rng = np.random.default_rng(5)
    picture = np.repeat(np.repeat(rng.uniform(0.3, 0.5, (40, 25)), 8, 0), 8, 1) + rng.normal(0, 0.01, SIZE)
    at = 90.3 + lean * (np.arange(SIZE[0]) / (SIZE[0] - 1) - 0.5)
    cover = 0.6 * np.clip(half + 0.5 - np.abs(np.arange(SIZE[1]) - at[:, None]), 0, 1)
    return (picture + cover * (level - picture)).astype(np.float32)[None], at.astype(np.float32)


@pytest.mark.parametrize("lean", [0.0, 1.6, -3.3, 5.2])
@pytest.mark.parametrize("half", [0.5, 1.0])
def test_a_line_is_followed_to_a_part_of_a_pixel(lean: float, half: float) -> None:
    picture, at = leaning(lean, half)
    line = lines(view_of([picture] * 2, 0), 0, 3.0)[0]
    assert line.sign == 1
    assert np.abs(line.at(SIZE[0]) - at).max() < 0.25
    assert half + 0.3 < line.half < half + 1.0


def test_a_line_that_is_hidden_in_places_is_followed_as_well() -> None:
    picture, at = leaning(4.0, 1.0)
    rng = np.random.default_rng(6)
    picture[0, 64:96, 80:100] = rng.uniform(0.1, 0.9, (32, 20))
    line = lines(view_of([picture] * 2, 0), 0, 3.0)[0]
    assert np.abs(line.at(SIZE[0]) - at).max() < 0.25


@pytest.mark.parametrize("column", [0.4, 12.3, 38.8])
def test_a_line_covers_the_pixels_whose_middles_lie_in_it(column: float) -> None:
    rows = np.array([0, 10, 20, 30])
    line = Scratch(
        np.asarray(column + 0.7 * np.arange(3), np.float64), rows, np.array([False, True, True]), 1, 1.4, 5.0
    )
    away = np.abs(np.arange(40) - line.at(30)[:, None])
    np.testing.assert_array_equal(line.cover((30, 40)), (away <= 1.4) & (np.arange(30) >= 10)[:, None])


def test_a_narrow_line_beside_what_is_bright_is_narrow() -> None:
    profile = np.array([5, 6, 11, 10, 10, 8, 10, 16, 26, 16, 5, -4, -6, -2, -1, -2, -9], np.float32)
    picture = np.full(SIZE, 0.4, np.float32)
    picture[:, 82:99] += profile / np.float32(255)
    picture += np.random.default_rng(3).normal(0, 0.004, SIZE).astype(np.float32)
    line = lines(view_of([picture[None]] * 2, 0), 0, 3.0)[0]
    assert line.half < 2.5 and np.abs(line.at(SIZE[0]) - 90).max() < 0.5
