from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.frame import Pixels
from interneg.grain.encoding import from_codes
from interneg.grain.kind import features, kind_of
from interneg.grain.likest import likest
from interneg.grain.measure import MeasuredGrain, measure, profile_of
from interneg.grain.profile import GrainProfile
from interneg.grain.scale import at_pitch
from interneg.grain.stocks import stock

RAMP = np.tile(np.linspace(0.1, 0.9, 512, dtype=np.float32), (3, 320, 1))
WIDTH, PIXELS = 24.89, 2048


def film(name: str, channels: int = 3) -> tuple[MeasuredGrain, GrainProfile]:
    """The grain of a stock on a ramp, measured, and as a profile."""
    colour, rng = Colour(), np.random.default_rng(3)
    space = colour.resolve("texture_paint")
    seen = at_pitch(stock(name), WIDTH / PIXELS).coloured()
    levels, sigmas = from_codes(seen.levels, seen.sigmas, colour, space)
    height, width = RAMP.shape[1:]
    radii = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    mixed = np.linalg.cholesky(seen.correlation + 1e-6 * np.eye(3))
    frames = []
    for _ in range(2):
        white = np.tensordot(mixed, rng.normal(size=RAMP.shape), 1)
        gains = [np.sqrt(np.interp(radii, *seen.per_pixel(c, 96))) for c in range(3)]
        grain = np.fft.irfft2(np.fft.rfft2(white) * np.stack(gains), s=(height, width))
        sigma = np.stack([np.interp(RAMP[c], levels[c], sigmas[c]) for c in range(3)])
        frames.append((RAMP + grain * sigma).astype(np.float32)[:channels])
    found = measure(frames)
    return found, profile_of(found, colour, space, "plate", "film", WIDTH, PIXELS)


def sensor() -> list[Pixels]:
    """Two frames of a ramp from a sensor with a Bayer mosaic, demosaiced."""
    rng, frames = np.random.default_rng(4), []
    for _ in range(2):
        light = RAMP[0] ** 2.2
        mosaic = light + np.sqrt(4e-4 * light + 2e-5) * rng.normal(size=light.shape)
        codes = np.clip(0.1 + 0.4 * mosaic, 0, 1) * 65535
        made = cv2.cvtColor(codes.astype(np.uint16), cv2.COLOR_BayerRG2RGB_EA).astype(np.float32)
        light = np.maximum((made.transpose(2, 0, 1) / 65535 - 0.1) / 0.4, 0)
        frames.append(np.asarray(light ** (1 / 2.2), np.float32))
    return frames


@pytest.mark.parametrize("name", ["colour-200", "colour-500-pushed", "bw-200"])
def test_grain_of_a_stock_is_film_and_known_again(name: str) -> None:
    found, profile = film(name)
    kind, probability = kind_of(found)
    assert kind == "film" and probability > 0.5
    nearest, distance = likest(profile)
    assert nearest == name and distance < 2


def test_noise_of_a_demosaiced_sensor_is_digital() -> None:
    kind, probability = kind_of(measure(sensor()))
    assert kind == "digital" and probability < 0.5


def test_a_grey_plate_is_told_apart_as_well() -> None:
    found, profile = film("bw-500", 1)
    assert kind_of(found)[0] == "film"
    assert features(found).shape == features(measure(sensor())).shape
    assert likest(profile)[0] == "bw-500"


def test_a_plate_without_grain_is_neither() -> None:
    assert kind_of(measure([np.full((3, 96, 96), 0.4, np.float32)])) == ("film", 0.5)
