from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from interneg.colour import Colour
from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.grain.measure import MeasuredGrain, measure, profile_of
from tests.pictures import picture

SHARED = np.array([[1, 0.35, 0.2], [0.35, 1, 0.3], [0.2, 0.3, 1]], np.float32)


def falling(radii: npt.NDArray[np.floating]) -> Pixels:
    return np.asarray(np.exp(-np.square(radii / 0.25)), np.float32)


def grain(height: int, width: int, rng: np.random.Generator, channels: int = 3) -> Pixels:
    """Unit variance, a Gaussian spectrum, channels that are alike as `SHARED` says."""
    noise = rng.normal(size=(channels, height, width))
    noise = np.tensordot(np.linalg.cholesky(SHARED[:channels, :channels]), noise, 1)
    radii = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    made = np.fft.irfft2(np.fft.rfft2(noise) * np.sqrt(falling(radii)), s=(height, width))
    return np.asarray(made / made.std((1, 2), keepdims=True), np.float32)


def response(levels: Pixels) -> Pixels:
    return np.asarray(0.012 + 0.02 * levels * (1.2 - levels), np.float32)


def scene(height: int = 320, width: int = 448) -> Pixels:
    """A ramp with a textured part."""
    made = np.repeat(np.linspace(0.1, 0.8, width, dtype=np.float32)[None, None], height, 1).repeat(3, 0)
    textured = picture(height // 3, width)
    made[:, : height // 3] += 0.4 * (textured - textured.mean())
    return made


def plates(frames: list[Pixels], seed: int = 0) -> list[Pixels]:
    rng = np.random.default_rng(seed)
    return [f + response(f) * grain(f.shape[1], f.shape[2], rng, len(f)) for f in frames]


def distance(found: MeasuredGrain) -> float:
    """Mean difference of the spectra in dB, 0.02 to 0.5 cycles per pixel."""
    frequencies = np.linspace(0.02, 0.5, 49)
    axis = np.fft.fftfreq(256)
    true = falling(frequencies) / falling(np.hypot(axis[:, None], axis[None])).mean()
    shown = [np.interp(frequencies, found.frequencies, power) for power in found.power]
    return float(np.abs(10 * np.log10(shown / true)).mean())


@pytest.mark.parametrize("count", [1, 3])
def test_grain_is_measured_as_it_was_made(count: int) -> None:
    found = measure(plates([scene()] * count), count // 2)
    assert found.neighbours == (count > 1)
    assert distance(found) < 1
    for levels, sigmas in zip(found.levels, found.sigmas, strict=True):
        assert np.abs(sigmas / response(levels) - 1).mean() < 0.06
    assert np.abs(found.correlation - SHARED).max() < 0.06
    assert found.over_time < 0.02
    assert found.levels.shape[1] >= 14


def test_streaks_are_found_in_the_directions_and_steady_grain_has_none() -> None:
    assert measure(plates([scene()] * 3), 1).directions is None
    rng, soft = np.random.default_rng(1), scene()
    noises = [rng.normal(size=(*soft.shape[1:], 3)) for _ in range(3)]
    streaks = [cv2.GaussianBlur(n, (0, 0), 0.4, None, 1.2) for n in noises]
    frames = [soft + 0.02 * (s / s.std()).transpose(2, 0, 1).astype(np.float32) for s in streaks]
    found = measure(frames, 1).directions
    assert found is not None
    assert found[0, 8:24].min() > 0.3


def test_film_has_no_more_coarse_grain_than_its_fine_grain_says() -> None:
    found = measure(plates([scene()] * 3), 1)
    dirty = replace(found, power=found.power * (1 + 9 * (found.frequencies < 0.08)))
    film, digital = (
        profile_of(dirty, Colour(), "ACEScct", "a", kind, 24.9, 448) for kind in ("film", "digital")
    )
    clean = profile_of(found, Colour(), "ACEScct", "a", "film", 24.9, 448)
    np.testing.assert_allclose(
        film.power[:, 2:8] / film.power[:, 9:10], clean.power[:, 2:8] / clean.power[:, 9:10], rtol=0.05
    )
    assert digital.power[0, 2] / digital.power[0, 9] > 5
    # What is taken off is no longer in the deviation.
    assert (film.sigmas < digital.sigmas).all()


def test_motion_is_followed_and_not_taken_for_grain() -> None:
    wide = cv2.GaussianBlur(picture(320, 480).transpose(1, 2, 0), (0, 0), 1.5).transpose(2, 0, 1)
    found = measure(plates([wide[:, :, k : k + 448] for k in (0, 4, 9)]), 1)
    assert distance(found) < 1
    shown = np.median(found.sigmas / response(found.levels))
    assert shown == pytest.approx(1, abs=0.1)


def test_a_pattern_that_stands_still_is_found_over_time_and_counts_as_strength() -> None:
    rng = np.random.default_rng(1)
    flat = np.full((3, 256, 320), 0.4, np.float32)
    still = rng.normal(0, 0.02, flat.shape).astype(np.float32)
    frames = [flat + still + rng.normal(0, 0.02, flat.shape).astype(np.float32) for _ in range(3)]
    found = measure(frames, 1)
    assert found.over_time == pytest.approx(0.5, abs=0.06)
    assert np.median(found.sigmas) == pytest.approx(0.02 * np.sqrt(2), rel=0.08)


def test_a_grey_picture_has_one_channel() -> None:
    found = measure(plates([scene()[:1]]))
    assert found.sigmas.shape[0] == found.power.shape[0] == 1
    assert distance(found) < 1


@pytest.mark.parametrize("level", [0.0, 0.5])
@pytest.mark.parametrize("count", [1, 2])
def test_a_flat_plate_has_no_grain(level: float, count: int) -> None:
    flat = np.full((3, 96, 128), level, np.float32)
    found = measure([flat + 0.01 * k for k in range(count)])
    assert not found.sigmas.any()


def test_bars_are_no_part_of_the_plate() -> None:
    frames = plates([scene()] * 2)
    for frame in frames:
        frame[:, :40] = frame[:, -40:] = 0
    found = measure(frames)
    inner = (found.levels > 0.15) & (found.levels < 0.75)
    assert np.median((found.sigmas / response(found.levels))[inner]) == pytest.approx(1, abs=0.06)


def test_levels_that_are_clipped_are_left_out() -> None:
    frames = [np.clip(f, 0.2, 0.7) for f in plates([scene()] * 3)]
    found = measure(frames, 1)
    assert found.clipped.all()
    assert found.levels.min() > 0.21 and found.levels.max() < 0.69
    assert np.abs(found.sigmas / response(found.levels) - 1).mean() < 0.08


def test_a_plate_that_is_clipped_throughout_is_refused() -> None:
    plate = np.ones((3, 128, 128), np.float32)
    plate[:, ::16, ::16] = 0.9
    with pytest.raises(InputError, match="nearly all of the picture is clipped"):
        measure([plate])


def test_a_tiny_picture_is_refused() -> None:
    with pytest.raises(InputError, match="the picture is 8x8: grain is measured in 64x64 pixels or more"):
        measure([np.zeros((3, 8, 8), np.float32)])


def test_frames_of_two_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="a frame beside is 80x64 with 3 channels"):
        measure([np.zeros((3, 64, 64), np.float32), np.zeros((3, 64, 80), np.float32)])


def test_a_picture_with_nothing_flat_is_refused() -> None:
    rng = np.random.default_rng(2)
    leaves = sum(s * cv2.GaussianBlur(rng.normal(size=(320, 448)), (0, 0), s) for s in (0.7, 1, 2, 4))
    uneven = np.exp(2.5 * rng.normal(size=(40, 56))).repeat(8, 0).repeat(8, 1)
    with pytest.raises(InputError, match="no part of the picture is flat enough"):
        measure([np.asarray(0.5 + 0.02 * uneven * leaves, np.float32)[None].repeat(3, 0)])


def test_a_profile_says_it_in_codes_and_cycles_per_mm() -> None:
    colour = Colour()
    found = measure(plates([scene()]))
    made = profile_of(found, colour, colour.resolve("texture_paint"), "a plate", "film", 22.4, 448)
    assert made.channels == ("R", "G", "B") and made.kind == "film"
    assert made.frequencies[-1] == pytest.approx(np.sqrt(0.5) * 448 / 22.4)
    assert (np.diff(made.levels, axis=1) >= 0).all() and (made.sigmas > 0).all()
    assert made.per_pixel(1)[1].mean() > 0
