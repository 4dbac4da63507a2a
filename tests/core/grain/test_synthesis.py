from __future__ import annotations

import numpy as np
import pytest

from interneg.grain.synthesis import Grain, laid
from tests.core.grain.profiles import CORRELATION, profile, rings

PITCH = 24.9 / 2048


@pytest.mark.parametrize("corners", [(0.1, 0.15, 0.2), (0.05, 0.1, 0.4), (0.2,)])
def test_grain_has_the_spectrum_the_variance_and_the_correlation_of_its_profile(
    corners: tuple[float, ...],
) -> None:
    asked = profile(corners)
    field = Grain.of(asked, PITCH).field(1024, 1024, seed=3, frame=12)
    assert field.std((1, 2)) == pytest.approx(1, abs=0.02)
    frequencies, power = rings(field)
    for channel, found in enumerate(power):
        wanted = np.interp(frequencies, *asked.per_pixel(channel, 96))
        assert np.abs(10 * np.log10(found / wanted)).max() < 0.5
    if len(corners) == 3:
        assert np.corrcoef(field.reshape(3, -1)) == pytest.approx(CORRELATION, abs=0.02)


@pytest.mark.parametrize(
    ("top", "left", "height", "width"), [(0, 0, 8, 8), (150, 170, 60, 70), (-40, -7, 1, 300)]
)
def test_a_pixel_is_the_same_whatever_part_is_asked_for(top: int, left: int, height: int, width: int) -> None:
    grain = Grain.of(profile(), PITCH)
    whole = grain.field(420, 460, seed=5, frame=-3, top=-100, left=-110)
    part = grain.field(height, width, seed=5, frame=-3, top=top, left=left)
    y, x = top + 100, left + 110
    assert np.array_equal(part, whole[:, y : y + height, x : x + width])


@pytest.mark.parametrize("corner", [0.02, 0.4])
def test_coarse_and_fine_grain_are_seamless_too(corner: float) -> None:
    grain = Grain.of(profile((corner,)), PITCH)
    whole = grain.field(200, 400, seed=1, frame=1)
    assert np.array_equal(grain.field(30, 30, seed=1, frame=1, top=165, left=180), whole[:, 165:195, 180:210])


def test_frames_seeds_and_places_are_strangers() -> None:
    grain = Grain.of(profile((0.2,)), PITCH)
    first = grain.field(360, 384, seed=1, frame=1)
    others = [
        grain.field(360, 384, seed=1, frame=2),
        grain.field(360, 384, seed=2, frame=1),
        grain.field(360, 384, seed=1, frame=-1),
        grain.field(360, 384, seed=11, frame=1),
        grain.field(360, 384, seed=10**40, frame=1),
        grain.field(360, 384, seed=1, frame=1, top=180),
        grain.field(360, 384, seed=1, frame=1, left=192),
    ]
    for other in others:
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.02


def test_channels_that_have_one_grain_are_the_same() -> None:
    field = Grain.of(profile((0.2,)).coloured(), PITCH).field(50, 60, seed=1, frame=1)
    assert np.array_equal(field[0], field[1]) and np.array_equal(field[0], field[2])


def test_correlations_that_cannot_be_come_as_near_as_they_can() -> None:
    asked = profile((0.05, 0.2, 0.4))
    asked.correlation[...] = [[1, 0.99, -0.99], [0.99, 1, 0.99], [-0.99, 0.99, 1]]
    try:
        field = Grain.of(asked, PITCH).field(300, 300, seed=1, frame=1)
    finally:
        asked.correlation[...] = CORRELATION
    assert np.isfinite(field).all()
    assert field.std((1, 2)) == pytest.approx(1, abs=0.03)


def test_nothing_of_no_size() -> None:
    assert Grain.of(profile(), PITCH).field(0, 7, seed=1, frame=1).shape == (3, 0, 7)


def test_grain_is_laid_on_as_strong_as_the_level_has_it() -> None:
    levels = np.array([[0.1, 0.5, 0.9]], np.float32)
    sigmas = np.array([[0.0, 0.02, 0.01]], np.float32)
    planes = np.repeat(np.array([-2.0, 0.1, 0.3, 0.5, 0.9, 60.0], np.float32)[:, None], 9, 1)[None]
    field = np.ones_like(planes)
    grain = (laid(planes, field, levels, sigmas) - planes)[0, :, 0]
    assert grain == pytest.approx([0, 0, 0.01, 0.02, 0.01, 0.01], abs=1e-4)
    assert np.array_equal(laid(planes, field, levels, 0 * sigmas), planes)


def test_pictures_of_one_pixel_and_curves_of_one_level_will_do() -> None:
    one = np.full((3, 1, 1), 0.5, np.float32)
    found = laid(
        one, 2 * np.ones_like(one), np.full((3, 1), 0.2, np.float32), np.full((3, 1), 0.1, np.float32)
    )
    assert found == pytest.approx(0.7)
