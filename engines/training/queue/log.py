"""The log of the queue: a row for each check of a run, and what follows from the rows of a run.

`log.csv` beside `queue.toml` is committed; what has come since lies in the folder of the queue.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

COMMITTED = Path(__file__).parents[1] / "log.csv"
LEAST_GAIN = 0.01
"""dB that an hour must gain for a stage to go on."""

RunState = Literal["training", "cooling", "done", "resting", "rested"]
"""A cooling run ends as done. A resting one cools down as it was asked to, and is rested then."""


class Check(msgspec.Struct, frozen=True):
    """A check: when (UTC), of which run, in which stage (from 0) and state, and what it found.

    until: the step at which a run that cools down ends, else 0. cooldown: in how many steps it does.
    hours: spent on the run so far, on all machines. value: the run's figure, in dB.
    """

    time: str
    run: str
    stage: int
    state: RunState
    until: int
    cooldown: int
    step: int
    hours: float
    figure: str
    value: float
    processor: str


FIELDS = Check.__struct_fields__


def read(*paths: Path) -> list[Check]:
    """All rows of the files that are there, in order."""
    rows = []
    for path in paths:
        if path.exists():
            with path.open(newline="", encoding="utf-8") as lines:
                rows += [msgspec.convert(row, Check, strict=False) for row in csv.DictReader(lines)]
    return rows


def append(path: Path, rows: Iterable[Check]) -> None:
    """Add rows at the end of a file, which is made where it is missing."""
    begun = path.exists()
    with path.open("a", newline="", encoding="utf-8") as lines:
        out = csv.DictWriter(lines, FIELDS, lineterminator="\n")
        if not begun:
            out.writeheader()
        out.writerows(msgspec.structs.asdict(row) for row in rows)


def of(rows: Iterable[Check], run: str) -> list[Check]:
    """The rows of one run."""
    return [row for row in rows if row.run == run]


def settled(rows: Sequence[Check], hours: float) -> bool:
    """Whether a stage is over: its last hour gained less than `LEAST_GAIN`, or it has had its `hours`.

    rows: those of the stage, of one run. What a run reached as it cooled down, and before, says nothing of
    how fast it learns at its full rate now, and is not looked at.
    """
    if not rows or rows[-1].state != "training":
        return False
    now = rows[-1].hours
    if now - rows[0].hours >= hours:
        return True
    rested = max((k for k, row in enumerate(rows) if row.state != "training"), default=-1)
    rows = rows[rested + 1 :]
    before = [row.value for row in rows if row.hours <= now - 1]
    return bool(before) and max(row.value for row in rows) < max(before) + LEAST_GAIN
