from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interneg.curve import Curve, Key
from interneg.errors import KnobError
from interneg.knobs import AUTO, Knob


def make(kind: Any, **facts: Any) -> Knob:
    return Knob(kind, "Label", "Help.", **facts)


@pytest.mark.parametrize(
    ("declared", "given_value", "value"),
    [
        (make("float"), "2.5", 2.5),
        (make("float"), 2, 2.0),
        (make("float", auto=True), AUTO, AUTO),
        (make("float", auto=True), " AUTO", AUTO),
        (make("int"), "-3", -3),
        (make("int"), 3.0, 3),
        (make("bool"), "Yes", True),
        (make("bool"), False, False),
        (make("bool"), "off", False),
        (make("choice", choices=("1", "2")), 2, "2"),
        (make("choice", choices=("1", "2")), 2.0, "2"),
        (make("file"), "a.exr", "a.exr"),
        (make("frames"), "1001, 1003", (1001, 1003)),
        (make("frames"), [5, 7], (5, 7)),
        (make("frames"), " ", ()),
        (make("float"), {"20": 1, "-3": 0.5}, Curve((Key(-3, 0.5), Key(20, 1.0)))),
        (make("float"), Curve((Key(1, 2.0, "hold"),)), Curve((Key(1, 2.0, "hold"),))),
    ],
)
def test_values_of_their_own_type_and_as_text(declared: Knob, given_value: object, value: object) -> None:
    parsed = declared.parse("n.k", given_value)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("declared", "value", "says"),
    [
        (make("float"), "many", "a number"),
        (make("float", auto=True), "many", 'a number or "auto"'),
        (make("float"), AUTO, "a number"),
        (make("float"), True, "a number"),
        (make("float"), None, "a number"),
        (make("float"), "nan", "a number"),
        (make("float", hard=(0.0, 1.0)), 1.5, "a number from 0 to 1"),
        (make("float", hard=(0.0, 9.0), unit="stops"), -1, "a number from 0 to 9 stops"),
        (make("int"), 2.5, "a whole number"),
        (make("int"), "2.5", "a whole number"),
        (make("int"), float("inf"), "a whole number"),
        (make("bool"), "perhaps", "true or false"),
        (make("choice", choices=("lite", "standard")), "light", "one of lite, standard.*did you mean 'lite'"),
        (make("file"), 3, "a file name"),
        (make("frames"), "1001-1003", "frame numbers"),
        (make("frames"), 3, "frame numbers"),
        (make("float"), {}, "a number, or a table of frames and numbers"),
        (make("float"), {"start": 1.0}, "a number, or a table of frames and numbers"),
        (make("float", hard=(0.0, 1.0)), {"1": 1.5}, "a number from 0 to 1"),
        (make("float", auto=True), {"1": AUTO}, "a number"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(declared: Knob, value: object, says: str) -> None:
    with pytest.raises(KnobError, match=f"knob 'n.k' is {says}"):
        declared.parse("n.k", value)


@pytest.mark.parametrize("declared", [make("int"), make("bool"), make("float", animatable=False)])
def test_what_cannot_change_over_time_is_refused(declared: Knob) -> None:
    with pytest.raises(KnobError, match=r"'n\.k' has one value for all frames"):
        declared.parse("n.k", {"1": 1})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_come_back_exactly_from_their_text(value: float) -> None:
    assert make("float").parse("n.k", repr(value)) == value
