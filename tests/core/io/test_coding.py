"""How strongly a file was quantised, as the file says."""

from __future__ import annotations

import math
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from interneg.errors import InputError
from interneg.io.coding import Quantised, coding_of_images, coding_of_movie


def movie(path: Path, codec: str, **options: str) -> Path:
    random = np.random.default_rng(1)
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream(codec, rate=24, options=options)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        if codec == "mpeg2video":
            stream.codec_context.qmin = stream.codec_context.qmax = 9
        for _ in range(6):
            frame = random.integers(0, 255, (64, 64, 3)).astype(np.uint8)
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        sink.mux(stream.encode(None))
    return path


def test_a_movie_tells_its_quantiser(tmp_path: Path) -> None:
    assert coding_of_movie(movie(tmp_path / "a.mkv", "libx264", qp="31")) == Quantised("h264", 31)
    told = coding_of_movie(movie(tmp_path / "b.mkv", "mpeg2video"))
    assert told is not None and told.kind == "mpeg2" and told.value == pytest.approx(9, abs=1)
    assert coding_of_movie(movie(tmp_path / "c.mkv", "ffv1")) is None
    silent = coding_of_movie(movie(tmp_path / "e.mkv", "mpeg4"))
    assert silent is not None and silent.kind == "mpeg4" and math.isnan(silent.value)
    (tmp_path / "d.mkv").write_bytes(b"no movie")
    with pytest.raises(InputError, match="cannot be read"):
        coding_of_movie(tmp_path / "d.mkv")


@pytest.mark.parametrize("quality", [12, 40, 50, 75, 92])
def test_a_jpeg_tells_its_quality(tmp_path: Path, quality: int) -> None:
    picture = np.random.default_rng(2).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    found = coding_of_images([path])
    assert found is not None and found.kind == "jpeg" and found.value == pytest.approx(quality, abs=2)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    assert coding_of_images([path, tmp_path / "a.png"]) is None
