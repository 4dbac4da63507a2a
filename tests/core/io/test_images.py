import logging
import pickle
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interneg.errors import InputError, OutputError
from interneg.frame import Box, Frame
from interneg.io import open_clip, open_output
from interneg.io.attributes import Typed
from interneg.io.image_reader import read_attributes, read_image
from interneg.io.image_writer import write_image
from interneg.io.rates import rate_in

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "exr").is_dir(), reason="needs ../shared/data")
RNG = np.random.default_rng(7)


def never(kind: str, sentence: str) -> None:
    raise AssertionError(f"{kind}: {sentence}")


def there_and_back(path: Path, frame: Frame, **options: Any) -> Frame:
    write_image(path, frame, attributes={}, warn=options.pop("warn", never), **options)
    return read_image(path, frame.number)


def same(a: Frame, b: Frame) -> None:
    np.testing.assert_array_equal(a.pixels, b.pixels)
    assert (a.channels, a.depth, a.data_window, a.display_window, a.pixel_aspect) == (
        b.channels,
        b.depth,
        b.data_window,
        b.display_window,
        b.pixel_aspect,
    )


def codes(bits: int, channels: int, height: int = 5, width: int = 7) -> np.ndarray:
    top = 2**bits - 1
    return (RNG.integers(0, top + 1, (channels, height, width)) / np.float32(top)).astype(np.float32)


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


def exr(**changes: Any) -> Frame:
    pixels = RNG.normal(0, 20, (5, 6, 8)).astype(np.float16).astype(np.float32)
    pixels[0, 0, :4] = np.nan, np.inf, -np.inf, -3
    pixels[3] = np.round(np.linspace(0, 2**22, 48)).reshape(6, 8) / (2**32 - 1)
    pixels[4] = RNG.normal(size=(6, 8))
    return replace(
        Frame(
            pixels,
            ("R", "G", "B", "id", "depth.Z"),
            Box(-3, -2, 5, 4),
            Box(0, 0, 4, 3),
            ("half", "half", "half", "uint32", "float"),
            pixel_aspect=2.0,
            number=1001,
            metadata={
                "compression": "zips",
                "Copyright": "somebody",
                "takes": 3,
                "gain": 0.5,
                "smpte:TimeCode": Typed("timecode", (0x01020304, 5)),
                "smpte:KeyCode": Typed("keycode", (1, 2, 3, 4, 5, 6, 7)),
                "FramesPerSecond": Typed("rational", (24000, 1001)),
                "worldToCamera": Typed("matrix", tuple(float(k) for k in range(16))),
                "chromaticities": Typed("float[8]", tuple(k / 8 for k in range(8))),
                "multiView": Typed("string[2]", ("left", "right")),
                "cropped": Typed("vector2i[2]", (1, 2, 3, 4)),
            },
        ),
        **changes,
    )


def test_exr_keeps_all(tmp_path: Path) -> None:
    frame = exr()
    back = there_and_back(tmp_path / "a.exr", frame)
    same(back, frame)
    for name, value in frame.metadata.items():
        assert back.metadata[name] == value, name
        assert getattr(back.metadata[name], "type", None) == getattr(value, "type", None), name


@pytest.mark.parametrize("compression", ["none", "rle", "zip", "zips", "piz", "dwaa", "b44"])
def test_exr_keeps_the_compression(tmp_path: Path, compression: str) -> None:
    metadata: dict[str, Any] = {"compression": compression}
    if compression == "dwaa":
        metadata["openexr:dwaCompressionLevel"] = 20.0
    frame = Frame.of(np.zeros((3, 4, 4)), depth=("half",) * 3, metadata=metadata)
    back = there_and_back(tmp_path / "a.exr", frame)
    assert {k: back.metadata[k] for k in metadata} == metadata


def test_a_dpx_without_film_and_video_headers(tmp_path: Path) -> None:
    """As FFmpeg writes them: the picture begins where those headers would."""
    frame = Frame.of(codes(10, 3, 20, 30), depth=("uint10",) * 3, metadata={"dpx:FrameRate": 24.0})
    write_image(tmp_path / "whole.dpx", frame, attributes={}, warn=never)
    data = (tmp_path / "whole.dpx").read_bytes()
    order = "big" if data[:4] == b"SDPX" else "little"
    begin = int.from_bytes(data[4:8], order)
    short = bytearray(data[:1664] + data[begin:])
    for at in (4, 808):  # where the picture begins, in the file's header and its own
        short[at : at + 4] = (1664).to_bytes(4, order)
    (tmp_path / "short.dpx").write_bytes(short)
    back = read_image(tmp_path / "short.dpx")
    np.testing.assert_array_equal(back.pixels, frame.pixels)
    assert not {"dpx:FrameRate", "dpx:Format", "smpte:TimeCode", "smpte:KeyCode"} & set(back.metadata)
    assert not rate_in(read_attributes(tmp_path / "short.dpx"))


def test_how_many_chunks_a_part_had_is_not_carried(tmp_path: Path) -> None:
    part = Frame.of(codes(16, 1), channels=("Z",), metadata={"name": "depth", "oiio:subimage": 1})
    main = {"name": "main", "oiio:subimage": 0}
    frame = Frame.of(codes(16, 3), metadata=main, parts=(part,))
    write_image(tmp_path / "a.exr", frame, attributes={}, warn=never)
    back = read_image(tmp_path / "a.exr")
    assert "openexr:chunkCount" not in {**back.metadata, **back.parts[0].metadata}


def test_exr_of_two_channels_keeps_their_names(tmp_path: Path) -> None:
    """Motion vectors and ST maps: not grey with an alpha."""
    frame = Frame.of(RNG.normal(size=(2, 5, 7)).astype(np.float32), channels=("R", "G"))
    back = there_and_back(tmp_path / "a.exr", frame)
    assert back.channels == ("R", "G") and not back.colour_channels
    np.testing.assert_array_equal(back.pixels, frame.pixels)


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
    names = []
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


def test_pixels_are_the_files_own_interleaved_buffer(tmp_path: Path) -> None:
    back = there_and_back(tmp_path / "a.exr", exr())
    assert back.pixels.transpose(1, 2, 0).flags.c_contiguous
    assert not back.pixels.flags.writeable


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(1, 9), st.integers(1, 9), st.sampled_from(["half", "float"]))
def test_exr_of_any_size(
    tmp_path_factory: pytest.TempPathFactory, channels: int, height: int, width: int, depth: str
) -> None:
    pixels = RNG.normal(size=(channels, height, width)).astype(np.float16).astype(np.float32)
    names = tuple(sorted(f"layer.{k:02}" for k in range(channels)))
    frame = Frame.of(pixels, names, depth=(depth,) * channels)
    same(there_and_back(tmp_path_factory.mktemp("exr") / "a.exr", frame), frame)


def test_dpx_keeps_its_film_header(tmp_path: Path) -> None:
    header: dict[str, Any] = {
        "dpx:Transfer": "Printing density",
        "dpx:Colorimetric": "Printing density",
        "dpx:LowData": np.uint32(95),
        "dpx:HighData": np.uint32(685),
        "dpx:LowQuantity": 0.25,
        "dpx:InputDevice": "Scanner",
        "dpx:Format": "Academy",
        "dpx:FrameId": "reel 4",
        "dpx:SlateInfo": "12A",
        "dpx:FrameRate": 24.0,
        "dpx:FramePosition": np.uint32(17),
        "dpx:UserBits": np.uint32(9),
        "smpte:TimeCode": Typed("timecode", (0x01020304, 9)),
        "smpte:KeyCode": Typed("keycode", (1, 2, 123456, 1234, 12, 4, 64)),
    }
    frame = Frame.of(codes(10, 3), depth=("uint10",) * 3, metadata=header)
    back = there_and_back(tmp_path / "a.dpx", frame)
    assert {k: back.metadata.get(k) for k in header} == header


def test_the_film_header_goes_through_exr(tmp_path: Path) -> None:
    header: dict[str, Any] = {
        "dpx:Transfer": "Printing density",
        "dpx:Colorimetric": "Printing density",
        "dpx:LowData": np.uint32(95),
        "dpx:HighData": np.uint32(685),
        "dpx:InputDevice": "Scanner",
        "dpx:FrameId": "reel 4",
        "dpx:FrameRate": 23.976,
        "smpte:TimeCode": Typed("timecode", (0x01020304, 9)),
        "smpte:KeyCode": Typed("keycode", (1, 2, 123456, 1234, 12, 4, 64)),
    }
    scan = there_and_back(tmp_path / "a.dpx", Frame.of(codes(10, 3), depth=("uint10",) * 3, metadata=header))
    plate = there_and_back(tmp_path / "a.exr", scan)
    assert plate.metadata["FramesPerSecond"] == (24000, 1001)
    assert {k: plate.metadata.get(k) for k in header} == {k: scan.metadata[k] for k in header}
    kept = {k: v for k, v in plate.metadata.items() if k != "compression"}
    back = there_and_back(tmp_path / "b.dpx", replace(plate, metadata=kept), depth="uint10")
    assert {k: back.metadata.get(k) for k in header} == {k: scan.metadata[k] for k in header}
    only_exr = Frame.of(codes(10, 3), metadata={"FramesPerSecond": Typed("rational", (24000, 1001))})
    rate = there_and_back(tmp_path / "c.dpx", only_exr, depth="uint10").metadata["dpx:FrameRate"]
    assert rate == pytest.approx(23.976, abs=1e-3)


def test_user_data_of_dpx_is_kept(tmp_path: Path) -> None:
    data = Typed("uint8[64]", tuple(range(64)))
    frame = Frame.of(codes(8, 3), depth=("uint8",) * 3, metadata={"dpx:UserData": data})
    assert there_and_back(tmp_path / "a.dpx", frame).metadata["dpx:UserData"] == data


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
        said = [r.getMessage() for r in caplog.records]
        assert len(said) == bool(lost), said
        assert not lost or f"cannot hold the attributes {lost} (told once" in said[0]


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


def test_scalars_that_exr_lacks(tmp_path: Path) -> None:
    facts = {"third": np.float64(1 / 3), "small": np.uint32(7), "large": np.uint32(2**32 - 1)}
    back = there_and_back(tmp_path / "a.exr", Frame.of(np.zeros((1, 2, 2)), metadata=facts)).metadata
    assert back["third"] == pytest.approx(1 / 3, rel=1e-6)
    assert (back["small"], back["large"]) == (7, "4294967295")


# Bad input


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
    assert out.open(str(tmp_path / "id.exr"), spec)
    assert out.write_image(np.array([[[7], [4_000_000_001]]], np.uint32))
    out.close()
    with pytest.raises(InputError, match="channel id holds 32-bit integers"):
        read_image(tmp_path / "id.exr")


# Real files


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


def test_typed_attributes_pickle() -> None:
    again = pickle.loads(pickle.dumps(Typed("rational", (24, 1))))
    assert again == (24, 1)
    assert again.type == "rational"


def test_unassociated_alpha_in_exr_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    pixels = codes(8, 4)
    frame = Frame.of(pixels, "RGBA", depth=("half",) * 4, metadata={"oiio:UnassociatedAlpha": 1})
    back = there_and_back(tmp_path / "a.exr", frame, warn=lambda kind, _: told.append(kind))
    assert told == ["alpha"]
    np.testing.assert_array_equal(back.pixels, pixels.astype(np.float16))
    assert back.metadata["oiio:UnassociatedAlpha"] == 1


def test_a_dpx_header_holds_the_final_name(tmp_path: Path) -> None:
    shown = tmp_path / "plate.1001.dpx"
    temporary = tmp_path / ".plate.1001.abcd.tmp.dpx"
    write_image(
        temporary, Frame.of(np.zeros((3, 4, 6), np.float32)), attributes={}, warn=lambda *_: None, on=shown
    )
    assert temporary.read_bytes()[36:136].rstrip(b"\0") == b"plate.1001.dpx"
