from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.colour.working import to_luma
from interneg.frame import Pixels
from interneg.grain.noise import measure_noise, per_channel, white


def picture(height: int = 48, width: int = 64, seed: int = 0) -> Pixels:
    """A smooth colourful picture with an edge, 0.05..0.8."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(0.05, 0.8, (height // 8 + 1, width // 8 + 1, 3)).astype(np.float32)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    large[:, width // 2 :] *= 0.4
    return large.transpose(2, 0, 1)


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
