"""How strong Denoise-SR takes the noise for: found by itself, or as a number says."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from interneg.colour import WorkingSpace
from interneg.frame import Frame, Window
from interneg.node import Context, View
from interneg.nodes.denoise_sr import DenoiseSR
from tests.pictures import noisy, picture

SCENE = "ACEScg"
VIDEO = "sRGB Encoded Rec.709 (sRGB)"


def render(node: DenoiseSR, frame: Frame, context: Context, mask: Frame | None = None) -> Frame:
    return node.render(Window((frame,), 0), context, mask)


def test_noise_is_of_each_channel_and_of_a_grey_picture_its_own(silent: Context) -> None:
    clean = np.full((3, 256, 256), 0.5, np.float32)
    white = noisy(clean, 10) - clean
    grey = np.repeat(white[:1], 3, axis=0)
    for added, planes in ((white, 3), (grey, 3), (white[:1], 1)):
        frame = Frame.of((clean + added)[:planes], colour_space=VIDEO)
        render(DenoiseSR(noise=10), frame, silent)
        told = silent.engines.seen[-1][3].mean()  # type: ignore[attr-defined]
        weights = np.array([0.299, 0.587, 0.114], np.float32)
        luma = np.tensordot(weights, added, 1) if planes == 3 else added
        assert told == pytest.approx(float(luma.std()), rel=0.02)


@pytest.mark.parametrize("sigma", [4.0, 15.0])
def test_what_auto_finds_is_what_a_number_means(silent: Context, sigma: float) -> None:
    frame = Frame.of(noisy(picture(256, 256), sigma), colour_space=VIDEO)
    view = View(Window((frame,), 0), WorkingSpace.LOG_Y, silent)
    assert DenoiseSR().find("noise", view) == pytest.approx(sigma, rel=0.15)
    told: list[str] = []
    render(DenoiseSR(), frame, replace(silent, tell=lambda node, sentence: told.append(sentence)))
    luma, colour = (
        [float(v) for v in part.split(" to ")] for part in re.findall(r"[0-9.]+ to [0-9.]+", told[0])
    )
    for low, high in (luma, colour):
        assert low < 1.15 * sigma and high > 0.85 * sigma and high < 2 * sigma


@pytest.mark.parametrize("sigma", [5.0, 15.0, 40.0])
def test_auto_noise_finds_the_level(silent: Context, sigma: float) -> None:
    frame = Frame.of(noisy(picture(256, 256)[:1], sigma), colour_space=VIDEO)
    render(DenoiseSR(), frame, silent)
    found = 255 * float(silent.engines.seen[-1][3].mean())  # type: ignore[attr-defined]
    assert found == pytest.approx(sigma, rel=0.15)


def test_auto_noise_follows_brightness(silent: Context) -> None:
    ramp = np.tile(np.linspace(0.1, 0.9, 512, dtype=np.float32), (1, 256, 1))
    sigma = (2 + 20 * ramp) / 255
    pixels = ramp + sigma * np.random.default_rng(0).normal(size=ramp.shape).astype(np.float32)
    render(DenoiseSR(), Frame.of(pixels, colour_space=VIDEO), silent)
    found = silent.engines.seen[-1][3]  # type: ignore[attr-defined]
    for column in (64, 256, 448):
        assert found[:, column].mean() == pytest.approx(float(sigma[0, 0, column]), rel=0.25)


def test_auto_noise_of_a_clean_picture_is_nothing(silent: Context) -> None:
    render(DenoiseSR(), Frame.of(picture(256, 256), colour_space=VIDEO), silent)
    assert silent.engines.seen[-1][3:5].max() < 0.5 / 255  # type: ignore[attr-defined]


def test_the_noise_that_was_measured_is_told(context: Context) -> None:
    told: list[tuple[str, str]] = []
    listening = replace(context, tell=lambda node, sentence: told.append((node, sentence)))
    render(DenoiseSR(), Frame.of(picture(96, 128), colour_space=VIDEO, number=7), listening)
    ((node, sentence),) = told
    assert node == "denoise-sr"
    assert "frame 7" in sentence and "set deblock" in sentence


def test_auto_noise_of_a_saturated_colour_is_that_of_its_dark_channels(silent: Context) -> None:
    clean = np.tile(np.linspace(0.05, 0.9, 512, dtype=np.float32), (3, 256, 1))
    clean[:, 96:160, 64:192] = np.array([0.8, 0.1, 0.1], np.float32)[:, None, None]
    sigma = 16 / 255 * np.exp(-3 * clean)
    pixels = clean + sigma * np.random.default_rng(0).normal(size=clean.shape).astype(np.float32)
    render(DenoiseSR(), Frame.of(pixels.astype(np.float32), colour_space=VIDEO), silent)
    found = silent.engines.seen[-1][3:5, 104:152, 72:184].mean(axis=(1, 2))  # type: ignore[attr-defined]
    variances = sigma[:, 128, 128] ** 2
    shares = np.array([[0.0894, 0.3446, 0.0130], [0.1394, 0.1426, 0.1283]])
    np.testing.assert_allclose(found, np.sqrt(shares @ variances), rtol=0.2)


def test_detail_brings_as_much_grain_back_after_averaging_over_time(context: Context) -> None:
    flat = np.full((1, 64, 64), 0.5, np.float32)
    frames = tuple(
        Frame.of(noisy(flat, 10, seed), channels=("Y",), colour_space=VIDEO, number=seed) for seed in range(3)
    )
    grain = []
    for temporal in (0, 1):
        node = DenoiseSR(scale="2", noise=10.0, temporal=temporal, detail=1.0)
        grain.append(np.std(node.render(Window(frames, 1), context, None).pixels))
    assert grain[1] == pytest.approx(grain[0], rel=0.02)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (2, 2), (7, 5)])
@pytest.mark.parametrize("scale", ["1", "2", "4"])
def test_a_picture_too_small_to_measure_keeps_its_colour(
    context: Context, size: tuple[int, int], scale: str
) -> None:
    colour = np.array([0.2, 0.3, 0.4], np.float32)[:, None, None]
    out = render(
        DenoiseSR(scale=scale), Frame.of(colour * np.ones(size, np.float32), colour_space=SCENE), context
    )
    np.testing.assert_allclose(out.pixels, np.broadcast_to(colour, out.pixels.shape), atol=2e-3)
