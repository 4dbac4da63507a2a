from __future__ import annotations

import cmath

import numpy as np
import pytest
from numpy.typing import NDArray

from interneg.motion.measured_path import whole
from interneg.motion.path import weights_of
from interneg.motion.similarity import Motion
from interneg.motion.whole_path import smooth_way

Way = NDArray[np.float64]
REACH = 15


def ways(count: int) -> dict[str, Way]:
    """What cameras do: ease through a pan, pan evenly, rest, start to pan in the middle."""
    t = np.arange(count, dtype=np.float64)
    u = t / (count - 1)
    return {
        "eased": 180 * u * u * (3 - 2 * u),
        "even": 4.5 * t,
        "rest": 0.0 * t,
        "start": np.maximum(t - count / 2 + 0.5, 0) * 360 / count,
    }


def weave(count: int, seed: int, swing: float = 0.2) -> Way:
    rng = np.random.default_rng(seed)
    found = rng.normal(size=count)
    for k in range(1, count):
        found[k] = swing * found[k - 1] + np.sqrt(1 - swing**2) * found[k]
    return 1.6 * found


def local(way: Way) -> Way:
    """What the window of 15 frames on each side makes of it."""
    count = len(way)
    found = []
    for k in range(count):
        offsets = np.arange(max(0, k - REACH), min(count, k + REACH + 1)) - k
        found.append(weights_of(list(offsets), REACH) @ way[offsets + k])
    return np.array(found)


def rms(values: Way) -> float:
    return float(np.sqrt(np.square(values).mean()))


@pytest.mark.parametrize("count", [40, 120])
@pytest.mark.parametrize("name", ["eased", "even", "rest", "start"])
def test_weave_goes_and_the_camera_stays(name: str, count: int) -> None:
    way = ways(count)[name]
    off, before, ends, beside = [], [], [], []
    for seed in range(8):
        shaken = way + weave(count, seed)
        made = smooth_way(shaken, REACH) - way
        off.append(made)
        before.append(shaken - way)
        ends += [made[:5], made[-5:]]
        beside.append(local(shaken) - way)
    removed = 1 - rms(np.diff(off)) / rms(np.diff(before))
    # In 40 frames that camera is fast: half a frame of doubt about its start is 4.5 px in one of them.
    assert removed > {("eased", 40): 0.9, ("start", 40): 0.85}.get((name, count), 0.95)
    assert rms(np.array(off)) < 0.7
    assert rms(np.array(ends)) < 0.85
    assert rms(np.array(off)) < rms(np.array(beside))


def test_a_loose_gate_that_swings_is_weave_too() -> None:
    shaken = np.stack([weave(120, seed, 0.6) for seed in range(6)])
    made = np.stack([smooth_way(way, REACH) for way in shaken])
    assert 1 - rms(np.diff(made)) / rms(np.diff(shaken)) > 0.9


def test_a_restless_hand_is_followed_and_steadied_by_more_smoothing() -> None:
    """Its speed changes by 2 px from frame to frame, where weave moves the picture by as much."""
    off, steadied, before = [], [], []
    for seed in range(6):
        rng, speed = np.random.default_rng(100 + seed), np.full(60, 5.0)
        for k in range(1, 60):
            speed[k] = 1 + 0.8 * speed[k - 1] + 2 * rng.normal()
        way = np.cumsum(speed)
        shaken = way + weave(60, seed)
        off.append(smooth_way(shaken, REACH) - way)
        steadied.append(smooth_way(shaken, 4 * REACH))
        before.append(shaken - way)
    assert rms(np.array(off)) < 1.2 * rms(np.array(before))
    assert rms(np.diff(off)) < 0.75 * rms(np.diff(before))
    assert rms(np.diff(steadied, 2)) < 0.5


@pytest.mark.parametrize("count", [40, 120])
@pytest.mark.parametrize("degrees", [0.0, 10.0, 30.0, 100.0])
def test_a_pan_goes_along_a_line(degrees: float, count: int) -> None:
    """Across which nothing moves: a slanted one is followed more closely than each direction by itself."""
    together, apart = [], []
    way = ways(count)["eased"]
    true = np.stack([np.cos(np.radians(degrees)) * way, np.sin(np.radians(degrees)) * way])
    for seed in range(12):
        shaken = true + np.stack([weave(count, seed), weave(count, 50 + seed)])
        together.append(smooth_way(shaken, REACH) - true)
        apart.append(np.stack([smooth_way(axis, REACH) for axis in shaken]) - true)
    assert rms(np.array(together)) < (1.05 if not degrees else 0.95 if count == 40 else 0.9) * rms(
        np.array(apart)
    )


def test_a_hand_is_as_restless_one_way_as_the_other() -> None:
    """What one direction tells of it serves the other, where it is harder to see."""
    together, apart = [], []
    for seed in range(10):
        rng = np.random.default_rng(200 + seed)
        jerks = rng.normal(size=(2, 60)) * [[1.2], [1.2]]
        speed = np.zeros((2, 60))
        for k in range(1, 60):
            speed[:, k] = 0.85 * speed[:, k - 1] + jerks[:, k]
        way = np.cumsum(speed, axis=1)
        shaken = way + np.stack([weave(60, seed), weave(60, 50 + seed)])
        together.append(smooth_way(shaken, REACH) - way)
        apart.append(np.stack([smooth_way(axis, REACH) for axis in shaken]) - way)
    assert rms(np.array(together)) < rms(np.array(apart))


def test_far_along_a_pan_a_frames_own_rotation_does_not_shift_it() -> None:
    """Seen from the first frame's middle, 2,000 pixels away, 0.1 degrees would be 3.5 pixels of weave."""
    rng = np.random.default_rng(9)
    count = 80
    turned = np.radians(0.1 * rng.normal(size=count))
    places = [Motion(cmath.rect(1, angle), -cmath.rect(25.0 * k, angle)) for k, angle in enumerate(turned)]
    motions = [b.after(a.inverse) for a, b in zip([places[0], *places[:-1]], places, strict=True)]
    for move in whole(motions, REACH):
        assert abs(move.shift) < 0.3


def test_a_steady_shot_stays_as_it_is() -> None:
    for name, way in ways(60).items():
        assert np.abs(smooth_way(way, REACH) - way).max() < 0.2, name


@pytest.mark.parametrize("count", [6, 7, 11, 12])
def test_short_shots_are_solved(count: int) -> None:
    made = smooth_way(3.0 * np.arange(count) + weave(count, 1), REACH)
    assert np.abs(np.diff(made, 2)).max() < 1.5


def test_a_long_shot_is_solved_in_parts_without_steps() -> None:
    t = np.arange(1000.0)
    way = np.where(t < 400, 0, 2 * (t - 400))
    made = smooth_way(way + weave(1000, 3), REACH)
    assert rms(made - way) < 0.5
    bends = np.abs(np.diff(made, 2))
    bends[395:405] = 0
    assert bends.max() < 0.1


def test_the_way_may_lie_anywhere_and_be_in_any_unit() -> None:
    way = ways(60)["eased"] + weave(60, 2)
    assert np.allclose(smooth_way(way + 1e4, REACH), smooth_way(way, REACH) + 1e4, atol=1e-5)
    assert np.allclose(smooth_way(way * 1e-3, REACH), smooth_way(way, REACH) * 1e-3, rtol=1e-6, atol=1e-8)


def test_corrections_take_shift_angle_and_zoom_to_the_path() -> None:
    rng = np.random.default_rng(5)
    places = [
        Motion(cmath.rect(1 + 0.002 * z, np.radians(0.1 * a)), complex(3 * k + x, y))
        for k, (x, y, a, z) in enumerate(rng.normal(size=(50, 4)))
    ]
    motions = [b.after(a.inverse) for a, b in zip([places[0], *places[:-1]], places, strict=True)]
    at = [m.after(p) for m, p in zip(whole(motions, REACH), places, strict=True)]
    shift, turn = np.array([m.shift for m in at]), np.array([m.turn for m in at])
    assert np.abs(np.diff(shift) - 3).max() < 0.1
    assert np.abs(np.diff(np.angle(turn, deg=True))).max() < 0.01
    assert np.abs(np.diff(np.abs(turn))).max() < 2e-4
