from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from interneg.defects.detector import Answer
from interneg.defects.dirt import Spot
from interneg.defects.likely import doubtful, refined, spots
from interneg.defects.lines import Scratch
from interneg.frame import Mask
from tests.core.defects.test_detector import SIZE, seen, shot, view_of

NOTHING = np.zeros(SIZE, bool)
SPOT = np.s_[20:26, 30:36]


def answer(level: float = 0.95, scratch: bool = False) -> Answer:
    """An answer that is so sure of the spot."""
    found, none = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32)
    found[SPOT] = level
    return Answer(none, found) if scratch else Answer(found, none)


def drawn(spot: Spot) -> Mask:
    made = NOTHING.copy()
    made[spot.box] = spot.shape
    return made


@pytest.mark.parametrize(("bright", "dark", "count"), [(0.5, 0.5, 1), (0.5, 0.0, 1), (0.0, 0.5, 0)])
def test_bright_dirt_is_found_by_its_own_sensitivity(bright: float, dark: float, count: int) -> None:
    view = view_of(shot(), 2)
    found = spots(view, seen(view), answer(), (bright, dark, 0.5), 60, NOTHING).spots
    assert len(found) == count
    for spot in found:
        np.testing.assert_array_equal(drawn(spot), answer().dirt > 0)


def test_what_is_doubtful_needs_more_sensitivity() -> None:
    view = view_of(shot(), 2)
    low, high = (spots(view, seen(view), answer(0.45), (s, s, s), 60, NOTHING).spots for s in (0.0001, 1.0))
    assert not low and len(high) == 1


def test_what_is_too_large_stays_but_for_scratches() -> None:
    view = view_of(shot(), 2)
    found = seen(view)
    assert not spots(view, found, answer(), (0.5, 0.5, 0.5), 4, NOTHING).spots
    assert len(spots(view, found, answer(scratch=True), (0.5, 0.5, 0.5), 4, NOTHING).spots) == 1
    assert not spots(view, found, answer(scratch=True), (0.5, 0.5, 0.0), 4, NOTHING).spots


@pytest.mark.parametrize(("high", "count"), [(2, 1), (6, 0)])
def test_what_is_thin_may_be_of_any_length(high: int, count: int) -> None:
    frames, given, long = shot(), answer(0), np.s_[22 : 22 + high, 8:45]
    frames[2][0][long] = 0.95
    given.dirt[long] = 0.95
    view = view_of(frames, 2)
    found = seen(view)
    assert len(spots(view, found, given, (0.5, 0.5, 0.5), 60, NOTHING).spots) == 1
    assert len(spots(view, found, given, (0.5, 0.5, 0.5), 20, NOTHING).spots) == count


def test_a_frame_that_is_odd_as_a_whole_asks_for_more() -> None:
    view = view_of(shot(), 2)
    found = seen(view)
    odd = replace(found, odd=1.7, unlike=np.full(SIZE, 0.05, np.float32))
    assert len(spots(view, found, answer(), (0.5, 0.5, 0.5), 60, NOTHING).spots) == 1
    assert not spots(view, odd, answer(), (0.5, 0.5, 0.5), 60, NOTHING).spots


def test_one_frame_around_tells_nothing() -> None:
    view = view_of(shot()[2:4], 0)
    assert not spots(view, seen(view), answer(), (1, 1, 1), 60, NOTHING).spots


def test_dirt_across_a_scratch_is_whole() -> None:
    view, line, given = view_of(shot(), 2), NOTHING.copy(), answer()
    line[:, 32:34] = True
    given.dirt[line] = 0
    given.scratch[line] = 0.95
    (spot,) = spots(view, seen(view), given, (0.5, 0.5, 0.5), 60, line).spots
    np.testing.assert_array_equal(drawn(spot), answer().dirt > 0)


def test_a_line_is_as_wide_as_the_network_sees_it() -> None:
    rows = np.linspace(0, SIZE[0], 4).astype(int)
    line = Scratch(np.full(3, 30.0), rows, np.ones(3, bool), 1, 1.9, 9.0)
    given = answer()
    given.scratch[:, 29:32] = 0.9
    narrow = refined(line, given)
    assert narrow.half == 1.5 and np.allclose(narrow.columns, 30)
    assert refined(replace(line, half=2.5), given).half == pytest.approx(2.1)
    given.scratch[10:] = 0
    assert refined(line, given) is line


@pytest.mark.parametrize(
    ("level", "codes", "expected"), [(0.3, 20, True), (0.1, 20, False), (0.1, 60, True), (0.02, 60, False)]
)
def test_what_the_network_holds_for_unlikely_is_looked_at_where_it_stands_out(
    level: float, codes: float, expected: bool
) -> None:
    found = seen(view_of(shot(), 2))
    bright = np.full(SIZE, -0.1, np.float32)
    bright[SPOT] = codes / 255
    found = replace(found, bright=bright, dark=-bright)
    spot = Spot(30, 20, np.ones((6, 6), np.bool_))
    looked: list[Mask] = []

    def look(enough: Mask, taken: Mask) -> list[Spot]:
        looked.append(enough)
        return [spot]

    done = doubtful([], answer(level), found, look)
    assert looked[0][SPOT].all() == expected
    assert [drawn(s).sum() for s in done] == [36] * expected


def test_single_pixels_that_frames_around_seem_to_show_are_repaired_with_the_spot() -> None:
    view = view_of(shot(), 2)
    found = seen(view)
    misled = []
    for n in found.neighbours:
        luma = n.luma.copy()
        luma[22, 33] = found.luma[22, 33]
        luma[20, 30:36] = found.luma[20, 30:36]
        misled.append(replace(n, luma=luma))
    (spot,) = spots(view, replace(found, neighbours=tuple(misled)), answer(), (1, 1, 1), 60, NOTHING).spots
    whole = drawn(spot)
    # A row at the rim is its soft end; a hole within is none.
    assert whole[22, 33] and not whole[20, 30:36].any()


@pytest.mark.parametrize(("pieces", "strictness"), [(0, 2.5), (1, 2.5), (2, 1.75), (12, 1)])
def test_what_is_looked_at_closely_has_to_be_clearer_where_little_is_damaged(
    pieces: int, strictness: float
) -> None:
    rng = np.random.default_rng(3)
    texture = np.repeat(np.repeat(rng.uniform(0.3, 0.6, (40, 50)), 4, 0), 4, 1)
    frames = [(texture + rng.normal(0, 0.004, texture.shape)).astype(np.float32)[None] for _ in range(5)]
    sure, none = np.zeros(texture.shape, np.float32), np.zeros(texture.shape, np.float32)
    for y, x in [(y, x) for y in (20, 60, 100, 140) for x in (20, 60, 100, 140, 180)][:pieces]:
        frames[2][0, y : y + 5, x : x + 5] = sure[y : y + 5, x : x + 5] = 0.95
    view = view_of(frames, 2)
    made = spots(view, seen(view), Answer(sure, none), (0.5, 0.5, 0.5), 60, none > 0)
    assert len(made.spots) == made.dense == pieces
    assert made.strictness == pytest.approx(strictness)


def test_one_among_much_damage_may_seem_to_fly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is so likely stays damage, whatever its flight; what is less so belongs to the scene."""
    view = view_of(shot(), 2)
    for odds, count in ((9.0, 1), (0.5, 0)):
        monkeypatch.setattr("interneg.defects.odds.log_odds_in", lambda b, *_, v=odds: np.full(len(b), v))
        monkeypatch.setattr("interneg.defects.scene._FLIES", -1.0)
        found = spots(view, seen(view), answer(), (0.5, 0.5, 0.5), 60, NOTHING)
        assert len(found.spots) == count and found.certain.tolist() == [True] * count
