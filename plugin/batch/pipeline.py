"""The pipeline: frames are read ahead, rendered and written behind, all at once and in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Generic, TypeVar

Source = TypeVar("Source")
Result = TypeVar("Result")
Value = TypeVar("Value")

_POLL = 0.1
"""Seconds between two looks at whether the work was called off."""

GRACE = 3.0
"""Seconds that reading and writing may take to end where the work was called off: on a disk that hangs they
never do, and what they write is under a temporary name."""


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
        self.is_settled = True

    def stop(self) -> None:
        """Call the work off, from any thread or signal handler; `run` then returns False."""
        self._stop.set()

    def run(self, numbers: Iterable[int], done: Callable[[int, bool], None]) -> bool:
        """Run all frames; `done(number, written)` is called in order. Returns whether all were run.

        When a stage raises, the frames before that one are finished, no other is begun, and the exception
        is raised. What is being read and written is finished then; where the work was called off, for GRACE
        seconds at most. After that `is_settled` is False, and what is written to is not to be touched.
        """
        reading, rendering, writing = (ThreadPoolExecutor(n, "interneg") for n in self._threads)
        running: deque[tuple[int, Future[Source | None], Future[bool]]] = deque()
        called_off = False

        def finish() -> None:
            number, _, future = running[0]
            done(number, self._result(future))
            running.popleft()

        try:
            for number in numbers:
                while len(running) >= self._slots:
                    finish()
                source = reading.submit(self._reading, number)
                result = rendering.submit(self._rendering, number, source)
                running.append((number, source, writing.submit(self._writing, number, result)))
                del source, result
            while running:
                finish()
        except Stopped:
            called_off = True
        finally:
            self._stop.set()
            # A frame in a network cannot be called off; it is not waited for.
            for pool in (reading, writing, rendering):
                pool.shutdown(wait=False, cancel_futures=True)
            left: list[Future[Any]] = []
            for _, source, written in running:
                left += [future for future in (source, written) if not future.cancelled()]
            self.is_settled = not wait(left, GRACE if called_off else None).not_done
        return not called_off

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
