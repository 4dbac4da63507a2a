"""The commands of the queue.

python -m interneg.engines.training.queue start | status | pause | go | cool RUN | keep | stop
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import psutil
import typer
from filelock import FileLock
from rich.console import Console

from interneg.engines.training.queue import log
from interneg.engines.training.queue.keep import keep_weights
from interneg.engines.training.queue.place import ROOT, QueueFolder
from interneg.engines.training.queue.runs import QueuedRun, load, named
from interneg.engines.training.queue.status import table
from interneg.engines.training.queue.work import Machine, work
from interneg.errors import InternegError, UsageError

app = typer.Typer(add_completion=False, help="The queue of training runs; see engines/training/README.md.")
Data = Annotated[Path, typer.Option(help="folder that holds dev/Set5, dev/BSD68 and weights/")]
Runs = Annotated[
    list[str] | None, typer.Option("--run", help="a run to work on, of several each; by default all")
]
_DATA = ROOT.parent / "shared" / "data"


@app.command()
def start(
    data: Data = _DATA,
    at_once: Annotated[int, typer.Option(help="runs side by side")] = 0,
    run: Runs = None,
) -> None:
    """Work through the queue in the background, at the lowest priority."""
    place = QueueFolder()
    asked = _asked(run)
    if place.supervisor():
        print("the queue is being worked through already; `make train-status` shows how it stands")
        return
    if not place.pack.exists():
        print(
            f"there is no pack at {place.pack}: make it with `python -m interneg.engines.training.pack "
            f"{place.pack} --stills DIR... --clips DIR... --data TEXT...` (engines/training/README.md, Data)",
            file=sys.stderr,
        )
        raise typer.Exit(3)
    over_time = [each.name for each in asked if each.over_time]
    if over_time and not place.windows.exists():
        print(
            f"without a pack of windows at {place.windows} {', '.join(over_time)} is left out: make it with "
            f"`python -m interneg.engines.training.windows {place.windows} --clips DIR... --stills DIR... "
            "--data TEXT...`"
        )
    words = [
        sys.executable,
        "-m",
        "interneg.engines.training.queue",
        "work",
        "--data",
        str(data),
        "--at-once",
        str(at_once),
        *(word for each in run or [] for word in ("--run", each)),
    ]
    with place.output.open("ab") as out:
        subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    print(f"started; `make train-status` shows how it stands, {place.output} what it says")


def _asked(names: list[str] | None) -> list[QueuedRun]:
    try:
        return named(load(), names or [])
    except UsageError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from error


@app.command("work", hidden=True)
def work_here(data: Data = _DATA, at_once: int = 0, run: Runs = None) -> None:
    """Work through the queue in this process."""
    import torch

    from interneg.engines.runtimes import RUNTIMES
    from interneg.processor import cores, processor_name

    if torch.cuda.is_available():
        machine = Machine("cuda", True, torch.cuda.get_device_name(), data)
    else:
        bf16 = not RUNTIMES["openvino"].precisions()["bf16"]
        machine = Machine("cpu", bf16, processor_name(), data)
    psutil.Process().nice(19)
    work(_asked(run), machine, QueueFolder(), at_once or (1 if machine.device == "cuda" else min(2, cores())))


@app.command()
def status() -> None:
    """Show the runs: state, steps, hours, figure against goals, expected end."""
    Console().print(table(load(), QueueFolder()))


@app.command()
def pause() -> None:
    """Let the queue rest until `go`."""
    QueueFolder().pause()
    print("paused; `make train-go` lets it go on")


@app.command()
def go() -> None:
    """Let a paused queue go on."""
    QueueFolder().go()
    print(
        "goes on"
        if QueueFolder().supervisor()
        else "nothing works through the queue: start it with `make train`"
    )


@app.command()
def cool(run: str, steps: Annotated[int, typer.Option(help="in so many steps")] = 6000) -> None:
    """Let a run's rate fall to its end now; it trains on when the queue is started again."""
    names = [known.name for known in load()]
    if run not in names:
        print(f"no run is named {run!r}; the queue has {', '.join(names)}", file=sys.stderr)
        raise typer.Exit(2)
    QueueFolder().asked_to_cool(run).write_text(str(steps))
    print(f"{run} cools down over its next {steps} steps")


@app.command()
def keep() -> None:
    """Put the best averaged weights and the log where they are committed from."""
    place = QueueFolder()
    for line in keep_weights(load(), place):
        print(line)
    with FileLock(place.lock.with_suffix(".log.lock")):
        log.append(log.COMMITTED, log.read(place.log))
        place.log.unlink(missing_ok=True)


@app.command()
def stop() -> None:
    """End the queue; every run is saved where it stands."""
    supervisor = QueueFolder().supervisor()
    if supervisor is None:
        print("nothing works through the queue")
        return
    os.kill(supervisor, signal.SIGTERM)
    psutil.Process(supervisor).wait()
    print("stopped; `make train` goes on from here")


def main() -> None:
    """Run a command; an error of Interneg ends it with its exit code."""
    try:
        app()
    except InternegError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from error


if __name__ == "__main__":
    main()
