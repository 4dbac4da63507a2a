from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.frame import Frame, Pixels
from interneg.graph import FrameList, Graph
from interneg.knobs import knobs_of
from interneg.memo import Memo
from interneg.metrics.golden import compare
from interneg.node import Context
from interneg.nodes.deflicker import Deflicker
from tests.lit import FRAMES, HEIGHT, WIDTH, Render, clip_of, flicker, scene, unsteady


@pytest.fixture
def render(colour: Colour) -> Render:
    return Render(colour)


def test_it_has_the_knobs_that_its_users_know() -> None:
    assert {"exposure", "local", "bands", "colour", "keep", "window"} <= set(knobs_of(Deflicker))
    assert Deflicker(window=3).reach == (3, 3)


def test_flicker_of_the_whole_picture_goes(render: Render) -> None:
    truth = scene()
    damaged = truth * flicker()
    out = render(damaged)
    assert unsteady(out / truth) < 0.1 * unsteady(damaged / truth)
    assert np.abs(np.log(out.mean((1, 2, 3)) / truth.mean((1, 2, 3)))).max() < 0.1


def test_flicker_of_gamma_goes_from_dark_and_bright_parts(render: Render) -> None:
    truth = scene()
    gamma = 1 + 0.06 * np.random.default_rng(3).normal(size=(FRAMES, 1, 1, 1))
    damaged = np.asarray(truth**gamma, np.float32)
    out = render(damaged)
    for part in (truth < 0.1, (truth > 0.4) & (truth < 0.8)):
        before, after = (np.array([np.log(c[t] / truth[t])[part[t]].mean() for t in range(FRAMES)])
                         for c in (damaged, out))  # fmt: skip
        # One of the frames is 3.3 deviations off, and so in part an event.
        assert np.diff(after).std() < 0.25 * np.diff(before).std()


def test_local_flicker_goes_only_by_its_knob(render: Render) -> None:
    truth = scene()
    rng = np.random.default_rng(4)
    points = rng.normal(0, 0.06, (FRAMES, 3, 4)).astype(np.float32)
    field = np.stack([cv2.resize(p, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for p in points])
    damaged = truth * np.exp(field)[:, None]
    before = unsteady(damaged / truth)
    assert unsteady(render(damaged) / truth) < 0.2 * before
    assert unsteady(render(damaged, Deflicker(local=0)) / truth) > 0.6 * before


def test_rolling_bands_go_by_their_knob(render: Render) -> None:
    truth = scene()
    rows, t = np.arange(HEIGHT), np.arange(FRAMES)[:, None]
    wave = np.exp(0.06 * np.sin(2 * np.pi * (3 * rows / HEIGHT + 0.37 * t))).astype(np.float32)
    damaged = truth * wave[:, None, :, None]

    def left(clip: Pixels) -> float:
        level = np.log(clip / truth).mean(axis=(1, 3))
        return float((level[1:-1] - 0.5 * (level[:-2] + level[2:])).std())

    assert left(render(damaged)) > 0.7 * left(damaged)
    assert left(render(damaged, Deflicker(bands=1))) < 0.25 * left(damaged)


def test_breathing_colour_goes_by_its_knob_and_colour_is_kept_without(render: Render) -> None:
    truth = scene()
    rng = np.random.default_rng(5)
    damaged = truth * np.exp(0.05 * rng.normal(size=(FRAMES, 3, 1, 1))).astype(np.float32)

    def tint(clip: Pixels) -> Pixels:
        level = np.log(clip / truth).mean(axis=(2, 3))
        return level[:, 0] - level[:, 2]

    alike, each = render(damaged), render(damaged, Deflicker(colour=1))
    np.testing.assert_allclose(np.diff(tint(alike)), np.diff(tint(damaged)), atol=0.02)
    assert np.diff(tint(each)).std() < 0.2 * np.diff(tint(damaged)).std()


def test_grey_flickers_no_more_and_stays_grey(render: Render) -> None:
    damaged = np.repeat(scene()[:, :1] * flicker(), 3, axis=1)
    out = render(damaged)
    np.testing.assert_allclose(out, np.repeat(out[:, :1], 3, axis=1), rtol=1e-5)
    one = render(damaged[:, :1])
    assert one.shape == (FRAMES, 1, HEIGHT, WIDTH)
    np.testing.assert_allclose(one, out[:, :1], rtol=1e-3)


def test_a_cut_parts_what_is_evened_out(render: Render) -> None:
    first, second = scene(10) * flicker(frames=10), scene(12, seed=9) * flicker(frames=12, seed=2)
    together = render(np.concatenate([first, second]), cuts=(11,))
    np.testing.assert_array_equal(together[:10], render(first))
    np.testing.assert_array_equal(together[10:], render(second))


def test_any_order_gives_the_same_bits(render: Render) -> None:
    damaged = scene() * flicker()
    whole = render(damaged)
    backwards = render(damaged, order=range(FRAMES, 0, -1))
    np.testing.assert_array_equal(backwards, whole)
    for chunk in (range(1, 11), range(11, 21), range(21, 25)):
        np.testing.assert_array_equal(render(damaged, order=chunk), whole[chunk[0] - 1 : chunk[-1]])


def test_strength_0_is_bit_exact_and_the_mask_limits(render: Render) -> None:
    damaged = scene() * flicker()
    np.testing.assert_array_equal(render(damaged, Deflicker(strength=0)), damaged)
    mask = np.zeros((1, HEIGHT, WIDTH), np.float32)
    mask[0, :, 40:], mask[0, :, 20:40] = 1, 0.5
    full, part = render(damaged), render(damaged, mask=mask)
    np.testing.assert_array_equal(part[..., :20], damaged[..., :20])
    np.testing.assert_array_equal(part[..., 40:], full[..., 40:])
    np.testing.assert_allclose(part[..., 20:40], (damaged + full)[..., 20:40] / 2, rtol=1e-5)
    np.testing.assert_array_equal(render(damaged, mask=np.ones_like(mask)), full)


def test_highlights_negatives_and_black_get_the_gain_of_the_frame(render: Render) -> None:
    damaged = scene() * flicker()
    damaged[:, :, :2, :4] = np.array([0, -0.1, 20, 6e4], np.float32)
    out = render(damaged)
    assert (out[:, :, :2, 0] == 0).all()
    gain = out[:, :, :2, 1:4] / damaged[:, :, :2, 1:4]
    assert (gain > 0.5).all() and (gain < 2).all()
    np.testing.assert_allclose(gain[..., 1], gain[..., 2], rtol=1e-2)
    assert gain.std() > 0.01


def test_nan_and_inf_stay_in_their_pixels(render: Render) -> None:
    damaged = scene() * flicker()
    broken = damaged.copy()
    broken[7, :, 20:40, 20:40], broken[12, 1, 5, 5], broken[12, 0, 6, 6] = np.nan, np.inf, -np.inf
    good = np.isfinite(broken).all(axis=1, keepdims=True)
    out = render(broken)
    np.testing.assert_array_equal(np.isfinite(out).all(axis=1, keepdims=True), good)
    # The other frames hardly know of it.
    others = np.arange(FRAMES) != 7
    apart = np.abs(out / render(damaged) - 1)
    assert apart[others][np.broadcast_to(good, out.shape)[others]].max() < 0.02


def test_alpha_and_aovs_come_through(render: Render) -> None:
    rng = np.random.default_rng(0)
    layers = rng.random((FRAMES, 3, HEIGHT, WIDTH), np.float32)
    layers[:, 0] = 1
    damaged = scene() * flicker()
    names = ("R", "G", "B", "A", "Z", "spec.R")
    out = render(np.concatenate([damaged, layers], axis=1), channels=names)
    np.testing.assert_array_equal(out[:, 3:], layers)
    np.testing.assert_array_equal(out[:, :3], render(damaged))


def test_the_second_eye_is_evened_out_too(colour: Colour) -> None:
    left, right = scene() * flicker(), scene(seed=2) * flicker(seed=8)
    clip = clip_of(left)
    clip = FrameList(
        replace(clip.frame(n), parts=(Frame.of(p),)) for n, p in zip(clip.numbers, right, strict=True)
    )
    graph = Graph([Deflicker()], clip, Context(colour, None, Memo(200)), cuts=())  # type: ignore[arg-type]
    out = graph.render(12).parts[0].pixels
    np.testing.assert_array_equal(out, Render(colour)(right, order=(12,))[0])
    assert np.abs(np.log(out / right[11])).mean() > 0.02


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_frames_of_one_value_stay(render: Render, value: float) -> None:
    clip = np.full((9, 3, 40, 60), value, np.float32)
    np.testing.assert_allclose(render(clip), clip, rtol=2e-5)


def test_a_flat_field_is_evened_out(render: Render) -> None:
    damaged = np.float32(0.3) * flicker() * np.ones((1, 3, 40, 60), np.float32)
    out = np.log(render(damaged)).mean(axis=(1, 2, 3))
    assert np.diff(out).std() < 0.1 * np.diff(np.log(flicker()).ravel()).std()


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (72, 96)])
def test_short_shots_and_small_pictures(render: Render, frames: int, size: tuple[int, int]) -> None:
    damaged = (scene(3) * flicker(frames=3))[:frames, :, : size[0], : size[1]]
    out = render(damaged)
    assert out.shape == damaged.shape and np.isfinite(out).all()
    if frames < 3:
        np.testing.assert_allclose(out, damaged, rtol=2e-5)


def test_duplicate_and_dropped_frames(render: Render) -> None:
    truth, gain = scene(48), flicker(frames=48)
    for frames in (np.repeat(np.arange(24), 2), np.delete(np.arange(26), (9, 15))):
        kept = truth[frames]
        damaged = kept * gain[: len(kept)]
        assert unsteady(render(damaged) / kept) < 0.15 * unsteady(damaged / kept)


def test_a_cut_in_every_frame_leaves_all_as_it_is(render: Render) -> None:
    clip = np.stack([scene(1, seed)[0] for seed in range(6)])
    np.testing.assert_allclose(render(clip, cuts=range(2, 7)), clip, rtol=2e-5)


def test_black_frames_within_part_the_clip_and_stay_black(render: Render) -> None:
    damaged = scene() * flicker()
    damaged[12] = 0
    out = render(damaged)
    assert (out[12] == 0).all() and np.isfinite(out).all()
    assert unsteady(out[:12] / scene()[:12]) < 0.2 * unsteady(damaged[:12] / scene()[:12])


def test_a_change_of_size_within_a_shot_is_seen_from_each_frame(render: Render) -> None:
    clip = [*scene(4), *scene(4)[..., :80]]
    for number in (4, 5):
        out = render(clip, order=(number,))[0]
        assert out.shape == clip[number - 1].shape and np.isfinite(out).all()


def test_golden(render: Render, goldens: Path, request: pytest.FixtureRequest) -> None:
    node = Deflicker(bands=0.5, colour=0.5)
    tint = np.exp(0.05 * np.random.default_rng(7).normal(size=(9, 3, 1, 1))).astype(np.float32)
    out = render(scene(9) * tint, node, order=(5,))[0]
    path = goldens / "deflicker.npy"
    if request.config.getoption("--regenerate-goldens"):
        np.save(path, out.astype(np.float16))
    assert not compare(np.load(path).astype(np.float32), out).failure(max=5e-3, mean=5e-4)
