"""What a render tells while it goes: a bar on a terminal, plain lines with farm markers elsewhere."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console

_EVERY = 2.0
"""Seconds between two progress lines."""


@dataclass(frozen=True)
class Summary:
    """What came of a render: numbers of frames, and the time it took."""

    written: int
    up_to_date: int
    left_out: int
    seconds: float

    def __str__(self) -> str:
        others = [
            f"{n} {what}" for n, what in ((self.up_to_date, "up to date"), (self.left_out, "left out")) if n
        ]
        rate = (
            f" in {self.seconds:.1f} s ({self.written / max(1e-3, self.seconds):.2f} fps)"
            if self.written
            else ""
        )
        return f"{self.written} frames written{rate}" + "".join(f", {o}" for o in others)


class Progress(Protocol):
    """Where a render reports to."""

    def start(self, total: int) -> None:
        """The work begins; so many frames are to be gone through."""

    def status(self, text: str) -> None:
        """Say in one line what is being done."""

    def step(self, number: int, outcome: str) -> None:
        """A frame is finished: "written", "up to date" or "left out"."""


def silence_stdout() -> None:
    """Send what is still to be printed nowhere, once the reader of the pipe has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def shown() -> Iterator[Progress]:
    """The progress display that fits standard output, with log records shown in harmony with it."""
    log = logging.getLogger("interneg")
    log.setLevel(logging.INFO)
    handler: logging.Handler
    if sys.stdout.isatty():
        from rich.console import Console

        bar = _Bar(Console())
        handler = _Above(bar)
        log.addHandler(handler)
        try:
            with bar.bar:
                yield bar
        finally:
            log.removeHandler(handler)
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("interneg: %(message)s"))
    log.addHandler(handler)
    try:
        yield _Lines()
    finally:
        log.removeHandler(handler)


class _Bar:
    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self.bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self.bar.add_task("starting", total=None, rate="")
        self._clock = _Clock()

    def start(self, total: int) -> None:
        self._clock = _Clock()
        self.bar.reset(self._task, total=total)

    def status(self, text: str) -> None:
        self.bar.console.print(text, highlight=False, markup=False)

    def step(self, number: int, outcome: str) -> None:
        self._clock.count(outcome)
        self.bar.update(
            self._task, advance=1, description=f"frame {number} {outcome}", rate=f"{self._clock.rate:.2f} fps"
        )


class _Lines:
    """Lines for farms: `openjd_progress:` in percent and `openjd_status:`, as in Open Job Description.

    Where nobody reads them any more the work goes on.
    """

    def __init__(self) -> None:
        self._total = 0
        self._gone = 0
        self._clock = _Clock()
        self._told = float("-inf")
        self._heard = True

    def start(self, total: int) -> None:
        self._total = total
        self._clock = _Clock()

    def status(self, text: str) -> None:
        self._say(f"openjd_status: {text}")

    def step(self, number: int, outcome: str) -> None:
        self._gone += 1
        self._clock.count(outcome)
        self._say(f"frame {number} {outcome} ({self._gone}/{self._total}, {self._clock.rate:.2f} fps)")
        now = time.monotonic()
        if now - self._told >= _EVERY or self._gone == self._total:
            self._told = now
            self._say(f"openjd_progress: {100 * self._gone / self._total:.1f}")

    def _say(self, line: str) -> None:
        if not self._heard:
            return
        try:
            print(line, flush=True)
        except BrokenPipeError:
            self._heard = False
            silence_stdout()


class _Clock:
    """Frames written per second since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._written = 0

    def count(self, outcome: str) -> None:
        self._written += outcome == "written"

    @property
    def rate(self) -> float:
        return self._written / max(1e-3, time.monotonic() - self._start)


class _Above(logging.Handler):
    """Shows log records above the bar."""

    def __init__(self, bar: _Bar) -> None:
        super().__init__()
        self._bar = bar

    def emit(self, record: logging.LogRecord) -> None:
        self._bar.status(record.getMessage())
