"""Which stream of a file is the picture, by whatever name it lies there, and alpha beside it."""

import os
from pathlib import Path

import numpy as np
import pytest

from interneg.errors import InputError
from interneg.io import open_clip, open_output
from tests.core.io.ffmpeg import ffmpeg, movie, pictures, tone
from tests.core.io.io_movies import make, picture


@pytest.mark.parametrize("name", ["clip:1.mkv", "a?b#c.mkv", "%03d.mkv", "-x.mkv", "file:x.mkv"])
def test_names_that_mean_something_to_ffmpeg(tmp_path: Path, name: str) -> None:
    clip = make(tmp_path / name, 2)
    assert np.abs(clip.read(1002).pixels - picture(1002)).max() < 0.01
    sounding = tmp_path / f"s-{name}"
    ffmpeg("-i", f"file:{tmp_path / name}", *tone(), "-c:v", "copy", "-c:a", "flac", f"file:{sounding}")
    clip = open_clip(sounding)
    out = open_output(tmp_path / f"o-{name}", clip)
    for n in clip.numbers:
        out.write(clip.read(n), {})
    out.close()
    assert movie(tmp_path / f"o-{name}").others == ("audio (flac)",)


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    make(tmp_path / "a.mkv", 2).close()
    path = tmp_path / os.fsdecode(b"caf\xe9.mkv")
    try:
        (tmp_path / "a.mkv").rename(path)
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    assert open_clip(path).read(1).width == 64


def test_the_default_stream_is_the_picture_and_the_others_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    second = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=24:d=1")
    path = tmp_path / "a.mkv"
    for default, width in ((0, 96), (1, 64)):
        flags = (f"-disposition:v:{1 - default}", "0", f"-disposition:v:{default}", "default")
        ffmpeg(*pictures(1), *second, "-map", "0", "-map", "1", "-c:v", "ffv1", *flags, path)
        clip = open_clip(path)
        assert clip.read(1).width == width
        open_output(tmp_path / "b.mkv", clip)
        assert "not carried to the output: video (ffv1)" in caplog.text


def test_a_cover_is_no_moving_picture(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cover = ("-f", "lavfi", "-i", "testsrc=s=300x300:d=0.04:r=25")
    ffmpeg(*cover, "-frames:v", "1", tmp_path / "cover.png")
    path = tmp_path / "a.mp4"
    both = ("-map", "0", "-map", "1", "-c:v:0", "copy", "-c:v:1", "libx264")
    flags = ("-disposition:v:0", "attached_pic", "-disposition:v:1", "0")
    ffmpeg("-i", tmp_path / "cover.png", *pictures(1), *both, *flags, path)
    clip = open_clip(path)
    assert (clip.read(1).width, len(clip.numbers)) == (96, 24)
    open_output(tmp_path / "b.mp4", clip)
    assert "not carried to the output: cover picture (png)" in caplog.text
    ffmpeg("-i", tmp_path / "cover.png", *tone(1), "-map", "0", "-map", "1", "-c:v", "copy", "-c:a", "aac",
           "-disposition:v:0", "attached_pic", path)  # fmt: skip
    with pytest.raises(InputError, match="holds no moving picture"):
        open_clip(path)


def test_alpha_of_webm(tmp_path: Path) -> None:
    path, copied = tmp_path / "a.webm", tmp_path / "a.mkv"
    wedge = "format=yuva420p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='X*2'"
    ffmpeg(*pictures(1), "-vf", wedge, "-c:v", "libvpx-vp9", "-b:v", "2M", path)
    ffmpeg("-i", path, "-c", "copy", copied)  # where FFmpeg writes the tag that tells of it in capitals
    for clip, n in ((open_clip(path), 1), (open_clip(path), 24), (open_clip(copied), 12)):
        frame = clip.read(n)
        assert frame.channels == ("R", "G", "B", "A")
        assert np.abs(frame.pixels[3] * 255 - 2 * np.arange(96)).max() < 12
