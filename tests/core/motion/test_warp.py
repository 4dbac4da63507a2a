from __future__ import annotations

import numpy as np

from interneg.motion.warp import spread


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
