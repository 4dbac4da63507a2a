from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.defects.listing import Listing, listing, part_of, require
from interneg.errors import InputError

SIZE = (300, 400)
PAGE = Path(__file__).parents[3] / "docs/artists/scratch-inpaint.md"


def read(dirt: dict[str, list[Any]], scratches: list[Any], size: tuple[int, int] = SIZE) -> Listing:
    data = {"format": "interneg defects 1", "size": size[::-1], "dirt": dirt, "scratches": scratches}
    # A number that is too large for a float, as a file may have it.
    return listing(json.dumps(data).replace("Infinity", "1e999").encode(), "d.json", size)


def test_what_the_page_says_to_add_by_hand_is_understood() -> None:
    lines = re.findall(r'^\{"(?:box|sign)".*\}$', PAGE.read_text(), re.M)
    box, short, scratch = map(json.loads, lines)
    found = read({str(n): [box] for n in (40, 41, *range(1001, 1051))}, [short, scratch], (300, 600))
    (part,) = found.of(40)[1]
    (first, last), rows = short["columns"]["40"]["rows"], np.flatnonzero(part.cover((300, 600)).any(axis=1))
    assert (
        not found.of(41)[1]
        and part.sign == 1
        and abs(part.at(300)[50] - short["columns"]["40"]["column"]) < 1e-9
    )
    assert rows.min() <= first and last - 1 <= rows.max() < last + 40
    (spot,), (line,) = found.of(1011)
    x, y, width, height = box["box"]
    assert (spot.x, spot.y, spot.shape.shape) == (x, y, (height, width)) and spot.shape.all()
    first, last = scratch["columns"]["1001"], scratch["columns"]["1020"]
    np.testing.assert_allclose(line.at(300), first + (last - first) * 10 / 19, atol=1e-9)
    assert line.sign == -1
    assert found.of(scratch["last"])[1] and not found.of(scratch["last"] + 1)[1]
    assert len(found.forced(1011)) == 1


def test_what_is_not_in_use_is_not_there() -> None:
    found = read(
        {"1": [{"box": [0, 0, 2, 2], "use": False}, {"box": [5, 5, 1, 1]}]},
        [{"sign": "dark", "columns": {"1": 3}, "use": False}],
    )
    spots, lines = found.of(1)
    assert [(s.x, s.y) for s in spots] == [(5, 5)] and not lines


def test_of_a_list_what_is_in_use_counts_for_the_frames_that_have_it() -> None:
    def part(numbers: set[int], edit: Callable[[Any], None] = lambda data: None) -> bytes:
        data = {
            "format": "interneg defects 1", "size": [400, 300],
            "dirt": {str(n): [{"number": n, "use": True, "box": [n, 2, 3, 4]}] for n in range(1, 9)},
            "scratches": [{"sign": "dark", "use": True, "columns": {"2": 9, "3": 9}, "last": 5}],
        }  # fmt: skip
        edit(data)
        return part_of(json.dumps(data).encode(), numbers)

    def reject(kind: str, key: Any) -> Callable[[Any], None]:
        def edit(data: Any) -> None:
            entry = data[kind][key][0] if kind == "dirt" else data[kind][key]
            entry["use"] = False

        return edit

    assert part({3, 4}) == part({4, 3}) != part({3})
    assert part({3, 4}) != part({3, 4}, reject("dirt", "3"))
    assert part({3, 4}) == part({3, 4}, reject("dirt", "5"))
    for numbers, counts in (({1}, False), ({2}, True), ({5}, True), ({6, 7}, False)):
        assert (part(numbers) != part(numbers, reject("scratches", 0))) == counts
    assert part({3}, lambda d: d["dirt"]["3"].append({"use": False, "box": [0, 0, 1, 1]})) == part({3})
    with pytest.raises(InputError, match="is not JSON"):
        part_of(b"{", {1})


def test_a_scratch_that_is_not_forced_is_in_the_frames_that_it_names() -> None:
    found = read(
        {str(n): [] for n in range(1, 9)}, [{"sign": "bright", "columns": {"2": 9, "5": 9}, "last": 4}]
    )
    assert [n for n in range(1, 9) if found.of(n)[1]] == [2]
    assert not found.forced(2)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'"x"', b"{", b'{"format": 1}'])
def test_what_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match=r"d\.json"):
        listing(content, "d.json", SIZE)


@pytest.mark.parametrize(
    "entry", [None, 3, [], {"box": [0, 0, 1]}, {"box": [0, 0, 1.5, 1]}, {"box": [-1, 0, 2, 2]}]
)
def test_what_is_no_dirt_is_refused_by_its_place(entry: Any) -> None:
    with pytest.raises(InputError, match=r"d\.json, frame 7, dirt no\. 2: "):
        read({"7": [{"box": [0, 0, 1, 1]}, entry]}, [])


@pytest.mark.parametrize(
    "entry", [None, {"sign": "dark"}, {"sign": "dark", "columns": {"x": 1}}, {"columns": {"1": 1}}]
)
def test_what_is_no_scratch_is_refused_by_its_place(entry: Any) -> None:
    with pytest.raises(InputError, match=r"d\.json, scratch no\. 1: "):
        read({}, [entry])


def test_an_edge_scratch_is_within_the_picture() -> None:
    found = read({"1": []}, [{"sign": "dark", "width": 4, "columns": {"1": -1}}])
    assert found.of(1)[1][0].cover(SIZE).any()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"columns": {"2": 1000}}, "frame 2: expected a column within the picture, 0 to 399, not 1000"),
        ({"columns": {"2": -3}}, "frame 2: expected a column within the picture"),
        ({"columns": {"2": {"column": 9, "lean": 1e999}}}, "frame 2: expected a column within"),
        ({"columns": {"2": 9}, "width": 1e999}, "frame 2: expected a width above 0 pixels, not inf"),
        ({"columns": {"2": 9}, "first": 3, "last": 2}, "first to be no later than last, not 3 and 2"),
        ({"columns": {"92": 9}}, "is in none of the frames of the file, 1-3: correct"),
        ({"columns": {"2": 9}, "first": 3}, "is in none of the frames of the file, 1-3: correct"),
        ({"columns": {"92": 9}, "forced": True, "first": 7, "last": 92}, "is in none of the frames"),
    ],
)
def test_a_scratch_that_would_change_nothing_is_refused(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        read({"1": [], "2": [], "3": []}, [{"sign": "dark", **entry}])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (3, "expected an entry in braces, of number, use, box, pixels, sign, clear, shape, note, not 3"),
        ({"box": [0, 0, 1]}, "expected 'box' to be four whole numbers (x, y, width, height), not [0, 0, 1]"),
        ({"box": [0, 0, 1, "a"]}, "expected 'box' to be four whole numbers"),
        ({}, "'box' is missing, expected four whole numbers"),
        (
            {"box": [0, 0, 1, 1], "usse": 1},
            "an entry has no 'usse' (did you mean 'use'?), it has number, use,",
        ),
        ({"box": [0, 0, 1, 1], "use": "no"}, "expected 'use' to be true or false, not \"no\""),
        ({"box": [0, 0, 1, 1], "sign": "white"}, 'expected \'sign\' to be "bright" or "dark", not "white"'),
    ],
)
def test_what_is_wrong_with_dirt_is_said_in_words_of_the_list(entry: Any, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"d.json, frame 7, dirt no. 1: {words}")):
        read({"7": [entry]}, [])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"columns": {"one": 3}}, "expected the number of a frame in 'columns', not \"one\""),
        ({"columns": {"1": "left"}}, 'frame 1: expected a column, a number, not "left"'),
        ({"columns": {"1": {"colum": 3}}}, "frame 1: an entry has no 'colum' (did you mean 'column'?)"),
        ({"columns": {"1": {"column": 3, "rows": [1]}}}, "frame 1: expected 'rows' to be two whole numbers"),
        ({"columns": {"1": 3}, "first": "a"}, "expected 'first' to be the number of a frame, not \"a\""),
        ({"columns": [3]}, "expected 'columns' to be a column, or more of its place, by the number of each"),
    ],
)
def test_what_is_wrong_with_a_scratch_is_said_in_words_of_the_list(entry: Any, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"d.json, scratch no. 1: {words}")):
        read({"1": []}, [{"sign": "dark", **entry}])


def test_a_scratch_that_is_not_in_use_may_be_in_no_frame() -> None:
    assert not read({"1": []}, [{"sign": "dark", "columns": {"92": 9}, "use": False}]).tracks


def test_all_frames_that_a_list_lacks_are_counted_at_once() -> None:
    content = b'{"format": "interneg defects 1", "size": [4, 3], "dirt": {"5": [], "6": []}, "scratches": []}'
    require(content, "d.json", [5, 6])
    with pytest.raises(InputError, match=r"d\.json has no frame 7, it has 5-6: analyse that frame, too"):
        require(content, "d.json", [7, 6])
    with pytest.raises(InputError, match=r"has no frame 3, and lacks 3 in all of those .* 3-7; it has 5-6: "):
        require(content, "d.json", range(3, 8))
