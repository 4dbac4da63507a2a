"""The process that works through the queue: it starts `train.py` for the next runs, listens, and moves on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from interneg.engines.training.queue import log
from interneg.engines.training.queue.log import Check, RunState
from interneg.engines.training.queue.place import CHECKPOINTS, QueueFolder
from interneg.engines.training.queue.runs import QueuedRun

MINUTES = 30.0
"""Between two checks of a run."""
_TRIES = 3
_LAST_STEP = 10**8


class Machine(NamedTuple):
    """What trains here. device: "cuda" or "cpu". bf16: whether that pays. data: holds dev/ and weights/."""

    device: str
    bf16: bool
    processor: str
    data: Path


class Position(NamedTuple):
    """Where a run stands. until, cooldown: where it cools down, its last step, and in how many steps."""

    stage: int
    state: RunState = "training"
    until: int = 0
    cooldown: int = 0


def position(rows: Sequence[Check]) -> Position:
    """Where a run stands by its rows of the log."""
    if not rows or rows[-1].state == "rested":
        return Position(rows[-1].stage if rows else 0)
    last = rows[-1]
    return Position(last.stage, last.state, last.until, last.cooldown)


def command(run: QueuedRun, at: Position, machine: Machine, place: QueueFolder) -> list[str]:
    """The command that trains a run from where it stands; its checkpoint comes from the committed ones."""
    out, stage = place.checkpoint(run.name), run.stage[at.stage]
    options = {f"--{name}": str(value) for name, value in stage.options.items()}
    options |= {"--scales": str(run.scale), "--out": str(out), "--pack": str(place.pack)}
    options |= {"--windows": str(place.windows)} if run.over_time else {}
    options |= {"--set5": str(machine.data / "dev/Set5"), "--bsd68": str(machine.data / "dev/BSD68")}
    options |= {"--steps": str(at.until or _LAST_STEP), "--cooldown": str(at.cooldown or 1)}
    options |= {"--device": machine.device, "--best-by": run.figure, "--save-every": "2000"}
    options |= {"--log": str(out.with_suffix(".jsonl")), "--check-minutes": str(MINUTES)}
    committed = CHECKPOINTS / out.name
    if not out.exists() and committed.exists():
        out.write_bytes(committed.read_bytes())
    elif not out.exists():
        folders = (CHECKPOINTS, machine.data / "weights")
        begin = [f / f"{name}.pt" for name in run.start for f in folders if (f / f"{name}.pt").exists()]
        options |= {"--init": str(begin[0])} if begin else {}
    words = [sys.executable, "-m", "interneg.engines.training.train", run.network, "--resume"]
    words += ["--bf16"] if machine.bf16 else []
    words += ["--compile"] if machine.device == "cuda" else ["--threads", "1"]
    return words + [word for pair in options.items() for word in pair]


class RunProcess:
    """A run that is being trained, in a process of its own."""

    def __init__(self, run: QueuedRun, machine: Machine, place: QueueFolder) -> None:
        self.run, self.machine, self.place = run, machine, place
        self.rows = log.of(log.read(log.COMMITTED, place.log), run.name)
        self.at = position(self.rows)
        asked = place.asked_to_cool(run.name)
        if asked.exists() and len(numbers := asked.read_text().split()) == 2:  # it was cooling down already
            steps, until = map(int, numbers)
            self.at = Position(self.at.stage, "resting", until, steps)
        self.failures = 0
        self._lines_read = self._lines()
        self._begin()

    def _begin(self) -> None:
        words = command(self.run, self.at, self.machine, self.place)
        env = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32)}
        with self.place.checkpoint(self.run.name).with_suffix(".log").open("ab") as out:
            self.process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env=env)

    def _lines(self) -> int:
        path = self.place.checkpoint(self.run.name).with_suffix(".jsonl")
        return len(path.read_text().splitlines()) if path.exists() else 0

    def follow(self) -> None:
        """Log what the run has found since; move it on where its stage is over."""
        path = self.place.checkpoint(self.run.name).with_suffix(".jsonl")
        lines = path.read_text().splitlines() if path.exists() else []
        for line in lines[self._lines_read :]:
            self._note(json.loads(line))
        self._lines_read = len(lines)
        asked = self.place.asked_to_cool(self.run.name)
        if asked.exists() and len(numbers := asked.read_text().split()) == 1:
            steps = int(numbers[0])
            self._cool(steps, self.at.stage, "resting")
            asked.write_text(f"{steps} {self.at.until}")
        elif self.at.state == "training" and self.process.poll() is None:
            here = [row for row in self.rows if row.stage == self.at.stage]
            stage = self.run.stage[self.at.stage]
            if not log.settled(here, stage.hours):
                return
            if self.at.stage + 1 < len(self.run.stage):
                self._turn(Position(self.at.stage + 1))
            else:
                self._cool(stage.cooldown, self.at.stage, "cooling")

    def _cool(self, steps: int, stage: int, state: RunState) -> None:
        """Let the rate fall from the run's next step on."""
        self.stop()
        step = self.rows[-1].step if self.rows else 0
        saved = self.place.checkpoint(self.run.name)
        if saved.exists():
            import torch

            step = int(torch.load(saved, map_location="cpu", weights_only=True)["step"])
        self._turn(Position(stage, state, step + steps, steps))

    def _turn(self, at: Position) -> None:
        self.stop()
        self.at = at
        self._begin()

    def _note(self, found: dict[str, object]) -> None:
        figures, step, seconds = found["figures"], found["step"], found["seconds"]
        assert isinstance(figures, dict) and isinstance(step, int) and isinstance(seconds, float)
        if self.at.until and step >= self.at.until:
            self.at = self.at._replace(state="done" if self.at.state == "cooling" else "rested")
            self.place.asked_to_cool(self.run.name).unlink(missing_ok=True)
        row = Check(
            datetime.now(UTC).strftime("%Y-%m-%d %H:%M"), self.run.name, self.at.stage, self.at.state,
            self.at.until, self.at.cooldown, step, round(seconds / 3600, 3), self.run.figure,
            round(float(figures[self.run.figure]), 3), self.machine.processor,
        )  # fmt: skip
        self.rows.append(row)
        with FileLock(self.place.lock.with_suffix(".log.lock")):
            log.append(self.place.log, [row])

    def over(self) -> bool:
        """Whether the run is done, rested or has failed too often; a run that failed once begins again."""
        if self.process.poll() is None:
            return False
        self.follow()
        if self.at.state in ("done", "rested"):
            return True
        self.failures += 1
        if self.failures >= _TRIES:
            print(f"{self.run.name} failed {_TRIES} times; see its .log in {self.place.folder}", flush=True)
            return True
        self._begin()
        return False

    def rest(self, paused: bool) -> None:
        """Halt the process, or let it go on."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGSTOP if paused else signal.SIGCONT)

    def stop(self) -> None:
        """End the process; it saves where it stands."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait()


def work(
    runs: Sequence[QueuedRun], machine: Machine, place: QueueFolder, at_once: int, tick: float = 1.0
) -> None:
    """Train the runs that are not done, `at_once` at a time, until none is left or SIGTERM comes."""
    with FileLock(place.lock, timeout=0):
        ended = False

        def end(*_: object) -> None:
            nonlocal ended
            ended = True

        signal.signal(signal.SIGTERM, end)
        rows = log.read(log.COMMITTED, place.log)
        waiting = [run for run in runs if position(log.of(rows, run.name)).state != "done"]
        if not place.windows.exists():
            for run in (run for run in waiting if run.over_time):
                print(f"{run.name} is left out: there is no pack of windows at {place.windows}", flush=True)
            waiting = [run for run in waiting if not run.over_time]
        jobs: list[RunProcess] = []
        halted = False
        try:
            while not ended and (waiting or jobs):
                jobs = [job for job in jobs if not job.over()]
                while waiting and len(jobs) < at_once:
                    jobs.append(RunProcess(waiting.pop(0), machine, place))
                states: dict[str, str] = {job.run.name: job.at.state for job in jobs}
                if states != place.at_work():
                    place.tell(states)
                paused = place.paused()
                if paused != halted:
                    for job in jobs:
                        job.rest(paused)
                    halted = paused
                if not paused:
                    for job in jobs:
                        job.follow()
                time.sleep(tick)
        finally:
            for job in jobs:
                job.stop()
            place.pid.unlink(missing_ok=True)
