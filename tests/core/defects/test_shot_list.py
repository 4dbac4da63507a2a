from __future__ import annotations

import json

from interneg.defects.listing import listing
from interneg.defects.shot_list import FrameDefects, ShotDefects
from interneg.defects.tracks import LinePlace

SIZE = (160, 100)


def test_a_scratch_that_was_not_found_in_a_frame_is_listed_there_as_bridged() -> None:
    seen = {
        n: FrameDefects(SIZE, (), [LinePlace(40 + n, 0, 3, 0, 160, 6.0).line(1, 160)] * (n != 3), 0.0, n == 1)
        for n in range(1, 6)
    }
    shot = ShotDefects(seen)
    (track,) = json.loads(shot.text)["scratches"]
    assert {n: place.get("bridged") for n, place in track["columns"].items()} == {
        "1": None, "2": None, "3": True, "4": None, "5": None,
    }  # fmt: skip
    made = listing(shot.text.encode(), "list.json", SIZE)
    assert [line.columns.mean() for line in made.of(3)[1]] == [43]
    assert "bridged scratches where they were not found, 1 place" in shot.report
