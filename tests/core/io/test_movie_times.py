"""The rate that times of frames stand for, and times that begin anew or lack."""

from fractions import Fraction

import numpy as np
import pytest

from interneg.io.movie_times import in_order, is_even, rate_of

MS = Fraction(1, 1000)


def _rounded(rate: Fraction, count: int, unit: Fraction) -> list[int]:
    return [round(k / (rate * unit)) for k in range(count)]


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(24), Fraction(30000, 1001), Fraction(30)])
@pytest.mark.parametrize("count", [2, 8, 500])
def test_rounded_times_stand_for_the_rate_that_is_said(rate: Fraction, count: int) -> None:
    times = _rounded(rate, count, MS)
    assert rate_of(times, MS, [rate]) == rate
    assert is_even(times, MS, rate)


def test_a_rate_that_the_times_do_not_bear_out_does_not_count() -> None:
    times = _rounded(Fraction(24000, 1001), 500, MS)
    assert rate_of(times, MS, [Fraction(25), Fraction(179, 6)]) == Fraction(24000, 1001)
    assert rate_of(_rounded(Fraction(7), 50, MS), MS, [Fraction(25)]) == 7
    assert rate_of([5], MS, [Fraction(25)]) == 25
    assert rate_of([5], MS, []) is None


def test_film_in_video_is_even_at_the_rate_of_film() -> None:
    field = Fraction(1001, 60000)
    times = [0, *np.cumsum([3, 2] * 20)]
    for said in ([Fraction(30000, 1001)], [Fraction(25), Fraction(179, 6), Fraction(60000, 1001)]):
        rate = rate_of(times, field, said)
        assert rate == Fraction(24000, 1001)
        assert is_even(times, field, rate)


def test_frames_that_are_held_change_no_rate_but_are_not_even() -> None:
    times = [*range(10), *range(14, 40)]
    rate = rate_of(times, Fraction(1, 24), [Fraction(24)])
    assert rate == 24
    assert not is_even(times, Fraction(1, 24), rate)


def test_frames_without_a_time_of_their_own_change_no_rate() -> None:
    times = [*range(0, 140, 2), 139, 140]
    assert rate_of(times, Fraction(1, 50), []) == 25
    # As many short ones as long ones.
    assert rate_of([0, 1, 100], Fraction(1, 1000), []) is not None


def test_times_may_be_as_large_as_they_go() -> None:
    for start in (2**58 + 56, 2**62):
        times = [start + 40 * k for k in range(20)]
        assert rate_of(times, Fraction(1, 1000), []) == 25
        assert is_even(times, Fraction(1, 1000), Fraction(25))


def test_a_telephone_that_wavers_about_thirty_is_not_even_where_it_drifts() -> None:
    rng = np.random.default_rng(1)
    wavering = [round(k * 3000 + rng.uniform(-600, 600)) for k in range(200)]
    assert rate_of(wavering, Fraction(1, 90000), [Fraction(2998, 100)]) == 30
    assert is_even(wavering, Fraction(1, 90000), Fraction(30))
    drifting = [round(k * 3004) for k in range(3000)]
    rate = rate_of(drifting, Fraction(1, 90000), [])
    assert rate == Fraction(30000, 1001)
    assert not is_even(drifting, Fraction(1, 90000), rate)


def test_times_in_order() -> None:
    assert in_order([3, 5, 9], [None] * 3, [2] * 3) == ((3, 5, 9), True)
    # packets of which some have no time
    assert in_order([None, 5, None, 9], [None] * 4, [2] * 4) == ((3, 5, 7, 9), True)
    # the order of decoding alone, as in AVI
    assert in_order([1, 3, 4, 2], [2, 3, 4, None], [1] * 4) == ((2, 3, 4, 5), True)
    # joined recordings
    assert in_order([10, 12, 3, 5], [10, 12, 3, 5], [2] * 4) == ((10, 12, 14, 16), False)
    assert in_order([None, None], [None, None], [0, 0]) is None
