"""The steps that build the engines of a fleet: one for what any host builds, and one for each other class."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from interneg.engines.fleet import chosen_library, read
from interneg.plugin.farm.job import Argument, FarmJob, FarmPath, FarmStep, Needs
from interneg.plugin.machine.sizes import GIB

HOST = Needs(2, 4 * GIB)
"""What a build is asked for: it is not measured, and small networks take seconds."""


def engine_steps(fleet: FarmPath, store: FarmPath | None, program: str) -> Iterator[FarmStep]:
    """The steps. Each builds what the store lacks, so that they may be repeated. Raises UsageError.

    fleet: the file. store: a folder, else the first of $INTERNEG_ENGINES on the host. A class whose runtime
    builds on the GPU itself gets a step for a host with that GPU, tagged by the name of the class.
    """
    found = read(Path(str(fleet)))
    line: list[Argument] = ["--fleet", fleet]
    if store is not None:
        line += ["--store", store]
    runtimes = {group.name: chosen_library(group.runtime or found.runtime) for group in found.classes}
    if any(library.targets for library in runtimes.values()):
        yield FarmStep("Engines", "Build the engines that the store lacks.", program, line, HOST)
    for name, library in runtimes.items():
        if not library.targets:
            says = f"Build the engines that the store lacks, on a GPU of class {name}."
            needs = Needs(HOST.cores, HOST.memory, 1, tag=name)
            yield FarmStep(f"Engines {name}", says, program, line, needs)


def engines_job(name: str, fleet: FarmPath, store: FarmPath | None, program: str) -> FarmJob:
    """A job of these steps alone."""
    return FarmJob(name, list(engine_steps(fleet, store, program)), (1,), 1)
