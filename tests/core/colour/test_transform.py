"""The parallel transform against OCIO's own processor."""

import os
import subprocess
import sys
import threading

import numpy as np
import PyOpenColorIO as ocio
import pytest

from interneg.colour import Colour

colour = Colour("ocio://studio-config-latest")
config = ocio.Config.CreateFromFile("ocio://studio-config-latest")

PAIRS = [
    ("ACEScg", "ACEScct"),
    ("ACEScct", "ACEScg"),
    ("lin_rec709", "compositing_log"),
    ("srgb_display", "scene_linear"),
    ("scene_linear", "rec2100_pq_display"),
    ("ADX10", "scene_linear"),
]


def picture(height: int = 301, width: int = 977) -> np.ndarray:
    return np.random.default_rng(3).normal(0.3, 1, (height, width, 4)).astype(np.float32)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_is_bit_exactly_ocios_own(source: str, target: str) -> None:
    plain = picture()
    view = plain.copy().transpose(2, 0, 1)[:3]
    result = colour.transform(source, target)(view)
    processor = config.getProcessor(source, target).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
    processor.applyRGBA(plain)
    np.testing.assert_array_equal(result, plain.transpose(2, 0, 1)[:3])


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_chunks_and_threads_change_nothing(source: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    transform = colour.transform(source, target)
    planar = np.ascontiguousarray(picture().transpose(2, 0, 1)[:3])
    whole = transform(planar)
    monkeypatch.setattr("interneg.colour.transform.CHUNK_PIXELS", 1 << 30)
    np.testing.assert_array_equal(transform(planar), whole)
    monkeypatch.setattr("interneg.colour.transform.CHUNK_PIXELS", 1000)
    np.testing.assert_array_equal(transform(planar), whole)
    np.testing.assert_array_equal(transform(planar[:, 100:101, 40:43]), whole[:, 100:101, 40:43])


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 7, 5), (3, 0, 4), (3, 2, 70000)])
def test_any_size(shape: tuple[int, int, int]) -> None:
    result = colour.transform("ACEScg", "ACEScct")(np.full(shape, 1, np.float32))
    np.testing.assert_allclose(result, np.full(shape, 9.72 / 17.52, np.float32), rtol=1e-6)


def test_nan_stays_nan() -> None:
    pixels = np.array([[[np.nan, 0.5]], [[0.5, 0.5]], [[0.5, np.inf]]], np.float32)
    result = colour.transform("ACEScg", "ACEScct")(pixels)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(pixels))
    assert result[2, 0, 1] == np.inf


def test_input_is_left_alone() -> None:
    pixels = picture().transpose(2, 0, 1)[:3]
    before = pixels.copy()
    colour.transform("ACEScg", "ACEScct")(pixels)
    np.testing.assert_array_equal(pixels, before)


def test_made_once_and_shared_between_threads() -> None:
    pixels = picture().transpose(2, 0, 1)[:3]
    expected = colour.transform("ACEScg", "ACEScct")(pixels)
    assert colour.transform("lin_ap1", "compositing_log") is colour.transform("ACEScg", "ACEScct")
    results: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: results.append(colour.transform("ACEScg", "ACEScct")(pixels)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_an_identity_copies() -> None:
    same = colour.transform("sRGB - Display", "srgb_display")
    pixels = picture().transpose(2, 0, 1)[:3]
    assert same.is_identity
    result = same(pixels)
    np.testing.assert_array_equal(result, pixels)
    assert not np.shares_memory(result, pixels)


def test_importing_colour_does_not_load_ocio() -> None:
    code = "import sys, interneg.colour; sys.exit(any('PyOpenColorIO' in m for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0
