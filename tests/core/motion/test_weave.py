from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interneg.motion.similarity import Motion, points
from interneg.motion.weave import fit, level_of

SIZE = (60, 80)
motions = st.builds(
    lambda s, a, x, y: Motion(s * np.exp(1j * a), complex(x, y)),
    st.floats(0.8, 1.25), st.floats(-0.3, 0.3), st.floats(-20, 20), st.floats(-20, 20),
)  # fmt: skip


@pytest.mark.parametrize(
    ("size", "level"), [((480, 640), 0), ((1080, 1920), 1), ((2160, 4096), 2), ((1, 1), 0)]
)
def test_the_level_leaves_1024_pixels_or_fewer(size: tuple[int, int], level: int) -> None:
    assert level_of(size) == level


@settings(deadline=None)
@given(motions, st.floats(0, 0.4))
def test_the_fit_is_what_most_agree_on(truth: Motion, others: float) -> None:
    rng = np.random.default_rng(5)
    z = points(30, 40, SIZE).ravel()
    moved = truth(z) - z
    odd = rng.permutation(len(z))[: int(others * len(z))]
    moved[odd] += 12 + 9j
    found = fit(z, moved, np.ones(len(z), np.float32))
    assert found is not None
    np.testing.assert_allclose(found(z), truth(z), atol=0.05)


def test_without_trust_there_is_no_motion() -> None:
    z = points(4, 4, SIZE).ravel()
    assert fit(z, z, np.zeros(16, np.float32)) is None
