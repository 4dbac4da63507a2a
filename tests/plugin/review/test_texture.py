from __future__ import annotations

import numpy as np

from interneg.grain.spectrum import RINGS
from interneg.plugin.review.texture import quiet_spectra


def test_white_noise_is_flat_and_the_busy_half_is_left_out() -> None:
    rng = np.random.default_rng(1)
    quiet = rng.normal(0.5, 0.02, (256, 1280)).astype(np.float32)
    quiet[:, 640:] += rng.normal(0, 0.5, (256, 640)).astype(np.float32)
    found = quiet_spectra(quiet, quiet * 0.5)
    assert found is not None
    assert found.shape == (2, RINGS)
    np.testing.assert_allclose(np.sqrt(found[0, 3:]), 0.02, rtol=0.2)
    np.testing.assert_allclose(found[1], found[0] / 4, rtol=1e-4)


def test_a_small_or_enlarged_picture_has_none() -> None:
    small = np.zeros((40, 90), np.float32)
    assert quiet_spectra(small, small) is None
    assert quiet_spectra(np.zeros((64, 64), np.float32), np.zeros((128, 128), np.float32)) is None
