from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.defects.listing import Listing, listing, part_of
from interneg.errors import InputError

SIZE = (300, 400)
PAGE = Path(__file__).parents[3] / "docs/artists/scratch-inpaint.md"


def read(dirt: dict[str, list[Any]], scratches: list[Any]) -> Listing:
    data = {"format": "interneg defects 1", "size": [400, 300], "dirt": dirt, "scratches": scratches}
    return listing(json.dumps(data).encode(), "d.json", SIZE)


def test_what_the_page_says_to_add_by_hand_is_understood() -> None:
    lines = re.findall(r'^\{"(?:box|sign)".*\}$', PAGE.read_text(), re.M)
    box, short, scratch = map(json.loads, lines)
    found = read({str(n): [box] for n in (40, 41, *range(1001, 1051))}, [short, scratch])
    (part,) = found.of(40)[1]
    (first, last), rows = short["columns"]["40"]["rows"], np.flatnonzero(part.cover(SIZE).any(axis=1))
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
