import logging
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from interneg.errors import InputError, OutputError, UsageError
from interneg.frame import Box, Frame
from interneg.io import Clip, open_clip, open_output, timecode
from interneg.io.attributes import Typed
from interneg.io.image_reader import read_image
from interneg.io.image_writer import write_image

RATE = Fraction(24000, 1001)


class Numbers:
    """A clip of which only the numbers matter."""

    is_movie = False
    rate = RATE

    def __init__(self, count: int) -> None:
        self.numbers = tuple(range(1001, 1001 + count))

    def path_of(self, number: int) -> Path | None:
        return None

    def read(self, number: int) -> Frame:
        raise InputError("no frames")

    def digest(self, number: int) -> str:
        raise InputError("no frames")

    def close(self) -> None:
        """Nothing is open."""


def picture(number: int, channels: str = "RGB", size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """A smooth picture that tells its number."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]] / max(size)
    planes = [0.5 + 0.4 * np.sin(3 * x + 2 * y * k + number / 3 + k) for k in range(len(channels))]
    return np.stack(planes).astype(np.float32)


def make(path: Path, count: int = 8, channels: str = "RGB", depth: str = "uint10", **metadata: Any) -> Clip:
    facts = {k.replace("__", ":"): v for k, v in metadata.items()}
    facts.setdefault("oiio:UnassociatedAlpha", 1)
    clip = Numbers(count)
    out = open_output(path, clip)
    for n in clip.numbers:
        pixels = picture(n, channels)
        frame = Frame.of(pixels, channels, depth=(depth,) * len(channels), number=n, metadata=facts)
        out.write(frame, {"input": str(n)})
    out.close()
    return open_clip(path, first=1001)


def raw(path: Path, codec: str, layout: str, planes: list[np.ndarray], **tags: int) -> Path:
    """A movie of one picture made of given codes, written without our code."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=24)
        stream.height, stream.width = planes[0].shape
        stream.pix_fmt = layout
        frame = av.VideoFrame(stream.width, stream.height, layout)
        for plane, values in zip(frame.planes, planes, strict=True):
            rows = np.zeros((plane.height, plane.line_size // values.itemsize), values.dtype)
            rows[:, : values.shape[1]] = values
            plane.update(rows.tobytes())
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)
            setattr(frame, name, value)
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return path


@pytest.mark.parametrize(
    ("name", "channels", "depth", "stored", "limit"),
    [
        ("a.mov", "RGB", "uint10", "yuv422p10le", 8),
        ("a.mov", "RGBA", "half", "yuva444p12le", 8),
        ("a.mp4", "RGB", "uint8", "yuv420p", 32),
        ("a.mp4", "RGB", "uint10", "yuv420p10le", 32),
        ("a.mkv", "RGB", "uint8", "bgr0", 2.1),
        ("a.mkv", "RGB", "uint10", "gbrp10le", 0.51),
        ("a.mkv", "RGB", "uint12", "gbrp12le", 0.13),
        ("a.mkv", "RGB", "half", "gbrp16le", 0.01),
        ("a.mkv", "RGBA", "uint8", "bgra", 2.1),
        ("a.mkv", "RGBA", "uint16", "gbrap16le", 0.01),
        ("a.mkv", "Y", "uint10", "gray10le", 0.6),
    ],
)
def test_pictures_come_back(
    tmp_path: Path, name: str, channels: str, depth: str, stored: str, limit: float
) -> None:
    clip = make(tmp_path / name, 4, channels, depth)
    assert clip.is_movie
    assert clip.numbers == (1001, 1002, 1003, 1004)
    assert clip.rate == RATE
    for n in clip.numbers:
        frame = clip.read(n)
        assert frame.metadata["movie:pixel_format"] == stored
        assert frame.channels == tuple(channels)
        # chroma beyond the last column and line is a guess
        inside = np.abs(frame.pixels - picture(n, channels))[:, 4:-4, 4:-4]
        assert inside.max() * 1023 < limit


@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv"])
def test_tags_and_time_code_come_back(tmp_path: Path, name: str) -> None:
    tags = {"cicp__primaries": 9, "cicp__transfer": 16, "cicp__matrix": 9}
    start = Typed("timecode", (timecode.pack("01:00:00:23"), 0))
    clip = make(tmp_path / name, 3, movie__pixel_format="yuv422p10le", smpte__TimeCode=start, **tags)
    found = clip.read(1002).metadata
    expected = {k.replace("__", ":"): v for k, v in tags.items()} | {"cicp:range": 0}
    assert {k: found.get(k) for k in expected} == expected
    assert timecode.unpack(found["smpte:TimeCode"][0]) == "01:00:01:00"
    assert found["FramesPerSecond"] == (24000, 1001)
    # and on, through EXR, into the next movie
    still = tmp_path / "still.1002.exr"
    write_image(still, clip.read(1002), attributes={}, warn=lambda kind, sentence: None)
    kept = read_image(still).metadata
    assert {k: kept.get(k) for k in expected} == expected
    assert kept["smpte:TimeCode"] == found["smpte:TimeCode"]


@pytest.mark.parametrize("name", ["a.mov", "a.mp4"])
def test_pixel_aspect_comes_back(tmp_path: Path, name: str) -> None:
    out = open_output(tmp_path / name, Numbers(1))
    out.write(Frame.of(picture(1), number=1001, pixel_aspect=2.0), {})
    out.close()
    assert open_clip(tmp_path / name).read(1).pixel_aspect == 2.0


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p10le", "yuv444p12le", "yuv420p16le", "yuv411p"])
def test_untouched_codes_stay(tmp_path: Path, layout: str) -> None:
    """All codes, those outside the nominal range too: what FFV1 gives back is what it was given."""
    rng = np.random.default_rng(3)
    form = av.VideoFormat(layout, 64, 48)
    bits = form.components[0].bits
    kind = np.uint8 if bits == 8 else np.uint16
    middle, span = 2 ** (bits - 1), 2**bits // 16
    luma = rng.integers(0, 2**bits, (48, 64)).astype(kind)
    chroma = [
        rng.integers(middle - span, middle + span, (c.height, c.width)).astype(kind)
        for c in form.components[1:]
    ]
    source = open_clip(raw(tmp_path / "in.mkv", "ffv1", layout, [luma, *chroma], colorspace=1))
    out = open_output(tmp_path / "out.mkv", source)
    out.write(source.read(1), {})
    out.close()
    with av.open(str(tmp_path / "out.mkv")) as file:
        frame = next(file.decode(video=0))
    assert frame.format.name == layout
    for plane, codes in zip(frame.planes, [luma, *chroma], strict=True):
        rows = np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : codes.shape[1]]
        np.testing.assert_array_equal(rows, codes)


@pytest.mark.parametrize(
    ("matrix", "kr", "kb"), [(1, 0.2126, 0.0722), (6, 0.299, 0.114), (9, 0.2627, 0.0593)]
)
@pytest.mark.parametrize("full", [False, True])
def test_conversion_is_the_standards(tmp_path: Path, matrix: int, kr: float, kb: float, full: bool) -> None:
    """A ramp and colour bars, computed here in float64: within a tenth of a 10-bit code."""
    bars = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]])
    grey = np.linspace(-0.05, 1.05, 8)[:, None] * np.ones(3)
    rgb = np.repeat(np.repeat(np.stack([bars * 0.75, grey]), 8, 0), 8, 1)
    y = rgb @ np.array([kr, 1 - kr - kb, kb])
    cb, cr = (rgb[..., 2] - y) / (2 - 2 * kb), (rgb[..., 0] - y) / (2 - 2 * kr)
    scale = [(1023, 0), (1023, 512), (1023, 512)] if full else [(876, 64), (896, 512), (896, 512)]
    planes = [
        np.clip(np.rint(p * k + o), 0, 1023).astype(np.uint16)
        for p, (k, o) in zip((y, cb, cr), scale, strict=True)
    ]
    tags = {"colorspace": matrix, "color_range": 2 if full else 1}
    path = raw(tmp_path / "a.mkv", "ffv1", "yuv444p10le", planes, **tags)
    got = open_clip(path).read(1)
    y, cb, cr = ((p.astype(np.float64) - o) / k for p, (k, o) in zip(planes, scale, strict=True))
    r, b = y + (2 - 2 * kr) * cr, y + (2 - 2 * kb) * cb
    expected = np.stack([r, (y - kr * r - kb * b) / (1 - kr - kb), b])
    assert np.abs(got.pixels - expected).max() * 1023 < 0.1
    assert got.metadata["cicp:range"] == int(full)
    # an independent converter agrees to its own rounding, inside 0..1 where it does not clip
    with av.open(str(path)) as file:
        frame = next(file.decode(video=0))
    other = frame.reformat(format="gbrp16le", src_colorspace=matrix, dst_colorspace=matrix)
    green = np.frombuffer(other.planes[0], np.uint16).reshape(16, -1)[:, :64] / 65535
    if not full:
        green = np.minimum(green * (1023 / 1020), 1)  # it takes 10-bit white for 255 * 4
    assert np.abs(np.clip(got.pixels[1], 0, 1) - green).max() * 1023 < 2


@pytest.mark.parametrize(("height", "said"), [(48, "BT.601"), (720, "BT.709")])
def test_untagged_movies_say_which_matrix_was_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, height: int, said: str
) -> None:
    planes = [np.full((height, 64), 128, np.uint8), *[np.full((height // 2, 32), 100, np.uint8)] * 2]
    clip = open_clip(raw(tmp_path / "a.mkv", "ffv1", "yuv420p", planes))
    with caplog.at_level(logging.INFO, "interneg.io"):
        frame = clip.read(1)
        clip.read(1)
    assert [r.getMessage().rpartition(" ")[2] for r in caplog.records] == [said]
    assert "cicp:matrix" not in frame.metadata
    kr = 0.2126 if said == "BT.709" else 0.299
    red = (128 - 16) / 219 + (2 - 2 * kr) * (100 - 128) / 224
    assert frame.pixels[0] == pytest.approx(red, abs=1e-5)


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video", "mjpeg"])
@pytest.mark.parametrize("name", ["a.mov", "a.mkv", "a.mpg"])
def test_random_access_is_exact(tmp_path: Path, codec: str, name: str) -> None:
    """Key frames every 12, B frames between: any order gives what reading in order gives."""
    if name == "a.mpg" and codec == "mjpeg":
        pytest.skip("MPEG program streams hold no MJPEG")
    path = tmp_path / name
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.gop_size = 12
        if codec != "mjpeg":
            stream.max_b_frames = 2
        for n in range(40):
            rgb = (picture(n).transpose(1, 2, 0) * 255).astype(np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(rgb).reformat(format=stream.pix_fmt)):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    clip = open_clip(path)
    assert clip.numbers == tuple(range(1, 41))
    inorder = {n: clip.read(n).pixels for n in clip.numbers}
    for n in (40, 1, 13, 12, 25, 24, 26, 7, 39, 40, 2):
        np.testing.assert_array_equal(clip.read(n).pixels, inorder[n])
    assert np.abs(inorder[20] - inorder[21]).max() > 0.01


def test_frames_of_a_movie_are_missing_outside(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mkv", 3)
    assert clip.path_of(1003) == tmp_path / "a.mkv"
    assert clip.path_of(1004) is None
    assert len({clip.digest(n) for n in clip.numbers}) == 3
    with pytest.raises(InputError, match="frame 1004 is missing; the movie has 1001-1003"):
        clip.read(1004)


def test_bad_movies(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "empty.mov").touch()
    (tmp_path / "text.mp4").write_text("no movie\n" * 99)
    for name, reason in (("empty.mov", "empty"), ("text.mp4", "not a readable movie")):
        with pytest.raises(InputError, match=reason):
            open_clip(tmp_path / name)
    clip = make(tmp_path / "a.mkv", 8)
    whole = {n: clip.read(n).pixels for n in clip.numbers}
    data = (tmp_path / "a.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    cut = open_clip(tmp_path / "cut.mkv", first=1001)
    assert 0 < len(cut.numbers) < 8
    assert cut.cut_short == 8 - len(cut.numbers)
    assert "cut short" in caplog.text
    for n in cut.numbers:
        try:
            np.testing.assert_array_equal(cut.read(n).pixels, whole[n])
        except InputError as e:
            assert "damaged" in str(e) or "decoded" in str(e)


@pytest.mark.parametrize("name", ["a.mov", "a.mp4"])
def test_damaged_pictures_are_refused(tmp_path: Path, name: str) -> None:
    """A damaged picture is refused, and so are those predicted from it."""
    clip = make(tmp_path / name, 8)
    whole = {n: clip.read(n).pixels for n in clip.numbers}
    data = bytearray((tmp_path / name).read_bytes())
    at = len(data) // 3
    data[at : at + 60] = b"\xaa" * 60
    (tmp_path / f"hurt-{name}").write_bytes(data)
    damaged = open_clip(tmp_path / f"hurt-{name}", first=1001)
    refused = 0
    for n in (*damaged.numbers, *reversed(damaged.numbers)):
        try:
            np.testing.assert_array_equal(damaged.read(n).pixels, whole[n])
        except InputError as e:
            assert f"frame {n} cannot be decoded" in str(e)
            refused += 1
    assert refused >= 2


def test_movies_are_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    out = open_output(path, Numbers(3))
    out.write(Frame.of(picture(1), number=1001), {"k": "1"})
    assert not path.exists()
    out.abort()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OutputError, match="closed"):
        out.write(Frame.of(picture(1), number=1002), {})
    clip = make(path, 2)
    before = path.read_bytes()
    out = open_output(path, Numbers(2))
    assert out.provenance(1002) == {"input": "1002"}
    assert out.provenance(1009) is None
    for bad, reason in (
        (Frame.of(picture(1, size=(32, 32)), number=1002), "alike"),
        (Frame.of(picture(1), number=1001), "in order"),
    ):
        out = open_output(path, Numbers(2))
        out.write(Frame.of(picture(1), number=1001), {})
        with pytest.raises(OutputError, match=reason):
            out.write(bad, {})
        assert path.read_bytes() == before
        assert sorted(p.name for p in tmp_path.iterdir()) == [".interneg", "a.mov"]
    clip.close()
    for length in (0, len(before) // 3, len(before) - 20):
        path.write_bytes(before[:length])
        assert open_output(path, Numbers(2)).provenance(1002) is None
        make(path, 2).close()
        assert open_output(path, Numbers(2)).provenance(1002) == {"input": "1002"}
    (tmp_path / "foreign.mov").write_bytes(before)
    with pytest.raises(OutputError, match="exists"):
        open_output(tmp_path / "foreign.mov", Numbers(2)).write(Frame.of(picture(1), number=1001), {})
    assert (tmp_path / "foreign.mov").read_bytes() == before


def test_what_a_movie_cannot_hold(tmp_path: Path) -> None:
    for name, frame, reason in (
        ("a.mov", Frame.of(np.zeros((4, 8, 8)), ("R", "G", "B", "Z")), "not Z"),
        ("a.mp4", Frame.of(np.zeros((4, 8, 8))), "H.264 cannot hold alpha"),
        ("a.mkv", Frame.of(np.zeros((3, 8, 8)), display_window=Box(0, 0, 9, 9)), "data window"),
    ):
        with pytest.raises(OutputError, match=reason):
            open_output(tmp_path / name, Numbers(1)).write(frame, {})
    with pytest.raises(UsageError, match=r"\.mov \(ProRes\)"):
        open_output(tmp_path / "a.avi", Numbers(1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv"])
@pytest.mark.parametrize("size", [(5, 7), (1, 1), (16, 31)])
def test_odd_sizes(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    if size == (1, 1) and name != "a.mkv":
        pytest.skip("these codecs need more than a pixel")
    out = open_output(tmp_path / name, Numbers(1))
    out.write(Frame.of(picture(1, size=size), number=1001, depth=("uint8",) * 3), {})
    out.close()
    frame = open_clip(tmp_path / name).read(1)
    assert frame.pixels.shape[1:] == size
    assert np.abs(frame.pixels - picture(1, size=size)).mean() < 0.06


def test_output_over_the_movie_it_is_read_from(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mkv", 1)
    (tmp_path / "b.mkv").symlink_to(tmp_path / "a.mkv")
    for name in ("a.mkv", "b.mkv"):
        with pytest.raises(UsageError, match="overwrite the input"):
            open_output(tmp_path / name, clip, overwrite=True)
    out = open_output(tmp_path / "frames", clip)
    assert out.path_of(1001) == tmp_path / "frames" / "a.1001.exr"


def test_time_code_at_sixty(tmp_path: Path) -> None:
    facts = {"FramesPerSecond": Typed("rational", (60, 1)), "cicp:primaries": 1}
    start = Typed("timecode", (timecode.pack("01:00:00:58", Fraction(60)), 0))
    out = open_output(tmp_path / "a.mov", Numbers(3), rate=Fraction(60))
    for n in (1001, 1002, 1003):
        out.write(Frame.of(picture(n), number=n, metadata={**facts, "smpte:TimeCode": start}), {})
    out.close()
    clip = open_clip(tmp_path / "a.mov")
    codes = [clip.read(n).metadata["smpte:TimeCode"][0] for n in clip.numbers]
    assert [timecode.unpack(c, Fraction(60)) for c in codes] == ["01:00:00:58", "01:00:00:59", "01:00:01:00"]


def camera(path: Path, turn: int = 0, times: tuple[int, ...] = (0, 1, 2, 3), sound: bool = False) -> Path:
    """A movie as cameras and telephones make it: turned, titled, with sound, at uneven times."""
    with av.open(str(path), "w") as file:
        file.metadata["title"] = "Reel 4"
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.max_b_frames = 0
        if turn:
            stream.set_display_rotation(turn)
        audio = file.add_stream("aac", rate=48000) if sound else None
        for n in times:
            rgb = (picture(1).transpose(1, 2, 0) * 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb).reformat(format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            for packet in stream.encode(frame):
                file.mux(packet)
        if audio:
            tone = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            tone.sample_rate, tone.pts = 48000, 0
            for packet in (*audio.encode(tone), *audio.encode(None)):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    return path


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.ts", "libx264"),
        ("a.mpg", "mpeg2video"),
        ("a.avi", "libx264"),
        ("a.avi", "mpeg4"),
        ("a.mkv", "libx264"),
    ],
)
def test_pictures_that_are_coded_in_another_order_come_in_their_own(
    tmp_path: Path, name: str, codec: str
) -> None:
    """Frames that grow brighter, with B frames between them; asked for in and out of order."""
    with av.open(str(tmp_path / name), "w") as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 64, 48, "yuv420p", 6
        stream.codec_context.max_b_frames = 2
        for n in range(14):
            grey = np.full((48, 64), 40 + 12 * n, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    clip = open_clip(tmp_path / name)
    levels = {n: float(clip.read(n).pixels.mean()) for n in clip.numbers}
    assert len(levels) == 14 and not clip.cut_short
    assert (np.diff(list(levels.values())) > 0.02).all()
    for number in (9, 1, 14, 2):
        assert float(clip.read(number).pixels.mean()) == levels[number]


def test_full_range_is_kept_without_a_matrix(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.full((48, 64), 7, np.uint8), format="gray").reformat(
            format="yuvj420p"
        )
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    clip = open_clip(tmp_path / "a.mp4")
    out = open_output(tmp_path / "b.mp4", clip)
    out.write(clip.read(1), {})
    out.close()
    back = open_clip(tmp_path / "b.mp4").read(1)
    assert back.metadata["cicp:range"] == clip.read(1).metadata["cicp:range"] == 1
    assert abs(back.pixels.mean() - clip.read(1).pixels.mean()) < 0.6 / 255


@pytest.mark.skipif(sys.platform == "win32", reason="needs locks of POSIX")
def test_what_a_killed_render_left_of_a_movie_goes_and_what_is_being_written_stays(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mkv", 2)
    left, other = tmp_path / ".b.0123abcd.tmp.mkv", tmp_path / ".b.old.tmp.mkv"
    left.write_bytes(b"half a movie")
    other.write_bytes(b"not ours")
    first = open_output(tmp_path / "b.mkv", clip)
    first.write(clip.read(1001), {})
    assert not left.exists() and other.exists()
    second = open_output(tmp_path / "b.mkv", clip)
    second.write(clip.read(1001), {})
    assert len(list(tmp_path.glob(".b.????????.tmp.mkv"))) == 2
    for out in (second, first):
        out.write(clip.read(1002), {})
        out.close()
    assert len(open_clip(tmp_path / "b.mkv").numbers) == 2


@pytest.mark.parametrize("turn", [90, 180, -90])
def test_pictures_are_turned_as_the_movie_asks(tmp_path: Path, turn: int) -> None:
    upright = open_clip(camera(tmp_path / "a.mov")).read(1)
    with av.open(str(camera(tmp_path / "b.mov", turn))) as file:
        asked = next(file.decode(video=0)).rotation
    assert asked % 360 == turn % 360
    turned = open_clip(tmp_path / "b.mov").read(1)
    np.testing.assert_array_equal(turned.pixels, np.rot90(upright.pixels, turn // 90, (1, 2)))
    assert turned.display_window == Box(0, 0, *((64, 48) if turn == 180 else (48, 64)))


def test_titles_are_kept(tmp_path: Path) -> None:
    clip = open_clip(camera(tmp_path / "a.mov"))
    frame = clip.read(1)
    assert frame.metadata["movie:title"] == "Reel 4"
    for name in ("b.mov", "b.mkv", "b.mp4"):
        out = open_output(tmp_path / name, clip)
        out.write(frame, {})
        out.close()
        assert open_clip(tmp_path / name).read(1).metadata["movie:title"] == "Reel 4"


def test_what_is_not_carried_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_output(tmp_path / "b.mov", open_clip(camera(tmp_path / "a.mov")))
    start = Typed("timecode", (timecode.pack("01:00:00:00"), 0))
    timed = make(tmp_path / "t.mov", 2, smpte__TimeCode=start)
    open_output(tmp_path / "b.mov", timed)
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]
    sound = open_clip(camera(tmp_path / "c.mov", sound=True))
    open_output(tmp_path / "b.mov", sound)
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]
    for name, facts in (("frames", {}), ("b.mov", {"rate": Fraction(30)}), ("b.mov", {"numbers": [1, 3]})):
        caplog.clear()
        open_output(tmp_path / name, sound, **facts)
        assert "not carried to the output: audio (aac)" in caplog.text
    caplog.clear()
    uneven = open_clip(camera(tmp_path / "d.mkv", times=(0, 1, 5, 6, 7)))
    assert len(uneven.numbers) == 5 and not uneven.cut_short
    assert "the frame rate varies (1 of 4" in caplog.text


def talkie(path: Path, codec: str = "pcm_s16le") -> Path:
    """50 frames at 25 per second; in each second of sound every sample says its time in milliseconds."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        audio = file.add_stream(codec, rate=48000)
        audio.layout = "mono"
        for n in range(50):
            rgb = (picture(n).transpose(1, 2, 0) * 255).astype(np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(rgb).reformat(format="yuv420p")):
                file.mux(packet)
            samples = (np.arange(n * 1920, (n + 1) * 1920) // 48).astype(np.int16)
            sound = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            sound.sample_rate, sound.pts = 48000, n * 1920
            for packet in audio.encode(sound):
                file.mux(packet)
        for coder in (stream, audio):
            for packet in coder.encode(None):
                file.mux(packet)
    return path


def heard(path: Path) -> dict[int, int]:
    """The time in milliseconds of each piece of sound, and what its first sample says."""
    with av.open(str(path)) as file:
        video = file.streams.video[0]
        offset = float((video.start_time or 0) * video.time_base)
        return {round((f.time - offset) * 1000): int(f.to_ndarray().ravel()[0]) for f in file.decode(audio=0)}


@pytest.mark.parametrize("name", ["b.mov", "b.mkv"])
@pytest.mark.parametrize("first", [1, 26])
def test_sound_stays_in_step(tmp_path: Path, name: str, first: int) -> None:
    clip = open_clip(talkie(tmp_path / "a.mov"))
    numbers = range(first, first + 20)
    out = open_output(tmp_path / name, clip, numbers=numbers)
    for n in numbers:
        out.write(clip.read(n), {"input": str(n)})
    out.close()
    assert len(open_clip(tmp_path / name).numbers) == 20
    sound = heard(tmp_path / name)
    assert min(sound) < 60 and 740 < max(sound) < 860
    for time, said in sound.items():
        assert abs(said - time - 40 * (first - 1)) <= 2


@pytest.mark.parametrize("name", ["b.mov", "b.mkv", "b.mp4"])
def test_coded_sound_is_copied_unchanged(tmp_path: Path, name: str) -> None:
    clip = open_clip(talkie(tmp_path / "a.mkv", "aac"))
    out = open_output(tmp_path / name, clip)
    for n in clip.numbers:
        out.write(clip.read(n), {})
    out.close()
    packets = []
    for path in (tmp_path / "a.mkv", tmp_path / name):
        with av.open(str(path)) as file:
            packets.append([bytes(p) for p in file.demux(audio=0) if p.size])
    assert len(packets[1]) > 80
    assert packets[1] == [p for p in packets[0] if p in packets[1]]


def test_sound_that_a_movie_cannot_hold_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clip = open_clip(talkie(tmp_path / "a.mkv", "pcm_u8"))
    out = open_output(tmp_path / "b.mp4", clip)
    out.write(clip.read(1), {})
    out.close()
    assert "cannot hold the sound (pcm_u8)" in caplog.text
    assert len(open_clip(tmp_path / "b.mp4").numbers) == 1
