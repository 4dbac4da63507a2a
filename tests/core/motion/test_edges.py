from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from interneg.motion.edges import filled, zoom_to_fill, zoomed
from interneg.motion.resample import PlaneKind, origin, resampled
from interneg.motion.similarity import Motion

SIZE = (60, 80)
motions = st.builds(
    lambda s, a, x, y: Motion(s * np.exp(1j * a), complex(x, y)),
    st.floats(0.8, 1.25), st.floats(-0.3, 0.3), st.floats(-20, 20), st.floats(-20, 20),
)  # fmt: skip


def test_what_is_missing_comes_from_the_nearest_frame_that_shows_it() -> None:
    at = origin(SIZE, Motion(1, 20), None, 1.0)
    way = {0: Motion(), 1: Motion(1, 6), -2: Motion(1, 30)}
    pictures = {1: np.full((1, *SIZE), 1, np.float32), -2: np.full((1, *SIZE), 2, np.float32)}
    for kind in (PlaneKind.LABEL, PlaneKind.ALPHA):
        made = np.zeros((1, *SIZE), np.float32)
        filled(made, at, way, pictures.__getitem__, kind)
        line = made[0, 30]
        assert (made[0, 13:-13] == line).all() and not line[34:].any()
        assert np.unique(line[:14]).tolist() == [2]
        if kind is PlaneKind.LABEL:
            # 20 columns are missing, and one more is left out of 60 rows.
            assert np.unique(line[14:21]).tolist() == [1] and not line[21:].any()
        else:
            assert (np.diff(line[13:33]) < 0).all()


def test_what_is_filled_in_has_the_level_of_the_frame() -> None:
    scene = np.random.default_rng(2).uniform(0.2, 1, (2, *SIZE)).astype(np.float32)
    scene[:] = np.cumsum(scene, axis=2) / np.arange(1, SIZE[1] + 1)
    at = origin(SIZE, Motion(1, 8), None, 1.0)
    made = resampled(scene, at)
    gain = np.array([0.7, 1.3], np.float32)[:, None, None]
    brighter = np.concatenate([scene[:, :, :8], scene], 2)[:, :, : SIZE[1]] * gain
    filled(made, at, {0: Motion(), -1: Motion(1, 8)}, {-1: brighter}.__getitem__)
    expected = np.concatenate([scene[:, :, :8], scene], 2)[:, :, : SIZE[1]]
    np.testing.assert_allclose(made, expected, rtol=1e-4)


def test_the_dark_edge_of_the_gate_is_left_out_where_the_frame_is_moved() -> None:
    scene = np.full((1, *SIZE), 0.5, np.float32)
    gated = scene.copy()
    gated[:, 0] = 0.1
    at = origin(SIZE, Motion(1, 5j), None, 1.0)
    made = resampled(gated, at)
    filled(made, at, {0: Motion(), -1: Motion(1, 20j)}, {-1: scene}.__getitem__)
    np.testing.assert_allclose(made[:, 2:], 0.5, atol=0.03)
    assert resampled(gated, at)[0, 5].max() < 0.11
    still = origin(SIZE, Motion(), None, 1.0)
    assert not still.lacking(8).any() and at.lacking(3).sum() == 8 * SIZE[1]


def test_a_level_is_limited_and_stays_in_the_dark() -> None:
    at = origin(SIZE, Motion(1, 8), None, 1.0)
    for own, other, expected in ((1.0, 0.1, 0.2), (0.0, 0.1, 0.1), (-0.2, 0.1, 0.1)):
        made = np.full((1, *SIZE), own, np.float32)
        picture = np.full((1, *SIZE), other, np.float32)
        filled(made, at, {0: Motion(), 1: Motion(1, 8)}, {1: picture}.__getitem__)
        np.testing.assert_allclose(made[0, :, :8], expected, rtol=1e-6)
        assert (made[0, :, 24:] == np.float32(own)).all()


def test_filling_spreads_neither_nan_nor_inf() -> None:
    at = origin(SIZE, Motion(1, 8), None, 1.0)
    made = np.ones((1, *SIZE), np.float32)
    made[0, 10, 10:12] = np.nan, np.inf
    picture = np.ones((1, *SIZE), np.float32)
    picture[0, 20, 3] = np.inf
    filled(made, at, {0: Motion(), 1: Motion(1, 8)}, {1: picture}.__getitem__)
    assert np.argwhere(~np.isfinite(made[0])).tolist() == [[10, 10], [10, 11]]
    assert np.isinf(made[0, 10, 11])


@example(Motion(0.8125 * np.exp(-0.25j), 17 + 17j))
@settings(deadline=None)
@given(motions)
def test_enlarged_enough_nothing_lies_outside(motion: Motion) -> None:
    middle = motion.inverse.shift
    assume(abs(middle.real) <= (SIZE[1] - 2) / 2 and abs(middle.imag) <= (SIZE[0] - 2) / 2)  # it is in there
    zoom = zoom_to_fill(SIZE, motion)
    assert origin(SIZE, Motion(zoom).after(motion), None, 1.0).outside.max() < 1e-3


def test_the_zoom_swells_slowly_up_to_its_limit() -> None:
    assert zoomed(Motion(), {0: 1.0, 3: 1.08}, 3, 1.5).turn == pytest.approx(1.02)
    assert zoomed(Motion(), {0: 1.0, 3: 1.08}, 3, 1.01).turn == pytest.approx(1.01)
