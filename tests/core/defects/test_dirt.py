from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.dirt import spots
from tests.core.defects.test_detector import SIZE, seen, shot, view_of

EVERYWHERE, NOWHERE = np.ones(SIZE, bool), np.zeros(SIZE, bool)
DIRT = np.s_[20:26, 30:36]


@pytest.mark.parametrize(("sensitivity", "count"), [((0.5, 0.0), 1), ((0.0, 0.5), 0)])
def test_bright_and_dark_dirt_is_looked_for_apart(sensitivity: tuple[float, float], count: int) -> None:
    view = view_of(shot(), 2)
    found = spots(view, seen(view), sensitivity, 40, {-1: EVERYWHERE}, (EVERYWHERE, NOWHERE))
    assert len(found) == count
    for spot in found:
        made = NOWHERE.copy()
        made[spot.box] |= spot.shape
        assert made[DIRT].all() and made.sum() < 2 * made[DIRT].sum()


def test_only_what_is_worth_it_and_not_known_is_looked_for() -> None:
    view = view_of(shot(), 2)
    found, part = seen(view), NOWHERE.copy()
    part[22, 33] = True
    for among, count in (((part, NOWHERE), 1), ((~part, part), 0), ((NOWHERE, NOWHERE), 0)):
        assert len(spots(view, found, (0.5, 0.5), 40, {-1: EVERYWHERE}, among)) == count


def test_the_margin_grows_as_less_is_asked_for() -> None:
    view = view_of(shot(), 2)
    found, made = seen(view), []
    for readily in (0.5, 0.75, 1.0):
        (spot,) = spots(view, found, (readily, 0.0), 40, {-1: EVERYWHERE}, (EVERYWHERE, NOWHERE))
        made.append(spot.margin)
    assert made[0] >= 1 and made[1] / made[0] == pytest.approx(3**0.5, rel=0.2)
    assert made[2] / made[0] == pytest.approx(3, rel=0.2)
