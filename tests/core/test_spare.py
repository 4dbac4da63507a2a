from __future__ import annotations

import numpy as np

from interneg.spare import Spare


def test_an_array_is_lent_again_once_it_is_back() -> None:
    spare = Spare()
    with spare.lent((2, 3)) as first, spare.lent((2, 3)) as second:
        assert first.shape == (2, 3) and first.dtype == np.float32
        assert first is not second
    with spare.lent((2, 3)) as again:
        assert again is first or again is second


def test_what_is_idle_goes_where_another_shape_is_asked_for() -> None:
    made: list[tuple[int, ...]] = []

    def make(shape: tuple[int, ...]) -> np.ndarray:
        made.append(shape)
        return np.zeros(shape, np.float32)

    spare = Spare(make)
    for shape in ((4, 4), (4, 4), (5, 4), (4, 4)):
        with spare.lent(shape):
            pass
    with spare.lent((4, 4)) as kept, spare.lent((5, 4)):
        pass
    assert made == [(4, 4), (5, 4), (4, 4), (5, 4)]
    with spare.lent((4, 4)) as other:
        assert other is not kept


def test_an_error_gives_the_array_back() -> None:
    spare = Spare()
    try:
        with spare.lent((1,)) as first:
            raise ValueError
    except ValueError:
        pass
    with spare.lent((1,)) as second:
        assert second is first
