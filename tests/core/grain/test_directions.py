from __future__ import annotations

import numpy as np
import pytest

from interneg.frame import Pixels
from interneg.grain.directions import at_frequencies, directions, gain, mean
from interneg.grain.kernels import fitted
from interneg.grain.spectrum import BLOCK, RINGS, frequencies, transform

SIZE = 1024
SURE = np.ones(RINGS, np.float32)


def terms(u: float, v: float) -> Pixels:
    return np.array([np.full(RINGS, u), np.full(RINGS, v)], np.float32)


def blocks(u: float, v: float, seed: int = 0) -> Pixels:
    """(M, 1, BLOCK, BLOCK) of Gaussian grain that has these directions."""
    y, x = np.fft.fftfreq(SIZE)[:, None], np.fft.rfftfreq(SIZE)[None]
    power = gain(terms(u, v), frequencies(), y, x) * np.exp(-((np.hypot(y, x) / 0.3) ** 2))
    noise = np.random.default_rng(seed).standard_normal((SIZE, SIZE))
    field = np.fft.irfft2(np.fft.rfft2(noise) * np.sqrt(power), s=(SIZE, SIZE)).astype(np.float32)
    parts = field.reshape(SIZE // BLOCK, BLOCK, SIZE // BLOCK, BLOCK).transpose(0, 2, 1, 3)
    return parts.reshape(-1, 1, BLOCK, BLOCK)


@pytest.mark.parametrize(("u", "v"), [(0.4, 0.0), (-0.4, 0.2), (0.0, 0.3)])
def test_directions_of_grain_are_found(u: float, v: float) -> None:
    found = directions(transform(blocks(u, v)), SURE)
    assert found is not None
    assert np.abs(found[:, 6:28] - np.array([[u], [v]])).max() < 0.08


@pytest.mark.parametrize("seed", range(4))
def test_grain_alike_in_all_directions_has_none(seed: int) -> None:
    assert directions(transform(blocks(0, 0, seed)), SURE) is None


def test_what_is_not_sure_to_be_grain_has_no_directions() -> None:
    assert directions(transform(blocks(0.5, 0)), 0 * SURE) is None


def test_gain_is_more_along_the_axis_that_the_terms_name() -> None:
    at = np.array([0.0, 0.2, 0.2 / np.sqrt(2)])
    y, x = at[[0, 1, 2]], at[[1, 0, 2]]
    assert np.allclose(gain(terms(0.5, 0.25), frequencies(), y, x), [1.75, 0.75, 0.75], atol=1e-6)
    assert np.array_equal(gain(None, frequencies(), y, x), np.ones(3, np.float32))


def test_terms_keep_their_frequencies_at_another_pitch_and_their_mean_counts_none_as_nothing() -> None:
    ramp = np.stack([np.linspace(0, 0.5, RINGS), np.linspace(0.5, 0, RINGS)]).astype(np.float32)
    moved = at_frequencies(ramp, frequencies(), frequencies()[::3].astype(np.float64))
    assert moved is not None
    assert np.allclose(moved, ramp[:, ::3], atol=1e-6)
    half = mean([ramp, None])
    assert half is not None
    assert np.allclose(half, ramp / 2)
    assert mean([None, None]) is None


@pytest.mark.parametrize(("u", "v"), [(0.5, 0.0), (-0.5, 0.2), (0.0, 0.4)])
def test_kernels_filter_white_noise_to_the_directions(u: float, v: float) -> None:
    power = np.exp(-((frequencies() / 0.3) ** 2)).astype(np.float32)
    kernel = fitted(frequencies(), power, lambda y, x: gain(terms(u, v), frequencies(), y, x))
    shown = np.abs(np.fft.fft2(kernel.whole(), (BLOCK, BLOCK))) ** 2
    y, x = np.fft.fftfreq(BLOCK)[:, None], np.fft.fftfreq(BLOCK)[None]
    wanted = np.interp(np.hypot(y, x), frequencies(), power) * gain(terms(u, v), frequencies(), y, x)
    band = (np.hypot(y, x) > 0.08) & (np.hypot(y, x) < 0.4)
    shown, wanted = shown / shown[band].mean(), wanted / wanted[band].mean()
    for low, high in ((0, np.pi / 8), (np.pi / 8, 3 * np.pi / 8), (3 * np.pi / 8, np.pi / 2)):
        angle = np.arctan2(np.abs(y), np.abs(x))
        part = band & (angle >= low) & (angle <= high)
        assert abs(10 * np.log10(shown[part].mean() / wanted[part].mean())) < 1
