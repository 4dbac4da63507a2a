"""Changes of light between two frames of known change."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.frame import Double, Pixels
from interneg.light.flicker import fitted
from interneg.light.waves import GRID

HEIGHT, WIDTH = 96, 128
STILL = np.zeros((HEIGHT, WIDTH, 2), np.float32)
SURE = np.ones((HEIGHT, WIDTH), np.float32)


def texture(seed: int = 0) -> Pixels:
    """Levels, natural logarithms of light, (HEIGHT, WIDTH) float32, of coarse and fine texture."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.normal(size=(6, 8)), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(coarse - 1.5 + 0.3 * rng.normal(size=(HEIGHT, WIDTH)), np.float32)


def uneven(seed: int) -> tuple[Pixels, Double]:
    """A field of gains through 3x4 points, as logarithms, (HEIGHT, WIDTH), and on the grid of fields."""
    points = 0.06 * np.random.default_rng(seed).normal(size=(3, 4)).astype(np.float32)
    whole = cv2.resize(points, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return whole, cv2.resize(whole, GRID[::-1], interpolation=cv2.INTER_AREA).astype(np.float64)


@pytest.mark.parametrize("seed", range(3))
def test_a_field_of_gains_is_found(seed: int) -> None:
    here, (field, grid) = texture(seed), uneven(seed)
    found = fitted(here, here + field, STILL, SURE)
    assert found.known and found.slope == pytest.approx(1, abs=0.01)
    apart = found.field + (found.slope - 1) * float(here.mean()) - grid
    assert np.sqrt(np.mean(apart**2)) < 0.1 * grid.std()


def test_exposure_and_gamma_are_found() -> None:
    here = texture()
    found = fitted(here, 1.1 * here + 0.2, STILL, SURE)
    assert found.slope == pytest.approx(1.1, abs=0.003)
    assert found.field == pytest.approx(0.2, abs=0.01)


def test_what_moves_in_a_light_of_its_own_does_not_pull() -> None:
    here = texture()
    there = here + np.float32(0.1)
    there[20:60, 30:80] -= 0.8
    found = fitted(here, there, STILL, SURE)
    whole = 0.1 + (1 - found.slope) * float(here.mean())
    outside = np.ones(GRID, np.bool_)
    outside[1:7, 2:9] = False
    assert np.abs(found.field - whole)[outside].mean() < 0.03


def test_without_anything_to_go_by_nothing_is_known() -> None:
    dark = np.full((HEIGHT, WIDTH), np.log(1e-5), np.float32)
    assert not fitted(dark, dark, STILL, SURE).known
