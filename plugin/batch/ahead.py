"""Frames read ahead of the graph that will ask for them, or when it does."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Protocol

from interneg.frame import Frame


class Digested(Protocol):
    """A graph's source that also knows the hash of each frame's file, and which files were replaced."""

    @property
    def numbers(self) -> Sequence[int]:
        """The frames that there are, sorted."""

    def frame(self, number: int) -> Frame:
        """Read a frame. Raises InputError for one that is missing or unreadable."""

    def digest(self, number: int) -> str:
        """A hash of the file that the frame is in, as it was before it was read."""

    def changed(self) -> Sequence[int]:
        """The frames whose files are no longer so."""


class ReadAhead:
    """A source in front of another: what was fetched is handed out once, all else is read when asked for."""

    def __init__(self, source: Digested) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._fetched: dict[int, Future[Frame]] = {}
        self._seen: set[int] = set()

    @property
    def numbers(self) -> Sequence[int]:
        """The frames of the source behind."""
        return self._source.numbers

    def fetch(self, numbers: Iterable[int]) -> None:
        """Read those frames that were never fetched, and keep them. Raises what the source raises."""
        for number in numbers:
            with self._lock:
                if number in self._seen:
                    continue
                self._seen.add(number)
                future = self._fetched[number] = Future()
            try:
                future.set_result(self._source.frame(number))
            except BaseException as error:
                future.set_exception(error)
                raise

    def frame(self, number: int) -> Frame:
        """The frame, which is let go of here."""
        with self._lock:
            future = self._fetched.pop(number, None)
        return self._source.frame(number) if future is None else future.result()

    def forget(self, number: int) -> None:
        """Let go of a frame that nobody will ask for."""
        with self._lock:
            self._fetched.pop(number, None)

    def digest(self, number: int) -> str:
        """The hash that the source behind gives. Raises what it raises."""
        return self._source.digest(number)

    def changed(self) -> Sequence[int]:
        """What the source behind says."""
        return self._source.changed()


class ReadLate(ReadAhead):
    """A source in front of another that reads nothing ahead: the graph remembers what it asked for."""

    def fetch(self, numbers: Iterable[int]) -> None:
        """Nothing."""
