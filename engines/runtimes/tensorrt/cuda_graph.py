"""CUDA graphs by the driver's own C interface, which pycuda does not have: record a launch, play it again.

Functions and constants are the CUDA driver API's (cuda.h): stream capture in thread-local mode, so that
other threads' streams go on meanwhile.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable

from interneg.engines import gpus
from interneg.engines.gpus import NoGpuError
from interneg.errors import EngineError, GpuMemoryError

log = logging.getLogger("interneg.engines")

_THREAD_LOCAL = 1
_OUT_OF_MEMORY = 2


class Graphs:
    """Records and plays graphs on the streams of the current context. Raises NoGpuError without a driver."""

    def __init__(self) -> None:
        driver = gpus.cuda()
        if driver is None:
            raise NoGpuError
        self._driver = driver

    def record(self, stream: int, launch: Callable[[], None]) -> int:
        """Record what `launch` puts on the stream, which does not run.

        Raises GpuMemoryError, EngineError and what `launch` raises; the stream is then as it was before.
        """
        graph, ready = ctypes.c_void_p(), ctypes.c_void_p()
        self._call("cuStreamBeginCapture_v2", ctypes.c_void_p(stream), _THREAD_LOCAL)
        try:
            launch()
        except BaseException:
            # What went wrong first is what counts: a recording that was spoilt fails to end, too.
            self._try("cuStreamEndCapture", ctypes.c_void_p(stream), ctypes.byref(graph))
            if graph.value:
                self._try("cuGraphDestroy", graph)
            raise
        self._call("cuStreamEndCapture", ctypes.c_void_p(stream), ctypes.byref(graph))
        try:
            self._call("cuGraphInstantiateWithFlags", ctypes.byref(ready), graph, ctypes.c_ulonglong(0))
        finally:
            self._try("cuGraphDestroy", graph)
        return int(ready.value or 0)

    def launch(self, graph: int, stream: int) -> None:
        """Play a recorded graph on a stream. Raises GpuMemoryError, EngineError."""
        self._call("cuGraphLaunch", ctypes.c_void_p(graph), ctypes.c_void_p(stream))

    def destroy(self, graph: int) -> None:
        """Free a recorded graph. A GPU that failed cannot, and does not stop what follows."""
        self._try("cuGraphExecDestroy", ctypes.c_void_p(graph))

    def _call(self, function: str, *arguments: object) -> None:
        code = getattr(self._driver, function)(*arguments)
        if code:
            failure = GpuMemoryError if code == _OUT_OF_MEMORY else EngineError
            raise failure(f"{function} failed: {self._error(code)}")

    def _try(self, function: str, *arguments: object) -> None:
        code = getattr(self._driver, function)(*arguments)
        if code:
            log.debug("%s failed: %s", function, self._error(code))

    def _error(self, code: int) -> str:
        name = ctypes.c_char_p()
        self._driver.cuGetErrorName(code, ctypes.byref(name))
        return f"{(name.value or b'unknown').decode()} ({code})"
