from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from interneg.frame import Double
from interneg.light.explanations import alike, bent, parted
from interneg.light.series import SIZES, Explanation, Seen

X = np.arange(-7.0, 8.0)[:, None]
NEAR = np.ones(15)
EVENT, EVENTS, NONE = np.full(len(SIZES), 7.0), 2, np.zeros(len(SIZES))


def seen(series: Double) -> Seen:
    return Seen(series[:, None], X, NEAR, np.ones((15, 1)))


def cheapest(found: list[Explanation]) -> float:
    return min(float((m.cost + m.error[..., None] / (2 * SIZES**2)).min()) for m in found)


def explained(series: Double) -> dict[str, float]:
    own = seen(series)
    ways = {
        "level": [parted(own, EVENT, EVENTS, False)],
        "straight": [parted(own, EVENT, EVENTS, True)],
        "bent": bent(own, NONE),
        "alike": alike(own, False),
        "drift": alike(own, True),
    }
    return {name: cheapest(found) for name, found in ways.items()}


@pytest.mark.parametrize(
    ("kind", "light"),
    [
        ("level", np.where(X[:, 0] >= 2, 1.0, 0.0)),
        ("straight", 0.1 * X[:, 0]),
        ("bent", 0.1 * np.maximum(X[:, 0], 0)),
        ("bent", 0.02 * X[:, 0] ** 2),
        ("bent", 0.05 * X[:, 0] + 0.002 * X[:, 0] ** 3),
    ],
)
def test_the_trend_that_there_is_is_the_likeliest(kind: str, light: Double) -> None:
    costs = explained(light + 0.02 * np.random.default_rng(1).normal(size=15))
    assert min(costs, key=costs.__getitem__) == kind


def test_slow_flicker_is_alike_and_no_trend() -> None:
    rng, series = np.random.default_rng(2), np.zeros(15)
    for t in range(1, 15):
        series[t] = 0.75 * series[t - 1] + 0.13 * rng.normal()
    costs = explained(series)
    assert min(costs, key=costs.__getitem__) == "alike"


def test_exact_trends_are_met_in_the_middle() -> None:
    line, corner = 0.3 + 0.1 * X[:, 0], 0.3 + 0.1 * np.maximum(X[:, 0] - 2, 0)
    (drift, _) = alike(seen(line), True)
    assert drift.meant[0, 0] == pytest.approx(0.3, abs=1e-6)
    found = bent(seen(corner), NONE)
    best = min(found, key=lambda m: float(m.error.min()))
    assert best.meant[best.error.argmin(), 0] == pytest.approx(0.3, abs=1e-6)


def test_backwards_nothing_else_is_explained() -> None:
    series = np.cumsum(0.1 * np.random.default_rng(3).normal(size=15))
    there, back = explained(series), explained(series[::-1].copy())
    assert there == pytest.approx(back, rel=1e-6)


def test_short_windows_do_not_bend() -> None:
    assert bent(Seen(np.zeros((6, 1)), X[4:10], NEAR[:6], np.ones((6, 1))), NONE) == []


def test_light_that_hardly_stands_out_is_hardly_an_event() -> None:
    one, size = np.eye(15)[11], 4

    def dearer(height: float) -> float:
        own = seen(height * SIZES[size] * one)
        free, plain = (parted(own, EVENT, EVENTS, False, least) for least in (0.0, 4.0))
        event = (free.inside == 1 - one).all(axis=1)
        return float((plain.cost - free.cost)[event, 0, size].min())

    low, middle, high = (dearer(height) for height in (2, 4, 8))
    assert low == pytest.approx(np.log(17), abs=0.01)
    assert middle == pytest.approx(np.log(2), abs=0.01)
    assert high < 0.1


@pytest.mark.parametrize("power", [0.45, 1.0])
@pytest.mark.parametrize("find", [lambda s: [parted(s, EVENT, 0, True)], lambda s: alike(s, True)])
def test_powers_of_light_are_judged_by_its_logarithm(
    power: float, find: Callable[[Seen], list[Explanation]]
) -> None:
    def left(height: float) -> float:
        """Of a flash, by a line through all frames."""
        series = np.where(X == 3, height, 0.0)
        best = find(Seen(np.expm1(power * series) / power, X, NEAR, np.ones((15, 1)), power))[0]
        return float(best.error[best.inside.all(axis=1)].min())

    # Brighter or darker by the same factor: by light itself, the one would be three times the other.
    assert left(0.6) == pytest.approx(left(-0.6), rel=0.1)
