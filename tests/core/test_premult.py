from __future__ import annotations

import numpy as np

from interneg.frame import Frame
from interneg.premult import coverage, unpremultiplied


def frame(alpha: np.ndarray, colour: float = 0.5, **facts: object) -> Frame:
    planes = np.stack([np.full_like(alpha, colour)] * 3 + [alpha])
    return Frame.of(planes, **facts)


def test_pictures_without_a_soft_alpha_are_left_alone() -> None:
    ones = np.ones((4, 5), np.float32)
    assert coverage(Frame.of(np.stack([ones] * 3))) is None
    assert coverage(frame(ones)) is None
    assert coverage(frame(ones / 2, metadata={"oiio:UnassociatedAlpha": 1})) is None
    assert coverage(frame(ones * 0)) is None  # a plate whose alpha nobody filled


def test_coverage_is_the_alpha_or_one_where_light_has_none() -> None:
    alpha = np.float32([[0.25, 1.0, 0.0, np.nan, -1.0]])
    planes = np.float32([[[0.1, 0.2, 0.0, 0.3, 0.0]]] * 3)
    found = coverage(Frame.of(np.concatenate((planes, alpha[None]))))
    np.testing.assert_array_equal(found, np.float32([[0.25, 1.0, 0.0, 1.0, 0.0]]))


def test_colour_is_divided_and_goes_on_where_there_is_none() -> None:
    cover = np.float32([[1.0, 0.5, 0.0, 0.0]])
    colour = np.float32([[[0.8, 0.4, 0.0, 0.0]]])
    np.testing.assert_allclose(unpremultiplied(colour, cover), np.full((1, 1, 4), 0.8), rtol=1e-6)
