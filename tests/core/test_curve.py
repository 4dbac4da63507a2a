from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interneg.curve import Curve, Key


@pytest.mark.parametrize(
    ("onward", "values"),
    [
        ("line", {0: 2, 1: 2, 2: 2.25, 5: 3, 6: 3}),
        ("hold", {0: 2, 1: 2, 4.9: 2, 5: 3, 6: 3}),
        ((0.0, 0.0), {1: 2, 2: 2.15625, 3: 2.5, 5: 3}),  # 3 t^2 - 2 t^3
        ((1.0, 0.0), {1: 2, 3: 3, 5: 3}),  # beyond what its keys span: 2 + 4 t - 5 t^2 + 2 t^3
        ((0.25, 0.25), {2: 2.25, 3: 2.5, 4: 2.75}),
    ],
)
def test_the_way_from_key_to_key(onward: object, values: dict[float, float]) -> None:
    curve = Curve((Key(1, 2, onward), Key(5, 3)))  # type: ignore[arg-type]
    assert {t: curve.at(t) for t in values} == values


def test_one_key_is_a_number() -> None:
    assert [Curve((Key(5, 0.3),)).at(t) for t in (4, 5, 6)] == [0.3] * 3


@given(
    st.lists(st.tuples(st.integers(-9999, 9999), st.floats(0, 1)), min_size=1, unique_by=lambda key: key[0]),
    st.integers(-10000, 10000),
)
def test_straight_lines_pass_their_keys_and_stay_between_them(
    points: list[tuple[int, float]], frame: int
) -> None:
    curve = Curve(tuple(Key(*point) for point in sorted(points)))
    assert all(curve.at(time) == value for time, value in points)
    values = [value for _, value in points]
    assert min(values) <= curve.at(frame) <= max(values)
