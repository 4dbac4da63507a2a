"""Mastering display and light levels of movies: carried, or told."""

from pathlib import Path

import pytest

from interneg.io import open_clip, open_output
from interneg.io.hdr import LIGHT, MASTERING
from tests.core.io.ffmpeg import ffmpeg, pictures
from tests.core.io.io_movies import make

DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"


def _graded(path: Path) -> Path:
    colours = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    params = f"log-level=none:{colours}:repeat-headers=1:master-display={DISPLAY}:max-cll=1000,400"
    ffmpeg(*pictures(0.5), "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", params, path)
    return path


def test_they_go_into_h264_and_through_frames(tmp_path: Path) -> None:
    clip = open_clip(_graded(tmp_path / "a.mp4"))
    said = {MASTERING: DISPLAY, LIGHT: "1000,400"}
    assert said.items() <= clip.read(1).metadata.items()
    out = open_output(tmp_path / "b.mp4", clip)
    stills = open_output(tmp_path / "b.####.exr", clip)
    for n in clip.numbers[:2]:
        out.write(clip.read(n), {})
        stills.write(clip.read(n), {})
    out.close()
    assert said.items() <= open_clip(tmp_path / "b.mp4").read(1).metadata.items()
    assert said.items() <= open_clip(tmp_path / "b.####.exr").read(1).metadata.items()


@pytest.mark.parametrize(("name", "label"), [("b.mov", "ProRes"), ("b.mkv", "FFV1")])
def test_what_cannot_hold_them_says_so(
    tmp_path: Path, name: str, label: str, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path / name, 1, hdr10__content_light="1000,400")
    assert f"{label} movies written here do not keep" in caplog.text and "1000,400" in caplog.text
