"""Frames of an output: whole or not there, and what they were made from."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.colour.tags import OWN
from interneg.errors import OutputError
from interneg.frame import Frame
from interneg.io import open_clip, open_output
from interneg.io.image_reader import read_attributes
from interneg.io.image_writer import write_image
from interneg.io.made_from import SPACE
from tests.core.io.io_clips import clip_of, png
from tests.core.io.io_pictures import never

NAMES = ["####.exr", "%04d.png", "f.####.tif", "####.dpx", "####.jpg"]


@pytest.mark.parametrize("name", NAMES)
def test_provenance_comes_back(tmp_path: Path, name: str) -> None:
    clip = clip_of(tmp_path / "in", 1, 2)
    out = open_output(tmp_path / "out" / name, clip)
    assert out.provenance(1) is None
    made = {"recipe": "denoise-sr", "input": "häsh"}
    path = out.write(clip.read(1), made)
    assert path == out.path_of(1)
    assert out.provenance(1) == made
    assert out.provenance(2) is None
    out.write(open_clip(path).read(1), {"recipe": "again"})
    assert out.provenance(1) == {"recipe": "again"}
    path.write_bytes(path.read_bytes()[:10])
    assert out.provenance(1) is None


def noise(number: int) -> Frame:
    pixels = np.random.default_rng(number).random((3, 48, 64), np.float32)
    return Frame.of(pixels, depth=("uint8",) * 3, number=number)


@pytest.mark.parametrize("compression", ["zip", "none"])
@pytest.mark.parametrize("name", NAMES)
def test_damage_is_found(tmp_path: Path, name: str, compression: str) -> None:
    clip = clip_of(tmp_path / "in", 1)
    made = {"recipe": "a", "models": ""}
    out = open_output(tmp_path / "out" / name, clip)
    frame = replace(noise(1), metadata={"compression": compression})
    path = out.write(frame, made)
    data = path.read_bytes()
    for length in (0, 5, len(data) // 3, len(data) - 20):
        path.write_bytes(data[:length])
        assert out.provenance(1) is None, length
        out.write(frame, made)
        assert path.stat().st_size == len(data)
    data = path.read_bytes()
    path.write_bytes(data[:2500] + bytes(1000) + data[3500:])
    assert not out.provenance(1)
    path.write_bytes(data)
    assert out.provenance(1) == made


def test_frames_taken_elsewhere_without_their_side_files(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    for name in ("####.exr", "####.png"):
        out = open_output(tmp_path / "out" / name, clip)
        path = out.write(noise(1), {"recipe": "a"})
        data = path.read_bytes()
        out.write(noise(1), {"recipe": "b"})
        path.write_bytes(data)
        assert out.provenance(1) == {"recipe": "a"}
        (path.parent / ".interneg" / f"{path.name}.json").unlink()
        assert out.provenance(1) == {"recipe": "a"}
        path.write_bytes(data[: len(data) // 2])
        assert out.provenance(1) is None


@pytest.mark.parametrize("name", ["####.exr", "####.tif"])
def test_a_frame_that_was_changed_since_is_kept(tmp_path: Path, name: str) -> None:
    clip = clip_of(tmp_path / "in", 1)
    out = open_output(tmp_path / "out" / name, clip)
    path = out.write(noise(1), {"recipe": "a"})
    told = {"interneg:recipe": "a"} if name.endswith("exr") else {}
    write_image(path, noise(2), attributes=told, warn=lambda kind, sentence: None)
    assert out.provenance(1) == {}
    with pytest.raises(OutputError, match="changed since"):
        out.write(noise(1), {"recipe": "a"})


def test_a_render_ended_between_side_file_and_frame(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    out = open_output(tmp_path / "out" / "####.tif", clip)
    data = out.write(noise(1), {"recipe": "a"}).read_bytes()
    path = out.write(replace(noise(2), number=1), {"recipe": "b"})
    path.write_bytes(data)
    assert out.provenance(1) is None
    path.unlink()
    assert out.provenance(1) is None


def test_side_file_of_another_picture_is_not_believed(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    out = open_output(tmp_path / "out" / "####.tif", clip)
    path = out.write(clip.read(1), {"recipe": "a"})
    other = open_output(tmp_path / "other.tif", clip).write(
        Frame.of(np.ones((3, 4, 4)), depth=("uint8",) * 3, number=1), {}
    )
    os.replace(other, path)
    assert out.provenance(1) == {}


def test_foreign_files_are_not_replaced(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    there = png(tmp_path / "out" / "plate.0001.png")
    before = there.read_bytes()
    with pytest.raises(OutputError, match="exists"):
        open_output(tmp_path / "out", clip).write(clip.read(1), {})
    assert there.read_bytes() == before
    open_output(tmp_path / "out", clip, overwrite=True).write(clip.read(1), {"a": "b"})
    open_output(tmp_path / "out", clip).write(clip.read(1), {"a": "c"})
    assert open_output(tmp_path / "out", clip).provenance(1) == {"a": "c"}


def test_failure_leaves_the_older_frame(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    out = open_output(tmp_path / "out", clip)
    path = out.write(clip.read(1), {"a": "b"})
    before = path.read_bytes()
    with pytest.raises(OutputError, match="layer"):
        out.write(Frame.of(np.zeros((1, 2, 2)), ("layer.x",), number=1), {})
    assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) == [".interneg", path.name]


def test_colour_looks_for_the_space_where_outputs_write_it() -> None:
    assert SPACE == OWN


@pytest.mark.parametrize("compression", ["piz", "b44a", "dwab", "htj2k32", "htj2k256", "zstd"])
def test_compressions_of_exr_are_kept(
    tmp_path: Path, compression: str, caplog: pytest.LogCaptureFixture
) -> None:
    facts: dict[str, Any] = {"depth": ("half",) * 3, "metadata": {"compression": compression}}
    write_image(tmp_path / "a.0001.exr", Frame.of(np.zeros((3, 64, 64)), **facts), attributes={}, warn=never)
    clip = open_clip(tmp_path / "a.0001.exr")
    out = open_output(tmp_path / "out.0001.exr", clip).write(clip.read(1), {})
    assert read_attributes(out)["compression"].partition(":")[0] == compression
    assert not caplog.records


@pytest.mark.parametrize(
    ("suffix", "compression", "told"),
    [
        (".exr", "htj2k512", "compressed with zip, since htj2k512 cannot be written here"),
        (".tif", "jpeg", "compressed with zip, since jpeg cannot be written here"),
        (".tif", "piz", ""),
        (".exr", "lzw", ""),
        (".png", "piz", ""),
    ],
)
def test_a_compression_that_is_not_kept_is_told(
    tmp_path: Path, suffix: str, compression: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """But not one of another format, in whose place the output's own comes as a matter of course."""
    facts: dict[str, Any] = {"depth": ("uint8",) * 3, "metadata": {"compression": compression}, "number": 1}
    write_image(tmp_path / "a.0001.png", Frame.of(np.zeros((3, 8, 8)), **facts), attributes={}, warn=never)
    clip = open_clip(tmp_path / "a.0001.png")
    open_output(tmp_path / f"out.0001{suffix}", clip).write(Frame.of(np.zeros((3, 8, 8)), **facts), {})
    assert [r.getMessage().partition("frame 1: ")[2].partition(" (told")[0] for r in caplog.records] == [
        told
    ] * bool(told)
