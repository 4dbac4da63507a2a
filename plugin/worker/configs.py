"""Colour configurations that hosts name, each kept open with the measurements made in it."""

from __future__ import annotations

import os
import threading
from functools import lru_cache

from interneg.colour import Colour
from interneg.colour.spaces import BUILT_IN
from interneg.errors import UsageError
from interneg.plugin.worker.memory import Measurements

_KEPT = 2
"""Colour configurations that are kept open."""


class Configs:
    """The configurations used last, and their measurements, which know colour spaces by name alone."""

    def __init__(self) -> None:
        self._open = lru_cache(_KEPT)(_Config)
        self._lock = threading.Lock()
        self._measured: list[Measurements] = []

    def open(self, config: str | None) -> tuple[Colour, Measurements]:
        """The configuration that a host names, None for the worker's own $OCIO, and what was measured in it.

        One whose file was written anew is read anew. Raises UsageError for a relative path, ColourError for
        one that cannot be read.
        """
        source = _source(config)
        with self._lock:
            found = self._open(source, _stamp(source))
            if found.measurements not in self._measured:
                self._measured = [*self._measured, found.measurements][-_KEPT:]
            return found.colour, found.measurements

    def shrink(self, limit: int) -> None:
        """Forget measurements until all together take at most `limit` bytes."""
        with self._lock:
            for measurements in self._measured:
                measurements.shrink(limit // len(self._measured))


class _Config:
    """A configuration and the measurements made in it."""

    def __init__(self, source: str, stamp: tuple[int, ...]) -> None:
        """stamp: tells one state of its file from the next."""
        self.colour = Colour(source)
        self.measurements = Measurements()


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


def _stamp(source: str) -> tuple[int, ...]:
    """What differs once a configuration's file was written anew; empty for what is no file."""
    try:
        facts = os.stat(source)
    except OSError:
        return ()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns
