from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.colour import Colour, WorkingSpace
from interneg.engines.source import Engines
from interneg.frame import Frame, Pixels, Window
from interneg.grain.noise import white
from interneg.memo import Memo
from interneg.node import Context, View
from interneg.restore.degrained import Removal, Scales, degrained, removed
from tests.grains import film
from tests.pictures import texture

MODEL = "denoise-sr-lite-x1"


@pytest.fixture(scope="module")
def context() -> Context:
    return Context(Colour(), Engines(precision="fp32"), Memo(8))


def power(soft: float) -> tuple[float, ...]:
    """Of white noise under a Gaussian of so many pixels."""
    return tuple(np.exp(-np.square(2 * np.pi * soft * np.linspace(0, np.sqrt(0.5), 36))))


def coarse(shape: tuple[int, ...], soft: float) -> Pixels:
    grain = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    grain = np.stack([cv2.GaussianBlur(p, (0, 0), soft) for p in grain])
    return np.asarray(grain / grain.std(), np.float32)


def test_white_noise_has_one_scale_and_coarse_grain_has_more() -> None:
    counts = [len(Scales.of(power(soft)).rows) for soft in (0.0, 0.7, 1.5)]
    assert counts[0] == 1 and counts == sorted(counts) and counts[2] >= 3
    for row in Scales.of(power(1.5)).rows:
        assert 0 <= row.rest <= row.whole <= 1.01


@pytest.mark.parametrize("soft", [0.8, 1.5])
def test_coarse_grain_goes_on_all_its_scales(context: Context, soft: float) -> None:
    clean = cv2.GaussianBlur(texture(160, 192)[0], (0, 0), 3.0)[None]
    plate = clean + coarse(clean.shape, soft) * np.float32(14 / 255)
    sigma = np.full(plate.shape[1:], white(14 / 255, 1)[0][0, 0], np.float32)

    def left(scales: Scales) -> float:
        done = removed(context.engines, MODEL, plate, (sigma, sigma), scales)
        return float(np.std(done - clean))

    assert left(Scales.of(power(soft))) < 0.85 * left(Scales.of(power(0)))


def test_a_plate_without_grain_comes_through_bit_for_bit(context: Context) -> None:
    frame = Frame.of(texture(48, 64), number=1, colour_space="ACEScg")
    view = View(Window((frame,), 0), WorkingSpace.LOG_RGB, context)
    none = film(0.0)
    np.testing.assert_array_equal(degrained(view, Removal(none, MODEL)), view.planes())


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize("size", [(96, 128), (8, 8), (1, 1), (97, 33)])
def test_pictures_of_any_size_and_of_one_channel(
    context: Context, size: tuple[int, int], channels: int
) -> None:
    planes = np.tile(texture(96, 128)[:channels], (1, 2, 2))[:, : size[0], : size[1]]
    frame = Frame.of(planes, number=1, colour_space="sRGB Encoded Rec.709 (sRGB)")
    view = View(Window((frame,), 0), WorkingSpace.LOG_RGB, context)
    done = degrained(view, Removal(film(0.02), MODEL))
    assert done.shape == planes.shape and np.isfinite(done).all()


def test_highlights_and_negatives_stay(context: Context) -> None:
    planes = texture(64, 64) * np.float32(0.2)
    planes[:, :, :20], planes[:, :, 40:] = 50.0, -0.5
    frame = Frame.of(planes, number=1, colour_space="ACEScg")
    view = View(Window((frame,), 0), WorkingSpace.LOG_RGB, context)
    done = context.colour.leave(degrained(view, Removal(film(0.02), MODEL)), "ACEScg", WorkingSpace.LOG_RGB)
    np.testing.assert_allclose(done[:, 8:-8, 4:16], 50.0, rtol=0.02)
    np.testing.assert_allclose(done[:, 8:-8, 48:60], -0.5, rtol=0.02)
