"""The kinds of movies: which pixel format a frame gets, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from interneg.errors import OutputError, UsageError
from interneg.frame import Box, Frame
from interneg.io import open_output
from tests.core.io.io_movies import RATE, Numbers, make, picture


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
