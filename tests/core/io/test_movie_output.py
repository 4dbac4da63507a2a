"""Movies written: whole or not there, with what they say of themselves."""

import logging
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from interneg.errors import OutputError, UsageError
from interneg.frame import Frame
from interneg.io import open_clip, open_output, timecode
from interneg.io.attributes import Typed
from interneg.io.image_reader import read_image
from interneg.io.image_writer import write_image
from tests.core.io.io_movies import Numbers, camera, make, picture


@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv"])
def test_tags_and_time_code_come_back(tmp_path: Path, name: str) -> None:
    tags: dict[str, Any] = {"cicp__primaries": 9, "cicp__transfer": 16, "cicp__matrix": 9}
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
