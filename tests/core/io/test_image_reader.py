"""Pictures read: real files, and files that cannot be read."""

import struct
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest

from interneg.errors import HostMemoryError, InputError
from interneg.frame import Box, Frame
from interneg.io import open_clip, open_output
from interneg.io.attributes import Typed, colour_model
from interneg.io.image_reader import read_image
from interneg.io.image_writer import write_image
from tests.core.io.io_pictures import DATA, RNG, codes, exr, needs_data, never, same, there_and_back


def test_exr_of_two_channels_keeps_their_names(tmp_path: Path) -> None:
    """Motion vectors and ST maps: not grey with an alpha."""
    frame = Frame.of(RNG.normal(size=(2, 5, 7)).astype(np.float32), channels=("R", "G"))
    back = there_and_back(tmp_path / "a.exr", frame)
    assert back.channels == ("R", "G") and not back.colour_channels
    np.testing.assert_array_equal(back.pixels, frame.pixels)


def test_pixels_are_the_files_own_interleaved_buffer(tmp_path: Path) -> None:
    back = there_and_back(tmp_path / "a.exr", exr())
    assert back.pixels.transpose(1, 2, 0).flags.c_contiguous
    assert not back.pixels.flags.writeable


def test_lost_attributes_are_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_image(
        tmp_path / "in.0001.png", Frame.of(codes(8, 3), depth=("uint8",) * 3), attributes={}, warn=never
    )
    facts: dict[str, Any] = {"camera:lens": "40", "dpx:FrameId": "7", "dpx:Packing": "Filled, method A"}
    facts["FramesPerSecond"] = Typed("rational", (24, 1))
    frame = Frame.of(codes(8, 3), depth=("uint8",) * 3, number=1, metadata=facts)
    for name, lost in (
        ("a.####.tif", "FramesPerSecond, camera:lens, dpx:FrameId"),
        ("a.####.exr", ""),
        ("a.####.dpx", "camera:lens"),
    ):
        out = open_output(tmp_path / name, open_clip(tmp_path / "in.0001.png"), numbers=[1, 2])
        caplog.clear()
        out.write(frame, {})
        out.write(replace(frame, number=2), {})
        warnings = [r.getMessage() for r in caplog.records]
        assert len(warnings) == bool(lost), warnings
        assert not lost or f"cannot hold the attributes {lost} (told once" in warnings[0]


@pytest.mark.parametrize("name", ["a.exr", "a.png", "a.tif", "a.dpx", "a.jpg"])
@pytest.mark.parametrize("share", [0.3, 0.95])
def test_truncated_files_are_refused(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    write_image(path, Frame.of(codes(8, 3, 64, 64), depth=("uint8",) * 3), attributes={}, warn=never)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=name):
        read_image(path)


@needs_data
def test_truncated_beachball_is_refused(tmp_path: Path) -> None:
    data = (DATA / "exr/Beachball/singlepart.0001.exr").read_bytes()
    path = tmp_path / "b.0001.exr"
    path.write_bytes(data[:-100])
    with pytest.raises(InputError, match="damaged or truncated"):
        open_clip(path).read(1)


def test_files_that_are_none(tmp_path: Path) -> None:
    empty, text, png, folder = (tmp_path / n for n in ("e.exr", "t.exr", "p.exr", "d.exr"))
    empty.touch()
    text.write_text("no picture\n" * 50)
    write_image(
        tmp_path / "p.png", Frame.of(np.zeros((3, 2, 2)), depth=("uint8",) * 3), attributes={}, warn=never
    )
    (tmp_path / "p.png").rename(png)
    folder.mkdir()
    for path, reason in (
        (empty, "empty"),
        (text, "not a readable OpenEXR"),
        (png, "really PNG"),
        (folder, "this is a folder"),
        (tmp_path / "none.exr", "No such file"),
    ):
        with pytest.raises(InputError, match=reason) as caught:
            read_image(path)
        assert str(path) in str(caught.value)


def test_deep_parts_are_refused(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(2, 2, 2, "float")
    spec.channelnames = ("A", "Z")
    spec.deep = True
    deep = oiio.DeepData()
    deep.init(4, 2, [oiio.TypeDesc("float")] * 2, ("A", "Z"))
    out = oiio.ImageOutput.create("x.exr")
    assert out
    assert out.open(str(tmp_path / "d.exr"), spec)
    assert out.write_deep_image(deep)
    out.close()
    with pytest.raises(InputError, match="deep"):
        read_image(tmp_path / "d.exr")


def test_subsampled_chroma_is_refused(tmp_path: Path) -> None:
    def attribute(name: str, kind: str, value: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value

    channels = b"".join(
        name + b"\0" + struct.pack("<iiii", 1, 0, step, step)
        for name, step in ((b"BY", 2), (b"RY", 2), (b"Y", 1))
    )
    box = struct.pack("<4i", 0, 0, 1, 1)
    header = b"\x76\x2f\x31\x01\x02\0\0\0" + b"".join(
        (
            attribute("channels", "chlist", channels + b"\0"),
            attribute("compression", "compression", b"\0"),
            attribute("dataWindow", "box2i", box),
            attribute("displayWindow", "box2i", box),
            attribute("lineOrder", "lineOrder", b"\0"),
            attribute("pixelAspectRatio", "float", struct.pack("<f", 1)),
            attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
            attribute("screenWindowWidth", "float", struct.pack("<f", 1)),
            b"\0",
        )
    )
    rows = [struct.pack("<ii4e", 0, 8, 0, 0, 0.5, 0.5), struct.pack("<ii2e", 1, 4, 0.5, 0.5)]
    start = len(header) + 16
    table = struct.pack("<2Q", start, start + len(rows[0]))
    (tmp_path / "yc.exr").write_bytes(header + table + b"".join(rows))
    with pytest.raises(InputError, match=r"[Ss]ubsampl"):
        read_image(tmp_path / "yc.exr")


def test_integers_beyond_float_are_refused(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(2, 1, 1, "uint")
    spec.channelnames = ("id",)
    out = oiio.ImageOutput.create("x.exr")
    assert out
    assert out.open(str(tmp_path / "id.exr"), spec)
    assert out.write_image(np.array([[[7], [4_000_000_001]]], np.uint32))
    out.close()
    with pytest.raises(InputError, match="channel id holds 32-bit integers"):
        read_image(tmp_path / "id.exr")


@needs_data
def test_beachball_survives(tmp_path: Path) -> None:
    clip = open_clip(DATA / "exr/Beachball/singlepart.####.exr")
    assert clip.numbers == (1, 2, 3)
    frame = clip.read(2)
    assert len(frame.channels) == 20
    assert frame.data_window == Box(759, 367, 1671, 1255)
    assert frame.display_window == Box(0, 0, 2048, 1556)
    path = open_output(tmp_path, clip).write(frame, {"recipe": "none"})
    back = read_image(path, 2)
    same(back, frame)
    assert dict(back.metadata) == {**frame.metadata, "interneg:recipe": "none"}


@needs_data
@pytest.mark.parametrize(
    "name",
    ["Chromaticities/XYZ", "TestImages/BrightRingsNanInf", "LuminanceChroma/Garden", "ScanLines/Desk"],
)
def test_real_exr_files_survive(tmp_path: Path, name: str) -> None:
    frame = read_image(DATA / f"exr/{name}.exr")
    back = there_and_back(tmp_path / "a.exr", frame)
    same(back, frame)
    assert dict(back.metadata) == dict(frame.metadata)


@needs_data
def test_real_scan_survives(tmp_path: Path) -> None:
    clip = open_clip(DATA / "footage/market_street_1906")
    assert len(clip.numbers) == 60
    frame = clip.read(clip.numbers[30])
    same(there_and_back(tmp_path / "a.png", frame), frame)


def test_a_tiff_with_a_thumbnail_is_one_picture(tmp_path: Path) -> None:
    """A page that says it is a smaller version of another, before or behind that one."""
    large = codes(8, 3, 24, 32).transpose(1, 2, 0)
    small = np.ascontiguousarray(large[::4, ::4])
    for name, order in (("a.tif", "ls"), ("b.tif", "sl"), ("c.tif", "ll"), ("d.tif", "s")):
        specs = []
        for size in order:
            height, width = (24, 32) if size == "l" else (6, 8)
            spec = oiio.ImageSpec(width, height, 3, "uint8")
            spec["tiff:subfiletype"] = int(size == "s")
            specs.append(spec)
        out = oiio.ImageOutput.create(str(tmp_path / name))
        assert out
        for k, size in enumerate(order):
            assert out.open(str(tmp_path / name), specs[k], "AppendSubimage" if k else "Create")
            assert out.write_image(np.ascontiguousarray(large if size == "l" else small))
        out.close()
        frame = read_image(tmp_path / name)
        wanted = large if "l" in order else small
        np.testing.assert_array_equal(frame.pixels.transpose(1, 2, 0), wanted)
        assert len(frame.parts) == (order == "ll")
        if not frame.parts:
            back = there_and_back(tmp_path / "out.png", frame)
            np.testing.assert_array_equal(back.pixels, frame.pixels)


def cmyk(path: Path, bits: int) -> np.ndarray:
    """Write an uncompressed TIFF of C, M, Y, K (TIFF 6.0, section 16); returns them, (H, W, 4), 0..1."""
    top, kind = 2**bits - 1, f"<u{bits // 8}"
    inks = RNG.integers(0, top + 1, (12, 16, 4)).astype(kind)
    tags = (
        (256, 3, 1, 16), (257, 3, 1, 12), (258, 3, 4, 0), (259, 3, 1, 1), (262, 3, 1, 5), (273, 4, 1, 8),
        (277, 3, 1, 4), (278, 3, 1, 12), (279, 4, 1, inks.nbytes), (284, 3, 1, 1), (332, 3, 1, 1),
    )  # fmt: skip
    depths = 8 + inks.nbytes
    data = struct.pack("<2sHI", b"II", 42, depths + 8) + inks.tobytes() + struct.pack("<4H", *[bits] * 4)
    data += struct.pack("<H", len(tags))
    for tag, form, count, value in tags:
        data += struct.pack("<HHII", tag, form, count, depths if tag == 258 else value)
    path.write_bytes(data + bytes(4))
    return inks / top


@pytest.mark.parametrize("bits", [8, 16])
def test_cmyk_keeps_its_bits(tmp_path: Path, bits: int) -> None:
    """OpenImageIO would write what it reads so as 8 bits of CMYK again."""
    inks = cmyk(tmp_path / "a.tif", bits)
    frame = read_image(tmp_path / "a.tif")
    assert (frame.channels, frame.depth) == (("R", "G", "B"), (f"uint{bits}",) * 3)
    wanted = ((1 - inks[..., :3]) * (1 - inks[..., 3:])).transpose(2, 0, 1)
    assert np.abs(frame.pixels - wanted).max() < 1.5 / (2**bits - 1)
    for suffix in (".tif", ".png", ".dpx"):
        back = there_and_back(tmp_path / f"b{suffix}", frame)
        np.testing.assert_array_equal(back.pixels, frame.pixels)
        assert back.depth == frame.depth and not colour_model(back.metadata)
    assert colour_model(frame.metadata) == "CMYK"


def test_inks_with_alpha_are_told(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(8, 8, 5, "uint16")
    spec.channelnames = ("C", "M", "Y", "K", "A")
    spec["tiff:ColorSpace"] = "CMYK"
    out = oiio.ImageOutput.create(str(tmp_path / "a.tif"))
    assert out is not None and out.open(str(tmp_path / "a.tif"), spec)
    assert out.write_image(np.zeros((8, 8, 5), np.uint16)) and out.close()
    with pytest.raises(
        InputError, match=r"a\.tif: the file holds 5 inks, such as CMYK with alpha.*convert it"
    ):
        read_image(tmp_path / "a.tif")


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.exr"
    write_image(path, exr(), attributes={}, warn=never)

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"a\.exr: the file cannot be read: Permission denied"):
        read_image(path)


def test_more_pixels_than_memory_holds_are_refused_before_any_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.exr"
    write_image(path, Frame.of(np.zeros((3, 4, 4)), depth=("half",) * 3), attributes={}, warn=never)
    window = struct.pack("<i4i", 16, 0, 0, 3, 3)
    path.write_bytes(path.read_bytes().replace(window, struct.pack("<i4i", 16, 0, 0, 49_999, 49_999)))
    with pytest.raises(InputError, match=r"claims a 14305 MB image from a \d+ byte file"):
        read_image(path)
    with path.open("r+b") as file:
        file.truncate(2**33)  # a hole, which takes no disk
    monkeypatch.setattr(
        "interneg.io.image_file.psutil.virtual_memory", lambda: SimpleNamespace(available=2**34)
    )
    with pytest.raises(
        HostMemoryError, match=r"50000x50000 pixels of 3 channels, 27\.9 GiB in memory, where 16\.0 are free"
    ):
        read_image(path)


def test_reasons_take_one_line(tmp_path: Path) -> None:
    """OpenEXR names the file in each of several lines."""
    path = tmp_path / "a.exr"
    write_image(path, Frame.of(np.zeros((3, 4, 4)), depth=("half",) * 3), attributes={}, warn=never)
    path.write_bytes(
        path.read_bytes().replace(b"displayWindow\0box2i\0\x10\0\0\0", b"displayWindow\0box2i\0\0\0\2\0")
    )
    with pytest.raises(InputError) as caught:
        read_image(path)
    assert len(str(caught.value).splitlines()) == 1 and str(caught.value).count("a.exr") == 1
