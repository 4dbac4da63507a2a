"""Denoise-SR over time: neighbours averaged along the motion before the network sees the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.frame import Frame, Pixels, Window
from interneg.graph import FrameList, Graph
from interneg.memo import Memo
from interneg.metrics.golden import compare
from interneg.metrics.temporal import motion, warp_error
from interneg.node import Context
from interneg.nodes.denoise_sr import DenoiseSR
from interneg.restore.cleaned import CLEANER
from interneg.restore.stack import OVER_TIME, PLANES
from tests.pictures import texture

SCENE = "ACEScg"
VIDEO = "sRGB Encoded Rec.709 (sRGB)"
SIGMA = 15


def pan(count: int = 5, speed: float = 6.0) -> tuple[list[Pixels], list[Pixels]]:
    """A slow pan over a texture with a disc that moves fast, and where the disc is; 96x128."""
    ground, front = texture(160, 200).transpose(1, 2, 0), texture(160, 200, seed=9)[::-1].transpose(1, 2, 0)
    y, x = np.mgrid[0:96, 0:128].astype(np.float32)
    frames, discs = [], []
    for t in range(count):
        at = t - count // 2
        shift = np.float32(30 + 1.3 * at)
        back = cv2.remap(ground, x + shift, y + 30 + np.float32(0.4 * at), cv2.INTER_CUBIC)
        left = np.float32(64 + speed * at)
        disc = np.clip(16 - np.hypot(x - left, y - 48) + 0.5, 0, 1)
        over = cv2.remap(front, x - left + 60, y + 20, cv2.INTER_CUBIC)
        frames.append((back + disc[..., None] * (over - back)).transpose(2, 0, 1).astype(np.float32))
        discs.append(disc)
    return frames, discs


def noisy(clean: Sequence[Pixels], sigma: float = SIGMA, seed: int = 1) -> list[Frame]:
    rng = np.random.default_rng(seed)
    return [
        Frame.of((p + rng.normal(0, sigma / 255, p.shape)).astype(np.float32), colour_space=VIDEO, number=i)
        for i, p in enumerate(clean, 1)
    ]


def window(frames: Sequence[Frame], at: int, radius: int) -> Window:
    last = len(frames) - 1
    around = range(at - radius, at + radius + 1)
    return Window(tuple(frames[min(max(i, 0), last)] for i in around), radius)


def render(node: DenoiseSR, frames: Sequence[Frame], at: int, context: Context, **facts: Frame) -> Frame:
    return node.render(window(frames, at, node.temporal), context, **facts)


def with_alpha(pixels: Pixels) -> dict[str, Any]:
    return {"pixels": pixels, "channels": ("R", "G", "B", "A"), "depth": ("float",) * 4}


def grey(pixels: Pixels) -> dict[str, Any]:
    return {"pixels": np.repeat(pixels[:1], 3, axis=0)}


def psnr(a: Pixels, b: Pixels) -> float:
    return float(-10 * np.log10(np.mean((a.astype(np.float64) - b) ** 2)))


def luma(picture: Pixels) -> Pixels:
    return np.asarray(np.tensordot(np.array([0.299, 0.587, 0.114], np.float32), picture, 1), np.float32)


@pytest.mark.parametrize("temporal", [0, 1, 2])
def test_the_window_follows_the_knob(temporal: int) -> None:
    assert DenoiseSR(temporal=temporal).reach == (temporal, temporal)


def test_at_its_own_size_a_network_over_time_is_used_with_either_model() -> None:
    for model in ("lite", "standard"):
        own = f"denoise-sr-{model}-x1"
        assert DenoiseSR(model=model).models == (own,)
        assert set(DenoiseSR(model=model, temporal=1).models) == {own, CLEANER, OVER_TIME}
    assert OVER_TIME not in DenoiseSR(scale="2", temporal=2).models


def test_what_neighbours_show_is_given_to_the_network_and_what_they_do_not_to_that_of_one_frame(
    silent: Context, engine: Any
) -> None:
    frames = noisy([texture(64, 80)] * 3)
    render(DenoiseSR(noise=SIGMA, temporal=1), frames, 1, silent)
    assert len(engine.seen[-1]) == PLANES and engine.seen[-1][14::4].any()
    lonely = noisy([0.3 * texture(64, 80, seed=1), texture(64, 80), 1 - 0.3 * texture(64, 80, seed=2)], 5)
    render(DenoiseSR(noise=5, temporal=1), lonely, 1, silent)
    assert len(engine.seen[-1]) == 6


@pytest.mark.parametrize("temporal", [1, 2])
@pytest.mark.parametrize("noise", ["auto", 15.0])
def test_noise_averages_out_and_the_network_is_told(
    silent: Context, engine: Any, temporal: int, noise: float | str
) -> None:
    clean = [texture(96, 128)[:1]] * 5
    out = render(DenoiseSR(temporal=temporal, noise=noise), noisy(clean), 2, silent).pixels
    inner = np.s_[:, 8:-8, 8:-8]
    left = 255 * float(np.std((out - clean[0])[inner]))
    assert left < 1.15 * SIGMA / np.sqrt(2 * temporal + 1)
    assert 255 * engine.seen[-1][3][inner[1:]].mean() == pytest.approx(left, rel=0.3)


def test_a_moving_clip_becomes_sharper_and_steadier_than_frame_by_frame(context: Context) -> None:
    clean, _ = pan()
    frames, shown = noisy(clean), range(1, 4)
    alone, together = (
        [render(DenoiseSR(temporal=n), frames, i, context).pixels for i in shown] for n in (0, 2)
    )
    for i, before, after in zip(shown, alone, together, strict=True):
        assert psnr(after, clean[i]) > psnr(before, clean[i]) + 0.7
    own, *others = (
        sum(
            warp_error(luma(clip[i]), luma(clip[i + 1]), motion(luma(clean[i + 1]), luma(clean[i + 2])))
            for i in range(2)
        )
        for clip in (clean[1:4], alone, together)
    )
    flicker_before, flicker_after = (float(other - own) for other in others)
    assert flicker_after < 0.25 * flicker_before


def test_grain_averages_out_as_well(context: Context) -> None:
    clean, rng = pan()[0], np.random.default_rng(5)
    grain = [
        cv2.GaussianBlur(rng.standard_normal((96, 128, 3)), (0, 0), 0.8).transpose(2, 0, 1) for _ in clean
    ]
    frames = [
        Frame.of(p + g * (12 / 255 / g.std()), colour_space=VIDEO, number=i)
        for i, (p, g) in enumerate(zip(clean, grain, strict=True))
    ]
    alone, together = (render(DenoiseSR(temporal=n), frames, 2, context).pixels for n in (0, 2))
    assert psnr(together, clean[2]) > psnr(alone, clean[2]) + 0.7


def clipped(clean: Sequence[Pixels], sigma: float, seed: int = 1) -> list[Frame]:
    """Noisy as a camera of 8 bits has it: noise ends at black and at white."""
    return [
        replace(
            f, pixels=np.asarray(np.rint(np.clip(f.pixels, 0, 1) * 255).astype(np.float32) / 255, np.float32)
        )
        for f in noisy(clean, sigma, seed)
    ]


def bright_sky(count: int = 5) -> tuple[list[Pixels], list[Pixels]]:
    """A sky that reaches white behind a textured disc that moves fast, and the disc; 144x192."""
    y, x = np.mgrid[0:144, 0:192].astype(np.float32)
    sky = np.stack([1.03 - s * y / 144 for s in (0.25, 0.18, 0.16)], -1)
    front, frames, discs = texture(144, 192, seed=3).transpose(1, 2, 0), [], []
    for t in range(count):
        left = np.float32(96 + 15 * (t - count // 2))
        disc = np.clip(20.5 - np.hypot(x - left, y - 72), 0, 1)
        over = cv2.remap(front, x - left + 96, y, cv2.INTER_CUBIC)
        frames.append(np.clip(sky + disc[..., None] * (over - sky), 0, 1).transpose(2, 0, 1))
        discs.append(disc)
    return [f.astype(np.float32) for f in frames], discs


def water(count: int = 5) -> list[Pixels]:
    """Waves of many directions that travel each at its own speed, white at their crests; 144x192."""
    rng, (y, x) = np.random.default_rng(1), np.mgrid[0:144, 0:192].astype(np.float32)
    waves = [(rng.uniform(0.08, 0.9), *rng.uniform(0, 2 * np.pi, 2)) for _ in range(30)]
    frames = []
    for t in range(count):
        height = sum(
            np.cos(k * (np.cos(a) * x + 1.8 * np.sin(a) * y) - 2.6 * np.sqrt(k) * t + p) / (1 + 6 * k)
            for k, a, p in waves
        )
        light = 0.4 + 0.25 * np.gradient(height, axis=1)
        foam = np.clip(height - 1.2, 0, 1)
        colour = np.array([0.75, 0.95, 1.05], np.float32)[:, None, None]
        frames.append(np.clip(light * colour + foam * (1 - light * colour), 0, 1).astype(np.float32))
    return frames


@pytest.mark.parametrize("sigma", [15.0, 25.0])
@pytest.mark.parametrize("temporal", [1, 2])
def test_no_contour_is_drawn_into_a_bright_sky(context: Context, temporal: int, sigma: float) -> None:
    clean, discs = bright_sky()
    frames = clipped(clean, sigma)
    away = cv2.dilate((discs[2] > 0).astype(np.uint8), np.ones((7, 7))) == 0
    away[:16], away[-16:], away[:, :16], away[:, -16:] = False, False, False, False
    fine, errors = [], []
    for n in (0, temporal):
        out = render(DenoiseSR(temporal=n, noise=sigma), frames, 2, context).pixels
        level = luma(out) - luma(clean[2])
        fine.append(255 * np.abs(level - cv2.GaussianBlur(level, (0, 0), 4))[away].max())
        errors.append(np.square(out - clean[2])[:, away].mean())
    assert fine[1] < max(fine[0], 1.5)
    assert errors[1] < 1.02 * errors[0]


@pytest.mark.parametrize("sigma", [15.0, 25.0])
@pytest.mark.parametrize("temporal", [1, 2])
def test_moving_water_is_no_worse_than_frame_by_frame(context: Context, temporal: int, sigma: float) -> None:
    clean = water()
    frames = clipped(clean, sigma)
    alone, together = (
        render(DenoiseSR(temporal=n, noise=sigma), frames, 2, context).pixels for n in (0, temporal)
    )
    assert psnr(together, clean[2]) > psnr(alone, clean[2]) - 0.005


@pytest.mark.parametrize("change", [0.006, -0.006])
def test_light_that_changes_from_frame_to_frame_stays(context: Context, change: float) -> None:
    clean = [0.2 + 0.6 * texture(96, 128) + np.float32(change * abs(i - 2)) for i in range(5)]
    out = render(DenoiseSR(temporal=2, noise=SIGMA), noisy(clean), 2, context).pixels
    inner = np.s_[:, 8:-8, 8:-8]
    assert abs(float((out - clean[2])[inner].mean())) < 0.3 * abs(change)


@pytest.mark.parametrize("speed", [3.0, 9.0, 17.0])
def test_a_fast_object_leaves_no_ghost(context: Context, speed: float) -> None:
    clean, discs = pan(speed=speed)
    frames = noisy(clean, 25)
    alone, together = (render(DenoiseSR(temporal=n), frames, 2, context).pixels for n in (0, 2))
    trail = (np.max([discs[i] for i in (0, 1, 3, 4)], axis=0) > 0) & (discs[2] == 0)
    before, after = (np.square(p - clean[2])[:, trail].mean() for p in (alone, together))
    assert after < before
    before, after = (np.square(p - clean[2])[:, discs[2] > 0].mean() for p in (alone, together))
    assert after < before


@pytest.mark.parametrize("scale", ["1", "2"])
def test_neighbours_that_show_something_else_change_nothing(context: Context, scale: str) -> None:
    frames = noisy([0.3 * texture(64, 80, seed=1), texture(64, 80), 1 - 0.3 * texture(64, 80, seed=2)], 5)
    one = render(DenoiseSR(scale=scale), frames, 1, context).pixels
    three = render(DenoiseSR(scale=scale, temporal=1), frames, 1, context).pixels
    np.testing.assert_array_equal(three, one)


def test_a_cut_in_every_frame_and_a_shot_of_one_frame_are_treated_alone(context: Context) -> None:
    frames = noisy([texture(64, 80)] * 3)
    alone = [render(DenoiseSR(), [f], 0, context).pixels for f in frames]
    graph = Graph([DenoiseSR(temporal=2)], FrameList(frames), context, cuts=[1, 2, 3])
    for frame, expected in zip(frames, alone, strict=True):
        np.testing.assert_array_equal(graph.render(frame.number).pixels, expected)


def test_nan_of_the_frame_stays_where_it_was(context: Context) -> None:
    frames = noisy([texture(64, 80)] * 3)
    pixels = frames[1].pixels.copy()
    pixels[0, 10, 10] = np.nan
    frames[1] = replace(frames[1], pixels=pixels)
    out = render(DenoiseSR(temporal=1), frames, 1, context).pixels
    np.testing.assert_array_equal(np.argwhere(~np.isfinite(out)), [[0, 10, 10]])


@pytest.mark.parametrize("value", [0.0, 1.0, 0.18])
def test_flat_frames_stay_flat(context: Context, value: float) -> None:
    clean = Frame.of(np.full((3, 40, 40), value, np.float32), colour_space=VIDEO)
    frames = [replace(clean, number=i, pixels=clean.pixels + np.float32(1e-6 * i)) for i in range(5)]
    np.testing.assert_allclose(render(DenoiseSR(temporal=2), frames, 2, context).pixels, value, atol=2e-3)


@pytest.mark.parametrize("scale", ["1", "2", "4"])
def test_highlights_and_negatives_survive(silent: Context, scale: str) -> None:
    ramp = np.concatenate([-np.geomspace(1, 1e-4, 20), np.geomspace(1e-4, 1e4, 44)]).astype(np.float32)
    base = Frame.of(np.tile(ramp, (3, 32, 1)), colour_space=SCENE)
    frames = [replace(base, number=i, pixels=base.pixels * np.float32(1 + 1e-5 * i)) for i in range(3)]
    out = render(DenoiseSR(scale=scale, noise=2, temporal=1), frames, 1, silent).pixels
    assert np.isfinite(out).all()
    if scale == "1":
        np.testing.assert_allclose(out, frames[1].pixels, rtol=1e-3, atol=1e-6)
    else:
        assert out.max() > 9000 and out.min() < -0.9


def test_alpha_is_carried_and_outside_the_mask_pixels_are_bit_exact(context: Context) -> None:
    plain = noisy([texture(64, 80)] * 3)
    alpha = np.random.default_rng(0).uniform(0.2, 1, (1, 64, 80)).astype(np.float32)
    frames = [replace(f, **with_alpha(np.concatenate([f.pixels * alpha, alpha]))) for f in plain]
    mask = np.zeros((1, 64, 80), np.float32)
    mask[0, :, 40:] = 1
    out = render(DenoiseSR(temporal=1), frames, 1, context, mask=Frame.of(mask, ("A",))).pixels
    np.testing.assert_array_equal(out[3], alpha[0])
    np.testing.assert_array_equal(out[:, :, :40], frames[1].pixels[:, :, :40])
    assert np.abs(out[:3, :, 40:] - frames[1].pixels[:3, :, 40:]).max() > 0.01
    nothing = DenoiseSR(temporal=1, strength=0)
    assert render(nothing, frames, 1, context) is frames[1]


def test_what_a_codec_made_anew_in_each_frame_averages_out_where_deblock_says_so(
    silent: Context, engine: Any
) -> None:
    clean, q = [texture(96, 128)] * 5, 0.5
    frames = noisy(clean, 1.5)
    alone, together = (
        render(DenoiseSR(noise=0, temporal=n, deblock=q), frames, 2, silent).pixels for n in (0, 2)
    )
    luma = np.array([0.299, 0.587, 0.114], np.float32)  # in colour, deblock removes it without any neighbour
    errors = [np.tensordot(luma, p - clean[0], 1)[8:-8, 8:-8] for p in (alone, together)]
    assert errors[1].std() < 0.6 * errors[0].std()
    assert not engine.seen[-1][3:5].any()  # the network is told by the level
    assert (engine.seen[-1][5] == np.float32(q)).all()


def test_nothing_to_remove_moves_nothing(context: Context) -> None:
    frames = noisy([texture(64, 80)] * 3)
    one, three = (render(DenoiseSR(noise=0, temporal=n), frames, 1, context).pixels for n in (0, 1))
    np.testing.assert_array_equal(three, one)


def test_detail_and_the_fidelity_lock_refer_to_the_frame_itself(silent: Context) -> None:
    frames = noisy([texture(64, 80)[:1]] * 3)
    back = render(DenoiseSR(temporal=1, noise=SIGMA, detail=1), frames, 1, silent).pixels
    np.testing.assert_allclose(back, frames[1].pixels, atol=1e-5)
    held = render(DenoiseSR(temporal=1, noise=1, fidelity_lock=True), frames, 1, silent).pixels
    assert np.abs(held - frames[1].pixels).max() < 2.1 / 255


def test_black_and_white_in_three_channels_stays_so(context: Context) -> None:
    frames = [replace(f, **grey(f.pixels)) for f in noisy([texture(64, 80)] * 3)]
    out = render(DenoiseSR(temporal=1), frames, 1, context).pixels
    assert np.abs(out - out[:1]).max() < 1e-5
    coloured = [noisy([texture(64, 80)])[0], frames[1], frames[2]]
    assert np.isfinite(render(DenoiseSR(temporal=1), coloured, 1, context).pixels).all()


def test_chunks_in_any_order_are_bit_identical_to_one_run(colour: Colour, context: Context) -> None:
    frames = noisy(pan(7)[0])
    node = DenoiseSR(temporal=2)
    whole = Graph([node], FrameList(frames), context)
    expected = {f.number: whole.render(f.number).pixels for f in frames}
    for chunk in ((6, 7), (5, 4), (1, 3, 2)):
        fresh = Context(colour, context.engines, Memo(64))
        part = Graph([node], FrameList(frames), fresh)
        for number in chunk:
            np.testing.assert_array_equal(part.render(number).pixels, expected[number])


def test_golden(context: Context, goldens: Path, request: pytest.FixtureRequest) -> None:
    frames = noisy([p[:, 24:72, 32:96] for p in pan()[0]])
    # With a number: so small a picture is too small to measure.
    out = render(DenoiseSR(temporal=2, noise=SIGMA), frames, 2, context).pixels
    path = goldens / "denoise_sr_temporal.npy"
    if request.config.getoption("--regenerate-goldens"):
        np.save(path, out.astype(np.float16))
    difference = compare(np.load(path).astype(np.float32), out)
    assert not difference.failure(max=2e-3, mean=3e-4)
