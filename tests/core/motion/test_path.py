from __future__ import annotations

import numpy as np
import pytest

from interneg.motion.path import degrees, steadied, weights_of
from interneg.motion.similarity import Motion


@pytest.mark.parametrize("reach", [1, 3, 15, 30])
@pytest.mark.parametrize("before", [0, 1, 30])
def test_the_curve_keeps_straight_paths(reach: int, before: int) -> None:
    offsets = range(-min(before, reach), reach + 1)
    weights = weights_of(offsets, reach)
    assert weights.sum() == pytest.approx(1)
    assert weights @ np.array(offsets) == pytest.approx(0, abs=1e-9)


def test_the_curve_follows_a_pan_that_gathers_speed_and_calms_weave() -> None:
    offsets = np.arange(-15, 16)
    weights = weights_of(list(offsets), 15)
    assert abs(weights @ (0.05 * offsets**2)) < 0.25  # 11 px at both ends
    assert np.linalg.norm(weights) < 0.3
    assert np.linalg.norm(np.diff(weights, prepend=0, append=0)) < 0.08
    end = weights_of(range(-15, 1), 15)
    assert end.max() < 0.45


def test_the_least_there_is_has_a_curve() -> None:
    assert weights_of([0], 15) == pytest.approx([1])
    np.testing.assert_allclose(weights_of([-1, 0], 15), [0, 1], atol=1e-9)
    np.testing.assert_allclose(weights_of([-1, 0, 1], 1), [1 / 3] * 3, atol=0.1)


def weave(count: int, seed: int) -> np.ndarray:
    """x + iy, 2 px each, of no memory."""
    return np.random.default_rng(seed).normal(0, 2, (count, 2)) @ [1, 1j]


@pytest.mark.parametrize("count", [16, 31])
def test_how_a_camera_moves_is_told(count: int) -> None:
    u = np.arange(count).astype(complex)
    ways = {"stands": 0j * u, "pans": 0.8 * u, "starts": 0.05j * u**2}
    found = {k: np.mean([degrees(way + weave(count, s)) for s in range(20)], 0) for k, way in ways.items()}
    assert found["stands"][0] > 0.6 and max(found["pans"][0], found["starts"][0]) < 0.2
    assert found["pans"][1] > 0.5 and (count < 31 or found["starts"][2] > 0.8)
    assert degrees(0.02 * u + np.asarray(0.01 * weave(count, 1), complex))[0] < 0.01
    assert degrees(0j * u)[0] > 0.7 and list(degrees(u[:4] + 0j)) == [0, 0, 1]


def test_where_the_camera_stands_weave_is_calmed_up_to_the_ends() -> None:
    left = []
    for seed in range(30):
        way = weave(16, seed)
        track = {o: Motion(1, place - way[-1]) for o, place in zip(range(-15, 1), way, strict=True)}
        left.append(way[-1] + steadied(track, 15).shift)
    assert np.sqrt(np.mean(np.square(np.abs(left)) / 2)) < 0.8  # a straight line leaves 1.0


def test_in_an_even_pan_the_window_leaves_hardly_more_than_a_straight_line() -> None:
    left, line = [], []
    offsets = range(-15, 16)
    for seed in range(30):
        way = 4.5 * np.arange(31) + weave(31, seed)
        track = {o: Motion(1, place - way[15]) for o, place in zip(offsets, way, strict=True)}
        left.append(way[15] + steadied(track, 15).shift - 4.5 * 15)
        line.append(np.mean(way) - 4.5 * 15)
    assert np.std(left) < 1.25 * np.std(line)


def test_a_longer_curve_follows_the_camera_to_the_ends() -> None:
    offsets = np.arange(-30, 1)
    assert abs(weights_of(list(offsets), 30) @ (0.03 * offsets**2)) < 2  # a straight line leaves 4


def test_a_steady_path_asks_for_nothing() -> None:
    way = {o: Motion(np.exp(0.001j * o), 3.0 * o) for o in range(-5, 6)}
    for at in (-5, 0, 5):
        move = steadied(way, 5, at)
        assert abs(move.turn - 1) < 1e-6 and abs(move.shift) < 0.05


def test_a_jump_of_one_frame_is_taken_back() -> None:
    way = {o: Motion(1, -8.0 if o else 0.0) for o in range(-15, 16)}
    assert steadied(way, 15).shift.real == pytest.approx(-7.4, abs=0.3)
