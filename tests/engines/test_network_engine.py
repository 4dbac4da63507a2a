from __future__ import annotations

import numpy as np

from interneg.engines.source import Engines


def test_a_border_that_is_said_takes_the_place_of_the_halo() -> None:
    engine = Engines(precision="fp32").open("scratch-inpaint-fill")
    planes = np.random.default_rng(1).random((4, 272, 272), np.float32)
    without = engine.run(planes, border=0)
    alone = np.empty_like(without)
    engine.network.infer(planes, alone)
    np.testing.assert_array_equal(without, alone)
    whole = engine.run(planes)
    assert whole.shape == without.shape and (whole[:, 0] != without[:, 0]).any()
    middle = np.s_[:, 112:160, 112:160]
    np.testing.assert_allclose(whole[middle], without[middle], atol=1e-4)
