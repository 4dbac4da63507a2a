from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.errors import InputError
from interneg.frame import Frame, Pixels, Window
from interneg.graph import FrameList, Graph
from interneg.knobs import knobs_of
from interneg.light.measured_light import MeasuredLight, MeasuredLightFrame
from interneg.memo import Memo
from interneg.metrics.golden import compare
from interneg.node import Context, View
from interneg.nodes.deflicker import Deflicker
from interneg.plugin.noted.records import NotedFrame, NotedFrames

SCENE = "ACEScg"
FRAMES, HEIGHT, WIDTH = 24, 72, 96


@dataclass
class Render:
    """Renders clips through the node; every call remembers nothing of the ones before."""

    colour: Colour

    def __call__(
        self,
        pixels: Any,
        node: Deflicker | None = None,
        *,
        order: Collection[int] | None = None,
        mask: Pixels | None = None,
        cuts: Collection[int] | None = (),
        **facts: Any,
    ) -> Pixels:
        clip = clip_of(pixels, **facts)
        masks = None if mask is None else FrameList(Frame.of(mask, number=n) for n in clip.numbers)
        context = Context(self.colour, None, Memo(100))  # type: ignore[arg-type]
        graph = Graph([node or Deflicker()], clip, context, mask=masks, cuts=cuts)
        done = {n: graph.render(n).pixels for n in order or clip.numbers}
        return np.stack([done[n] for n in sorted(done)])


@pytest.fixture
def render(colour: Colour) -> Render:
    return Render(colour)


def clip_of(pixels: Any, **facts: Any) -> FrameList:
    return FrameList(
        Frame.of(p, number=n, **{"colour_space": SCENE, **facts}) for n, p in enumerate(pixels, 1)
    )


def scene(frames: int = FRAMES, seed: int = 0) -> Pixels:
    """A pan over coarse and fine texture, light of 0.02 to 1.5, (T, 3, H, W), with a disc moving across."""
    rng = np.random.default_rng(seed)
    size = (WIDTH + 2 * frames, HEIGHT + frames)
    large = np.zeros((size[1], size[0], 3), np.float32)
    for step in (24, 8, 3):
        small = rng.normal(0, 0.5, (size[1] // step + 2, size[0] // step + 2, 3)).astype(np.float32)
        large += cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    large = np.exp(0.8 * large - 1.5)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    clip = []
    for t in range(frames):
        picture = large[t : t + HEIGHT, 2 * t : 2 * t + WIDTH].copy()
        picture[np.hypot(y - HEIGHT / 2, x - 4 * t) < 10] = 0.9
        clip.append(picture.transpose(2, 0, 1))
    return np.stack(clip)


def flicker(size: float = 0.1, frames: int = FRAMES, seed: int = 1) -> Pixels:
    return np.exp(size * np.random.default_rng(seed).normal(size=(frames, 1, 1, 1))).astype(np.float32)


def unsteady(ratio: Pixels, block: int = 12) -> float:
    """The rms of the high-passed logarithm of a ratio of clips, over block means."""
    level = np.log(ratio).mean(axis=1).reshape(len(ratio), HEIGHT // block, block, WIDTH // block, block)
    level = level.mean(axis=(2, 4))
    return float(np.sqrt(np.mean((level[1:-1] - 0.5 * (level[:-2] + level[2:])) ** 2)))


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


@dataclass
class Analysed:
    """A clip that flickers, what the node noted of it, and the files of its analysis."""

    damaged: Pixels
    seen: dict[int, MeasuredLightFrame]

    @property
    def files(self) -> dict[str, bytes]:
        made = MeasuredLight(self.seen)
        return {"e.json": made.text.encode(), "e.npz": made.beside[".npz"]}

    def render(self, spaces: Colour, files: dict[str, bytes], number: int, **knobs: Any) -> Pixels:
        """One frame by the file, with no other frames around."""
        node = Deflicker(exposures="e.json", **knobs)
        frame = Frame.of(self.damaged[number - 1], colour_space=SCENE, number=number)
        context = Context(spaces, None, Memo(9), read=files.__getitem__)  # type: ignore[arg-type]
        return node.render(Window((frame,), 0), context).pixels


@pytest.fixture(scope="module")
def analysed() -> Analysed:
    colour, damaged = Colour(), scene() * flicker(0.15)
    seen: dict[int, MeasuredLightFrame] = {}

    class Noting(Deflicker):
        """Notes what the node observes."""

        def render(self, window: Window, context: Context, mask: Frame | None = None) -> Frame:
            seen[window.frame.number] = self.observe(View(window, self.working_space, context))
            return window.frame

    node = Noting(colour=1.0, bands=1.0)
    Render(colour)(damaged, node)
    return Analysed(damaged, seen)


def test_by_the_file_each_frame_has_the_light_of_the_shot(colour: Colour, analysed: Analysed) -> None:
    files = analysed.files
    out = np.stack([analysed.render(colour, files, n) for n in range(1, FRAMES + 1)])
    level = np.log(out / scene()).mean(axis=(1, 2, 3))
    before = np.log(analysed.damaged / scene()).mean(axis=(1, 2, 3))
    assert level.std() < 0.15 * before.std()
    assert unsteady(out / scene()) < 0.1 * unsteady(analysed.damaged / scene())
    for knobs in ({"colour": 1.0}, {"bands": 1.0}, {"exposure": 0.0, "local": 0.0}):
        assert np.isfinite(analysed.render(colour, files, 5, **knobs)).all()
    np.testing.assert_allclose(
        analysed.render(colour, files, 5, exposure=0.0, local=0.0), analysed.damaged[4], rtol=2e-5
    )


def test_what_a_person_says_of_an_event_holds(colour: Colour, analysed: Analysed) -> None:
    """An event keeps how far it is from the frames around, and is as they are where it is said to be none."""
    own = analysed.damaged.copy()
    seen = dict(analysed.seen)
    found = MeasuredLight(seen)

    def change(made: MeasuredLight, number: int) -> float:
        files = {"e.json": made.text.encode(), "e.npz": made.beside[".npz"]}
        out = analysed.render(colour, files, number)
        return float(np.log(out / own[number - 1]).mean())

    marked = found.marked({8: True})
    assert '"8": {' in marked.text and '"event": true' in marked.text.split('"8": ')[1].split("\n")[0]
    around = (change(marked, 7) + change(marked, 9)) / 2
    assert change(marked, 8) == pytest.approx(around, abs=0.01)
    assert abs(change(found, 8) - (change(found, 7) + change(found, 9)) / 2) > 0.03
    # A frame that a window took for an event.
    planes = tuple(p._replace(event=True, around=replace(p.around, exposure=0.5)) for p in seen[8].planes)
    seen[8] = replace(seen[8], planes=planes)
    taken = MeasuredLight(seen)
    assert '"event": true' not in taken.marked({8: False}).text
    assert change(taken.marked({8: False}), 8) == pytest.approx(change(found, 8), abs=0.01)


def test_an_edited_file_is_what_is_drawn(analysed: Analysed) -> None:
    made = MeasuredLight(analysed.seen)
    data = json.loads(made.text)
    data["frames"]["8"]["use"] = False
    changed = made.edited(json.dumps(data).encode(), "e.json")
    level = changed.traces[0]
    assert level.after is not None and made.traces[0].after is not None
    assert level.after[8] == pytest.approx(level.before[8], abs=1e-6)
    assert level.after[7] == pytest.approx(made.traces[0].after[7], abs=1e-5)
    with pytest.raises(InputError, match="not JSON"):
        made.edited(b"{", "e.json")


def test_what_is_noted_outlives_the_disk(analysed: Analysed, tmp_path: Path) -> None:
    kept = NotedFrames(tmp_path, Deflicker)
    for number, noted in analysed.seen.items():
        kept.keep(number, NotedFrame("key", False, noted))
    read = {n: kept.record(n, "key") for n in analysed.seen}
    again = Analysed(analysed.damaged, {n: r.noted for n, r in read.items() if r is not None})
    assert again.files == analysed.files


def test_a_frame_that_is_switched_off_comes_through_bit_for_bit(colour: Colour, analysed: Analysed) -> None:
    data = json.loads(analysed.files["e.json"])
    data["frames"]["5"].update(use=False, note="as it is")
    data["frames"]["6"]["correction"] = {"exposure": 1.0, "slope": 1.0}
    files = {**analysed.files, "e.json": json.dumps(data).encode()}
    np.testing.assert_array_equal(analysed.render(colour, files, 5), analysed.damaged[4])
    out = analysed.render(colour, files, 6, local=0.0)
    np.testing.assert_allclose(out / analysed.damaged[5], 2, rtol=1e-3)


def test_a_file_that_lacks_a_frame_is_refused_beforehand(analysed: Analysed) -> None:
    node = Deflicker(exposures="e.json")
    assert not node.needs_neighbours and not node.solved_by
    node.require([1, 2], analysed.files.__getitem__)
    with pytest.raises(InputError, match=r"e\.json has no frame 25, it has 1-24"):
        node.require([24, 25], analysed.files.__getitem__)
