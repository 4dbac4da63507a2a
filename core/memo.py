"""Memo: results kept by key, each computed once, however many threads ask for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

_MOST = 4
"""How many times the size that was asked for a memo may grow to."""


class Memo:
    """The `size` results used last, and more where those are too few. An exception is not kept: the next
    asker tries again.

    Windows that slide over a clip ask for the same results in turn: with room for all but a few, each would
    be dropped just before it is asked for again. So one that had to be computed again makes room for
    one more.
    """

    def __init__(self, size: int) -> None:
        self._size, self._most = size, _MOST * size
        self._lock = threading.Lock()
        self._results: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._dropped: OrderedDict[Hashable, None] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return the result of `compute` for `key`; others who ask meanwhile wait for it."""
        with self._lock:
            future = self._results.get(key)
            mine = future is None
            if future is None:
                future = self._results[key] = Future()
                if key in self._dropped:
                    del self._dropped[key]
                    self._size = min(self._size + 1, self._most)
            self._results.move_to_end(key)
            while len(self._results) > self._size:
                self._dropped[self._results.popitem(last=False)[0]] = None
            while len(self._dropped) > self._most:
                self._dropped.popitem(last=False)
        try:
            if mine:
                try:
                    future.set_result(compute())
                except BaseException as error:
                    with self._lock:
                        if self._results.get(key) is future:
                            del self._results[key]
                    future.set_exception(error)
                    raise
            return future.result()
        finally:
            # The future holds the exception and that this frame: pictures would wait for the collector.
            del future
