"""Colour configurations that hosts name, each kept open with the measurements made in it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from interneg.colour import Colour
from interneg.colour.spaces import BUILT_IN
from interneg.colour.tables import forget_read_tables
from interneg.errors import UsageError
from interneg.plugin.worker.memory import Measurements

_KEPT = 2
"""Colour configurations that are kept open."""


class Configs:
    """The configurations used last, and their measurements, which know colour spaces by name alone."""

    def __init__(self) -> None:
        self._open: dict[str, _Config] = {}
        self._seen: dict[Path, tuple[int, ...]] = {}
        self._lock = threading.Lock()

    def open(self, config: str | None) -> tuple[Colour, Measurements]:
        """The configuration that a host names, None for the worker's own $OCIO, and what was measured in it.

        One is read anew where its file or one of its look-up tables was written anew, came or went. Raises
        UsageError for a relative path, ColourError for one that cannot be read.
        """
        source = _source(config)
        with self._lock:
            found = self._open.pop(source, None)
            if found is None or found.is_outdated():
                found = self._read(source)
            self._open[source] = found
            while len(self._open) > _KEPT:
                del self._open[next(iter(self._open))]
            return found.colour, found.measurements

    def _read(self, source: str) -> _Config:
        made = _Config(source)
        if any(self._seen.get(path, state) != state for path, state in made.states.items()):
            forget_read_tables()  # which the process keeps, whatever configuration asked for them
        self._seen |= made.states
        return made

    def shrink(self, limit: int) -> None:
        """Forget measurements until all together take at most `limit` bytes."""
        with self._lock:
            for found in self._open.values():
                found.measurements.shrink(limit // len(self._open))


class _Config:
    """A configuration, the measurements made in it, and the states of its files before they are read."""

    def __init__(self, source: str) -> None:
        before = _state(Path(source))
        self.colour = Colour(source)
        self.measurements = Measurements()
        self.states = {path: _state(path) for path in self.colour.tables.watched} | {Path(source): before}

    def is_outdated(self) -> bool:
        """Whether a file is another one now."""
        return any(_state(path) != state for path, state in self.states.items())


def _source(config: str | None) -> str:
    """What to open where a host names `config`; where that is not known, the worker's own $OCIO counts.

    Raises UsageError for a relative path: the worker is not where the host is.
    """
    named = os.environ.get("OCIO", "") if config is None else config
    # MLT sets $OCIO to ocio://ocio://default where it is not set.
    source = named.replace("ocio://ocio://", "ocio://") or BUILT_IN
    if not (source.startswith("ocio://") or os.path.isabs(source)):
        raise UsageError(
            f"the OCIO configuration '{source}' is a relative path, which the worker cannot follow: give the "
            "whole path in $OCIO"
        )
    return source


def _state(path: Path) -> tuple[int, ...]:
    """What differs once a file was written anew; empty for what is no file."""
    try:
        facts = os.stat(path)
    except OSError:
        return ()
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns
