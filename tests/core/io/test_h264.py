"""Whether an H.264 stream may hold fields, after its header."""

from pathlib import Path

import av
import pytest

from interneg.io.h264 import may_hold_fields
from tests.core.io.ffmpeg import ffmpeg, pictures


@pytest.mark.parametrize(
    "profile", [("yuv420p", "baseline"), ("yuv420p", "high"), ("yuv422p10le", "high422")]
)
@pytest.mark.parametrize("interlaced", [False, True])
def test_headers_of_x264(tmp_path: Path, profile: tuple[str, str], interlaced: bool) -> None:
    if interlaced and profile[1] == "baseline":
        pytest.skip("the baseline profile has no fields")
    path = tmp_path / "a.mp4"
    fields = ("-flags", "+ildct+ilme") if interlaced else ()
    # cqm: with lists of scaling
    ffmpeg(*pictures(0.5), "-pix_fmt", profile[0], "-c:v", "libx264", "-profile:v", profile[1],
           "-x264-params", "cqm=jvt" if profile[1] != "baseline" else "ref=1", *fields, path)  # fmt: skip
    with av.open(str(path)) as file:
        assert may_hold_fields(file.streams.video[0].codec_context.extradata) == interlaced


def test_what_is_not_said_may_be() -> None:
    for data in (None, b"", b"\0\0\0\1\x67", bytes(20), b"\1" * 7, b"\1BCD\xff\xe1\0\4gB\xff\xff"):
        assert may_hold_fields(data)
