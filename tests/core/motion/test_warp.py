from __future__ import annotations

import numpy as np

from interneg.motion.warp import spread, straight


def test_a_bend_is_spread_smoothly_through_its_places() -> None:
    flat = spread(np.full((7, 7, 2), 1.5, np.float32), (480, 640))
    assert flat.shape == (30, 40, 2)
    np.testing.assert_allclose(flat, 1.5, rtol=1e-6)
    x = np.cos(np.pi * (np.arange(7) + 0.5) / 7)
    bend = np.stack([np.tile(x, (7, 1)), np.tile(2 * x, (7, 1)).T], -1).astype(np.float32)
    waves = spread(bend, (480, 640))
    np.testing.assert_allclose(waves[3, :, 0], np.cos(np.pi * (np.arange(40) + 0.5) / 40), atol=1e-6)
    np.testing.assert_allclose(waves[:, 3, 1], 2 * np.cos(np.pi * (np.arange(30) + 0.5) / 30), atol=1e-6)
    assert spread(bend, (20, 20)).shape == (7, 7, 2) and spread(bend[:1, :2], (2, 90)).shape == (1, 6, 2)


def test_a_steady_way_is_followed_to_the_first_frame_and_one_that_is_none_is_not() -> None:
    times = np.arange(16) / 16
    noise = np.random.default_rng(4).normal(size=(2, 16, 9, 12))
    off = noise[0] + 1j * noise[1]
    there = np.ones((16, 9, 12))
    led = straight(times, there, 40.0 * (times[:, None, None] + 1) + off)
    still = straight(times, there, off)
    line = [np.polynomial.polynomial.polyfit(times, way, 1)[0] for way in off.real.reshape(16, -1).T]
    assert abs(led.real.mean() - 40) < 0.2
    assert np.std(still.real) < 0.75 * np.std(line)
