from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engines.source import Engines
from interneg.frame import Box, Frame, Pixels, Window
from interneg.graph import FrameList, Graph
from interneg.knobs import knobs_of
from interneg.memo import Memo
from interneg.metrics.golden import compare
from interneg.metrics.overshoot import step_chart
from interneg.node import Context
from interneg.nodes.denoise_sr import DenoiseSR
from interneg.resize import cubic, reduce
from tests.pictures import noisy, picture

SCENE = "ACEScg"
VIDEO = "sRGB Encoded Rec.709 (sRGB)"


def render(node: DenoiseSR, frame: Frame, context: Context, mask: Frame | None = None) -> Frame:
    return node.render(Window((frame,), 0), context, mask)


def psnr(a: Pixels, b: Pixels) -> float:
    return float(-10 * np.log10(np.mean((a.astype(np.float64) - b) ** 2)))


def test_it_has_the_knobs_that_its_users_know() -> None:
    issue = {"strength", "scale", "model", "noise", "detail", "deblock", "fidelity_lock"}
    assert issue <= set(knobs_of(DenoiseSR))


@pytest.mark.parametrize("scale", ["1", "2", "4"])
def test_highlights_and_negatives_survive(silent: Context, scale: str) -> None:
    ramp = np.concatenate([-np.geomspace(1, 1e-4, 20), np.geomspace(1e-4, 1e4, 44)]).astype(np.float32)
    frame = Frame.of(np.tile(ramp, (3, 16, 1)), colour_space=SCENE)
    out = render(DenoiseSR(scale=scale, noise=0), frame, silent).pixels
    s = int(scale)
    assert out.shape == (3, 16 * s, 64 * s)
    assert np.isfinite(out).all()
    if s == 1:
        np.testing.assert_allclose(out, frame.pixels, rtol=2e-5, atol=1e-7)
    else:
        assert out.max() > 9000 and out.min() < -0.9


def test_alpha_aovs_windows_and_metadata_come_through(context: Context) -> None:
    pixels = np.concatenate([picture(), np.random.default_rng(0).random((3, 48, 64), np.float32)])
    frame = Frame.of(
        pixels,
        ("R", "G", "B", "A", "spec.R", "Z"),
        colour_space=SCENE,
        data_window=Box(-4, 10, 60, 58),
        display_window=Box(0, 0, 50, 50),
        pixel_aspect=2.0,
        number=7,
        metadata={"timecode": "01:00:00:00"},
    )
    same = render(DenoiseSR(noise=10), frame, context)
    np.testing.assert_array_equal(same.pixels[3:], frame.pixels[3:])
    assert (same.data_window, same.display_window) == (frame.data_window, frame.display_window)
    large = render(DenoiseSR(noise=10, scale="2"), frame, context)
    assert large.data_window == Box(-8, 20, 120, 116) and large.display_window == Box(0, 0, 100, 100)
    assert (large.pixel_aspect, large.number, large.metadata) == (2.0, 7, frame.metadata)
    assert large.channels == frame.channels
    assert large.pixels[3].min() >= frame.pixels[3].min() and large.pixels[3].max() <= frame.pixels[3].max()
    np.testing.assert_array_equal(large.pixels[5, ::2, ::2], frame.pixels[5])


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 17)])
@pytest.mark.parametrize("scale", ["1", "2", "4"])
def test_any_size(context: Context, size: tuple[int, int], scale: str) -> None:
    frame = Frame.of(noisy(picture(64, 64)[:, : size[0], : size[1]], 5), colour_space=VIDEO)
    out = render(DenoiseSR(scale=scale, fidelity_lock=True), frame, context)
    assert out.pixels.shape == (3, size[0] * int(scale), size[1] * int(scale))
    assert np.isfinite(out.pixels).all()


@pytest.mark.parametrize("space", [SCENE, VIDEO])
def test_noise_goes_and_chroma_noise_with_it(context: Context, colour: Colour, space: str) -> None:
    clean = picture(96, 128)
    frame = Frame.of(noisy(clean, 15), colour_space=VIDEO)
    if space == SCENE:
        linear = colour.transform(VIDEO, SCENE)
        clean, frame = linear(clean), replace(frame, pixels=linear(frame.pixels), colour_space=SCENE)
    out = render(DenoiseSR(), frame, context).pixels
    assert psnr(out, clean) > psnr(frame.pixels, clean) + 5
    for weights in (np.array([1, -0.5, -0.5], np.float32), np.array([-0.5, -0.5, 1], np.float32)):
        before, after = (np.tensordot(weights, p - clean, 1).std() for p in (frame.pixels, out))
        assert after < 0.5 * before


def test_grey_equals_grey_rgb(context: Context) -> None:
    grey = noisy(picture()[:1], 15)
    one = render(DenoiseSR(noise=15), Frame.of(grey, colour_space=VIDEO), context)
    assert one.channels == ("Y",)
    three = render(DenoiseSR(noise=15), Frame.of(np.repeat(grey, 3, 0), colour_space=VIDEO), context)
    assert psnr(one.pixels[0], three.pixels[1]) > 35


def test_detail_gives_removed_texture_back(context: Context) -> None:
    frame = Frame.of(noisy(picture()[:1], 15), colour_space=VIDEO)
    apart = [
        float(np.abs(render(DenoiseSR(noise=15, detail=d), frame, context).pixels - frame.pixels).mean())
        for d in (0.0, 0.5, 1.0)
    ]
    assert apart[1] == pytest.approx(apart[0] / 2, rel=0.05)
    assert apart[2] < 1e-5


@pytest.mark.parametrize("scale", ["1", "2", "4"])
def test_fidelity_lock_reproduces_the_input_to_within_the_noise(context: Context, scale: str) -> None:
    frame = Frame.of(noisy(picture()[:1], 10), colour_space=VIDEO)
    node = DenoiseSR(noise=10, scale=scale, fidelity_lock=True)
    back = reduce(render(node, frame, context).pixels[0], int(scale))
    assert np.abs(back - frame.pixels[0]).max() < 2 * 10 / 255 + 0.002
    faithful = DenoiseSR(noise=0, scale=scale, fidelity_lock=True)
    back = reduce(render(faithful, frame, context).pixels[0], int(scale))
    assert np.abs(back - frame.pixels[0]).max() < 0.002


def test_deblock_and_noise_reach_the_network(silent: Context) -> None:
    frame = Frame.of(picture(), colour_space=VIDEO)
    render(DenoiseSR(noise=25.5, deblock=0.7), frame, silent)
    planes = silent.engines.seen[-1]  # type: ignore[attr-defined]
    np.testing.assert_allclose(planes[3], 0.1 * 0.66856, rtol=1e-4)
    np.testing.assert_allclose(planes[4], 0.1 * 0.64055, rtol=1e-3)
    np.testing.assert_allclose(planes[5], 0.7, rtol=1e-6)


def test_colour_does_not_bleed(context: Context) -> None:
    pixels = np.zeros((3, 48, 64), np.float32)
    pixels[0, :, :32], pixels[2, :, 32:] = 0.6, 0.6
    out = render(DenoiseSR(noise=15), Frame.of(noisy(pixels, 15), colour_space=VIDEO), context).pixels
    assert np.abs(out[:, :, :29] - pixels[:, :, :29]).mean() < 0.02
    assert np.abs(out[:, :, 35:] - pixels[:, :, 35:]).mean() < 0.02


def test_synthesis_is_zero_where_nothing_was_moved(silent: Context, context: Context) -> None:
    frame = Frame.of(noisy(0.3 + 0.5 * picture(), 10), colour_space=VIDEO)
    nothing = render(DenoiseSR(noise=10, synthesis=True, scale="2"), frame, silent)
    assert nothing.channels == ("R", "G", "B", "synthesis") and nothing.pixels[3].max() < 1e-6
    assert render(DenoiseSR(noise=10, synthesis=True), frame, context).pixels[3].mean() > 0.005


def test_enlarging_beats_the_cubic_it_starts_from(context: Context) -> None:
    truth = picture(96, 128)[:1].copy()
    cv2.putText(drawn := np.zeros((96, 128), np.uint8), "Rg8", (10, 70), 0, 2, 255, 3, cv2.LINE_AA)
    truth[0] += (0.95 - truth[0]) * drawn / np.float32(255)
    for scale in (2, 4):
        low = reduce(truth[0], scale)[None]
        out = render(DenoiseSR(noise=0, scale=str(scale)), Frame.of(low, colour_space=VIDEO), context)
        inner = np.s_[8:-8, 8:-8]
        gain = psnr(out.pixels[0][inner], truth[0][inner]) - psnr(
            cubic(low[0], scale)[inner], truth[0][inner]
        )
        assert gain > 1.0


def test_tiled_equals_whole(colour: Colour, context: Context) -> None:
    frame = Frame.of(noisy(picture(160, 200), 10), colour_space=VIDEO)
    whole = render(DenoiseSR(noise=10), frame, context)
    small = Engines(precision="fp32", tile_bytes=6_000_000)
    tiled = render(DenoiseSR(noise=10), frame, Context(colour, small, Memo(8)))
    np.testing.assert_allclose(tiled.pixels, whole.pixels, atol=2e-6)


@pytest.mark.slow
def test_the_reference_runtime_agrees(colour: Colour, context: Context) -> None:
    pytest.importorskip("torch")
    frame = Frame.of(noisy(picture(), 10), colour_space=VIDEO)
    reference = Context(colour, Engines(runtime="torch", precision="fp32"), Memo(8))
    for knobs in ({}, {"scale": "2"}, {"model": "standard"}):
        node = DenoiseSR.with_knobs({"noise": 10, **knobs})
        apart = np.abs(render(node, frame, context).pixels - render(node, frame, reference).pixels)
        assert apart.max() < 1e-4


@pytest.mark.parametrize("scale", ["1", "2", "4"])
def test_golden(context: Context, goldens: Path, scale: str, request: pytest.FixtureRequest) -> None:
    frame = Frame.of(noisy(picture(), 12), colour_space=SCENE)
    out = render(DenoiseSR(scale=scale, deblock=0.2), frame, context).pixels
    path = goldens / f"denoise_sr_x{scale}.npy"
    if request.config.getoption("--regenerate-goldens"):
        path.parent.mkdir(exist_ok=True)
        np.save(path, out.astype(np.float16))
    difference = compare(np.load(path).astype(np.float32), out)
    assert not difference.failure(max=2e-3, mean=3e-4)


def test_the_mask_of_a_node_after_an_enlarging_one_is_enlarged(context: Context) -> None:
    mask = np.zeros((1, 48, 64), np.float32)
    mask[0, :, 32:] = 1
    masks = FrameList([Frame.of(mask, ("A",), number=1)])
    source = FrameList([Frame.of(noisy(picture(), 10), colour_space=VIDEO, number=1)])
    first, second = DenoiseSR(scale="2", noise=5), DenoiseSR(noise=5)
    both = Graph([first, second], source, context, mask=masks).render(1)
    one = Graph([first], source, context, mask=masks).render(1)
    assert both.pixels.shape == (3, 96, 128)
    np.testing.assert_array_equal(both.pixels[:, :, :60], one.pixels[:, :, :60])
    assert np.abs(both.pixels[:, :, 68:] - one.pixels[:, :, 68:]).max() > 0


@pytest.mark.parametrize("scale", ["1", "2", "4"])
@pytest.mark.parametrize("lock", [False, True])
def test_a_small_highlight_keeps_its_level(context: Context, scale: str, lock: bool) -> None:
    for peak in (20.0, 5000.0):
        pixels = np.full((3, 40, 40), 0.05, np.float32)
        pixels[:, 18:22, 18:22] = peak
        frame = Frame.of(pixels, colour_space=SCENE)
        out = render(DenoiseSR(scale=scale, noise=0, fidelity_lock=lock), frame, context).pixels
        assert 0.7 * peak < out.max() < 1.5 * peak
        assert out.min() > 0


def test_a_flat_field_has_no_frame_around_it(context: Context) -> None:
    for scale in ("1", "2"):
        frame = Frame.of(np.full((3, 40, 40), 0.5, np.float32), colour_space=VIDEO)
        out = render(DenoiseSR(scale=scale, noise=0), frame, context).pixels
        assert np.ptp(out, axis=(1, 2)).max() < 1e-5
        assert np.abs(out - 0.5).max() < 0.5 / 255


def test_black_and_white_in_three_channels_stays_so(context: Context) -> None:
    grey = np.repeat(noisy(picture()[:1], 10), 3, axis=0)
    for space in (VIDEO, SCENE):
        out = render(DenoiseSR(scale="2"), Frame.of(grey, colour_space=space), context).pixels
        assert np.abs(out - out[:1]).max() < 1e-5


def test_a_step_edge_has_no_halo(context: Context) -> None:
    low, high = step_chart(1), step_chart(2)
    out = render(DenoiseSR(scale="2", noise=0), Frame.of(low.picture[None], colour_space=VIDEO), context)
    assert high.overshoot(out.pixels[0]).max < 0.025


def test_the_picture_may_be_a_layer(context: Context) -> None:
    names = ("beauty.R", "beauty.G", "beauty.B", "beauty.A")
    pixels = np.concatenate([noisy(picture(), 10), np.ones((1, 48, 64), np.float32)])
    layered = render(DenoiseSR(noise=10), Frame.of(pixels, names, colour_space=VIDEO), context)
    plain = render(DenoiseSR(noise=10), Frame.of(pixels, colour_space=VIDEO), context)
    assert layered.channels == names
    np.testing.assert_array_equal(layered.pixels, plain.pixels)


@pytest.mark.parametrize("scale", ["1", "2"])
def test_a_soft_edge_keeps_its_colour(context: Context, scale: str) -> None:
    y, x = np.mgrid[0:48, 0:48].astype(np.float32)
    alpha = np.clip((16 - np.hypot(y - 24, x - 24)) / 4 + 0.5, 0, 1)
    colour = np.array([0.8, 0.4, 0.2], np.float32)
    rgb = colour[:, None, None] * alpha
    rgb += np.random.default_rng(4).normal(0, 0.004, rgb.shape).astype(np.float32) * alpha
    frame = Frame.of(np.concatenate((rgb, alpha[None])), colour_space=SCENE)
    out = render(DenoiseSR(scale=scale, noise=4.5), frame, context).pixels
    soft = (out[3] > 0.1) & (out[3] < 0.9)
    assert soft.sum() > 100
    np.testing.assert_allclose(out[:3, soft] / out[3, soft], np.tile(colour[:, None], soft.sum()), rtol=0.06)
    assert (out[:3, out[3] == 0] == 0).all()


def test_the_fidelity_lock_leaves_room_for_what_compression_did(context: Context) -> None:
    frame = Frame.of(noisy(picture(), 4), colour_space=VIDEO)
    free, locked = (
        render(DenoiseSR(noise=0, deblock=0.6, fidelity_lock=lock), frame, context).pixels
        for lock in (False, True)
    )
    moved = np.abs(free - frame.pixels).mean()
    assert moved > 1e-3
    assert np.abs(locked - frame.pixels).mean() > 0.8 * moved


def test_nothing_to_remove_moves_nothing(context: Context, silent: Context) -> None:
    frame = Frame.of(picture(), colour_space=VIDEO)
    out = render(DenoiseSR(noise=0), frame, context).pixels
    np.testing.assert_array_equal(out, render(DenoiseSR(noise=0), frame, silent).pixels)
    np.testing.assert_allclose(out, frame.pixels, atol=1e-6)


def test_a_neutral_line_on_colour_stays_neutral(context: Context) -> None:
    clean = np.empty((3, 96, 96), np.float32)
    clean[:] = np.array([0.8, 0.15, 0.15], np.float32)[:, None, None]
    clean[:, :, 6::12] = 0.86
    out = render(DenoiseSR(noise=10), Frame.of(noisy(clean, 10), colour_space=VIDEO), context).pixels
    red, green, blue = 255 * out[:, :, 6::12].mean(axis=(1, 2))
    assert abs(red - green) < 25 and abs(red - blue) < 25


@pytest.mark.parametrize("level", [1.0, 16.0, 10_000.0])
@pytest.mark.parametrize("scale", ["2", "4"])
def test_a_lamp_on_black_is_flat_up_to_its_edge(context: Context, level: float, scale: str) -> None:
    light = np.zeros((3, 40, 40), np.float32)
    light[:, 12:28, 12:28] = level
    out = render(DenoiseSR(scale=scale, noise=0.0), Frame.of(light, colour_space=SCENE), context).pixels
    inner = slice(13 * int(scale), 27 * int(scale))  # all but the outermost pixel, which the edge crosses
    np.testing.assert_allclose(out[:, inner, inner], level, rtol=2e-3)
    assert out.max() <= level * 1.002


@pytest.mark.parametrize("model", ["lite", "standard"])
def test_nothing_moves_a_flat_field(context: Context, model: str) -> None:
    colours = np.array([[0.0, 0.0, 0.0], [0.18, 0.18, 0.18], [0.8, 0.7, 0.1]], np.float32)
    for colour in colours:
        flat = np.broadcast_to(colour[:, None, None], (3, 130, 140)).copy()
        node = DenoiseSR(model=model, noise=30.0, deblock=0.7)
        out = render(node, Frame.of(flat, colour_space=VIDEO), context).pixels
        inner = (out - flat)[:, 40:-40, 40:-40]  # beside its end the network sees the end
        assert np.abs(inner.mean((1, 2))).max() < 0.1 / 255
        assert np.abs(inner).max() < 1 / 255  # what the folding of pixels leaves
