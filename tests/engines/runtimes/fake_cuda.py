"""pycuda's driver module, on the stand-in for a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tests.engines.runtimes.fake_gpu import FakeGpu


class Cuda:
    """pycuda.driver."""

    class Error(Exception):
        pass

    class MemoryError(Error):
        pass

    class LogicError(Error):
        pass

    class LaunchError(Error):
        pass

    def __init__(self, gpu: FakeGpu) -> None:
        self.gpu = gpu
        self.ready = False
        self.Stream: Callable[..., Stream] = lambda flags=0: Stream(gpu, flags)
        self.Event = lambda: Event(gpu)

    def init(self) -> None:
        self.ready = True

    def get_driver_version(self) -> int:
        return self.gpu.supported

    def Device(self, ordinal: int) -> SimpleNamespace:
        assert self.ready and ordinal == 0
        gpu = self.gpu
        return SimpleNamespace(
            name=lambda: gpu.name,
            compute_capability=lambda: gpu.capability,
            total_memory=lambda: gpu.total,
            retain_primary_context=lambda: Context(gpu),
        )

    def mem_get_info(self) -> tuple[int, int]:
        self.gpu.check("mem_get_info")
        return self.gpu.total - self.gpu.taken - self.gpu.used, self.gpu.total

    def mem_alloc(self, size: int) -> DeviceAllocation:
        self.gpu.check("mem_alloc")
        assert size > 0, "cuMemAlloc takes no 0"
        return DeviceAllocation(self.gpu, size)

    def pagelocked_empty(self, size: int, dtype: type) -> np.ndarray:
        self.gpu.check("pagelocked_empty")
        self.gpu.allocated += 1
        return np.asarray(PinnedAllocation(self.gpu, np.full(size, np.nan, dtype)))

    def memcpy_htod_async(self, target: DeviceAllocation, source: np.ndarray, stream: Stream) -> None:
        self._pinned(source)

        def copy() -> None:
            self.gpu.at(int(target), source.nbytes, "upload")[:] = source.reshape(-1).view(np.uint8)

        stream.put("memcpy_htod_async", copy)

    def memcpy_dtoh_async(self, target: np.ndarray, source: DeviceAllocation, stream: Stream) -> None:
        self._pinned(target)

        def copy() -> None:
            target.reshape(-1).view(np.uint8)[:] = self.gpu.at(int(source), target.nbytes, "download")

        stream.put("memcpy_dtoh_async", copy)

    def _pinned(self, array: np.ndarray) -> None:
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        if not isinstance(base, PinnedAllocation) or id(base) not in self.gpu.pinned:
            self.gpu.wrong("an asynchronous copy of memory that is not pinned")
        assert array.flags.c_contiguous


class Context:
    """pycuda.driver.Context, of the device that there is."""

    def __init__(self, gpu: FakeGpu) -> None:
        self._gpu = gpu

    def push(self) -> None:
        self._gpu.stack().append(self)

    def pop(self) -> None:
        self._gpu.stack().pop()


class DeviceAllocation:
    def __init__(self, gpu: FakeGpu, size: int) -> None:
        self._gpu = gpu
        with gpu.lock:
            if gpu.used + size > gpu.total - gpu.taken:
                raise gpu.cuda.MemoryError("cuMemAlloc failed: out of memory")
            gpu.allocated += 1
            self._address = gpu.handle()
            gpu.memory[self._address] = np.full(size, 255, np.uint8)

    def __int__(self) -> int:
        return self._address

    def free(self) -> None:
        self._gpu.check("free")
        with self._gpu.lock:
            if self._gpu.memory.pop(self._address, None) is None:
                self._gpu.wrong("memory freed twice")


class PinnedAllocation:
    def __init__(self, gpu: FakeGpu, data: np.ndarray) -> None:
        self._gpu, self._data = gpu, data
        self.__array_interface__ = data.__array_interface__
        gpu.pinned.add(id(self))

    def free(self) -> None:
        self._gpu.check("free")
        if id(self) not in self._gpu.pinned:
            self._gpu.wrong("pinned memory freed twice")
        self._gpu.pinned.discard(id(self))
        self._data[:] = np.nan


class Event:
    """A moment on a stream."""

    def __init__(self, gpu: FakeGpu) -> None:
        gpu.check("Event")
        self._gpu, self._at = gpu, 0.0

    def __del__(self) -> None:
        if hasattr(self, "_at") and not self._gpu.stack():
            self._gpu.wrong("an event destroyed without a context")

    def record(self, stream: Stream) -> None:
        def note() -> None:
            self._at = time.perf_counter()

        stream.put("Event.record", note)

    def time_till(self, later: Event) -> float:
        self._gpu.check("time_till")
        return (later._at - self._at) * 1000


class Stream:
    """Work runs at `synchronize`. recording: a graph's operations, or None; spoilt: it cannot be ended."""

    def __init__(self, gpu: FakeGpu, flags: int) -> None:
        gpu.check("Stream")
        if flags != 1:
            gpu.wrong("a stream that waits for the default stream")
        self._gpu, self.handle = gpu, gpu.handle()
        self.queue: list[Callable[[], None]] = []
        self.recording: list[Callable[[], None]] | None = None
        self.spoilt = False
        gpu.streams[self.handle] = self

    def __del__(self) -> None:
        if hasattr(self, "handle") and (not self._gpu.stack() or self.queue):
            self._gpu.wrong("a stream destroyed without a context, or with work on it")

    def put(self, call: str, work: Callable[[], None]) -> None:
        self._gpu.check(call)
        if self.recording is not None:
            self.recording.append(work)
            return
        with self._gpu.lock:
            self.queue.append(work)
            busy = sum(bool(s.queue) for s in list(self._gpu.streams.values()))
            self._gpu.busiest = max(self._gpu.busiest, busy)

    def synchronize(self) -> None:
        meeting = self._gpu.meeting
        if meeting is not None and self.queue:
            meeting.wait(5)
        try:
            self._gpu.check("synchronize")
        finally:
            with self._gpu.lock:
                work, self.queue = self.queue, []
                for step in work:
                    step()
