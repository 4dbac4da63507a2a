from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.runs import runs, shape_of


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (40, 30)])
def test_a_shape_comes_back(share: float, size: tuple[int, int]) -> None:
    shape = np.random.default_rng(1).random(size) < share
    np.testing.assert_array_equal(shape_of(runs(shape), size[1], size[0]), shape)


def test_lengths_begin_with_what_is_off() -> None:
    assert runs(np.array([[True, True, False], [False, True, True]])) == "0 2 2 2"


@pytest.mark.parametrize("text", ["", "3", "2 5", "-1 7", "x 6", "2.5 3.5"])
def test_what_does_not_fill_the_box_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        shape_of(text, 3, 2)
