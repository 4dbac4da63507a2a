from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.colour.working import to_luma
from interneg.grain.noise import measure_noise, per_channel, white
from tests.pictures import picture


@pytest.mark.parametrize("spread", [0.6, 0.8])
def test_grain_softer_than_a_pixel_is_measured_as_strong_as_it_is(spread: float) -> None:
    planes = picture(256, 320)
    to_luma(planes)
    grain = np.random.default_rng(4).normal(size=planes.shape).astype(np.float32)
    for plane in grain:
        cv2.GaussianBlur(plane, (0, 0), spread, dst=plane)
        plane *= (10 / 255) / plane.std()
    luma, chroma = measure_noise(planes + grain).map(planes)
    assert 255 * luma.mean() == pytest.approx(10, rel=0.2)
    assert 255 * chroma.mean() == pytest.approx(10, rel=0.25)


def test_white_noise_of_each_channel_makes_the_noise_of_luma_and_colour_that_is_told() -> None:
    planes = np.random.default_rng(0).normal(0, 10, (3, 256, 256)).astype(np.float32)
    to_luma(planes)
    luma, chroma = white(10, 3)
    assert planes[0].std() == pytest.approx(float(luma[0, 0]), rel=0.01)
    assert np.sqrt(np.mean(planes[1:].var((1, 2)))) == pytest.approx(float(chroma[0, 0]), rel=0.01)


@pytest.mark.parametrize("planes", [1, 3])
def test_per_channel_undoes_white(planes: int) -> None:
    for found in per_channel(*white(7, planes), planes):
        assert found == pytest.approx(7)
    if planes == 1:
        assert white(7, 1)[0] == 7
