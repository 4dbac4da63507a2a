from __future__ import annotations

import pytest

from interneg.restore.coding import coding_noise


def test_the_noise_of_coding_is_that_of_rounding_to_one_step() -> None:
    assert coding_noise(0) == 0
    assert coding_noise(1) == pytest.approx(224 / 255 / 12**0.5)
    assert coding_noise(0.5) ** 2 == pytest.approx(coding_noise(1) / 255 / 12**0.5)
