"""Pictures through a codec and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from interneg.errors import InputError
from interneg.io.image_reader import read_rgb8
from interneg.io.recompression import through_jpeg, through_video

HEIGHT, WIDTH = 64, 96


@pytest.fixture
def picture() -> npt.NDArray[np.uint8]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    planes = [2 * columns, 3 * rows, 128 + 60 * np.sin(columns / 5) * np.cos(rows / 7)]
    return np.stack(planes, -1).astype(np.uint8)


def off(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float:
    return float(np.abs(a.astype(float) - b).mean())


def test_jpeg_costs_more_the_lower_the_quality(picture: npt.NDArray[np.uint8]) -> None:
    results = [through_jpeg(picture, quality, halved=False) for quality in (95, 50, 10)]
    assert all(r.shape == picture.shape and r.dtype == np.uint8 for r in results)
    losses = [off(picture, r) for r in results]
    assert 0 < losses[0] < losses[1] < losses[2] < 20
    assert losses[0] < off(picture, through_jpeg(picture, 95, halved=True))


@pytest.mark.parametrize(
    ("codec", "fine", "coarse"),
    [
        ("libx264", {"options": {"qp": "18"}}, {"options": {"qp": "40"}}),
        ("mpeg2video", {"options": {}, "qscale": 2}, {"options": {}, "qscale": 28}),
    ],
)
def test_video_costs_more_the_coarser_it_is(
    codec: str, fine: dict[str, Any], coarse: dict[str, Any], picture: npt.NDArray[np.uint8]
) -> None:
    frames = [np.roll(picture, k, 1) for k in range(4)]
    results = [through_video(frames, codec, group=12, **how) for how in (fine, coarse)]
    assert [len(r) for r in results] == [4, 4]
    assert all(f.shape == picture.shape and f.dtype == np.uint8 for r in results for f in r)
    losses = [max(map(off, frames, r)) for r in results]
    assert losses[0] < losses[1] < 40


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_picture_is_read_as_three_channels(
    channels: int, picture: npt.NDArray[np.uint8], tmp_path: Path
) -> None:
    alpha = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    samples = {1: picture[..., 0], 3: picture, 4: np.concatenate([picture, alpha], -1)}[channels]
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), cv2.cvtColor(samples, order[channels]) if channels > 1 else samples)
    expected = np.repeat(picture[..., :1], 3, 2) if channels == 1 else picture
    found = read_rgb8(path)
    assert found.flags.c_contiguous and np.array_equal(found, expected)


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"a\.png: not readable as an image"):
        read_rgb8(tmp_path / "a.png")
