from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.things import AKIN, ANGLE, LIKE, alike, labelled, things_of
from interneg.frame import Pixels


def bar(length: int, width: int) -> Pixels:
    """A bar of 0.5 from (3, 4) on, (H, W)."""
    made = np.zeros((40, 40), np.float32)
    made[4 : 4 + width, 3 : 3 + length] = 0.5
    return made


def test_a_bar_is_measured() -> None:
    apart = bar(20, 4)
    (thing,) = things_of(labelled(apart > 0.1), apart)
    np.testing.assert_allclose(thing, (12.5, 5.5, 80, 0.5, 20, 4, 0), atol=1e-6)


def test_the_angle_of_an_upright_bar_is_a_quarter_turn() -> None:
    apart = bar(20, 4).T
    (thing,) = things_of(labelled(apart > 0.1), apart)
    assert abs(thing[ANGLE]) == pytest.approx(np.pi / 2)


def test_things_are_told_apart_in_their_order() -> None:
    apart = bar(5, 5) + np.roll(bar(5, 5), 20, axis=0)
    things = things_of(labelled(apart > 0.1), apart)
    np.testing.assert_allclose(things[:, :2], [(5, 6), (5, 26)])


def test_where_there_is_nothing_there_are_no_things() -> None:
    assert things_of(labelled(np.zeros((8, 8), bool)), np.zeros((8, 8), np.float32)).shape == (0, 7)


def test_what_is_larger_fainter_or_turned_is_not_alike() -> None:
    own = np.array([0, 0, 80, 0.5, 20, 4, 0.0])
    others = np.array([own, own, own, own])
    others[1, 2], others[2, 3], others[3, ANGLE] = 300, 0.2, 1.0
    assert alike(own, others, LIKE, turned=True).tolist() == [True, False, False, True]
    assert alike(own, others, LIKE, turned=False).tolist() == [True, False, False, False]


def test_akin_asks_for_less_than_like() -> None:
    own = np.array([0, 0, 80, 0.5, 20, 4, 0.0])
    other = own[None] * (1, 1, 0.35, 1, 1, 1, 1)
    assert not alike(own, other, LIKE, turned=True).any() and alike(own, other, AKIN, turned=True).all()
