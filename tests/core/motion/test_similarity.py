from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from interneg.motion.similarity import Motion, points

SIZE = (60, 80)
motions = st.builds(
    lambda s, a, x, y: Motion(s * np.exp(1j * a), complex(x, y)),
    st.floats(0.8, 1.25), st.floats(-0.3, 0.3), st.floats(-20, 20), st.floats(-20, 20),
)  # fmt: skip


@settings(deadline=None)
@given(motions, motions)
def test_motions_compose_and_turn_back(a: Motion, b: Motion) -> None:
    z = points(3, 4, SIZE)
    np.testing.assert_allclose(b.after(a)(z), b(a(z)))
    np.testing.assert_allclose(a.inverse(a(z)), z, atol=1e-9)
    np.testing.assert_allclose([a.times(1).turn, a.times(0).turn], [a.turn, 1])
    assert a.times(0).shift == 0


def test_points_are_pixel_centres_from_the_middle() -> None:
    assert points(60, 80, SIZE)[0, 0] == complex(-39.5, -29.5)
    assert points(30, 40, SIZE)[0, 0] == complex(-39, -29)
