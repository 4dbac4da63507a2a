"""One engine, deserialised on the GPU, and the lanes that run its tiles.

Two lanes, each an execution context with a stream and buffers of its own, so that one tile is uploaded or
downloaded while the other computes.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import queue
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from interneg.engines.building.libraries import Library, new_listener
from interneg.engines.building.profiles import PROFILES, shapes
from interneg.engines.gpus import Gpu
from interneg.engines.manifest import EngineKey, rebuild_command
from interneg.engines.models import Model
from interneg.engines.network import Network
from interneg.engines.runtimes.tensorrt import driver
from interneg.engines.runtimes.tensorrt.cuda_graph import Graphs
from interneg.engines.runtimes.tensorrt.lane import Lane
from interneg.engines.runtimes.tensorrt.tile_size import tile_pixels
from interneg.engines.shortage import gpu_memory_is_short
from interneg.engines.store import Store
from interneg.errors import EngineError, GpuMemoryError
from interneg.frame import Pixels

log = logging.getLogger("interneg.engines")

_LANES = 2


class TensorRtNetwork(Network):
    """One engine, deserialised, and its lanes. blob: the engine. file: what messages call it.

    Raises GpuMemoryError where the GPU has no room for it, EngineError where it does not run there.
    """

    most: tuple[int, int]
    _closed = True

    def __init__(
        self, model: Model, library: Library, key: EngineKey, gpu: Gpu, store: Store, blob: bytes, file: str
    ) -> None:
        super().__init__(model, _LANES)
        self.build = hashlib.sha256(blob).hexdigest()[:12]
        self._model, self._library, self._store, self._key, self._gpu = model, library, store, key, gpu
        self._trt, self._cuda = library.load(), driver.load_pycuda()
        self._listener = new_listener(self._trt)
        self.most = shapes(model, PROFILES[key.profile]).most
        self._runtime: Any = None
        self._engine: Any = None
        self._cache: Any = None
        self._kept: bytes | None = None
        self._lanes: list[Lane] = []
        # The last first, so that who runs one tile at a time fills the buffers of one lane only.
        self._idle: queue.LifoQueue[Lane | None] = queue.LifoQueue()
        self._closing = threading.Lock()
        self._closed = False
        _open.add(self)
        try:
            with self._errors(f"open {file}"):
                self._context = driver.primary_context(self._cuda)
                with self._current():
                    self._engine = self._deserialised(blob, file)
                    for _ in range(_LANES):
                        self._lanes.append(self._lane())
                        self._idle.put(self._lanes[-1])
                    self.tile_pixels = self._affordable()
        except BaseException:
            self.close()
            raise

    def __del__(self) -> None:
        self.close()

    @property
    def fits_whole(self) -> bool:
        """Whether a tile of the profile's whole size fits into memory."""
        return self.tile_pixels is not None and self.tile_pixels >= self.most[0] * self.most[1]

    def close(self) -> None:
        """Give the GPU's memory back, after the inferences under way, and keep what the GPU compiled."""
        if self._closed:
            return
        with self._closing:
            if self._closed:
                return
            self._closed = True
        lanes = [self._idle.get() for _ in self._lanes]
        for _ in range(_LANES):
            self._idle.put(None)
        if self._engine is None and self._runtime is None:
            return
        try:
            with self._current():
                self._keep_cache()
                for lane in lanes:
                    if lane is not None:
                        lane.close()
                # The library wants its objects destroyed before those that made them.
                self._lanes.clear()
                self._cache = None
                self._engine = None
                self._runtime = None
        except self._cuda.Error as error:
            log.warning("the GPU failed while %s was closed: %s", self._name, error)

    def _keep_cache(self) -> None:
        compiled = self._cache.serialize() if self._cache is not None else None
        if compiled is not None and (data := bytes(compiled)) != self._kept:
            self._store.write_cache(self._key, self._kind, data)

    @property
    def _kind(self) -> str:
        """What compiled kernels depend on beside the engine."""
        return f"{self._gpu.name} driver {self._gpu.driver}"

    def _infer(self, planes: Pixels, out: Pixels) -> None:
        height, width = planes.shape[2:]
        lane = self._idle.get()
        try:
            if lane is None:
                raise EngineError(f"{self._name} was closed; open it again")
            with self._errors(f"run {self._name} on {width}x{height} pixels"), self._current():
                try:
                    lane.run(planes, out)
                    self.computed = lane.computed
                except (self._cuda.MemoryError, GpuMemoryError, MemoryError):
                    self._shed(lane)
                    raise
        finally:
            self._idle.put(lane)

    def _shed(self, lane: Lane) -> None:
        """Free this lane's buffers and those of idle ones, so that smaller tiles find the room."""
        lane.shed()
        idle = []
        with suppress(queue.Empty):
            while True:
                idle.append(self._idle.get_nowait())
        for other in idle:
            if other is not None:
                other.shed()
            self._idle.put(other)

    def _errors(self, purpose: str) -> driver.OurErrors:
        """Turns pycuda's errors into ours."""
        return driver.OurErrors(self._cuda, self._library.name, purpose)

    @contextmanager
    def _current(self) -> Iterator[None]:
        """The GPU's context on this thread."""
        self._context.push()
        try:
            yield
        finally:
            self._context.pop()

    def _deserialised(self, blob: bytes, file: str) -> Any:
        again = f"Build it again: {rebuild_command(self._key)}"
        # No other name for it: a traceback would keep it beyond the context.
        self._runtime = self._trt.Runtime(self._listener)
        if self._key.options:
            # A version-compatible engine brings its own runtime along. It is run only after its hash was
            # checked, and is as trustworthy as the folder that it lies in.
            self._runtime.engine_host_code_allowed = True
        if hasattr(self._runtime, "get_engine_validity"):
            validity, diagnostics = self._runtime.get_engine_validity(blob)
            if validity == self._trt.EngineValidity.INVALID:
                raise EngineError(
                    f"{file} does not run on {self._gpu.name} (diagnostics {diagnostics}): "
                    f"{self._listener.complaints()}. {again}"
                )
            if validity == self._trt.EngineValidity.SUBOPTIMAL:
                log.warning("%s runs on %s slower than one built for it would", file, self._gpu.name)
        engine = self._runtime.deserialize_cuda_engine(blob)
        if engine is None:
            complaint = self._listener.complaints()
            if gpu_memory_is_short(complaint):
                raise GpuMemoryError(f"no GPU memory to load {file}: {complaint}")
            raise EngineError(f"{file} cannot be loaded on {self._gpu.name}: {complaint}. {again}")
        return engine

    def _lane(self) -> Lane:
        trt = self._trt
        managed = trt.ExecutionContextAllocationStrategy.USER_MANAGED
        graphs: Graphs | None = None
        config: Any = None
        if hasattr(self._engine, "create_runtime_config") and hasattr(trt, "CudaGraphStrategy"):
            config = self._engine.create_runtime_config()
            config.set_execution_context_allocation_strategy(managed)
            config.cuda_graph_strategy = trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
            # By default other kernels run until those for a shape are compiled, and results would depend on
            # when that is.
            config.dynamic_shapes_kernel_specialization_strategy = (
                trt.DynamicShapesKernelSpecializationStrategy.EAGER
            )
            if self._cache is None:
                self._cache = self._read_cache(config)
            config.set_runtime_cache(self._cache)
            context = self._engine.create_execution_context(config)
        else:
            context = self._engine.create_execution_context(managed)
            graphs = Graphs()
        if context is None:
            complaint = self._listener.complaints()
            if gpu_memory_is_short(complaint):
                raise GpuMemoryError(f"no GPU memory to open {self._name}: {complaint}")
            raise EngineError(f"{self._library.name} cannot open {self._name}: {complaint}")
        return Lane(self._cuda, context, config, self._model, graphs, self._listener)

    def _read_cache(self, config: Any) -> Any:
        cache = config.create_runtime_cache()
        kept = self._store.read_cache(self._key, self._kind)
        if kept is not None and cache.deserialize(kept):
            self._kept = kept
        elif kept is not None:
            log.info("the kernels kept for %s do not fit this machine, and are compiled anew", self._name)
        return cache

    def _affordable(self) -> int:
        """The pixels of the largest tile of which each lane can have one."""
        pixels = self.most[0] * self.most[1]
        tensors = 4 * (len(self._channels) + self._outputs * self._scale**2)  # float32
        per_pixel = self._engine.device_memory_size_v2 / pixels + tensors
        free, total = self._cuda.mem_get_info()
        return tile_pixels(_LANES * per_pixel, pixels, free, total, self._gpu.name)


_open: weakref.WeakSet[TensorRtNetwork] = weakref.WeakSet()


@atexit.register
def close_all() -> None:
    """Close what is open, before the driver goes: memory freed after it would be an error on the way out."""
    for network in list(_open):
        network.close()
