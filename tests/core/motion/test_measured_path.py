from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from interneg.frame import Box
from interneg.motion.bends import SIDE, BentPair
from interneg.motion.measured_path import MeasuredFrame, MeasuredPath
from interneg.motion.similarity import Motion

SIZE = Box(0, 0, 200, 100)
WAYS = ("x", "y", "rotation", "size")
JUMPS = (0, 3, -2, 1, 2, -3, 1, 0, -1, 2, 0, -2)


def path(aspect: float = 1.0) -> MeasuredPath:
    """A camera that pans by 4 pixels a frame, of a size of `aspect`, and jumps to and fro."""
    places = [4.0 * k + jump for k, jump in enumerate(JUMPS)]
    steps = [0.0] + [b - a for a, b in itertools.pairwise(places)]
    return MeasuredPath(
        {
            1001 + k: MeasuredFrame(
                SIZE, SIZE, aspect, False, Motion(shift=-aspect * step), Motion(), None, k == 0, 15
            )
            for k, step in enumerate(steps)
        }
    )


@pytest.mark.parametrize("aspect", [1.0, 2.0])
def test_what_is_drawn_of_a_path(aspect: float) -> None:
    traces = {trace.label: trace for trace in path(aspect).traces}
    assert list(traces) == [*WAYS, *(f"moved by, {way}" for way in WAYS[:3]), "enlarged by"]
    assert traces["x"].before[1012] == pytest.approx(-42)
    assert traces["x"].after is not None and traces["moved by, x"].after is None
    for number, moved in traces["moved by, x"].before.items():
        assert traces["x"].after[number] - traces["x"].before[number] == pytest.approx(moved, abs=1e-6)
    drawn = [traces["moved by, x"].before[1001 + k] - jump for k, jump in enumerate(JUMPS)]
    assert max(drawn) - min(drawn) < 2.5
    assert set(traces["moved by, y"].before.values()) == {0.0}
    assert set(traces["enlarged by"].before.values()) == {0.0}


def test_changes_by_hand_are_carried_over_into_the_path() -> None:
    before = path().text
    edited = json.loads(before)
    edited["frames"]["1004"]["correction"]["dx"] = 1.5
    made = path(1.0).carried(before.encode(), json.dumps(edited).encode(), "path.json")
    assert made is not None and json.loads(made.text) == edited


@pytest.mark.parametrize("part", [False, True])
def test_with_bends_known_motion_is_measured_anew_but_for_that_of_a_part(part: bool) -> None:
    still = np.zeros(SIDE**2, np.complex64), np.ones(SIDE**2, np.float32)
    pair = BentPair(1, Motion(shift=2 + 1j), *still, 0.0)
    seen = {
        n: MeasuredFrame(SIZE, SIZE, 1.0, part, Motion(shift=3), Motion(), (pair,) if n else (), n == 0, 15)
        for n in range(8)
    }
    found = MeasuredPath(seen)
    assert found.motions[5].shift == pytest.approx(3 if part else 2 + 1j)
    assert set(found.bends) == set(range(8)) and not np.any(found.bends[4])
    assert found.traces[-1].label == "bent by, rms" and set(found.traces[-1].before.values()) == {0.0}
    assert json.loads(found.text)["frames"]["5"]["motion"]["dx"] == pytest.approx(3 if part else 2)
    flat = MeasuredPath({n: replace(frame, bent=None) for n, frame in seen.items()})
    assert not flat.bends and flat.motions[5] == Motion(shift=3)


def test_where_nothing_moves_or_nothing_was_measured_it_is_said() -> None:
    assert not path().report
    seen = {n: replace(frame, motion=Motion()) for n, frame in path().frames.items()}
    (told,) = MeasuredPath(seen).report
    assert "no motion was found" in told and "too small (200x100)" in told
    assert not MeasuredPath({1001: seen[1001]}).report
