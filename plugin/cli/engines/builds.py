"""The builds, told as they come."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from interneg.engines.factory import BuildOutcome, produce
from interneg.engines.fleet import PlannedEngine
from interneg.engines.store import Store
from interneg.errors import EngineError
from interneg.plugin.cli.engines.plan import state_of
from interneg.plugin.cli.engines.tables import key_facts, mebibytes, named

_STATES = {"built": "built", "there": "already in the store", "failed": "failed"}


def run_builds(
    engines: Sequence[PlannedEngine],
    store: Store,
    jobs: int | None,
    force: bool,
    quiet: bool,
    facts: list[dict[str, Any]],
) -> int:
    """Build, tell so as it goes (on stderr where stdout is for JSON), add to `facts`; the exit code."""
    elsewhere = [
        engine for engine in engines if engine.elsewhere and state_of(engine, store, force) == "elsewhere"
    ]
    orders = [engine.order for engine in engines if not engine.elsewhere]
    for library in {order.library.name: order.library for order in orders}.values():
        if reason := library.missing():
            raise EngineError(f"{library.name}: {reason}")
    console = Console(stderr=quiet, highlight=False)
    counts: Counter[str] = Counter()
    folders: dict[Path, None] = {}
    code = 0
    began = time.monotonic()
    columns = (
        TextColumn("{task.completed:.1f} of {task.total:.0f} engines"),
        BarColumn(),
        TimeRemainingColumn(),
    )
    for engine in elsewhere:
        console.print(
            f"{named(engine.order.key)}, for {engine.users}: {engine.note}", soft_wrap=True, markup=False
        )
        facts.append(key_facts(engine.order.key) | {"state": "elsewhere", "detail": engine.note})
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=len(orders))
        outcomes = produce(orders, store, jobs, force, lambda done: progress.update(task, completed=done))
        with closing(outcomes):
            for outcome in outcomes:
                facts.append(key_facts(outcome.order.key) | _outcome_facts(outcome))
                counts[outcome.state] += 1
                code = max(code, outcome.exit_code)
                if outcome.folder is not None:
                    folders[outcome.folder] = None
                left = (time.monotonic() - began) / counts.total() * (len(orders) - counts.total())
                tail = f" [{counts.total()}/{len(orders)}{f', {_clock(left)} left' if left else ''}]"
                progress.console.print(_line(outcome) + tail, soft_wrap=True, markup=False)
    words = [f"{counts[state]} {word}" for state, word in _STATES.items() if counts[state]]
    if elsewhere:
        words.append(f"{len(elsewhere)} to be built elsewhere")
    where = f"; store: {', '.join(map(str, folders))}" if folders else ""
    console.print(
        f"{', '.join(words)} in {_clock(time.monotonic() - began)}{where}", soft_wrap=True, markup=False
    )
    return code


def _clock(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _line(outcome: BuildOutcome) -> str:
    name = named(outcome.order.key)
    if outcome.state == "failed":
        return f"{name}: failed: {outcome.detail}"
    size = mebibytes(outcome.size)
    made = f"built in {outcome.seconds:.1f} s" if outcome.state == "built" else "already in the store"
    return f"{name}: {made}, {size}, {outcome.detail}"


def _outcome_facts(outcome: BuildOutcome) -> dict[str, Any]:
    fields = {
        "state": outcome.state,
        "detail": outcome.detail,
        "seconds": outcome.seconds,
        "bytes": outcome.size,
    }
    return fields | {"folder": None if outcome.folder is None else str(outcome.folder)}
