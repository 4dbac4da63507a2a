from __future__ import annotations

import numpy as np

from interneg.defects.crowd import Member, in_crowd
from interneg.frame import Pixels

SIZE = (200, 300)
FLAT = np.full(SIZE, 0.3, np.float32)


def crowd(count: int, turns: float, sign: int = 1) -> list[Member]:
    """Things of one kind side by side that fly where `turns` spreads them, 1 being all ways round."""
    angles = 2 * np.pi * turns * np.arange(count) / count
    places = [(20 + 12 * k, 100) for k in range(count)]
    return [
        Member(np.array([*place, 9, 0.3, 3, 3, 0.0]), sign, 0.1, 1.5, complex(7 * np.exp(1j * angle)))
        for place, angle in zip(places, angles, strict=True)
    ]


def glints(place: tuple[int, int]) -> Pixels:
    made = FLAT.copy()
    for k in range(0, 60, 6):
        made[place[1] : place[1] + 3, place[0] + k : place[0] + k + 3] += 0.3
    return made


def test_many_that_fly_the_same_way_are_a_crowd() -> None:
    assert in_crowd(crowd(12, 0.1), [FLAT] * 4, FLAT, 0.4).all()


def test_many_that_go_all_ways_are_none() -> None:
    assert not in_crowd(crowd(12, 1), [FLAT] * 4, FLAT, 0.4).any()


def test_few_are_none() -> None:
    assert not in_crowd(crowd(5, 0), [FLAT] * 4, FLAT, 0.4).any()


def test_bright_ones_and_dark_ones_are_two_kinds() -> None:
    assert not in_crowd([*crowd(5, 0), *crowd(5, 0, -1)], [FLAT] * 4, FLAT, 0.4).any()


def test_what_has_a_home_in_the_frames_around_is_a_crowd() -> None:
    assert in_crowd(crowd(12, 1), [glints((60, 90))] * 4, FLAT, 0.4).any()


def test_what_is_elsewhere_in_the_frames_around_makes_no_home() -> None:
    assert not in_crowd(crowd(12, 1), [glints((60, 10))] * 4, FLAT, 0.4).any()


def test_nothing_is_no_crowd() -> None:
    assert in_crowd([], [FLAT] * 4, FLAT, 0.4).shape == (0,)
