from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from interneg.frame import Frame
from interneg.premult import coverage, unpremultiplied


def frame(alpha: np.ndarray, colour: float = 0.5, **facts: Any) -> Frame:
    planes = np.stack([np.full_like(alpha, colour)] * 3 + [alpha])
    return Frame.of(planes, **facts)


def test_pictures_without_a_soft_alpha_are_left_alone() -> None:
    ones = np.ones((4, 5), np.float32)
    assert coverage(Frame.of(np.stack([ones] * 3))) is None
    assert coverage(frame(ones)) is None
    assert coverage(frame(ones / 2, metadata={"oiio:UnassociatedAlpha": 1})) is None
    assert coverage(frame(ones * 0)) is None  # a plate whose alpha nobody filled


def test_coverage_is_the_alpha_where_colour_was_multiplied_by_it() -> None:
    alpha = np.tile(np.linspace(0, 1, 40, dtype=np.float32), (20, 1))
    alpha[:, :5], alpha[3, 2], alpha[4, 1] = 0, -1, np.nan
    colour = np.where(alpha > 0, alpha, 0) * np.float32(0.7)
    found = coverage(Frame.of(np.stack([colour] * 3 + [alpha])))
    np.testing.assert_array_equal(found, np.where(alpha > 0, alpha, 0))


@pytest.mark.parametrize("glow", [0.05, 0.2, 2.0])
def test_light_without_coverage_passes_into_the_alpha_around_it(glow: float) -> None:
    """Else what is divided, and enlarged, jumps by orders of magnitude from one pixel to the next."""
    x = np.tile(np.linspace(-1, 1, 96, dtype=np.float32), (64, 1))
    alpha = np.clip(x * 2, 0, 1)
    alpha[alpha < 0.02] *= np.float32(0.01)
    light = np.float32(glow) * np.exp(-8 * x**2) + np.float32(0.4) * alpha
    found = coverage(Frame.of(np.stack([light] * 3 + [alpha])))
    assert found is not None and (found >= alpha).all() and found.max() <= 1
    divided = unpremultiplied(light[None], found)[0]
    assert divided.max() <= 2 * light.max() + 1e-6
    steps = np.abs(np.diff(np.log(divided + 1e-3), axis=1))
    assert steps.max() < 0.5
    assert (found[:, -10:] == alpha[:, -10:]).all()


def test_a_matte_laid_beside_a_plate_divides_nothing() -> None:
    plate = np.random.default_rng(1).uniform(0.1, 0.9, (60, 80)).astype(np.float32)
    matte = np.zeros_like(plate)
    matte[:, 40:] = 1
    assert coverage(Frame.of(np.stack([plate] * 3 + [matte]))) is None


def test_colour_is_divided_and_goes_on_where_there_is_none() -> None:
    cover = np.array([[1.0, 0.5, 0.0, 0.0]], np.float32)
    colour = np.array([[[0.8, 0.4, 0.0, 0.0]]], np.float32)
    np.testing.assert_allclose(unpremultiplied(colour, cover), np.full((1, 1, 4), 0.8), rtol=1e-6)
