from __future__ import annotations

import json
from typing import Any

import pytest

from interneg.defects.carried import carried
from interneg.defects.entries import DirtEntry, PlaceEntry, TrackEntry
from interneg.defects.listing import laid_out, listing
from interneg.errors import InputError

SIZE = 100, 200


def dirt(number: int, x: int, y: int) -> DirtEntry:
    return DirtEntry(number=number, box=(x, y, 8, 8), pixels=64, sign="dark", clear=50.0)


def track(number: int, column: float) -> TrackEntry:
    columns: dict[int, float | PlaceEntry] = {
        n: PlaceEntry(column + n / 10, 0.0, 2.0, (0, 100), 30.0) for n in range(1, 6)
    }
    return TrackEntry(number=number, sign="bright", width=2.0, first=1, last=5, columns=columns)


BEFORE = laid_out(
    SIZE, {1: [dirt(1, 10, 10), dirt(2, 60, 10)], 2: [dirt(3, 10, 50)], 3: []}, [track(1, 40), track(2, 90)]
)
# The same damage, found a little elsewhere and numbered anew, and some more.
NOW = laid_out(
    SIZE,
    {1: [dirt(1, 100, 70), dirt(2, 11, 11), dirt(3, 59, 10)], 2: [dirt(4, 12, 51)], 3: []},
    [track(1, 10), track(2, 40.5), track(3, 89)],
)


def edited(change: Any) -> bytes:
    data = json.loads(BEFORE)
    change(data)
    return json.dumps(data).encode()


def made(change: Any) -> tuple[dict[str, Any], str]:
    found = carried(BEFORE.encode(), edited(change), NOW, "d.json")
    assert found is not None
    listing(found.text.encode(), "d.json", SIZE)
    return json.loads(found.text), found.told


def test_what_was_rejected_stays_rejected() -> None:
    def reject(data: Any) -> None:
        data["dirt"]["1"][0] |= {"use": False, "note": "a bird"}
        data["scratches"][1]["use"] = False

    found, told = made(reject)
    expected = json.loads(NOW)
    expected["dirt"]["1"][1] |= {"use": False, "note": "a bird"}
    expected["scratches"][2]["use"] = False
    assert found == expected and told == "2 kept"


def test_what_was_drawn_and_taken_out_stays_so() -> None:
    def change(data: Any) -> None:
        data["dirt"]["3"].append({"box": [5, 5, 3, 3]})
        del data["dirt"]["1"][1]
        del data["scratches"][0]
        data["scratches"].append({"sign": "dark", "columns": {"1": 150}, "first": 1, "last": 3})

    found, told = made(change)
    assert found["dirt"]["3"] == [{"box": [5, 5, 3, 3]}]
    assert [p["number"] for p in found["dirt"]["1"]] == [1, 2]
    assert [t.get("number") for t in found["scratches"]] == [1, 3, None]
    assert told == "4 kept"


def test_columns_that_were_moved_stay_where_they_are() -> None:
    def change(data: Any) -> None:
        data["scratches"][0]["columns"]["3"] = 47.5
        del data["scratches"][0]["columns"]["1"]
        data["scratches"][0]["forced"] = True

    found = made(change)[0]["scratches"][1]
    assert found["columns"]["3"] == 47.5 and "1" not in found["columns"] and found["forced"]
    assert found["columns"]["2"]["column"] == pytest.approx(40.7)


def test_what_is_not_found_any_more_is_told() -> None:
    now = laid_out(SIZE, {1: [], 2: []}, [])
    change = edited(lambda data: [p.update(use=False) for p in (*data["dirt"]["1"], data["scratches"][0])])
    found = carried(BEFORE.encode(), change, now, "d.json")
    assert found is not None and found.text == now
    assert found.told == "0 kept and 3 left out, of what is not found any more"


def test_of_another_size_nothing_is_carried_over() -> None:
    now = laid_out((50, 60), {1: []}, [])
    assert carried(BEFORE.encode(), edited(lambda data: data["dirt"].pop("1")), now, "d.json") is None


def test_a_list_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"d.json, frame 1, dirt no. 1: expected an entry"):
        carried(BEFORE.encode(), edited(lambda data: data["dirt"].update({"1": ["x"]})), NOW, "d.json")
