"""The pipeline: frames are read ahead, rendered and written behind, all at once and in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")

_POLL = 0.1
"""Seconds between two looks at whether the work was called off."""


class Stopped(BaseException):
    """Ends a stage of a pipeline that was called off; never leaves the pipeline."""


class Pipeline:
    """Three stages, each with threads of its own, over a row of frames.

    read, render, write: take a frame number; `render` also what `read` returned, `write` what `render` did.
    A `read` that returns None has nothing to do for its frame. Only `slots` frames are in the pipeline at a
    time. Each stage starts its frames in order; with one writer they are written in order.
    """

    def __init__(
        self,
        read: Callable[[int], T | None],
        render: Callable[[int, T], T | None],
        write: Callable[[int, T], None],
        *,
        slots: int,
        readers: int,
        renderers: int,
        writers: int,
    ) -> None:
        self._stages = (read, render, write)
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
        read, render, write = self._stages
        reading, rendering, writing = (ThreadPoolExecutor(n, "interneg") for n in self._threads)

        def rendered(number: int, source: Future[T | None]) -> T | None:
            found = self._result(source)
            return None if found is None else render(number, found)

        def written(number: int, result: Future[T | None]) -> bool:
            found = self._result(result)
            if found is not None:
                write(number, found)
            return found is not None

        running: deque[tuple[int, Future[bool]]] = deque()

        def finish() -> None:
            number, future = running.popleft()
            done(number, self._result(future))

        try:
            for number in numbers:
                while len(running) >= self._slots:
                    finish()
                source = reading.submit(self._unless_stopped, read, number)
                result = rendering.submit(rendered, number, source)
                running.append((number, writing.submit(written, number, result)))
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

    def _unless_stopped(self, stage: Callable[[int], T | None], number: int) -> T | None:
        if self._stop.is_set():
            raise Stopped
        return stage(number)

    def _result(self, future: Future[T]) -> T:
        while not wait((future,), timeout=_POLL).done:
            if self._stop.is_set():
                raise Stopped
        if self._stop.is_set():
            raise Stopped
        return future.result()
