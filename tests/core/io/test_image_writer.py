"""Pictures written: codes, depths, alpha, tiles, and what cannot be stored."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interneg.frame import Frame
from interneg.io import open_clip, open_output
from interneg.io.image_reader import read_image
from interneg.io.image_writer import write_image
from tests.core.io.io_pictures import RNG, codes, never, same, there_and_back


@pytest.mark.parametrize(
    ("name", "bits", "channels"),
    [
        (name, bits, channels)
        for name, depths, counts in (
            ("a.png", (8, 16), ("Y", "YA", "RGB", "RGBA")),
            ("a.tif", (8, 10, 12, 16), ("Y", "YA", "RGB", "RGBA")),
            ("a.dpx", (8, 10, 12, 16), ("Y", "RGB", "RGBA")),
        )
        for bits in depths
        for channels in counts
        if not (name == "a.dpx" and bits in (10, 12) and channels != "RGB")
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (5, 7)])
def test_integers_come_back_bit_exact(
    tmp_path: Path, name: str, bits: int, channels: str, size: tuple[int, int]
) -> None:
    frame = Frame.of(
        codes(bits, len(channels), *size),
        channels,
        depth=(f"uint{bits}",) * len(channels),
        metadata={"oiio:UnassociatedAlpha": 1},
    )
    same(there_and_back(tmp_path / name, frame), frame)


@pytest.mark.parametrize("bits", [8, 10, 16])
def test_every_code_is_its_fraction_of_the_range(tmp_path: Path, bits: int) -> None:
    ramp = np.arange(2**bits, dtype=np.float32) / np.float32(2**bits - 1)
    frame = Frame.of(np.tile(ramp.reshape(1, -1, 256), (3, 1, 1)), "RGB", depth=(f"uint{bits}",) * 3)
    same(there_and_back(tmp_path / "ramp.dpx", frame), frame)


def test_transparent_colour_survives_in_png(tmp_path: Path) -> None:
    pixels = codes(8, 4)
    pixels[3] = 0
    frame = Frame.of(pixels, "RGBA", depth=("uint8",) * 4, metadata={"oiio:UnassociatedAlpha": 1})
    same(there_and_back(tmp_path / "a.png", frame), frame)


def test_associated_alpha_is_divided_for_png(tmp_path: Path) -> None:
    pixels = np.array([0.25, 0.125, 0, 0.5], np.float32).reshape(4, 1, 1)
    back = there_and_back(tmp_path / "a.png", Frame.of(pixels, "RGBA", depth=("uint16",) * 4))
    np.testing.assert_allclose(back.pixels.ravel(), [0.5, 0.25, 0, 0.5], atol=1e-5)


def test_jpeg_is_near(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (3, 16, 1))
    back = there_and_back(tmp_path / "a.jpg", Frame.of(ramp))
    assert np.abs(back.pixels - ramp).max() < 3 / 255


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(1, 9), st.integers(1, 9), st.sampled_from(["half", "float"]))
def test_exr_of_any_size(
    tmp_path_factory: pytest.TempPathFactory, channels: int, height: int, width: int, depth: str
) -> None:
    pixels = RNG.normal(size=(channels, height, width)).astype(np.float16).astype(np.float32)
    names = tuple(sorted(f"layer.{k:02}" for k in range(channels)))
    frame = Frame.of(pixels, names, depth=(depth,) * channels)
    same(there_and_back(tmp_path_factory.mktemp("exr") / "a.exr", frame), frame)


def test_values_outside_integers_are_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pixels = np.array([-0.5, 0.5, 1.5, np.nan, np.inf, 1.0004], np.float32).reshape(1, 1, 6)
    frame = Frame.of(pixels, depth=("uint8",), number=1)
    source = tmp_path / "in.0001.png"
    write_image(source, Frame.of(np.zeros((1, 1, 6)), depth=("uint8",)), attributes={}, warn=never)
    out = open_output(tmp_path / "out" / "####.png", open_clip(source), numbers=[1, 2])
    with caplog.at_level(logging.WARNING, "interneg.io"):
        out.write(frame, {})
        out.write(replace(frame, number=2), {})
    assert [r.getMessage().partition(": frame ")[2][:35] for r in caplog.records] == [
        "1: 1 NaN samples were stored as 0 (",
        "1: 3 samples were clipped, since th",
    ]
    assert read_image(tmp_path / "out" / "0002.png").pixels.ravel().tolist() == [
        0,
        128 / np.float32(255),
        1,
        0,
        1,
        1,
    ]


def test_half_overflow_stays_finite_and_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    pixels = np.array([1e6, -1e6, np.inf, 65504, 1], np.float32).reshape(1, 1, 5)
    back = there_and_back(
        tmp_path / "a.exr", Frame.of(pixels, depth=("half",)), warn=lambda kind, _: told.append(kind)
    )
    assert back.pixels.ravel().tolist() == [65504, -65504, np.inf, 65504, 1]
    assert told == ["half"]


def test_unassociated_alpha_in_exr_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    pixels = codes(8, 4)
    frame = Frame.of(pixels, "RGBA", depth=("half",) * 4, metadata={"oiio:UnassociatedAlpha": 1})
    back = there_and_back(tmp_path / "a.exr", frame, warn=lambda kind, _: told.append(kind))
    assert told == ["alpha"]
    np.testing.assert_array_equal(back.pixels, pixels.astype(np.float16))
    assert back.metadata["oiio:UnassociatedAlpha"] == 1


def test_the_size_that_a_camera_noted_is_not_carried_to_another_picture(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(8, 8, 3, "uint8")
    spec["Exif:PixelXDimension"], spec["Exif:PixelYDimension"], spec["Exif:FocalLength"] = 6000, 4000, 35.0
    out = oiio.ImageOutput.create("a.jpg")
    assert out
    path = tmp_path / "a.jpg"
    assert out.open(str(path), spec) and out.write_image(np.zeros((8, 8, 3), np.uint8)) and out.close()
    found = read_image(path)
    back = there_and_back(tmp_path / "b.jpg", found)
    assert found.metadata["Exif:FocalLength"] == back.metadata["Exif:FocalLength"] == 35
    assert not [name for name in back.metadata if "Dimension" in name]
