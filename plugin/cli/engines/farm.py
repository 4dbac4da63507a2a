"""The builds of a fleet as a job of a farm."""

from __future__ import annotations

from pathlib import Path

from interneg.plugin.farm.engine_steps import engines_job
from interneg.plugin.farm.job import FarmPath
from interneg.plugin.farm.send import Manager, send, submission, write


def submit_fleet(manager: Manager, fleet: Path, store: Path | None, dest: Path | None, dry_run: bool) -> None:
    """Send it, or write it to `dest`, or print it. Raises UsageError, OutputError."""
    place = None if store is None else FarmPath("Store", store.absolute(), writes=True)
    file = FarmPath("Fleet", fleet.absolute(), is_file=True)
    job = engines_job(f"interneg engines {fleet.stem}", file, place, "build_engines.py")
    folder = (dest or fleet.absolute().parent / ".interneg" / "farm" / fleet.stem).absolute()
    made = submission(manager, job, folder, {})
    if dry_run:
        print(made.text)
        return
    write(made)
    for name in made.files:
        print(f"written: {folder / name}")
    print(send(made) if dest is None else made.advice)
