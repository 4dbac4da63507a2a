"""A stand-in for a GPU, at the seam of pycuda's driver module, TensorRT's and the driver's C functions.

Device memory is NumPy arrays, full of NaN when new. Copies and launches are queued on their stream, and run
when it is synchronised: so a missing wait, or a buffer used again too early, shows in the result. Networks
are computed by ONNX Runtime on device memory. What the real ones forbid is put on `wrongs`, which `end`
asserts to be empty, together with everything freed and every thread's stack of contexts empty.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.machinery
import sys
import threading
import time
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any, cast

import numpy as np
import pytest

from interneg.engines import gpus
from interneg.engines.building.libraries import Library
from interneg.engines.building.orders import Order
from interneg.engines.building.profiles import PROFILES
from interneg.engines.manifest import Made, StoredEngine
from interneg.engines.models import Model, Precision
from interneg.engines.runtimes.tensorrt import driver, network
from interneg.engines.runtimes.tensorrt.cuda_graph import Graphs
from interneg.engines.store import Store
from tests.engines.runtimes.fake_cuda import Cuda, Stream
from tests.engines.runtimes.fake_driver import Driver
from tests.engines.runtimes.fake_tensorrt import ExecutionContext, blob, library_module

VERSIONS = {"tensorrt": "11.1.0.106", "tensorrt-rtx": "1.7.1.116"}


class FakeGpu:
    """One GPU, its driver, and what runs on it. taken: bytes that other processes hold."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, total: int = 2**30) -> None:
        self.total, self.taken, self.supported = total, 0, 13000
        self.name, self.capability = "Fake RTX", (8, 9)
        self.wrongs: list[str] = []
        self.memory: dict[int, np.ndarray] = {}
        self.pinned: set[int] = set()
        self.streams: weakref.WeakValueDictionary[int, Stream] = weakref.WeakValueDictionary()
        self.graphs: dict[int, list[Callable[[], None]]] = {}
        self.allocated = self.launched = self.recorded = self.replayed = self.compiled = 0
        self.busiest = 0
        self.destroyed: list[str] = []
        self.opened: list[ExecutionContext] = []
        self.validity = "VALID"
        self.stacks: dict[int, list[Any]] = {}
        self.failing: dict[str, int] = {}
        self.complaint = ""
        self.spoil: Callable[[np.ndarray], np.ndarray] = lambda out: out
        self.meeting: threading.Barrier | None = None
        self.lock = threading.RLock()
        self._next = 0x1000
        self.cuda = Cuda(self)
        self.driver = Driver(self)
        for module in ("pycuda", "tensorrt", "tensorrt_rtx"):
            stub = ModuleType(module)
            stub.__spec__ = importlib.machinery.ModuleSpec(module, None)
            monkeypatch.setitem(sys.modules, module, stub)
        monkeypatch.setattr(Library, "load", lambda library: library_module(self, library.name))
        monkeypatch.setattr(Library, "version", lambda library: VERSIONS[library.name])
        monkeypatch.setattr(driver, "load_pycuda", lambda: self.cuda)
        monkeypatch.setattr(network, "Graphs", self.real_graphs)
        monkeypatch.setattr(driver, "has_driver", lambda: True)
        monkeypatch.setattr(driver, "cuda_version", lambda library: "13")
        monkeypatch.setattr(gpus, "without_device", lambda: False)

    def real_graphs(self) -> Graphs:
        """Our own Graphs on this driver."""
        graphs = object.__new__(Graphs)
        graphs._driver = cast(ctypes.CDLL, self.driver)
        return graphs

    def put(
        self, store: Store, model: Model, library: Library, target: str, precision: Precision = "fp32",
        profile: str = "proxy", compatible: bool = False,
    ) -> StoredEngine:  # fmt: skip
        """Publish an engine."""
        order = Order(model, precision, PROFILES[profile], library, target, compatible)
        made = Made("0", "", "13", 1.0, "2026-01-01T00:00:00")
        return store.build(order.key, lambda: (blob(model, precision, profile, compatible), made))

    def handle(self) -> int:
        """A new address, apart from the others by more than any allocation here."""
        with self.lock:
            self._next += 1 << 40
            return self._next

    def stack(self) -> list[Any]:
        return self.stacks.setdefault(threading.get_ident(), [])

    def wrong(self, text: str) -> None:
        self.wrongs.append(text)

    def check(self, call: str) -> None:
        """A context is current on this thread; and the failure that a test asked for."""
        if not self.stack():
            self.wrong(f"{call} without a context on this thread")
            raise self.cuda.LogicError(f"{call} failed: invalid device context")
        if self.failing.get(call, 0):
            self.failing[call] -= 1
            raise self.cuda.LaunchError(f"{call} failed: unspecified launch failure")

    @property
    def used(self) -> int:
        return sum(memory.nbytes for memory in self.memory.values())

    def at(self, address: int, size: int, call: str) -> np.ndarray:
        """Live device memory."""
        memory = self.memory.get(address)
        if memory is None or memory.nbytes < size:
            self.wrong(f"{call} on memory that is {'freed' if memory is None else 'too small'}")
            return np.full(size, 255, np.uint8)
        return memory[:size]

    def end(self) -> None:
        """Close what is open, and assert that everything was given back in an order that is allowed."""
        gc.collect()
        network.close_all()
        gc.collect()
        until = time.monotonic() + 5
        while time.monotonic() < until and (any(self.stacks.values()) or self.streams):
            time.sleep(0.01)  # a tile that was under way when another failed may end, and close, only now
        driver._contexts.pop(self.cuda, None)
        assert not self.wrongs, "; ".join(self.wrongs)
        assert not any(self.stacks.values()), "contexts left on the stack"
        assert not self.memory and not self.pinned, "memory left allocated"
        assert not self.streams and not self.graphs, "streams or graphs left"
