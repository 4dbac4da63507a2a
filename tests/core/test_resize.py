from __future__ import annotations

import numpy as np
import pytest

from interneg.resize import cubic, hold, layer, reduce

RNG = np.random.default_rng(3)


def keys(x: np.ndarray, a: float) -> np.ndarray:
    """The kernel of Keys, Cubic convolution interpolation for digital image processing, 1981, eq. 4."""
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def resampled(line: np.ndarray, size: int, a: float) -> np.ndarray:
    """The definition, sample by sample: centres aligned, edge repeated, kernel widened when reducing."""
    scale = len(line) / size
    wide = max(1.0, scale)
    reach = int(np.ceil(2 * wide)) + 1
    out = []
    for i in range(size):
        centre = (i + 0.5) * scale - 0.5
        taps = np.arange(int(np.floor(centre)) - reach, int(np.floor(centre)) + reach + 1)
        weights = keys((taps - centre) / wide, a)
        out.append((weights * line[taps.clip(0, len(line) - 1)]).sum() / weights.sum())
    return np.array(out)


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (12, 16)])
def test_cubic_is_the_kernel_of_its_definition(scale: int, shape: tuple[int, int]) -> None:
    plane = RNG.normal(size=shape).astype(np.float32)
    rows = np.apply_along_axis(resampled, 1, plane.astype(float), shape[1] * scale, -0.75)
    wanted = np.apply_along_axis(resampled, 0, rows, shape[0] * scale, -0.75)
    np.testing.assert_allclose(cubic(plane, scale), wanted, atol=2e-5)


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [(1, 1), (5, 3)])
def test_reduce_is_the_widened_kernel_of_its_definition(scale: int, size: tuple[int, int]) -> None:
    plane = RNG.normal(size=(size[0] * scale, size[1] * scale)).astype(np.float32)
    rows = np.apply_along_axis(resampled, 1, plane.astype(float), size[1], -0.5)
    wanted = np.apply_along_axis(resampled, 0, rows, size[0], -0.5)
    np.testing.assert_allclose(reduce(plane, scale), wanted, atol=2e-5)


def test_flat_fields_stay_flat() -> None:
    flat = np.full((6, 9), 0.18, np.float32)
    np.testing.assert_allclose(cubic(flat, 4), 0.18, rtol=1e-6)
    np.testing.assert_allclose(reduce(cubic(flat, 2), 2), 0.18, rtol=1e-6)


@pytest.mark.parametrize(
    ("channel", "depth"),
    [("id", "uint32"), ("Z", "float"), ("uCryptoObject00.R", "float"), ("crypto.g", "half")],
)
def test_labels_and_depth_repeat_their_values(channel: str, depth: str) -> None:
    plane = RNG.uniform(0, 9, (4, 3)).astype(np.float32)
    large = layer(plane, channel, depth, 2)
    np.testing.assert_array_equal(large[::2, ::2], plane)
    assert set(large.ravel()) == set(plane.ravel())


def test_an_alpha_stays_within_its_neighbours() -> None:
    alpha = np.zeros((6, 6), np.float32)
    alpha[2:4, 2:4] = 1
    large = layer(alpha, "A", "half", 2)
    assert large.min() == 0
    assert large.max() == 1
    assert len(np.unique(large)) > 2


def test_nan_fills_its_own_block_and_no_more() -> None:
    plane = np.ones((5, 5), np.float32)
    plane[2, 3], plane[0, 0] = np.nan, np.inf
    large = layer(plane, "velocity.x", "float", 2)
    wanted = plane.repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(large, wanted)
    assert layer(plane, "velocity.x", "float", 1) is plane


def test_hold_keeps_a_step_edge_to_its_plateaus() -> None:
    given = np.zeros((12, 12), np.float32)
    given[:, 6:] = 1
    wild = given.repeat(2, 0).repeat(2, 1) * 1.4 - 0.2
    for peaks in (0.0, 0.5):
        held = hold(wild.copy(), given, 2, peaks=peaks)
        assert held.max() == 1
        assert held.min() == 0


def test_hold_keeps_what_is_flat_flat_beside_an_edge_as_far_as_it_is_no_noise() -> None:
    given = np.zeros((12, 12), np.float32)
    given[:, 6:] = 1
    dented = given.repeat(2, 0).repeat(2, 1)
    dented[:, 14] = 0.8  # one given pixel behind the edge, with the dark side still within 5x5
    np.testing.assert_array_equal(hold(dented.copy(), given, 2), given.repeat(2, 0).repeat(2, 1))
    assert hold(dented.copy(), given, 2, doubt=0.1)[:, 14].max() == pytest.approx(0.9)
    np.testing.assert_array_equal(hold(dented.copy(), given, 2, doubt=np.inf), dented)


def test_hold_lets_a_narrow_line_grow_where_it_is_asked_to() -> None:
    given = np.zeros((12, 12), np.float32)
    given[:, 6] = 0.5
    wild = given.repeat(2, 0).repeat(2, 1) * 3
    assert hold(wild.copy(), given, 2).max() == 0.5
    assert hold(wild.copy(), given, 2, peaks=0.5).max() == pytest.approx(0.75)
    dark = hold(1 - wild, 1 - given, 2, peaks=0.5)
    assert dark.min() == pytest.approx(0.25)


def test_a_corner_is_no_line() -> None:
    y, x = np.mgrid[:24, :24].astype(np.float32)
    given = np.clip((x + y - 23) / 4 + 0.5, 0, 1) ** 3
    wild = given.repeat(2, 0).repeat(2, 1) * 3
    assert hold(wild, given, 2, peaks=0.5).max() == 1


def test_an_edge_to_far_below_black_has_no_more_headroom_than_one_to_black() -> None:
    given = np.full((12, 12), -1.8, np.float32)
    given[:, 6:] = 0.9
    wild = given.repeat(2, 0).repeat(2, 1) * 2
    assert hold(wild, given, 2, headroom=0.01).max() == pytest.approx(0.909)


@pytest.mark.parametrize("channel", ["forward.left.u", "motion.x", "disparityL.y", "main.Backward.v"])
def test_vectors_in_pixels_grow_with_the_picture(channel: str) -> None:
    plane = np.full((4, 5), 3, np.float32)
    assert (layer(plane, channel, "float", 2) == 6).all()
    assert (layer(plane, channel, "float", 1) == 3).all()


@pytest.mark.parametrize("channel", ["velocity.x", "diffuse.R", "motion.A", "x"])
def test_other_layers_keep_their_values(channel: str) -> None:
    assert (layer(np.full((4, 5), 3, np.float32), channel, "float", 2) == 3).all()
