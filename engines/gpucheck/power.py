"""Memory, power and energy of the GPU that CUDA calls the first, by NVML, which counts the whole GPU."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Watch:
    """Peak memory and energy of CUDA's first GPU, by NVML; None where that is not to be had."""

    def __init__(self, nvml: Any, handle: Any) -> None:
        self._nvml, self._handle = nvml, handle
        self.peak_mib: float | None = None
        self.joules: float | None = None
        self.seconds = 0.0
        self._done = threading.Event()

    def restart(self) -> None:
        """Count energy from here on."""
        self._began, self._start = time.perf_counter(), self._energy()

    def stop(self) -> None:
        """Count no further."""
        end = self._energy()
        self.seconds = time.perf_counter() - self._began
        self.joules = None if end is None or self._start is None else (end - self._start) / 1000

    def _energy(self) -> float | None:
        if self._nvml is None:
            return None
        try:
            return float(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle))
        except self._nvml.NVMLError:
            return None

    def sample(self) -> None:
        """Note memory until the watch is over."""
        base = self._used()
        while base is not None and not self._done.wait(0.005):
            used = self._used()
            if used is not None:
                self.peak_mib = max(self.peak_mib or 0.0, (used - base) / 2**20)

    def _used(self) -> float | None:
        try:
            return float(self._nvml.nvmlDeviceGetMemoryInfo(self._handle).used)
        except self._nvml.NVMLError:
            return None

    def close(self) -> None:
        """End the sampling."""
        self._done.set()


def _nvml() -> tuple[Any, Any] | None:
    """NVML, started, and its handle of CUDA's first device; None where it is not to be had."""
    try:
        import pynvml as nvml
    except ImportError:
        return None
    try:
        nvml.nvmlInit()
        return nvml, first_handle(nvml)
    except nvml.NVMLError:
        return None


def first_handle(nvml: Any) -> Any:
    """NVML's handle of CUDA's first device, which need not be NVML's; without pycuda it is taken to be."""
    try:
        import pycuda.driver as cuda
    except ImportError:
        return nvml.nvmlDeviceGetHandleByIndex(0)
    try:
        cuda.init()
        where = cuda.Device(0).pci_bus_id()
    except cuda.Error:
        return nvml.nvmlDeviceGetHandleByIndex(0)
    return nvml.nvmlDeviceGetHandleByPciBusId(where.encode())


def watched_gpu() -> str:
    """The GPU whose memory and energy are measured; "" where there is none."""
    found = _nvml()
    if found is None:
        return ""
    nvml, handle = found
    name, bus = nvml.nvmlDeviceGetName(handle), nvml.nvmlDeviceGetPciInfo(handle).busId
    nvml.nvmlShutdown()
    name, bus = (text.decode() if isinstance(text, bytes) else str(text) for text in (name, bus))
    return f"{name} at {bus}"


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch CUDA's first GPU meanwhile."""
    found = _nvml()
    if found is None:
        yield Watch(None, None)
        return
    nvml, handle = found
    watch = Watch(nvml, handle)
    thread = threading.Thread(target=watch.sample)
    thread.start()
    try:
        yield watch
    finally:
        watch.close()
        thread.join()
        nvml.nvmlShutdown()
