"""Frames in the output's colour space: what their files say, and what is told where they cannot."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.errors import UsageError
from interneg.frame import Frame
from interneg.io import open_clip, open_output
from interneg.io.image_reader import read_attributes
from interneg.io.image_writer import write_image
from interneg.plugin.batch.convert import Delivery


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour("ocio://studio-config-latest")


def plate(source: str, depth: str, **metadata: Any) -> Frame:
    pixels = np.random.default_rng(3).random((3, 16, 16), np.float32)
    return Frame.of(pixels, depth=(depth,) * 3, number=1, colour_space=source, metadata=metadata)


def deliver(colour: Colour, frame: Frame, space: str, path: Path) -> Frame:
    """Write the frame as a render does, and read it back."""
    like = path.parent / "in.0001.png"
    write_image(like, Frame.of(np.zeros((3, 2, 2)), depth=("uint8",) * 3), attributes={}, warn=print)
    made = Delivery(colour, frame.colour_space, space, path)(frame, path)
    out = open_output(path, open_clip(like))
    out.write(made, {"key": "k"})
    out.close()
    return open_clip(path, first=1).read(1)


@pytest.mark.parametrize(
    ("name", "space", "depth"),
    [
        ("a.0001.exr", "ACEScg", "half"),
        ("a.0001.exr", "ARRI LogC4", "half"),
        ("a.0001.exr", "sRGB - Display", "half"),
        ("a.0001.png", "Rec.2100-PQ - Display", "uint16"),
        ("a.0001.png", "ARRI LogC4", "uint16"),
        ("a.0001.dpx", "ADX10", "uint10"),
        ("a.0001.dpx", "Rec.1886 Rec.709 - Display", "uint10"),
        ("a.0001.tif", "ACEScg", "float"),
        ("a.0001.tif", "sRGB Encoded Rec.709 (sRGB)", "uint16"),
        ("a.mov", "Rec.2100-PQ - Display", "uint10"),
        ("a.mov", "sRGB - Display", "uint10"),
        ("a.mp4", "Rec.1886 Rec.709 - Display", "uint8"),
        ("a.mkv", "ST2084-P3-D65 - Display", "uint10"),
    ],
)
@pytest.mark.parametrize("source", ["Linear Rec.709 (sRGB)", "same"])
def test_files_say_their_space(
    tmp_path: Path,
    colour: Colour,
    caplog: pytest.LogCaptureFixture,
    name: str,
    space: str,
    depth: str,
    source: str,
) -> None:
    wrong = {"chromaticities": (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3), "dpx:Transfer": "Linear"}
    frame = plate(space if source == "same" else source, depth, **wrong)
    with caplog.at_level(logging.WARNING, "interneg"):
        back = deliver(colour, frame, space, tmp_path / name)
    assert "--input-space" not in caplog.text
    assert colour.alike(colour.space_of(name, back.metadata, back.depth[0]).space, space)


def test_other_readers_find_what_they_know(tmp_path: Path, colour: Colour) -> None:
    deliver(colour, plate("ACEScct", "half"), "ACEScg", tmp_path / "a.0001.exr")
    found = read_attributes(tmp_path / "a.0001.exr")
    assert found["colorInteropID"] == "lin_ap1_scene"
    assert found["interneg:colourspace"] == "ACEScg"
    assert found["chromaticities"] == pytest.approx(
        (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
    )


def test_movies_tag_primaries_transfer_and_matrix(tmp_path: Path, colour: Colour) -> None:
    back = deliver(colour, plate("ACEScg", "half"), "Rec.2100-PQ - Display", tmp_path / "a.mov")
    assert {k: v for k, v in back.metadata.items() if k.startswith("cicp:")} == {
        "cicp:primaries": 9,
        "cicp:transfer": 16,
        "cicp:matrix": 9,
        "cicp:range": 0,
    }


@pytest.mark.parametrize(
    ("name", "space"),
    [
        ("a.0001.tif", "ADX10"),
        ("a.0001.jpg", "Rec.2100-PQ - Display"),
        ("a.0001.dpx", "ARRI LogC4"),
        ("a.mov", "ARRI LogC4"),
    ],
)
def test_what_a_file_cannot_say_is_told_once(
    tmp_path: Path, colour: Colour, caplog: pytest.LogCaptureFixture, name: str, space: str
) -> None:
    convert = Delivery(colour, "ACEScg", space, tmp_path / name)
    with caplog.at_level(logging.WARNING, "interneg"):
        for _ in range(3):
            convert(plate("ACEScg", "uint16"), tmp_path / name)
    assert caplog.text.count(f"--input-space '{space}'") == 1


def test_tags_that_are_right_stay(colour: Colour, tmp_path: Path) -> None:
    tags = {"chromaticities": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767), "owner": "us"}
    frame = plate("ACEScg", "half", **tags)
    made = Delivery(colour, "ACEScg", "ACEScg", tmp_path / "a.exr")(frame, tmp_path / "a.exr")
    assert made.metadata == frame.metadata
    assert np.shares_memory(made.pixels, frame.pixels)


def test_an_old_profile_goes_with_the_old_space(colour: Colour, tmp_path: Path) -> None:
    frame = plate("ACEScg", "half", **{"ICCProfile": b"old", "ICCProfile:version": "2", "owner": "us"})
    made = Delivery(colour, "ACEScg", "ADX10", tmp_path / "a.exr")(frame, tmp_path / "a.exr")
    assert not [k for k in made.metadata if k.startswith("ICC")]
    assert made.metadata["owner"] == "us"


def test_scene_linear_movies_are_refused(colour: Colour, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'ACEScg', which is scene-linear.*--output-space"):
        Delivery(colour, "ACEScg", "ACEScg", tmp_path / "a.mov")
    Delivery(colour, "ACEScg", "ACEScg", tmp_path / "a.exr")
    Delivery(colour, "ACEScg", "Linear Rec.709 (sRGB)", tmp_path / "a.mkv")
