from __future__ import annotations

from typing import Any

import pytest

from interneg.errors import InputError
from interneg.plugin.batch.progress import Clock, Summary, shown


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [0.0]
    monkeypatch.setattr("interneg.plugin.batch.progress.time.monotonic", lambda: time[0])
    return time


def test_runs_of_frames_without_work_are_one_line(now: list[float], capsys: Any) -> None:
    outcomes = ["up to date"] * 4 + ["written"] * 2 + ["left out"] + ["up to date"]
    with shown() as told:
        told.start(len(outcomes))
        for number, outcome in enumerate(outcomes, 1001):
            now[0] += 0.5
            told.step(number, outcome)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("frame")]
    assert lines == [
        "frames 1001-1004 up to date (4/8)",
        "frame 1005 written (5/8, 2.00 fps)",
        "frame 1006 written (6/8, 2.00 fps, 0:00:01 left)",
        "frame 1007 left out (7/8)",
        "frame 1008 up to date (8/8)",
    ]


def test_progress_goes_on_within_a_run(now: list[float], capsys: Any) -> None:
    with shown() as told:
        told.start(10)
        for number in range(0, 10, 2):
            now[0] += 3
            told.step(number, "up to date")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [f"openjd_progress: {p}.0" for p in (10, 20, 30, 40, 50)]
    assert lines[5:] == ["5 of frames 0-8 up to date (5/10)"]


def test_only_rendered_frames_count(now: list[float]) -> None:
    clock = Clock()
    for outcome, seconds in (("up to date", 60), ("written", 2), ("left out", 30), ("written", 2)):
        now[0] += seconds
        clock.count(outcome)
    assert clock.rate == 0.5
    assert str(Summary(2, 1, 1, clock.seconds)) == (
        "2 frames written in 4.0 s (0.50 fps), 1 up to date, 1 left out"
    )
    assert str(Summary(0, 3, 0, 0.0)) == "0 frames written, 3 up to date"


def test_farms_are_told_why_the_work_ends(capsys: Any) -> None:
    with pytest.raises(InputError), shown():
        raise InputError("frame 7 is\nmissing")
    assert capsys.readouterr().out.splitlines() == ["openjd_fail: frame 7 is missing"]


def test_the_progress_of_several_parts_is_that_of_all(now: list[float], capsys: Any) -> None:
    with shown() as told:
        for part, outcome in enumerate(("analysed", "analysed", "up to date", "written")):
            told.part(part, 4)
            told.start(2)
            for number in (1, 2):
                now[0] += 3
                told.step(number, outcome)
    lines = capsys.readouterr().out.splitlines()
    told_of = [float(line.split()[1]) for line in lines if line.startswith("openjd_progress")]
    assert told_of == [12.5, 25, 37.5, 50, 62.5, 75, 87.5, 100]


def test_each_part_of_the_work_counts_from_its_start(now: list[float], capsys: Any) -> None:
    with shown() as told:
        for outcome in ("analysed", "written"):
            told.start(2)
            for number in (1, 2):
                now[0] += 3
                told.step(number, outcome)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "openjd_progress: 100.0"
    assert lines[-2].startswith("frame 2 written (2/2")
