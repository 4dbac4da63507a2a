from __future__ import annotations

import numpy as np
import pytest

from interneg.frame import Pixels
from interneg.restore.trained import see, trust


def picture() -> Pixels:
    """Y, Cb, Cr within the trained range."""
    return np.random.default_rng(1).uniform(-0.4, 0.7, (3, 40, 48)).astype(np.float32)


def test_what_lies_in_the_range_is_seen_as_it_is_and_trusted() -> None:
    given, seen = picture(), np.zeros((6, 40, 48), np.float32)
    assert see(given, seen) == 3
    np.testing.assert_array_equal(seen[:3], given)
    assert not seen[3:].any() and trust(given, seen[:3], 2) is None


def test_without_colour_luma_alone_is_seen() -> None:
    given, seen = picture(), np.zeros((6, 40, 48), np.float32)
    given[1:] = 1e-7
    assert see(given, seen) == 1 and see(given[:1], seen) == 1
    assert not seen[1:].any()


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_beyond_the_range_nothing_is_trusted_and_far_from_it_all_is(scale: int) -> None:
    given, seen = picture(), np.zeros((3, 40, 48), np.float32)
    given[0, 20, 24], given[0, 0, 0] = 9.0, -3.0
    see(given, seen)
    assert seen.max() < 2 and seen.min() > -1
    share = trust(given, seen, scale)
    assert share is not None and share.shape == (40 * scale, 48 * scale)
    assert share.min() >= 0 and share.max() <= 1
    assert share[20 * scale, 24 * scale] == 0 and share[0, 0] == 0
    assert share[35 * scale, 40 * scale] == 1
