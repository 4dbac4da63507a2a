"""The pipeline: frames are read ahead, rendered and written behind, all at once and in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

Source = TypeVar("Source")
Result = TypeVar("Result")
Value = TypeVar("Value")

_POLL = 0.1
"""Seconds between two looks at whether the work was called off."""


class Stopped(BaseException):
    """Ends a stage of a pipeline that was called off; never leaves the pipeline."""


class Pipeline(Generic[Source, Result]):
    """Three stages, each with threads of its own, over a row of frames.

    read, render, write: take a frame number; `render` also what `read` returned, `write` what `render` did.
    A `read` that returns None has nothing to do for its frame. Only `slots` frames are in the pipeline at a
    time. Each stage starts its frames in order; with one writer they are written in order.
    """

    def __init__(
        self,
        read: Callable[[int], Source | None],
        render: Callable[[int, Source], Result],
        write: Callable[[int, Result], None],
        *,
        slots: int,
        readers: int,
        renderers: int,
        writers: int,
    ) -> None:
        self._read, self._render, self._write = read, render, write
        self._slots = slots
        self._threads = (readers, renderers, writers)
        self._stop = threading.Event()

    def stop(self) -> None:
        """Call the work off, from any thread or signal handler; `run` then returns False."""
        self._stop.set()

    def run(self, numbers: Iterable[int], done: Callable[[int, bool], None]) -> bool:
        """Run all frames; `done(number, written)` is called in order. Returns whether all were run.

        When a stage raises, the frames before that one are finished, no other is begun, and the exception
        is raised. What is being written is finished in any case.
        """
        reading, rendering, writing = (ThreadPoolExecutor(n, "interneg") for n in self._threads)
        running: deque[tuple[int, Future[bool]]] = deque()

        def finish() -> None:
            number, future = running.popleft()
            done(number, self._result(future))

        try:
            for number in numbers:
                while len(running) >= self._slots:
                    finish()
                source = reading.submit(self._reading, number)
                result = rendering.submit(self._rendering, number, source)
                running.append((number, writing.submit(self._writing, number, result)))
                del source, result
            while running:
                finish()
        except Stopped:
            return False
        finally:
            self._stop.set()
            for pool in (reading, writing):
                pool.shutdown(wait=True, cancel_futures=True)
            # A frame in a network cannot be called off; it is not waited for.
            rendering.shutdown(wait=False, cancel_futures=True)
        return True

    def _reading(self, number: int) -> Source | None:
        if self._stop.is_set():
            raise Stopped
        return self._read(number)

    def _rendering(self, number: int, source: Future[Source | None]) -> Result | None:
        found = self._result(source)
        return None if found is None else self._render(number, found)

    def _writing(self, number: int, result: Future[Result | None]) -> bool:
        found = self._result(result)
        if found is not None:
            self._write(number, found)
        return found is not None

    def _result(self, future: Future[Value]) -> Value:
        while not wait((future,), timeout=_POLL).done:
            if self._stop.is_set():
                raise Stopped
        if self._stop.is_set():
            raise Stopped
        return future.result()
