from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from interneg.frame import Frame, Pixels, Window
from interneg.io.recompression import through_video
from interneg.node import Context
from interneg.nodes.denoise_sr import DenoiseSR

SCENE = "ACEScg"
VIDEO = "sRGB Encoded Rec.709 (sRGB)"


def render(node: DenoiseSR, pixels: Pixels, context: Context, space: str = VIDEO) -> Pixels:
    return node.render(Window((Frame.of(pixels, colour_space=space),), 0), context, None).pixels


def filmed() -> npt.NDArray[np.uint8]:
    """(160, 224, 3) uint8 R'G'B': coloured discs and soft texture."""
    rng = np.random.default_rng(3)
    picture = np.full((160, 224, 3), (120, 90, 150), np.uint8)
    for _ in range(20):
        centre = tuple(int(v) for v in rng.integers(0, (224, 160)))
        colour = tuple(int(v) for v in rng.integers(20, 235, 3))
        cv2.circle(picture, centre, int(rng.integers(8, 40)), colour, -1, cv2.LINE_AA)
    shade = cv2.GaussianBlur(rng.normal(1, 0.9, (160, 224)).astype(np.float32), (0, 0), 2)
    return np.clip(picture * shade[..., None], 0, 255).astype(np.uint8)


def colours(rgb: Pixels) -> Pixels:
    return rgb[::2] - rgb[1]


@pytest.mark.parametrize("model", ["lite", "standard"])
@pytest.mark.parametrize("scale", ["1", "2"])
def test_what_a_codec_did_to_colour_is_lessened(context: Context, model: str, scale: str) -> None:
    clean = filmed()
    (coded,) = through_video([clean], "mpeg2video", {}, group=1, qscale=12)
    truth, given = (
        np.asarray(p.transpose(2, 0, 1).astype(np.float32) / 255, np.float32) for p in (clean, coded)
    )
    errors = []
    for level in (0.0, 0.6):
        node = DenoiseSR(model=model, noise=0, deblock=level, scale=scale)
        out = render(node, given, context)
        small = np.stack([cv2.resize(p, (224, 160), interpolation=cv2.INTER_AREA) for p in out])
        errors.append(float(np.mean(np.square(colours(small) - colours(truth)))))
    assert 10 * np.log10(errors[0] / errors[1]) > 0.4


def test_without_deblock_nothing_is_done_to_colour(silent: Context) -> None:
    given = np.random.default_rng(0).uniform(0.2, 0.7, (3, 48, 64)).astype(np.float32)
    plain = render(DenoiseSR(noise=20), given, silent)
    np.testing.assert_allclose(plain, given, atol=1e-6)
    assert (
        np.abs(colours(render(DenoiseSR(noise=20, deblock=0.6), given, silent)) - colours(given)).max() > 1e-3
    )


def test_a_neutral_line_on_colour_stays_neutral(context: Context) -> None:
    clean = np.empty((3, 96, 96), np.float32)
    clean[:] = np.array([0.8, 0.15, 0.15], np.float32)[:, None, None]
    clean[:, :, 6::12] = 0.86
    noisy = clean + np.random.default_rng(1).normal(0, 10 / 255, clean.shape).astype(np.float32)
    out = render(DenoiseSR(noise=7, deblock=0.3), noisy, context)
    red, green, blue = 255 * out[:, :, 6::12].mean(axis=(1, 2))
    assert abs(red - green) < 30 and abs(red - blue) < 30


@pytest.mark.parametrize("scale", ["1", "2", "4"])
def test_highlights_and_negatives_survive(context: Context, scale: str) -> None:
    ramp = np.concatenate([-np.geomspace(1, 1e-4, 20), np.geomspace(1e-4, 1e4, 44)]).astype(np.float32)
    pixels = np.array([1, 0.6, 0.3], np.float32)[:, None, None] * np.tile(ramp, (3, 32, 1))
    out = render(DenoiseSR(scale=scale, noise=0, deblock=0.6), pixels, context, SCENE)
    assert np.isfinite(out).all()
    assert out.max() > 9000 and out.min() < -0.9


def test_a_coloured_ramp_has_no_bands(silent: Context) -> None:
    ramp = np.linspace(0.2, 0.5, 256, dtype=np.float32)
    pixels = np.stack([np.tile(plane, (64, 1)) for plane in (ramp, 0.5 * ramp, 0.7 - ramp)])
    out = render(DenoiseSR(noise=0, deblock=0.7), pixels, silent)
    np.testing.assert_allclose(out[:, :, 40:-40], pixels[:, :, 40:-40], atol=0.02 / 255)
