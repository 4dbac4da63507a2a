"""Spare: large arrays that are used again, as fresh memory from the system costs as much as what fills it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def _fresh(shape: tuple[int, ...]) -> Floats:
    return np.empty(shape, np.float32)


class Spare:
    """Lends arrays of one shape at a time, as many as are in use at once; safe with several threads.

    make: makes one of a shape where none is idle. Those that are idle go where another shape is asked for.
    """

    def __init__(self, make: Callable[[tuple[int, ...]], Floats] = _fresh) -> None:
        self._make, self._lock = make, threading.Lock()
        self._shape: tuple[int, ...] = ()
        self._idle: list[Floats] = []

    @contextmanager
    def lent(self, shape: tuple[int, ...]) -> Iterator[Floats]:
        """An array of that shape, as (C, H, W), float32, holding anything; others get it after the block."""
        with self._lock:
            if shape != self._shape:
                self._shape, self._idle = shape, []
            array = self._idle.pop() if self._idle else None
        if array is None:
            array = self._make(shape)
        try:
            yield array
        finally:
            with self._lock:
                if shape == self._shape:
                    self._idle.append(array)
