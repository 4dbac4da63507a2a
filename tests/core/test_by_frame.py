from __future__ import annotations

import json

import pytest

from interneg import by_frame
from interneg.errors import InputError

HEAD = {"format": "x 1", "size": [8, 6]}


def facts(dx: float, **more: object) -> dict[str, object]:
    return {"motion": {"dx": 1.5}, "correction": {"dx": dx, "dy": 0.0}, **more}


def test_a_frame_stands_on_a_line() -> None:
    made = by_frame.text(HEAD, {2: facts(1), 1: facts(0)})
    assert json.loads(made) == HEAD | {"frames": {"1": facts(0), "2": facts(1)}}
    assert made.splitlines()[4].startswith('  "1": {')


def test_changes_are_carried_over() -> None:
    before = by_frame.text(HEAD, {n: facts(n) for n in range(1, 6)})
    edited = json.loads(before)
    edited["frames"]["2"]["correction"]["dx"] = 2.25
    edited["frames"]["3"] |= {"use": False, "note": "title"}
    del edited["frames"]["4"]["motion"]
    edited["frames"]["5"]["correction"]["dx"] = -5
    now = by_frame.text(HEAD | {"fields": "new"}, {n: facts(10 * n) for n in range(1, 5)})
    made = by_frame.carried(before.encode(), json.dumps(edited).encode(), now, "p.json")
    assert made is not None
    assert made.told == "kept of frames 2-4 and left out of frames 5, which are not there any more"
    found = json.loads(made.text)
    assert found["fields"] == "new"
    assert found["frames"] == {
        "1": facts(10),
        "2": facts(20.25),
        "3": facts(30, use=False, note="title"),
        "4": {"correction": {"dx": 40, "dy": 0.0}},
    }


def test_of_another_size_nothing_is_carried_over() -> None:
    before = by_frame.text(HEAD, {1: facts(1)})
    edited = before.replace('"dx": 1', '"dx": 2')
    now = by_frame.text(HEAD | {"size": [16, 12]}, {1: facts(1)})
    assert by_frame.carried(before.encode(), edited.encode(), now, "p.json") is None


def test_frames_may_have_negative_numbers() -> None:
    said = {-3: facts(1), 0: facts(2)}
    head, found = by_frame.read(by_frame.text(HEAD, said).encode(), "p.json", "x 1")
    assert head == HEAD and found == said


@pytest.mark.parametrize(
    ("edited", "told"),
    [
        (b"{", "p.json, line 1, is not JSON"),
        (b"\xff", "no text"),
        (b"[]", "no file as"),
        (b"{}", "no file as"),
    ],
)
def test_what_is_no_such_file_is_refused(edited: bytes, told: str) -> None:
    now = by_frame.text(HEAD, {1: facts(1)})
    with pytest.raises(InputError, match=told):
        by_frame.carried(now.encode(), edited, now, "p.json")
