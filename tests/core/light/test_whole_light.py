from __future__ import annotations

import numpy as np
import pytest

from interneg.frame import Double
from interneg.light.whole_light import FEWEST, flicker


def rms(values: Double) -> float:
    return float(np.sqrt(np.mean(np.square(values - values.mean(axis=0)))))


def drawn(rng: np.random.Generator, count: int, alike: float) -> Double:
    found = rng.normal(size=(count, 1))
    kept = np.exp(-1 / alike) if alike else 0.0
    for t in range(1, count):
        found[t] = kept * found[t - 1] + np.sqrt(1 - kept**2) * found[t]
    return np.asarray(found)


def walk(rng: np.random.Generator, count: int, size: float) -> Double:
    return np.asarray(size * np.cumsum(rng.normal(size=(count, 1)), axis=0))


@pytest.mark.parametrize("alike", [0.0, 1.2])
def test_flicker_is_found_though_what_follows_it_drifts(alike: float) -> None:
    count, left = 40, []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        truth = 0.2 * drawn(rng, count, alike)
        drift = np.cumsum(walk(rng, count, 4e-4), axis=0) + walk(rng, count, 0.002)
        found = flicker(np.arange(count, dtype=float), truth + drift, truth + walk(rng, count, 0.02))
        left.append(rms(found - truth) / rms(truth))
        # From frame to frame nothing but what is measured counts.
        assert rms(np.diff(found - truth, axis=0)) < 0.06 * rms(np.diff(truth, axis=0))
    assert np.mean(left) < 0.4


def test_slow_flicker_is_told_from_light_that_changes() -> None:
    left, lost, times = [], [], np.arange(50.0)
    dim = np.interp(times, [15, 35], [0, -0.4])[:, None]
    for seed in range(4):
        rng = np.random.default_rng(seed)
        truth, drift = 0.15 * drawn(rng, 50, 4.0), np.cumsum(walk(rng, 50, 4e-4), axis=0)
        found = flicker(times, truth + drift, truth + walk(rng, 50, 0.012))
        left.append(rms(found - truth) / rms(truth))
        truth = 0.1 * drawn(rng, 50, 0)
        found = flicker(times, truth + dim, truth + dim + walk(rng, 50, 0.01))
        lost.append(rms(found - truth) / rms(dim))
    assert np.mean(left) < 0.2 and np.mean(lost) < 0.3


def test_light_that_does_not_flicker_is_left_alone() -> None:
    rng = np.random.default_rng(1)
    times = np.arange(40, dtype=float)
    for drift in (1e-4, 1e-3):
        found = flicker(times, np.cumsum(walk(rng, 40, drift), axis=0), walk(rng, 40, 0.03))
        assert rms(found) < 0.002


def test_a_slow_fade_is_no_flicker() -> None:
    rng = np.random.default_rng(2)
    fade = np.linspace(0, -1.2, 60)[:, None]
    truth = 0.06 * drawn(rng, 60, 0)
    found = flicker(np.arange(60.0), truth + fade, truth + fade + walk(rng, 60, 0.01))
    assert rms(found - truth) < 0.3 * rms(truth)


def test_a_quick_fade_is_told_from_the_flicker_in_it() -> None:
    times, left = np.arange(48.0), []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        truth = 0.06 * drawn(rng, 48, 0)
        # To half of it on a display, over 24 frames.
        fade = 2.2 * np.log(1 - 0.5 * np.clip((times - 10) / 24, 0, 1))[:, None]
        found = flicker(times, truth + fade, truth + fade + walk(rng, 48, 0.01))
        left.append(rms(found - truth) / rms(truth))
    assert np.mean(left) < 0.6


def test_gaps_in_time_are_allowed_and_long_shots_solved_in_parts() -> None:
    rng = np.random.default_rng(3)
    truth = 0.2 * drawn(rng, 300, 0)
    times = np.arange(300.0)
    drift = np.cumsum(walk(rng, 300, 1e-4), axis=0)
    found = flicker(times, truth + drift, truth + walk(rng, 300, 0.02))
    assert rms(np.diff(found - truth, axis=0)) < 0.05 * rms(np.diff(truth, axis=0))
    seen = np.delete(np.arange(40), [11, 12, 20])
    found = flicker(times[seen], (truth + drift)[seen], truth[seen])
    assert rms(found - truth[seen]) < 0.25 * rms(truth[seen])


def test_the_fewest_frames_give_a_finite_answer() -> None:
    series = np.random.default_rng(4).normal(size=(FEWEST, 3))
    for seen in (series, np.zeros_like(series)):
        assert np.isfinite(flicker(np.arange(float(FEWEST)), seen, seen)).all()
