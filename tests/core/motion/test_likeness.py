from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.frame import Pixels
from interneg.motion.likeness import evened, likeness, standing

SIGMA = 10 / 255
VARIANCE = np.full((2, 1, 1), 2 * SIGMA**2, np.float32)
OWN = np.full((2, 1, 1), SIGMA**2, np.float32)


def noise(seed: int, planes: int = 3) -> Pixels:
    return np.random.default_rng(seed).normal(0, SIGMA, (planes, 96, 128)).astype(np.float32)


@pytest.mark.parametrize("planes", [1, 3])
def test_what_differs_by_its_noise_alone_counts_in_full_and_evenly(planes: int) -> None:
    apart = noise(0, planes) - noise(1, planes)
    weight = likeness(apart, np.zeros_like(apart), VARIANCE, noise(0, len(apart)), OWN)
    assert weight.mean() > 0.93 and weight.min() > 0.4


@pytest.mark.parametrize("plane", [0, 1])
def test_another_thing_does_not_count_and_what_is_beside_it_does(plane: int) -> None:
    clean = np.zeros((3, 96, 128), np.float32)
    clean[plane, 40:56, 50:70] = 4 * SIGMA
    weight = likeness(noise(0) - noise(1) + clean, clean, VARIANCE, noise(0), OWN)
    assert (weight[42:54, 52:68] == 0).all()
    assert weight[:, 90:].mean() > 0.9


def test_texture_that_went_with_the_noise_counts_by_the_area_it_fills() -> None:
    texture = cv2.GaussianBlur(noise(2, 1)[0], (0, 0), 1.5)
    texture *= np.float32(0.7 * SIGMA / texture.std())
    texture[:, :64] = 0
    apart = noise(0) - noise(1)
    apart[0] += texture
    weight = likeness(apart, np.zeros_like(apart), VARIANCE, noise(0, len(apart)), OWN)
    assert weight[:, 84:].mean() < 0.4 and weight[:, :40].mean() > 0.9


def test_frames_of_which_nothing_fits_are_not_alike_by_chance() -> None:
    clean = noise(3) * 3 - noise(4) * 3
    assert likeness(noise(0) - noise(1) + clean, clean, VARIANCE, noise(0), OWN).max() == 0


def test_noise_that_could_not_be_removed_is_allowed_for() -> None:
    one, other = noise(0), noise(1)
    assert likeness(one - other, one - other, VARIANCE, 0 * one, OWN).mean() > 0.6
    assert likeness(one - other, one - other, VARIANCE, one, OWN).mean() < 0.1


def test_soft_noise_that_could_not_be_removed_is_allowed_for() -> None:
    soft = [np.stack([cv2.GaussianBlur(p, (0, 0), 0.8) for p in noise(seed)]) for seed in (0, 1)]
    one, other = (s * np.float32(SIGMA / s.std()) for s in soft)
    assert likeness(one - other, one - other, VARIANCE, 0.3 * one, OWN).mean() > 0.4
    assert likeness(one - other, 0 * one, VARIANCE, noise(2), OWN).mean() < 0.1


def test_exposure_is_what_differs_over_an_area() -> None:
    clean = np.full((3, 96, 128), 0.02, np.float32)
    clean[:, 40:44, 60:64] += 0.3
    level = evened(clean, np.ones((96, 128), np.float32), VARIANCE)
    assert level.shape == clean.shape
    np.testing.assert_allclose(level, 0.02, atol=0.01)
    bright = evened(clean + 1, np.ones((96, 128), np.float32), VARIANCE)
    assert bright.max() == pytest.approx(np.sqrt(2) * SIGMA)


def test_standing_noise_is_told_from_noise_that_white_clipped() -> None:
    one, other = noise(0), noise(1)
    assert standing(0 * one, (one, one), VARIANCE).min() == 1
    assert standing(one - other, (one, other), VARIANCE).mean() < 0.02
    clipped = np.minimum(one, -0.5 * SIGMA), np.minimum(other, -0.5 * SIGMA)  # no noise above
    assert standing(clipped[0] - clipped[1], tuple(c - c.mean() for c in clipped), VARIANCE).mean() < 0.1
