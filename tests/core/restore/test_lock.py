from __future__ import annotations

import numpy as np
import pytest

from interneg.resize import cubic, reduce
from interneg.restore.lock import lock


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_reduced_it_is_what_was_given_to_within_the_bound(scale: int) -> None:
    rng = np.random.default_rng(2)
    given = np.cumsum(rng.normal(0, 0.05, (12, 16)), axis=1).astype(np.float32)
    bound = np.full((12, 16), 0.02, np.float32)
    plane = cubic(given, scale) + rng.normal(0, 0.1, (12 * scale, 16 * scale)).astype(np.float32)
    lock(plane, given, scale, bound)
    assert np.abs(reduce(plane, scale) - given).max() < 0.022


def test_at_its_own_size_what_is_within_the_bound_stays() -> None:
    given = np.full((8, 8), 0.4, np.float32)
    plane = np.linspace(0.3, 0.5, 64, dtype=np.float32).reshape(8, 8)
    held = plane.copy()
    lock(held, given, 1, np.full((1, 1), 0.05, np.float32))
    within = np.abs(plane - given) <= 0.05
    np.testing.assert_array_equal(held[within], plane[within])
    np.testing.assert_allclose(np.abs(held - given)[~within], 0.05, rtol=1e-5)
