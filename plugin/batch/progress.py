"""What a render tells while it goes: a bar on a terminal, plain lines with farm markers elsewhere."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TextIO

from interneg.errors import InternegError

if TYPE_CHECKING:
    from rich.console import Console

_EVERY = 2.0
"""Seconds between two progress lines."""

_WORKED = ("written", "analysed")
"""What becomes of frames that took work; all others were up to date or left out."""


class Clock:
    """The time that frames took to render: those that were up to date or left out do not count."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._worked = 0
        self.seconds = 0.0

    def count(self, outcome: str) -> None:
        """A frame is finished."""
        now = time.monotonic()
        if outcome in _WORKED:
            self._worked += 1
            self.seconds += now - self._last
        self._last = now

    @property
    def rate(self) -> float:
        """Rendered frames per second."""
        return self._worked / max(1e-3, self.seconds)

    def left(self, frames: int) -> str:
        """How long so many frames may still take, as 1:02:03; "" after one, which has the start in it."""
        return str(timedelta(seconds=round(frames / self.rate))) if self._worked > 1 else ""


@dataclass(frozen=True)
class Summary:
    """What came of a render: numbers of frames, and the seconds that the written ones took."""

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
        frames = f"{self.written} frame{'s' * (self.written != 1)} written"
        return frames + rate + "".join(f", {o}" for o in others)


class Progress(Protocol):
    """Where a render reports to."""

    def part(self, index: int, count: int) -> None:
        """What begins now is that part of all the work, counted from 0."""

    def start(self, total: int) -> None:
        """The work begins; so many frames are to be gone through."""

    def status(self, text: str) -> None:
        """Say in one line what is being done."""

    def step(self, number: int, outcome: str) -> None:
        """A frame is finished: "written", "analysed", "up to date" or "left out"."""


def silence(stream: TextIO) -> None:
    """Send what is still to be printed nowhere, once the reader of the pipe has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
    lines = _Lines()
    try:
        yield lines
    except InternegError as error:
        lines.fail(str(error))
        raise
    finally:
        lines.finish()
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
        self._clock = Clock()

    def part(self, index: int, count: int) -> None:
        pass  # the bar is that of the part

    def start(self, total: int) -> None:
        self._clock = Clock()
        self.bar.reset(self._task, total=total)

    def status(self, text: str) -> None:
        self.bar.console.print(text, highlight=False, markup=False)

    def step(self, number: int, outcome: str) -> None:
        self._clock.count(outcome)
        rate = f"{self._clock.rate:.2f} fps" if self._clock.rate else ""
        self.bar.update(self._task, advance=1, description=f"frame {number} {outcome}", rate=rate)


class _Lines:
    """Lines for farms: `openjd_progress:` in percent, `openjd_status:` and `openjd_fail:`, as in Open Job
    Description.

    Frames that had nothing to be done are told as one run. Where nobody reads them any more the work goes on.
    """

    def __init__(self) -> None:
        self._total = 0
        self._gone = 0
        self._part, self._parts = 0, 1
        self._run: list[int] = []
        self._outcome = ""
        self._clock = Clock()
        self._told = float("-inf")
        self._has_reader = True

    def part(self, index: int, count: int) -> None:
        self._part, self._parts = index, count

    def start(self, total: int) -> None:
        self.finish()
        self._total, self._gone = total, 0
        self._clock = Clock()

    def status(self, text: str) -> None:
        self._print(f"openjd_status: {text}")

    def fail(self, text: str) -> None:
        """Say in one line why the work ends."""
        self.finish()
        self._print(f"openjd_fail: {' '.join(text.split())}")

    def step(self, number: int, outcome: str) -> None:
        if outcome != self._outcome:
            self.finish()
        self._gone += 1
        self._clock.count(outcome)
        self._outcome = outcome
        self._run.append(number)
        if outcome in _WORKED or self._gone == self._total:
            self.finish()
        now = time.monotonic()
        if now - self._told >= _EVERY or self._gone == self._total:
            self._told = now
            gone = (self._part + self._gone / self._total) / self._parts
            self._print(f"openjd_progress: {100 * gone:.1f}")

    def finish(self) -> None:
        """Tell what has not been told yet."""
        if not self._run:
            return
        first, last, count = self._run[0], self._run[-1], len(self._run)
        frames = (
            f"frames {first}-{last}" if last - first == count - 1 else f"{count} of frames {first}-{last}"
        )
        rate = f", {self._clock.rate:.2f} fps" if self._outcome in _WORKED else ""
        if rate and (left := self._clock.left(self._total - self._gone)) and self._gone < self._total:
            rate += f", {left} left"
        self._print(
            f"{frames if count > 1 else f'frame {first}'} {self._outcome} ({self._gone}/{self._total}{rate})"
        )
        self._run.clear()

    def _print(self, line: str) -> None:
        if not self._has_reader:
            return
        try:
            print(line, flush=True)
        except BrokenPipeError:
            self._has_reader = False
            silence(sys.stdout)


class _Above(logging.Handler):
    """Shows log records above the bar."""

    def __init__(self, bar: _Bar) -> None:
        super().__init__()
        self._bar = bar

    def emit(self, record: logging.LogRecord) -> None:
        self._bar.status(record.getMessage())
