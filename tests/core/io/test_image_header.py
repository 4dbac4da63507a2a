"""Headers of pictures: what each format can hold, and what it cannot."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest

from interneg.errors import OutputError
from interneg.frame import Box, Frame
from interneg.io.image_reader import read_attributes, read_image
from interneg.io.image_writer import write_image
from tests.core.io.io_pictures import codes, never, same, there_and_back


@pytest.mark.parametrize("compression", ["none", "rle", "zip", "zips", "piz", "dwaa", "b44"])
def test_exr_keeps_the_compression(tmp_path: Path, compression: str) -> None:
    metadata: dict[str, Any] = {"compression": compression}
    if compression == "dwaa":
        metadata["openexr:dwaCompressionLevel"] = 20.0
    frame = Frame.of(np.zeros((3, 4, 4)), depth=("half",) * 3, metadata=metadata)
    back = there_and_back(tmp_path / "a.exr", frame)
    assert {k: back.metadata[k] for k in metadata} == metadata


def test_exr_parts_keep_order_and_attributes(tmp_path: Path) -> None:
    def part(channels: tuple[str, ...], name: str, index: int, **facts: Any) -> Frame:
        meta = {"name": name, "note": f"of {name}", "compression": "zips", "oiio:subimage": index}
        shape = (len(channels), 6, 8)
        return Frame.of(
            np.full(shape, index, np.float32),
            channels,
            depth=("half",) * len(channels),
            display_window=Box(0, 0, 9, 9),
            metadata=meta,
            **facts,
        )

    parts = (part(("Z",), "depth", 0), part(("N.x", "N.y"), "normals", 2, data_window=Box(1, 2, 9, 8)))
    frame = replace(part(("R", "G", "B", "A"), "beauty", 1), parts=parts)
    path = tmp_path / "a.exr"
    write_image(path, frame, attributes={"interneg:recipe": "r"}, warn=never)
    file = oiio.ImageInput.open(str(path))
    assert file
    names: list[str] = []
    while file.seek_subimage(len(names), 0):
        names.append(file.spec().get_string_attribute("name"))
    file.close()
    assert names == ["depth", "beauty", "normals"]
    back = read_image(path, 3)
    assert back.channels == ("R", "G", "B", "A")
    assert [p.channels for p in back.parts] == [("Z",), ("N.x", "N.y")]
    for a, b in zip((back, *back.parts), (frame, *frame.parts), strict=True):
        same(a, b)
        assert a.metadata["note"] == b.metadata["note"]
    assert read_attributes(path)["interneg:recipe"] == "r"


@pytest.mark.parametrize("name", ["a.exr", "a.tif"])
def test_no_time_of_writing_is_added(tmp_path: Path, name: str) -> None:
    frame = Frame.of(codes(8, 3), depth=("uint8",) * 3)
    assert "DateTime" not in there_and_back(tmp_path / name, frame).metadata
    old = replace(frame, metadata={"DateTime": "1999:12:31 23:59:59"})
    assert there_and_back(tmp_path / name, old).metadata["DateTime"] == "1999:12:31 23:59:59"


@pytest.mark.parametrize("name", ["a.exr", "a.tif"])
def test_tiles_stay(tmp_path: Path, name: str) -> None:
    frame = Frame.of(codes(8, 3, 70, 50), depth=("uint8",) * 3, metadata={"tiles": (32, 16)})
    back = there_and_back(tmp_path / name, frame)
    np.testing.assert_array_equal(np.rint(back.pixels * 255), np.rint(frame.pixels * 255))
    assert back.metadata["tiles"] == (32, 16)
    file = oiio.ImageInput.open(str(tmp_path / name))
    assert file
    assert (file.spec().tile_width, file.spec().tile_height) == (32, 16)


@pytest.mark.parametrize("order", ["increasingY", "decreasingY"])
def test_line_order_stays(tmp_path: Path, order: str) -> None:
    frame = Frame.of(codes(8, 3, 70, 50), depth=("half",) * 3, metadata={"openexr:lineOrder": order})
    back = there_and_back(tmp_path / "a.exr", frame)
    assert back.metadata["openexr:lineOrder"] == order
    np.testing.assert_allclose(back.pixels, frame.pixels, atol=1e-3)


def test_of_a_mipmap_the_picture_stays(tmp_path: Path) -> None:
    pixels = codes(8, 3, 64, 64).astype(np.float16).astype(np.float32)
    image = oiio.ImageBuf(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    assert oiio.ImageBufAlgo.make_texture(oiio.MakeTxTexture, image, str(tmp_path / "m.exr"))
    frame = read_image(tmp_path / "m.exr")
    assert frame.metadata["tiles"] == (64, 64)
    back = there_and_back(tmp_path / "a.exr", frame)
    same(back, frame)
    assert back.metadata["tiles"] == (64, 64)


@pytest.mark.parametrize(
    ("name", "depth", "stored"),
    [
        ("a.exr", "uint8", "half"),
        ("a.exr", "uint10", "half"),
        ("a.exr", "uint12", "float"),
        ("a.exr", "uint16", "float"),
        ("a.tif", "half", "float"),
        ("a.png", "uint10", "uint16"),
        ("a.png", "uint12", "uint16"),
        ("a.dpx", "half", "uint16"),
    ],
)
def test_depths_that_a_format_lacks(tmp_path: Path, name: str, depth: str, stored: str) -> None:
    bits = int(depth.removeprefix("uint")) if depth.startswith("uint") else 8
    frame = Frame.of(codes(bits, 3, 40, 50), depth=(depth,) * 3)
    back = there_and_back(tmp_path / name, frame)
    assert back.depth == (stored,) * 3
    np.testing.assert_array_equal(np.rint(back.pixels * (2**bits - 1)), np.rint(frame.pixels * (2**bits - 1)))


def test_depth_can_be_chosen(tmp_path: Path) -> None:
    frame = Frame.of(codes(8, 3), depth=("half",) * 3)
    same(there_and_back(tmp_path / "a.png", frame, depth="uint8"), replace(frame, depth=("uint8",) * 3))
    with pytest.raises(OutputError, match="cannot hold uint32"):
        there_and_back(tmp_path / "b.png", frame, depth="uint32")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.dpx", "a.tif"])
def test_what_a_format_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    whole = Frame.of(np.zeros((5, 4, 4)), ("R", "G", "B", "Z", "left.R"), depth=("half",) * 5)
    with pytest.raises(OutputError, match=r"channels Z, left\.R.*[Ww]rite EXR"):
        there_and_back(tmp_path / name, whole)
    with pytest.raises(OutputError, match="data window"):
        there_and_back(tmp_path / name, Frame.of(np.zeros((3, 4, 4)), display_window=Box(1, 1, 3, 3)))
    if name != "a.tif":
        rgb = Frame.of(np.zeros((3, 4, 4)))
        with pytest.raises(OutputError, match="2 parts"):
            there_and_back(tmp_path / name, replace(rgb, parts=(rgb,)))
    assert not list(tmp_path.iterdir())


def test_twelve_channel_tiff(tmp_path: Path) -> None:
    names = ("R", "G", "B", "A", *(f"channel{k}" for k in range(4, 12)))
    frame = Frame.of(codes(16, 12), names, depth=("float",) * 12, metadata={"oiio:UnassociatedAlpha": 1})
    same(there_and_back(tmp_path / "a.tif", frame), frame)
