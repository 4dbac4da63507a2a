"""How many renders run at once, and what they and the measurements may take of memory."""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from interneg.errors import HostMemoryError
from interneg.memo import Memo
from interneg.plugin.machine.sizes import size_text
from interneg.processor import cores

_POLL = 0.1
"""Seconds between two looks at whether a request that waits was called off."""

_CORES = 4
"""A render keeps about so many cores busy; beyond, another one may run beside it."""


class CalledOff(Exception):
    """Ends a request whose host hung up; never leaves the worker."""


class Measurements(Memo):
    """A memo that holds so many bytes, not so many results."""

    def __init__(self) -> None:
        super().__init__(sys.maxsize)
        self._sizes: OrderedDict[Hashable, int] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """As Memo's."""
        result = super().get(key, compute)
        with self._guard:
            if key not in self._sizes:
                self._sizes[key] = size_of(result)
            self._sizes.move_to_end(key)
        return result

    def shrink(self, limit: int) -> None:
        """Forget the results used longest ago until the rest takes at most `limit` bytes."""
        with self._guard:
            total = sum(self._sizes.values())
            while self._sizes and total > limit:
                key, size = self._sizes.popitem(last=False)
                total -= size
                with self._lock:
                    self._results.pop(key, None)


def size_of(result: Any) -> int:
    """Roughly the bytes that a measurement takes."""
    if hasattr(result, "nbytes"):
        return int(result.nbytes)
    if isinstance(result, tuple | list):
        return sum(map(size_of, result))
    if dataclasses.is_dataclass(result):
        return sum(size_of(getattr(result, field.name)) for field in dataclasses.fields(result))
    return sys.getsizeof(result)


class Admission:
    """Lets requests in, in the order in which they came, as cores and memory allow.

    limit: bytes for the pictures of all that run. make_room: called with the bytes that are left for what
    can be dropped.
    """

    def __init__(self, limit: int, make_room: Callable[[int], None]) -> None:
        self.limit = limit
        self.most = max(2, cores() // _CORES)
        self.running = 0
        self._make_room = make_room
        self._taken = 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def enter(self, needed: int, called_off: Callable[[], bool]) -> Iterator[None]:
        """Wait until a request that needs so many bytes may run, and count it as running within.

        Raises HostMemoryError where it never may, CalledOff where nobody waits for it any more.
        """
        if needed > self.limit:
            raise HostMemoryError(
                f"this render needs about {size_text(needed)}, the worker's limit is "
                f"{size_text(self.limit)}; set $INTERNEG_MEMORY_MB (or --memory-limit) higher and end "
                "this worker (interneg worker --stop), or render at a lower scale"
            )
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                while not (self._queue[0] is ticket and self._fits(needed)):
                    if called_off():
                        raise CalledOff
                    self._changed.wait(_POLL)
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
            self.running += 1
            self._taken += needed
            left = self.limit - self._taken
        try:
            self._make_room(left)
            yield
        finally:
            with self._changed:
                self.running -= 1
                self._taken -= needed
                self._changed.notify_all()

    def _fits(self, needed: int) -> bool:
        return self.running < self.most and self._taken + needed <= self.limit
