"""The folder of the queue, which git ignores: packs, full checkpoints, logs, and who has paused it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from interneg.publish import replacing

ROOT = Path(__file__).parents[3]
CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
FOLDER = ROOT / ".train"
_USER = "user"


class QueueFolder:
    """Where the queue keeps what it works with. folder: made where it is missing."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.folder.mkdir(exist_ok=True)
        self.pack, self.windows, self.log = folder / "pack.npz", folder / "windows.npz", folder / "log.csv"
        self.lock, self.pid, self.output = folder / "queue.lock", folder / "queue.pid", folder / "queue.log"
        self._pauses = folder / "paused"

    def checkpoint(self, run: str) -> Path:
        """The full state of a run; its averaged weights that were best so far lie beside it."""
        return self.folder / f"{run}.pt"

    def best(self, run: str) -> Path:
        """The best averaged weights of a run, by its figure."""
        return self.folder / f"{run}.best.pt"

    def asked_to_cool(self, run: str) -> Path:
        """A file that says in how many steps a run is to cool down, and, once it does, its last step."""
        return self.folder / f"{run}.cool"

    def supervisor(self) -> int | None:
        """The process that works through the queue, None where there is none."""
        return self._told()[0]

    def at_work(self) -> dict[str, str]:
        """The runs that are being trained, and their states."""
        return self._told()[1]

    def tell(self, states: dict[str, str]) -> None:
        """Let others know that this process works through the queue, and how its runs stand."""
        with replacing(self.pid) as temporary:
            temporary.write_text(" ".join([str(os.getpid()), *(f"{n}={s}" for n, s in states.items())]))

    def _told(self) -> tuple[int | None, dict[str, str]]:
        try:
            number, *states = self.pid.read_text().split()
        except (OSError, ValueError):
            return None, {}
        there = psutil.pid_exists(int(number))
        return (int(number), dict(s.split("=") for s in states)) if there else (None, {})

    def paused(self) -> bool:
        """Whether a user, or a process that still runs, has paused the queue."""
        if not self._pauses.is_dir():
            return False
        names = [path.name for path in self._pauses.iterdir()]
        return any(name == _USER or (name.isdigit() and psutil.pid_exists(int(name))) for name in names)

    def pause(self, by: str = _USER) -> None:
        """Let the queue rest until `go` is called by the same."""
        self._pauses.mkdir(exist_ok=True)
        (self._pauses / by).touch()

    def go(self, by: str = _USER) -> None:
        """Take back a pause."""
        (self._pauses / by).unlink(missing_ok=True)


@contextmanager
def resting(place: QueueFolder | None = None) -> Iterator[None]:
    """Pause the queue while something is measured; it goes on by itself where this process ends early.

    Does nothing where there is no queue.
    """
    if place is None and not FOLDER.is_dir():
        yield
        return
    place, own = place or QueueFolder(), str(os.getpid())
    place.pause(own)
    try:
        yield
    finally:
        place.go(own)
