"""Inputs that were changed at random, given to the commands: how each ends.

Every case is a process of its own, forked from one that has loaded everything, so that a crash or a hang is
one case's alone. A case is known by the seed and its number, and can be run again.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

import cv2

from bench.fuzz_samples import KINDS, Case, draw_samples, sample_commands
from bench.table import Row, at_most

CODES = {0, 2, 3, 4, 5, 6, 33, 130}
"""The documented exit codes; 1 is for what nobody thought of."""

SECONDS = 60.0
"""After which a case hangs."""

_LOADED = (
    "colour", "engines.source", "io.image_reader", "io.movie_clip", "nodes", "plugin.analysis.shot",
    "plugin.batch.render", "plugin.cli.engines.command", "plugin.cli.main", "plugin.cli.order",
    "plugin.farm.send", "plugin.review.report", "plugin.scripts.find",
)  # fmt: skip

MEMORY = 6 * 2**30
"""Bytes of address space of a case: a header that asks for more has to be refused, or to end with 33."""


@dataclass(frozen=True)
class Fault:
    """A case that ended as none should. how: "exit 1", "signal 11", "hang". said: its last words."""

    number: int
    kind: str
    line: str
    how: str
    said: str


def rows(out: Path, cases: int, seed: int) -> Iterator[Row]:
    """Run so many cases, and print each that ended badly with what it said."""
    ends: Counter[str] = Counter()
    faults = []
    for fault, end in fuzzed(out / "fuzz", range(cases), seed):
        ends[end] += 1
        if fault:
            faults.append(fault)
            print(f"fault: {fault}", file=sys.stderr, flush=True)
    told = ", ".join(f"{end}: {count}" for end, count in sorted(ends.items()))
    kinds = ", ".join(KINDS)
    what = f"{cases} changed inputs ({kinds}; seed {seed}): crashes, hangs and undocumented exit codes"
    yield at_most(what, 0, len(faults))
    yield Row("how they ended", "", told, None)


def fuzzed(folder: Path, numbers: Sequence[int], seed: int) -> Iterator[tuple[Fault | None, str]]:
    """Run the cases of these numbers; for each its fault, if any, and how it ended, as "exit 3"."""
    _load()
    folder.mkdir(parents=True, exist_ok=True)
    samples = folder / "samples"
    shutil.rmtree(samples, ignore_errors=True)
    # In forks, too: threads that libraries start here would be missed in all later ones.
    for run in (partial(draw_samples, samples), *map(partial(partial, command), sample_commands(samples))):
        end, said = ended(run, folder)
        if end != "exit 0":
            raise RuntimeError(f"{run} ended with {end}: {said}")
    kinds = list(KINDS)
    for number in numbers:
        dice = random.Random(f"{seed} {number}")
        kind = kinds[number % len(kinds)]
        place = Path(tempfile.mkdtemp(prefix=f"case{number}-", dir=folder))
        case: Case = KINDS[kind](samples, place, dice)
        end, said = ended(partial(command, case.words), place)
        wrong = end if end not in {f"exit {code}" for code in CODES} else ""
        if "Traceback" in said:
            wrong = wrong or "Traceback"
        if not wrong and case.check and end == "exit 0":
            wrong = case.check()
        shutil.rmtree(place, ignore_errors=True)
        line = " ".join(case.words).replace(str(place), "CASE").replace(str(samples), "SAMPLES")
        yield (Fault(number, kind, line[:400], wrong, said[-600:]) if wrong else None), end


def command(words: Sequence[str]) -> None:
    """Run a command line in this process; raises SystemExit."""
    from interneg.plugin.cli.engines.command import main as build
    from interneg.plugin.cli.main import app, run

    builds = words[0] == "build_engines.py"
    sys.argv = list(words) if builds else ["interneg", *words]
    build() if builds else run(app)


def ended(run: Callable[[], None], folder: Path) -> tuple[str, str]:
    """Run something in a fork of this process: "exit N", "signal N" or "hang", and all that it said."""
    told = folder / ".told"
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        try:
            _child(run, told)
        finally:  # an exception that is no end of the command
            traceback.print_exc()
            os._exit(97)
    began = time.monotonic()
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() - began > SECONDS:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "hang", told.read_text(errors="replace")
        time.sleep(0.02)
    code = os.waitstatus_to_exitcode(status)
    return (f"exit {code}" if code >= 0 else f"signal {-code}"), told.read_text(errors="replace")


def _child(run: Callable[[], None], told: Path) -> None:
    with told.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    code = 0
    try:
        run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter ends: a thread that hangs is seen
    os._exit(code)


def _load() -> None:
    """Import what the commands import when they run; nothing of it starts threads before it is used."""
    for name in _LOADED:
        import_module(f"interneg.{name}")
    cv2.setNumThreads(0)  # whose threads a fork would wait for
