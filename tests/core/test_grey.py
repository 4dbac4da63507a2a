from __future__ import annotations

import numpy as np
import pytest

from interneg.frame import Box, Frame
from interneg.grey import in_colour, is_grey_among

RNG = np.random.default_rng(3)


def test_grey_becomes_three_alike_and_all_else_stays() -> None:
    pixels = RNG.normal(size=(3, 4, 5)).astype(np.float32)
    box = Box(2, 3, 7, 7)
    grey = Frame.of(
        pixels, ("m", "Y", "A"), data_window=box, number=9, depth=("float", "uint8", "half"),
        metadata={"owner": "somebody"},
    )  # fmt: skip
    like = Frame.of(np.zeros((4, 2, 2)), ("beauty.B", "beauty.G", "beauty.R", "m"), depth=("uint16",) * 4)
    assert is_grey_among(grey, like) and not is_grey_among(like, grey) and not is_grey_among(like, like)
    made = in_colour(grey, like)
    assert made.channels == ("m", "beauty.R", "beauty.G", "beauty.B", "A")
    assert made.depth == ("float", "uint16", "uint16", "uint16", "half")
    np.testing.assert_array_equal(made.pixels, pixels[[0, 1, 1, 1, 2]])
    assert made.pixels.transpose(1, 2, 0).flags.c_contiguous
    assert (made.data_window, made.number, made.metadata) == (box, 9, {"owner": "somebody"})


@pytest.mark.parametrize(
    ("own", "others", "made"), [("uint16", "uint8", "uint16"), ("uint8", "half", "half")]
)
def test_the_deeper_of_both_depths_is_kept(own: str, others: str, made: str) -> None:
    grey = Frame.of(np.zeros((1, 2, 2)), depth=(own,))
    assert in_colour(grey, Frame.of(np.zeros((3, 2, 2)), depth=(others,) * 3)).depth == (made,) * 3
