from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest

from interneg.frame import Box, Frame
from interneg.io.damage import damage
from interneg.io.image_writer import write_image

SUFFIXES = (".exr", ".dpx", ".tif", ".png", ".jpg")


def write(path: Path, **facts: Any) -> Path:
    pixels = np.random.default_rng(1).uniform(0, 1, (3, 70, 50))
    write_image(path, Frame.of(pixels, **facts), attributes={}, warn=lambda kind, sentence: None)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whole_files_are_whole(tmp_path: Path, suffix: str) -> None:
    assert damage(write(tmp_path / f"a{suffix}")) is None


def test_tiles_parts_and_windows_are_no_damage(tmp_path: Path) -> None:
    tiled, path = tmp_path / "tiled.exr", tmp_path / "a.exr"
    spec = oiio.ImageSpec(50, 70, 3, oiio.HALF)
    spec.tile_width = spec.tile_height = 32
    spec.x, spec.y, spec.full_x, spec.full_y = -7, 5, -7, 5
    out = oiio.ImageOutput.create(str(tiled))
    assert out
    assert out.open(str(tiled), spec)
    assert out.write_image(np.random.default_rng(1).uniform(0, 1, (70, 50, 3)))
    out.close()
    assert damage(tiled) is None
    content = tiled.read_bytes()
    tiled.write_bytes(content[: len(content) * 2 // 3])
    assert "damaged or truncated" in str(damage(tiled))

    box = Box(-3, 4, 47, 74)
    part = Frame.of(np.zeros((1, 9, 9)), display_window=box, metadata={"name": "matte"})
    assert damage(write(path, data_window=box, parts=(part,), metadata={"name": "main"})) is None


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"no picture at all"])
def test_files_without_a_header(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    assert str(path) in str(damage(path))


@pytest.mark.parametrize("suffix", SUFFIXES[:3])
@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
def test_truncated_files(tmp_path: Path, suffix: str, share: float) -> None:
    path = write(tmp_path / f"a{suffix}")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert damage(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot be read" in str(damage(tmp_path / "a.exr"))


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_what_programs_put_behind_the_end_is_no_damage(tmp_path: Path, suffix: str) -> None:
    """As phones do: a film of the moment, say, or the time in words of their own."""
    path = write(tmp_path / f"a{suffix}")
    whole = path.read_bytes()
    path.write_bytes(whole + b"SEFH" + bytes(3000))
    assert damage(path) is None
    path.write_bytes(whole[:-100] + b"SEFH" + bytes(3000))
    assert "its last bytes are missing" in str(damage(path))


def test_the_end_of_a_thumbnail_is_not_that_of_the_picture(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jpg")
    whole = path.read_bytes()
    segment = b"\xff\xe1" + (2 + 60).to_bytes(2, "big") + b"Exif\0\0" + whole[:52] + b"\xff\xd9"
    path.write_bytes(whole[:2] + segment + whole[2:])
    assert damage(path) is None
    path.write_bytes(whole[:2] + segment + whole[2:-400])
    assert "its last bytes are missing" in str(damage(path))
