from __future__ import annotations

import numpy as np
import pytest

from interneg.restore.level import keep_level


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (130, 170)])
def test_a_shift_of_level_goes_and_what_is_fine_stays(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    fine = rng.normal(0, 0.01, (3, *size)).astype(np.float32)
    shift = np.array([0.004, -0.01, 0.02], np.float32)[:, None, None]
    lifted, plain = fine + shift, fine.copy()
    keep_level(lifted)
    keep_level(plain)
    np.testing.assert_allclose(lifted, plain, atol=1e-6)
    if min(size) > 100:
        assert np.abs(lifted - fine).max() < 0.002
