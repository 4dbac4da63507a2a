from __future__ import annotations

import numpy as np
import pytest

from interneg.colour.working import to_luma, to_rgb
from interneg.frame import Pixels
from interneg.restore.plateaus import hold_extremes, hold_rgb


def edge(high: float) -> Pixels:
    """R, G, B: a blue step from 0.1 to `high` beside constant red and green."""
    given = np.full((3, 80, 96), 0.1, np.float32)
    given[2, :, 40:] = high
    return given


def ringing(given: Pixels, scale: int) -> Pixels:
    """Enlarged, with a halo on both sides of the step."""
    wild = given.repeat(scale, 1).repeat(scale, 2)
    wild[2, :, 40 * scale] += 0.2
    wild[2, :, 40 * scale - 1] -= 0.2
    return wild


@pytest.mark.parametrize("scale", [2, 4])
def test_each_channel_is_held_to_its_plateaus(scale: int) -> None:
    given = edge(0.6)
    result, planes = ringing(given, scale), given.copy()
    to_luma(planes)
    to_luma(result)
    before = planes.copy()
    hold_rgb(result, planes, scale, np.zeros((1, 1), np.float32))
    np.testing.assert_array_equal(planes, before)
    to_rgb(result)
    np.testing.assert_allclose(result, given.repeat(scale, 1).repeat(scale, 2), atol=1e-6)


@pytest.mark.parametrize(("high", "held"), [(0.6, False), (1.4, True)])
@pytest.mark.parametrize("scale", [1, 2])
def test_around_highlights_the_limits_are_strict(scale: int, high: float, held: bool) -> None:
    given = np.full((1, 80, 96), 0.1, np.float32)
    given[0, :, 40:] = high
    result = given.repeat(scale, 1).repeat(scale, 2)
    result[0, :, 40 * scale] += 0.2
    wild = result.copy()
    hold_extremes(result, given, scale)
    expected = given.repeat(scale, 1).repeat(scale, 2) if held else wild
    np.testing.assert_array_equal(result, expected)
