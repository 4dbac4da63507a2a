from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.metrics.temporal import block_levels, flicker, flicker_index, motion, warp_error


def texture(size: int = 96, seed: int = 2) -> Pixels:
    noise = np.random.default_rng(seed).standard_normal((size, size)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2)
    return 0.5 + 0.15 * soft / soft.std()


def test_alternation_by_one_percent_is_a_flicker_of_one_percent() -> None:
    assert flicker_index(np.array([1.01, 0.99] * 6)) == pytest.approx(0.01)


def test_steady_levels_and_linear_fades_do_not_flicker() -> None:
    assert flicker_index(np.full(9, 0.3)) == 0
    assert flicker_index(np.linspace(0, 1, 9)) == pytest.approx(0, abs=1e-12)
    assert flicker_index(np.zeros(9)) == 0


def test_the_share_of_each_frame_and_the_open_ends() -> None:
    share = flicker(np.array([1.0, 1.0, 1.3, 1.0, 1.0]))
    mean = 5.3 / 5
    assert np.isnan(share[[0, -1]]).all()
    assert share[1:-1] == pytest.approx(np.array([0.075, 0.15, 0.075]) / mean)
    assert np.isnan(flicker_index(np.ones(2)))


def test_local_flicker_is_seen_by_blocks_only() -> None:
    frames = []
    for sign in (1, -1) * 4:
        p = np.full((64, 64), 0.5)
        p[:, :32] += sign * 0.05
        p[:, 32:] -= sign * 0.05
        frames.append(p)
    assert flicker_index(np.array([f.mean() for f in frames])) == pytest.approx(0, abs=1e-12)
    assert flicker_index(np.stack([block_levels(f) for f in frames])) == pytest.approx(0.1)


def test_blocks_at_the_ends_are_smaller_but_not_biased() -> None:
    p = np.arange(35.0).reshape(5, 7)
    levels = block_levels(p, 4)
    assert levels.shape == (2, 2)
    assert levels[0, 0] == p[:4, :4].mean() and levels[1, 1] == p[4:, 4:].mean()


def test_motion_finds_a_shift_and_warping_undoes_it() -> None:
    a = texture()
    b = np.roll(a, (2, 3), axis=(0, 1))
    moved = motion(a, b)
    assert moved.valid.mean() > 0.8
    assert np.median(moved.flow[moved.valid], axis=0) == pytest.approx([3, 2], abs=0.1)
    assert warp_error(a, b, moved) < 0.02 * np.mean(np.square(a - b))


def test_warp_error_sees_flicker_and_averages_channels() -> None:
    a = texture()
    moved = motion(a, a)
    assert warp_error(a, a, moved) == pytest.approx(0, abs=1e-7)
    assert warp_error(a, a + 0.1, moved) == pytest.approx(0.01, rel=1e-3)
    rgb = np.stack([a, a, a])
    brighter = rgb.copy()
    brighter[0] += 0.1
    assert warp_error(rgb, brighter, moved) == pytest.approx(0.01 / 3, rel=1e-3)


def test_uncovered_pixels_do_not_count() -> None:
    a = texture()
    b = np.roll(a, 4, axis=1)
    a, b = a.copy(), b.copy()
    a[30:60, 20:50] = texture(30, 5)
    b[30:60, 34:64] = texture(30, 5)
    moved = motion(a, b)
    assert not moved.valid[35:55, 54:58].any()
    assert warp_error(a, b, moved) < 0.1 * np.mean(np.square(a - b))


def test_no_valid_pixel_gives_nan() -> None:
    rng = np.random.default_rng(0)
    moved = motion(texture(), texture())
    nothing = type(moved)(moved.flow, np.zeros_like(moved.valid))
    assert np.isnan(warp_error(rng.random((96, 96)), rng.random((96, 96)), nothing))


def test_misfits_are_refused() -> None:
    with pytest.raises(InputError, match="16x16"):
        motion(np.zeros((7, 5)), np.zeros((7, 5)))
    with pytest.raises(InputError, match="shape"):
        motion(np.zeros((32, 32)), np.zeros((32, 33)))
    moved = motion(texture(), texture())
    with pytest.raises(InputError, match="motion"):
        warp_error(np.zeros((32, 32)), np.zeros((32, 32)), moved)
    with pytest.raises(InputError, match="block"):
        block_levels(np.zeros((4, 4)), 0)
    with pytest.raises(InputError, match="levels"):
        flicker(np.zeros((4, 4)))
