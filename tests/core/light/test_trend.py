"""Series of light of known truth, as code values of a display, with flicker on them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from interneg.light.trend import trend

Double = npt.NDArray[np.float64]

FRAMES, REACH, START = 40, 7, 16
SERIES = 12
POWER = 2.2


def errors(
    truth: Double, size: float, keep: float = 0.5, frames: slice = slice(None)
) -> tuple[Double, Double]:
    """How far code values are off in the logarithm, (frames, SERIES), before and after. truth: above 0.

    frames: which are looked at.
    """
    light = POWER * np.log(truth)[:, None]
    rng = np.random.default_rng(200)
    flicker = POWER * np.log1p(size * rng.normal(size=(len(truth), SERIES if size else 1)))
    after = flicker.copy()
    for frame in range(len(truth))[frames]:
        window = np.arange(max(0, frame - REACH), min(len(truth), frame + REACH + 1))
        seen = (light + flicker)[window]
        meant, _ = trend(seen - seen[frame - window[0]], window - frame, REACH, keep, light=True)
        after[frame] += meant
    return flicker[frames] / POWER, after[frames] / POWER


def high(series: Double) -> Double:
    return np.asarray(series[1:-1] - 0.5 * (series[:-2] + series[2:]))


def rms(series: Double) -> float:
    return float(np.sqrt(np.mean(series**2)))


def lit(*flash: float) -> Double:
    truth = np.ones(FRAMES)
    truth[START : START + len(flash)] = flash
    return truth


def faded(frames: int, power: float = 1) -> Double:
    truth = np.clip(1 - (np.arange(FRAMES) - 8) / frames, 0, 1) ** power
    return truth[truth > 0.02]


@pytest.mark.parametrize("size", [0.015, 0.03, 0.06])
def test_steady_light_is_evened_out(size: float) -> None:
    before, after = errors(np.ones(FRAMES), size)
    assert rms(high(after)) < 0.1 * rms(high(before))


@pytest.mark.parametrize("size", [0.03, 0.06])
@pytest.mark.parametrize(
    "flash",
    [(1.8,), (1.8, 1.5, 1.2), (1.5, 1.8, 1.7, 1.4, 1.3), (0.5, 0.5)],
    ids=["single", "dying", "five", "dark"],
)
def test_lightning_stays_and_leaves_no_trace(size: float, flash: tuple[float, ...]) -> None:
    own = slice(REACH, REACH + len(flash))
    near = np.r_[:REACH, own.stop : own.stop + REACH]
    before, after = errors(lit(*flash), size, frames=slice(START - REACH, START + len(flash) + REACH))
    assert rms(after[near]) < 0.6 * size
    assert np.abs(after[near]).max() < np.abs(before[near]).max()
    # Of the flash itself no more is taken than flicker.
    assert rms((after - before)[own]) < size


@pytest.mark.parametrize("size", [0.03, 0.06])
@pytest.mark.parametrize("step", [1.5, 0.6])
def test_a_step_stays(size: float, step: float) -> None:
    truth = np.where(np.arange(FRAMES) < START, 1, step)
    before, after = errors(truth, size, frames=slice(START - REACH, START + REACH))
    assert rms(after) < 0.6 * size
    assert np.abs(after).max() < np.abs(before).max()


@pytest.mark.parametrize("size", [0.03, 0.06])
@pytest.mark.parametrize("truth", [faded(24), faded(24)[::-1], faded(24, 1 / POWER)])
def test_flicker_goes_from_fades(size: float, truth: Double) -> None:
    before, after = errors(truth, size)
    assert rms(high(after)) < 0.25 * rms(high(before))
    assert rms(after) < 0.6 * size
    assert np.abs(after).max() < np.abs(before).max()


@pytest.mark.parametrize(
    "truth",
    [lit(), lit(1.8, 1.5, 1.2), faded(12), faded(24), faded(24, 1 / POWER), lit(*[1.3] * (FRAMES - START))],
)
def test_without_flicker_nothing_changes(truth: Double) -> None:
    assert np.abs(errors(truth, 0)[1]).max() < 2e-3


def test_a_fade_that_is_straight_in_no_power_of_light_is_no_flicker() -> None:
    t = np.arange(FRAMES)
    truth = np.exp(-3 * (t / FRAMES) ** 2) * (1 + 0.3 * np.sin(t / 9))
    rng = np.random.default_rng(1)
    seen = np.log(truth) + 0.005 * rng.normal(size=FRAMES)
    offsets = np.arange(-REACH, REACH + 1)
    changed = [
        float(trend(seen[n - REACH : n + REACH + 1] - seen[n], offsets, REACH, 0.5, light=True)[0])
        for n in range(REACH, FRAMES - REACH)
    ]
    assert rms(np.array(changed)) < 0.01


def test_keep_tells_how_soon_a_change_is_an_event() -> None:
    truth = lit(1.2)
    left = [
        float(np.mean(errors(truth, 0.03, keep, slice(START, START + 1))[1])) for keep in (0, 0.25, 0.5, 1)
    ]
    assert left[0] < -0.8 * np.log(1.2)
    assert sorted(left) == left
    assert left[-1] > -0.15 * np.log(1.2)


@pytest.mark.parametrize(("keep", "goes", "stays"), [(0.5, 6, 14), (1, 3, 7)])
@pytest.mark.parametrize("size", [0.02, 0.06])
def test_a_flash_stays_that_is_so_many_times_the_flicker(
    size: float, keep: float, goes: float, stays: float
) -> None:
    def taken(height: float) -> float:
        before, after = errors(lit(1 + height * size), size, keep, slice(START, START + 1))
        return float(np.mean(before - after) / np.log1p(height * size))

    assert taken(goes) > 0.6 and taken(stays) < 0.2


def test_large_flicker_that_is_new_in_each_frame_is_no_event() -> None:
    before, after = errors(np.ones(FRAMES), 0.09)
    assert rms(high(after)) < 0.12 * rms(high(before))


def test_the_parts_leave_out_the_event() -> None:
    offsets = np.arange(-7, 8)
    series = np.where(offsets == 3, 0.8, 0.0) + 0.02 * np.random.default_rng(1).normal(size=15)
    series -= series[7]
    _, parts = trend(series, offsets, REACH, 0.5, light=True)
    assert parts[10] < 0.01 and np.delete(parts, 10).min() > 0.8
    meant, parts = trend(series - series[10], offsets - 3, REACH + 3, 0.5, light=True)
    assert abs(float(meant)) < 0.01 and parts.max() < 0.01


def test_the_light_of_each_of_many_pictures_is_weighed_by_itself() -> None:
    offsets = np.arange(-7, 8)
    many = 0.05 * np.random.default_rng(2).normal(size=(15, 3, 4))
    many -= many[7]
    whole, parts = trend(many, offsets, REACH, 0.5, light=True)
    for at in np.ndindex(3, 4):
        alone, part = trend(many[(slice(None), *at)], offsets, REACH, 0.5, light=True)
        np.testing.assert_allclose(alone, whole[at], rtol=1e-9)
        np.testing.assert_allclose(part, parts[(slice(None), *at)], rtol=1e-9)


def test_flicker_is_of_about_one_size_all_over_a_picture() -> None:
    """One point of a picture without flicker changes in no straight way: that is no flicker either."""
    offsets, rng = np.arange(-7, 8), np.random.default_rng(4)
    bump = np.array([-14, 6, 15, 16, 11, 5, 0, 0, 25, 69, 109, 111, 100, 68, 30]) / 1000
    field = 0.003 * rng.normal(size=(15, 20))
    field[:, 0] = bump
    alone, among = (trend(f - f[7], offsets, REACH, 0.5)[0][0] for f in (field[:, :1], field))
    assert abs(among) < 0.01 < 0.02 < abs(alone)
    # It is where all flickers.
    field[:, 1:] *= 15
    assert abs(trend(field - field[7], offsets, REACH, 0.5)[0][0]) > 0.02


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_few_frames(count: int) -> None:
    series = 0.1 * np.arange(count, dtype=np.float64)
    meant, parts = trend(series, np.arange(count), REACH, 0.5, light=True)
    assert np.isfinite(meant) and parts.shape == (count,)
    if count < 3:
        assert meant == 0


def test_frames_that_are_not_trusted_do_not_count() -> None:
    offsets, rng = np.arange(-7, 8), np.random.default_rng(3)
    series = 0.05 * rng.normal(size=15)
    series -= series[7]
    trusted = (offsets < 3).astype(np.float64)
    other = series + np.where(offsets < 3, 0, rng.normal(size=15))
    for keep in (0, 0.5):
        one, two = (trend(s, offsets, REACH, keep, trusted)[0] for s in (series, other))
        np.testing.assert_allclose(one, two, atol=1e-6)


def alike(rng: np.random.Generator, frames: float) -> Double:
    """Gaussian series of deviation 1, alike over so many frames, (FRAMES, SERIES); 0: new in each."""
    found = rng.normal(size=(FRAMES, SERIES))
    kept = np.exp(-1 / frames) if frames else 0.0
    for t in range(1, FRAMES):
        found[t] = kept * found[t - 1] + np.sqrt(1 - kept**2) * found[t]
    return np.asarray(found)


def evened(series: Double) -> Double:
    after = series.copy()
    for frame in range(FRAMES):
        window = np.arange(max(0, frame - REACH), min(FRAMES, frame + REACH + 1))
        seen = series[window]
        after[frame] += trend(seen - seen[frame - window[0]], window - frame, REACH, 0.5, light=True)[0]
    return after


@pytest.mark.parametrize(("frames", "most"), [(0.0, 0.06), (1.2, 0.07), (4.0, 0.09)])
def test_large_flicker_is_no_change_of_light_also_where_it_stays_alike(frames: float, most: float) -> None:
    before = 0.2 * alike(np.random.default_rng(8), frames)
    assert rms(high(evened(before))) < most * rms(high(before))


def test_what_measuring_is_off_by_is_no_flicker() -> None:
    before = np.random.default_rng(6).normal(size=(FRAMES, SERIES))
    small, large = (rms(evened(size * before) - size * before) / size for size in (0.003, 0.05))
    assert small < 0.3 < 0.9 < large


@pytest.mark.parametrize(("alike", "share"), [(1.2, 0.04), (4.0, 0.095)])
def test_large_flicker_that_stays_alike_is_taken_for_no_bend(alike: float, share: float) -> None:
    rng, kept = np.random.default_rng(6), np.exp(-1 / alike)
    before = 0.2 * rng.normal(size=(FRAMES, SERIES))
    for t in range(1, FRAMES):
        before[t] = kept * before[t - 1] + np.sqrt(1 - kept**2) * before[t]
    after = before.copy()
    for frame in range(FRAMES):
        window = np.arange(max(0, frame - REACH), min(FRAMES, frame + REACH + 1))
        after[frame] += trend(before[window] - before[frame], window - frame, REACH, 0.5, light=True)[0]
    assert rms(high(after)) < share * rms(high(before))
