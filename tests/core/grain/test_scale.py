from __future__ import annotations

import numpy as np
import pytest

from interneg.grain.scale import at_pitch
from tests.core.grain.profiles import profile


def test_the_pitch_of_the_profile_itself_changes_nothing() -> None:
    asked = profile()
    assert at_pitch(asked, asked.pitch) is asked


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_the_way_there_and_back_is_nearly_the_same(factor: float) -> None:
    asked = profile((0.1, 0.15, 0.2))
    back = at_pitch(at_pitch(asked, asked.pitch * factor), asked.pitch)
    assert back.sigmas == pytest.approx(asked.sigmas, rel=0.03)
    for channel in range(3):
        frequencies, power = asked.per_pixel(channel)
        inside = (frequencies > 0.02) & (frequencies < 0.5)
        found = back.per_pixel(channel)[1]
        assert np.abs(10 * np.log10(found / power))[inside].mean() < 1


def test_white_noise_is_weaker_in_larger_pixels() -> None:
    asked = profile((30.0, 30.0, 30.0))
    assert at_pitch(asked, 4 * asked.pitch).sigmas == pytest.approx(asked.sigmas / 4, rel=0.1)
