"""What Deflicker keeps: fades, lightning, lamps and what moves in a light of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.frame import Pixels
from interneg.nodes.deflicker import Deflicker
from tests.lit import FRAMES, HEIGHT, WIDTH, Render, flicker, scene


@pytest.fixture
def render(colour: Colour) -> Render:
    return Render(colour)


@pytest.mark.parametrize("event", ["fade", "lightning", "flash", "lamp", "step"])
def test_what_is_meant_to_change_is_kept(render: Render, event: str) -> None:
    t = np.arange(40)[:, None, None, None]
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    near = np.exp(-((x / WIDTH - 0.25) ** 2 + (y / HEIGHT - 0.3) ** 2) / (2 * 0.2**2))
    light = {
        "fade": np.clip(1 - (t - 10) / 24, 0, 1),
        "lightning": np.select([t == 18, t == 19, t == 20], [3.0, 2.2, 1.5], 1),
        "flash": np.where(t == 18, 3, 1),
        "lamp": 1 + 1.5 * near * (t >= 20),
        "step": np.where(t >= 20, 1.3, 1),
    }[event]
    clip = np.asarray(scene(40) * light, np.float32)
    before, after = (c.reshape(40, 3, 6, 12, 8, 12).mean(axis=(1, 3, 5)) for c in (clip, render(clip)))
    seen = before > 0.05 * before.max()
    assert np.abs(after / np.maximum(before, 1e-9) - 1)[seen].max() < 0.02
    np.testing.assert_array_equal(after[before == 0], 0)


def test_lightning_and_a_lamp_stand_out_of_flicker(render: Render) -> None:
    light = np.ones((FRAMES, 1, 1, 1), np.float32)
    light[12:15, 0, 0, 0] = 3, 2.2, 1.6
    step = np.where(np.arange(FRAMES) >= 12, np.float32(2), 1)[:, None, None, None]
    truth, shake = scene(), flicker(0.04)
    near = range(7, 19)
    steady = render(truth * shake, order=near)
    for event in (light, step):
        out = render(truth * shake * event, order=near)
        rise = np.log(out / steady).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(rise, np.log(event[6:18]).ravel(), atol=0.05)


def block_logarithms(clip: Pixels) -> Pixels:
    level = clip.reshape(len(clip), 3, 6, 12, 8, 12).mean(axis=(1, 3, 5))
    return np.asarray(np.log(np.maximum(level, 1e-6)))


@pytest.mark.parametrize(("size", "soft"), [(0.03, True), (0.06, False)])
def test_a_lamp_is_not_bent_by_flicker_far_smaller(render: Render, size: float, soft: bool) -> None:
    t = np.arange(40)[:, None, None, None]
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    near = np.exp(-((x / WIDTH - 0.25) ** 2 + (y / HEIGHT - 0.3) ** 2) / (2 * 0.2**2))
    lit = near if soft else (x > 8) & (x < 48) & (y > 8) & (y < 44)
    truth, shake = scene(40), flicker(size, 40)
    clip = np.asarray(truth * (1 + 2 * lit * (t >= 20)), np.float32)
    steady, done = (
        block_logarithms(render(c * shake, order=range(14, 28))) - block_logarithms(c[13:27])
        for c in (truth, clip)
    )
    assert np.abs(done - steady).max() < 0.03
    assert np.diff(done, axis=0).std() < 0.3 * np.diff(np.log(shake[13:27]), axis=0).std()


@pytest.mark.parametrize("size", [0.03, 0.06])
def test_a_dying_lightning_that_clips_leaves_no_trace(render: Render, size: float) -> None:
    code = scene(36) ** np.float32(1 / 2.2) * 0.6
    light = np.ones((36, 1, 1, 1))
    light[16:19, 0, 0, 0] = 1.8, 1.5, 1.2
    shake = 1 + size * np.random.default_rng(11).normal(size=light.shape)

    def shown(light: Any) -> Pixels:
        return np.asarray((np.rint(255 * np.clip(code * light, 0, 1)) / 255) ** 2.2, np.float32)

    truth = block_logarithms(shown(light))
    before, after = (
        (block_logarithms(c) - truth).mean(axis=(1, 2)) / 2.2
        for c in (shown(light * shake), render(shown(light * shake)))
    )
    near = np.r_[9:16, 19:26]
    assert np.sqrt(np.mean(after[near] ** 2)) < 0.6 * size
    assert np.abs(after[near]).max() < np.abs(before[near]).max()
    assert np.sqrt(np.mean((after - before)[16:19] ** 2)) < size


def test_no_afterglow_of_a_single_flash_that_clips(render: Render) -> None:
    t = np.arange(40)[:, None, None, None]
    code = scene(40) ** np.float32(1 / 2.2) * 0.6
    shake = flicker(0.05, 40)

    def shown(light: Any) -> Pixels:
        return np.asarray((np.rint(255 * np.clip(code * light, 0, 1)) / 255) ** 2.2, np.float32)

    clear, flash = np.float32(1), np.where(t == 18, np.float32(1.8), 1)
    steady = block_logarithms(render(shown(shake))) - block_logarithms(shown(clear))
    done = block_logarithms(render(shown(shake * flash))) - block_logarithms(shown(flash))
    apart = np.abs(done - steady).max(axis=(1, 2))
    assert np.delete(apart, 18).max() < 0.03


@pytest.mark.parametrize(("power", "size"), [(1, 0.03), (2.2, 0.06)])
def test_flicker_goes_from_fades_too(render: Render, power: float, size: float) -> None:
    t = np.arange(40)[:, None, None, None]
    fade = np.clip(1 - (t - 10) / 24, 0, 1)
    clip, shake = np.asarray(scene(40) * fade**power, np.float32), flicker(size, 40)
    before, after = (
        np.log(c.mean(axis=(1, 2, 3))[4:26] / clip.mean(axis=(1, 2, 3))[4:26])
        for c in (clip * shake, render(clip * shake))
    )
    assert np.diff(after, 2).std() < 0.2 * np.diff(before, 2).std()


def test_keep_0_knows_no_event(render: Render) -> None:
    clip = scene() * np.where(np.arange(FRAMES) == 12, np.float32(1.8), 1)[:, None, None, None]
    level = np.log(render(clip, Deflicker(keep=0)) / scene()).mean(axis=(1, 2, 3))
    assert level[12] < 0.2 * np.log(1.8)


def test_what_moves_in_a_light_of_its_own_does_not_pull(render: Render) -> None:
    truth = scene()
    rng, (y, x) = np.random.default_rng(6), np.mgrid[:HEIGHT, :WIDTH]
    for t, picture in enumerate(truth):
        picture[:, np.hypot(y - 36, x - 20 - 2 * t) < 14] *= np.exp(0.5 * rng.normal())
    out = render(truth)
    still = np.hypot(y[None] - 36, x[None] - 20 - 2 * np.arange(FRAMES)[:, None, None]) > 20
    moved = np.abs(np.log(out / truth).mean(axis=1))
    assert moved[still].mean() < 0.005
