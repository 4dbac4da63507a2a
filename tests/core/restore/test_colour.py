from __future__ import annotations

import numpy as np

from interneg.restore.colour import keep_colour


def test_colour_is_kept_where_next_to_nothing_varies_and_there_is_no_noise() -> None:
    rng = np.random.default_rng(1)
    levels = np.linspace(0.05, 1.5, 64, dtype=np.float32).repeat(8)
    given = (levels + rng.normal(0, 1e-5, (3, 32, levels.size))).astype(np.float32)
    correction = rng.normal(0, 1e-3, given.shape).astype(np.float32)
    correction[0] = 0
    kept = keep_colour(correction, given, np.zeros(given.shape[1:], np.float32))
    assert np.isfinite(kept).all()
    assert np.abs(kept).max() < 2 * np.abs(correction).max()
