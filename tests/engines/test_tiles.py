from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interneg.engines.models import load_catalogue
from interneg.engines.tiles import activation_bytes, padded, plan
from interneg.frame import Box
from tests.engines.conftest import Write


@given(
    st.integers(1, 900), st.integers(1, 900), st.integers(0, 24), st.sampled_from([1, 2, 8]),
    st.integers(20_000, 400_000),
)  # fmt: skip
def test_the_tiles_cover_the_picture_once_and_keep_their_halo(
    height: int, width: int, halo: int, multiple: int, pixels: int
) -> None:
    height, width = (-(-n // multiple) * multiple for n in (height, width))
    tiles = plan(height, width, halo, multiple, pixels)
    assert tiles is not None
    seen = np.zeros((height, width), int)
    for window, core in tiles:
        assert (window.height, window.width) == (tiles[0].window.height, tiles[0].window.width)
        assert window.width * window.height <= pixels
        assert not any(v % multiple for v in window)
        assert window.x0 >= 0 and window.y0 >= 0 and window.x1 <= width and window.y1 <= height
        for low, high, first, last, end in (
            (window.x0, window.x1, core.x0, core.x1, width),
            (window.y0, window.y1, core.y0, core.y1, height),
        ):
            assert first - low >= halo or low == first == 0
            assert high - last >= halo or high == last == end
        seen[core.y0 : core.y1, core.x0 : core.x1] += 1
    assert (seen == 1).all()


def test_a_picture_that_fits_is_one_tile() -> None:
    assert plan(1080, 1920, 11, 1, 1080 * 1920) == ((Box(0, 0, 1920, 1080),) * 2,)


def test_tiles_that_cannot_be_small_enough() -> None:
    assert plan(1080, 1920, 20, 2, 5000) is None


def test_the_overlap_is_small() -> None:
    tiles = plan(2160, 3840, 20, 2, 500_000)
    assert tiles is not None
    assert sum(t.window.width * t.window.height for t in tiles) < 1.12 * 2160 * 3840


@pytest.mark.parametrize("size", [(1, 1), (3, 4), (40, 31)])
def test_padding_mirrors_the_picture(size: tuple[int, int]) -> None:
    planes = np.random.default_rng(0).random((2, *size), np.float32)
    grown, border = padded(planes, 11, 4)
    assert border == 12 and all(s % 4 == 0 for s in grown.shape[1:])
    assert all(big >= small + 24 for big, small in zip(grown.shape[1:], size, strict=True))
    np.testing.assert_array_equal(grown[:, 12 : 12 + size[0], 12 : 12 + size[1]], planes)
    np.testing.assert_array_equal(grown[:, 11, 12 : 12 + size[1]], planes[:, 0])


@pytest.mark.parametrize("model", ["tiny", "tiny-x2", "tiny-even"])
def test_activations_are_counted(write: Write, model: str) -> None:
    folder = write("tiny")
    write("tiny-x2", scale=2)
    write("tiny-even", multiple=2)
    entry = load_catalogue([folder])[model]
    data = entry.read("fp32")
    # At the peak: two results of 8 floats per pixel and the sum that is made of them.
    assert activation_bytes(data, entry.multiple, "fp32") == pytest.approx(24 * 4, rel=0.1)
    assert activation_bytes(data, entry.multiple, "bf16") == pytest.approx(24 * 2, rel=0.1)


@pytest.mark.parametrize(("height", "width"), [(48, 64), (60, 64), (131, 170), (48, 200)])
def test_tiles_of_one_size_cover_the_picture(height: int, width: int) -> None:
    tiles = plan(height, width, 3, 1, 100, size=(48, 64))
    assert tiles is not None
    covered = np.zeros((height, width), int)
    for (x0, y0, x1, y1), core in tiles:
        assert (y1 - y0, x1 - x0) == (48, 64)
        assert x0 >= 0 and x1 <= width and y0 >= 0 and y1 <= height
        covered[core.y0 : core.y1, core.x0 : core.x1] += 1
        for edge, inner, end in (
            (x0, core.x0, 0),
            (y0, core.y0, 0),
            (core.x1, x1, width),
            (core.y1, y1, height),
        ):
            assert inner - edge >= 3 or end in (edge, inner)
    assert (covered == 1).all()
    assert plan(60, 64, 24, 1, 10**6, size=(48, 64)) is None
