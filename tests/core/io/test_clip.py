"""Clips by name, their digests and rates."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from interneg.errors import InputError, UsageError
from interneg.frame import Frame
from interneg.io import open_clip
from interneg.io.image_writer import write_image
from tests.core.io.io_clips import clip_of, png


def test_clip_from_names(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1001, 1002, 1004)
    assert clip.numbers == (1001, 1002, 1004)
    assert open_clip(tmp_path / "in" / "plate.%04d.png").numbers == clip.numbers
    one = open_clip(tmp_path / "in" / "plate.1002.png")
    assert (one.numbers, one.read(1002).number) == ((1002,), 1002)
    assert open_clip(png(tmp_path / "still.png"), first=7).numbers == (7,)
    assert clip.path_of(1004) == tmp_path / "in" / "plate.1004.png"
    assert clip.path_of(1003) is None
    with pytest.raises(InputError, match=r"frame 1003 is missing; there are 1001-1002,1004"):
        clip.read(1003)
    with pytest.raises(InputError, match="no frame of this sequence"):
        open_clip(tmp_path / "in" / "other.####.png")
    with pytest.raises(InputError, match="no such file"):
        open_clip(tmp_path / "nothing.exr")
    with pytest.raises(UsageError, match=r"'\.gif' is no file type"):
        open_clip(tmp_path / "a.####.gif")


def test_digest_follows_the_content(tmp_path: Path) -> None:
    clip = clip_of(tmp_path, 1, 2)
    assert clip.digest(1) == clip.digest(2)
    before = clip.digest(2)
    write_image(
        tmp_path / "plate.0002.png",
        Frame.of(np.zeros((3, 40, 4)), depth=("uint8",) * 3),
        attributes={},
        warn=lambda kind, sentence: None,
    )
    assert clip.digest(2) != before


def test_rate_from_the_header(tmp_path: Path) -> None:
    for rate, expected in ((23.976, Fraction(24000, 1001)), (25.0, Fraction(25))):
        write_image(
            tmp_path / "a.0001.dpx",
            Frame.of(np.zeros((3, 4, 4)), depth=("uint10",) * 3, metadata={"dpx:FrameRate": rate}),
            attributes={},
            warn=lambda kind, sentence: None,
        )
        assert open_clip(tmp_path / "a.0001.dpx").rate == expected
    assert clip_of(tmp_path / "in", 1).rate is None
