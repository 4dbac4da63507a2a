"""Renders of damaged pictures, in a process of their own, which may crash or hang without harm.

    python -m tests.plugin.cli.damaged_runs --pictures 400

renders that many, and prints what each kind came to and every file that did not come to what it should.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from interneg.errors import InternegError
from interneg.frame import Frame
from interneg.io.image_reader import read_image
from tests.plugin.cli.damaged_pictures import Mutant, mutants

SECONDS = 60.0
"""After which a render hangs."""

MEMORY = 1500
"""MiB that no render of these small pictures may take."""

CODES = {0: "right", 2: "colour space", 3: "unreadable", 6: "cannot be written", 33: "memory"}
"""The documented exit codes that damage may come to."""

RECIPES = ("deflicker:strength=0", "deflicker:strength=0", "deflicker")

_LOSSY = ("b44", "dwa", "pxr24")


class Outcome(NamedTuple):
    """What became of a render: its exit code (None for a crash or a hang), its words, its memory in MiB."""

    code: int | None
    said: str
    memory: int


def peak_memory() -> int:
    """The most memory that this process has held, in MiB.

    Of this process's own address space: `ru_maxrss` begins at what the process held that started it.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def _serve(pipe: Connection) -> None:
    """Render what the pipe asks for, until it is closed."""
    from typer.testing import CliRunner

    from interneg.plugin.cli.main import app

    while True:
        try:
            arguments = pipe.recv()
        except EOFError:
            return
        made = CliRunner().invoke(app, ["render", *arguments])
        said = made.stderr
        if made.exception and not isinstance(made.exception, SystemExit):
            said += f"Traceback: {made.exception!r}"
        pipe.send(Outcome(made.exit_code, said, peak_memory()))


def outcomes(commands: Iterable[list[str]], seconds: float = SECONDS) -> Iterator[Outcome]:
    """Render each, one after the other; a process that crashes or hangs is replaced by another."""
    context = multiprocessing.get_context("spawn")
    process = None
    for command in commands:
        if process is None:
            pipe, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
        pipe.send(command)
        try:
            if pipe.poll(seconds):
                yield pipe.recv()
                continue
            process.kill()
            process.join()
            yield Outcome(None, f"hangs for {seconds:g} s", 0)
        except EOFError:
            process.join()
            yield Outcome(None, f"crashes with {process.exitcode}", 0)
        process = None
    if process is not None:
        pipe.close()
        process.join()


def wrong(mutant: Mutant, source: Path, made: Path, recipe: str, outcome: Outcome) -> str:
    """What is wrong with an outcome; empty where the result is right or one line says why there is none."""
    if outcome.code not in CODES:
        return f"exit {outcome.code}: {outcome.said}"
    if outcome.memory > MEMORY:
        return f"took {outcome.memory} MiB"
    if outcome.code == 0:
        if mutant.damage.startswith("cut"):
            return "it is cut off, and rendered all the same"
        return _differs(read_image(source), read_image(made)) if "strength=0" in recipe else ""
    if "Traceback" in outcome.said:
        return outcome.said
    lines = outcome.said.splitlines()
    named = lines and any(path.name in lines[-1] for path in (source, made))
    if not named or not lines[-1].startswith("interneg: "):
        return f"does not say which file and why: {outcome.said!r}"
    return "an output is left behind" if made.exists() else ""


def _differs(source: Frame, made: Frame) -> str:
    """How a copy differs from what it is a copy of, both as they are read."""
    if source.channels != made.channels or source.pixels.shape != made.pixels.shape:
        return f"{made.channels} of {made.pixels.shape} came of {source.channels} of {source.pixels.shape}"
    if "jpeg:subsampling" in made.metadata or str(made.metadata.get("compression")).startswith(_LOSSY):
        return ""
    same = np.array_equal(source.pixels, made.pixels, equal_nan=True)
    return "" if same else "the copy has other pixels"


def render_all(count: int, folder: Path, seed: int = 18) -> tuple[Counter[str], list[str]]:
    """Render so many damaged pictures; how many came to what, and what is wrong with which."""
    tasks = []
    for k, mutant in enumerate(mutants(count, folder, seed)):
        source = folder / f"{k}" / f"a.0001{mutant.suffix}"
        made = folder / f"{k}" / "out" / f"b.0001{mutant.suffix}"
        source.parent.mkdir()
        source.write_bytes(mutant.content)
        tasks.append((mutant, source, made, RECIPES[k % len(RECIPES)]))
    counts: Counter[str] = Counter()
    problems = []
    found = outcomes([recipe, str(source), str(made)] for _, source, made, recipe in tasks)
    for k, (task, outcome) in enumerate(zip(tasks, found, strict=True)):
        counts[CODES.get(outcome.code or 0, "") if outcome.code in CODES else "wrong"] += 1
        try:
            problem = wrong(*task, outcome)
        except InternegError as error:
            problem = f"rendered, and then not readable: {error}"
        if problem:
            problems.append(f"{k} ({task[0].kind}, {task[0].damage}): {problem}")
    return counts, problems


def main() -> int:
    """Render as many as are asked for; 1 where something was wrong with one."""
    parser = argparse.ArgumentParser(description="Render damaged pictures.")
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--seed", type=int, default=18)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts, problems = render_all(asked.pictures, Path(folder), asked.seed)
    print("\n".join(problems))
    print(f"{asked.pictures} damaged pictures, {len(problems)} with a problem: {dict(counts)}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
