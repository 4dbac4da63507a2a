from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.lines import Scratch
from interneg.defects.tracks import LinePlace, Track, bridged, followed, place_of, rounded

HEIGHT = 160


def line(column: float, sign: int = 1, lean: float = 2.0, half: float = 1.5) -> Scratch:
    return LinePlace(column, lean, 2 * half, 0, HEIGHT, 6.0).line(sign, HEIGHT)


def test_a_scratch_that_wanders_is_one_track() -> None:
    wander = {n: 100 + 3 * np.sin(n) for n in range(1, 20)}
    (track,) = followed({n: [line(c)] for n, c in wander.items()})
    assert list(track.places) == list(wander)
    np.testing.assert_allclose([p.column for p in track.places.values()], list(wander.values()), atol=1e-3)


def test_two_scratches_side_by_side_keep_to_themselves() -> None:
    seen = {n: [line(50 + n % 2), line(54 - n % 2), line(51, sign=-1)] for n in range(1, 9)}
    tracks = followed(seen)
    assert [(t.sign, len(t.places)) for t in tracks] == [(1, 8), (1, 8), (-1, 8)]
    for track, middle in zip(tracks, (50.5, 53.5, 51), strict=True):
        assert all(abs(p.column - middle) < 1 for p in track.places.values())


def test_a_track_goes_on_behind_a_short_gap_and_ends_at_a_long_one_and_at_a_cut() -> None:
    numbers = [1, 2, 3, 7, 8, 13, 14]
    seen = {n: [line(30)] if n in numbers else [] for n in range(1, 15)}
    assert [list(t.places) for t in followed(seen)] == [[1, 2, 3, 7, 8], [13, 14]]
    assert [list(t.places) for t in followed(seen, frozenset({1, 3}))] == [[1, 2], [3, 7, 8], [13, 14]]


def test_a_jump_begins_another_track() -> None:
    assert len(followed({1: [line(30)], 2: [line(40)]})) == 2


def test_a_rounded_scratch_is_the_same_when_it_is_rounded_again() -> None:
    first = Scratch(
        np.array([10.12345, 11.5, 12.98765, 14.0, 15.5]), np.arange(6) * 32,
        np.array([0, 1, 1, 1, 0], bool), -1, 1.23456, 5.4321,
    )  # fmt: skip
    made = rounded(first)
    np.testing.assert_allclose(made.at(HEIGHT), first.at(HEIGHT), atol=0.2)
    np.testing.assert_array_equal(made.seen, first.seen)
    again = rounded(made)
    np.testing.assert_array_equal(again.columns, made.columns)
    assert place_of(again) == place_of(made)
    assert (place_of(made).top, place_of(made).bottom) == (32, 128)


@pytest.mark.parametrize("height", [1, 20, 33])
def test_a_low_picture_can_have_a_scratch_by_hand(height: int) -> None:
    cover = LinePlace(4, 0, 3, 0, height).line(1, height).cover((height, 9))
    assert cover[:, 3:6].all() and cover.sum() == 3 * height


def test_a_forced_track_is_in_every_frame_between_its_ends() -> None:
    places = {3: LinePlace(10, 0, 2, 0, 50), 5: LinePlace(20, 4, 4, 0, 50)}
    found = Track(1, places)
    assert [found.at(n) is not None for n in range(1, 8)] == [False, False, True, False, True, False, False]
    forced = Track(1, places, forced=True, first=2, last=6)
    at = {n: p.column for n in range(1, 8) if (p := forced.at(n)) is not None}
    assert at == {2: 10, 3: 10, 4: 15, 5: 20, 6: 20}
    assert forced.at(4) == LinePlace(15, 2, 3, 0, 50)


def test_the_holes_of_a_track_are_bridged_and_say_so() -> None:
    places = {3: LinePlace(10, 0, 2, 0, 50, 6.0), 6: LinePlace(16, 3, 5, 0, 50, 6.0)}
    made = bridged(Track(1, places), range(1, 9))
    assert [made.at(n) is not None for n in range(2, 8)] == [False, True, True, True, True, False]
    assert made.at(4) == LinePlace(12, 1, 3, 0, 50, 0.0, bridged=True)
    assert made.at(3) == places[3]
    assert list(bridged(Track(1, places), [3, 5, 6]).places) == [3, 5, 6]
