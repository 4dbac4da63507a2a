"""How the queue stands, on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich import box
from rich.table import Table

from interneg.engines.training.queue import log
from interneg.engines.training.queue.log import Check
from interneg.engines.training.queue.place import QueueFolder
from interneg.engines.training.queue.runs import QueuedRun
from interneg.engines.training.queue.work import position


def table(runs: Sequence[QueuedRun], place: QueueFolder) -> Table:
    """A row for each run, in 80 columns."""
    rows = log.read(log.COMMITTED, place.log)
    state = "paused" if place.paused() else "at work"
    title = f"The queue is {state if place.supervisor() else 'not being worked through'}"
    total = sum(max((row.hours for row in log.of(rows, run.name)), default=0.0) for run in runs)
    shown = Table(title=f"{title}; {total:.1f} hours so far", box=box.SIMPLE, padding=(0, 1, 0, 0))
    for column in ("run", "state", "steps", "hours", "now", "best", "goals", "ends"):
        shown.add_column(column, no_wrap=True)
    working = place.at_work()
    for run in runs:
        own = log.of(rows, run.name)
        at = position(own)
        last = own[-1] if own else None
        what = working.get(run.name) or (at.state if own else "waiting")
        if what == "training" and len(run.stage) > 1:
            what = f"stage {at.stage + 1}/{len(run.stage)}"
        goals = ", ".join(f"{goal:g}" for goal in run.goals)
        best = max((row.value for row in own), default=None)
        shown.add_row(
            run.name, what, f"{last.step}" if last else "", f"{last.hours:.1f}" if last else "",
            f"{last.value:.2f}" if last else "", f"{best:.2f}" if best is not None else "", goals,
            left(run, own, datetime.now()),
        )  # fmt: skip
    return shown


def left(run: QueuedRun, rows: Sequence[Check], now: datetime) -> str:
    """When a run ends at the latest, cooling down included, or after how much training, where no check tells
    its pace; empty where nothing can be told yet.
    """
    at, pace = position(rows), _pace(rows)
    if at.state == "done":
        return ""
    here = [row for row in rows if row.stage == at.stage]
    spent = here[-1].hours - here[0].hours if here else 0.0
    hours = sum(stage.hours for stage in run.stage[at.stage :]) - spent if not at.until else 0.0
    steps = at.until - rows[-1].step if at.until else run.stage[-1].cooldown
    if not pace:
        return "" if at.until else f"after {hours:.0f} h"
    whole = max(0.0, hours) + steps / pace / 3600
    return f"{now + timedelta(hours=whole):%a %H:%M}"


def _pace(rows: Sequence[Check]) -> float:
    """Steps per second between the last two checks; 0 where there are none."""
    if len(rows) < 2:
        return 0.0
    seconds = 3600 * (rows[-1].hours - rows[-2].hours)
    return (rows[-1].step - rows[-2].step) / seconds if seconds > 0 else 0.0
