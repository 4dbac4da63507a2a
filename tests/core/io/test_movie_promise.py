"""Movies that end before their header says."""

from pathlib import Path

import pytest

from interneg.io import open_clip
from tests.core.io.ffmpeg import ffmpeg, pictures, tone


@pytest.mark.parametrize(
    ("name", "codec", "says"),
    [
        ("a.mov", ("prores_ks", "-movflags", "faststart"), "of the frames in its index, "),
        ("a.mp4", ("libx264", "-bf", "2", "-movflags", "faststart"), "of the frames in its index, "),
        ("a.avi", ("mjpeg",), "its header speaks of "),
        ("a.mkv", ("libx264",), "its header speaks of "),
        ("a.mxf", ("mpeg2video",), "its header speaks of 50 frames, "),
    ],
)
def test_a_movie_that_is_cut_off(tmp_path: Path, name: str, codec: tuple[str, ...], says: str) -> None:
    path = tmp_path / name
    layout = "yuv422p10le" if "prores_ks" in codec else "yuv420p"
    ffmpeg(*pictures(2, "25"), "-pix_fmt", layout, "-c:v", *codec, path)
    whole = open_clip(path)
    assert (len(whole.numbers), whole.cut_short) == (50, "")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    cut = open_clip(path)
    assert says in cut.cut_short
    assert 20 < len(cut.numbers) < 40
    assert cut.read(5).width == 96


def test_what_is_missing_behind_the_picture_is_no_loss(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    ffmpeg(*pictures(), *tone(), "-c:v", "mjpeg", "-c:a", "pcm_s16le", path)
    path.write_bytes(path.read_bytes()[:-300])
    clip = open_clip(path)
    assert (len(clip.numbers), clip.cut_short) == (48, "")
