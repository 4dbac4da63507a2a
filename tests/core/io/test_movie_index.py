"""Where the frames of movies lie, and movies that hold none."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from interneg.errors import InputError
from interneg.io import open_clip
from tests.core.io.ffmpeg import ffmpeg, indexed, pictures, presented
from tests.core.io.io_movies import make


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
    assert "bytes" in cut.cut_short
    assert "cut short" in caplog.text
    for n in cut.numbers:
        try:
            np.testing.assert_array_equal(cut.read(n).pixels, whole[n])
        except InputError as e:
            assert "damaged" in str(e) or "decoded" in str(e)


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


def test_a_table_that_does_not_begin_where_the_packets_do_loses_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    ffmpeg("-itsoffset", "1.5", *pictures(1), "-c:v", "prores_ks", path)
    index, onward, _ = indexed(path)
    assert onward == presented(path)
    assert not index.decoded
    ffmpeg(
        "-i",
        path,
        "-c",
        "copy",
        "-output_ts_offset",
        "0.7",
        "-avoid_negative_ts",
        "disabled",
        tmp_path / "b.mov",
    )
    assert indexed(tmp_path / "b.mov")[1] == onward == presented(tmp_path / "b.mov")
