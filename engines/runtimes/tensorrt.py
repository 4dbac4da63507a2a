"""TensorRT and TensorRT for RTX: engines built ahead of time, run through pycuda on the first visible GPU.

Engines come out of the store and are never built here. Two lanes, each an execution context with a stream
and buffers of its own, so that one tile is uploaded or downloaded while the other computes.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import logging
import queue
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from interneg.engines import gpus, qualify
from interneg.engines.build import (
    PRECISIONS,
    PROFILES,
    Library,
    Order,
    cuda_version,
    listener,
    shapes,
    targets_for,
)
from interneg.engines.gpus import Gpu
from interneg.engines.models import Model, Precision
from interneg.engines.runtimes.base import Choice, Network, Runtime
from interneg.engines.runtimes.cuda_graph import Graphs
from interneg.engines.store import EngineKey, Figures, Found, Store, rebuild_command
from interneg.errors import EngineError, GpuMemoryError, InternegError
from interneg.frame import Pixels

log = logging.getLogger("interneg.engines")

NO_GPU = "there is no NVIDIA GPU, or no driver of it, here"

_LANES = 2
_NAMED = 5
_ALIGNMENT = 256
_NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING: neither waits for what others put on the default stream, nor lets them spoil a
recording."""
_SHARE_OF_TOTAL = 0.5
_SHARE_OF_FREE = 0.8
"""Tiles may fill half of a GPU's memory, which is one figure for all GPUs of a kind, so that they cut frames
alike; less only where less is free."""


class TensorRt(Runtime):
    """One of the two libraries."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.name = library.name  # type: ignore[misc]
        self.packages = (library.module, "pycuda")  # type: ignore[misc]
        self.extra = library.extra  # type: ignore[misc]

    def unavailable(self) -> str | None:
        """Why it cannot be used here, or None."""
        return super().unavailable() if has_driver() else _no_driver()

    def version(self) -> str:
        """The library's."""
        return self.library.version()

    def device(self) -> str:
        """The GPU's name, compute capability and driver."""
        gpu = self.gpu()
        return f"{gpu.name} ({gpu.target}, driver {gpu.driver or 'unknown'})"

    def precisions(self) -> Mapping[Precision, str]:
        """fp32, fp16 and int8."""
        return {
            "fp32": "",
            "bf16": "TensorRT engines are built in fp32, fp16 and int8",
            "fp16": "",
            "int8": "",
        }

    def choose(self, model: Model) -> Choice:
        """fp16: int8 is faster and loses a little, so it is only taken when asked for."""
        return Choice("fp16", "GPUs compute in fp16")

    def gpu(self) -> Gpu:
        """The GPU that engines run on. Raises EngineError where the driver is too old, or answers wrongly."""
        cuda = _cuda()
        try:
            cuda.init()
            device = cuda.Device(0)
            supported = cuda.get_driver_version() // 1000
            facts = device.name(), device.compute_capability(), device.total_memory()
        except cuda.Error as error:
            if "no CUDA-capable device" in str(error):
                raise EngineError(NO_GPU) from error
            raise EngineError(f"the GPU does not answer: {error}; see whether nvidia-smi lists it") from error
        needed = cuda_version(self.library)
        if needed and supported < int(needed):
            raise EngineError(
                f"the GPU driver supports CUDA {supported}, this {self.name} was made for CUDA {needed}: "
                f"update the driver, or install the library for CUDA {supported}"
            )
        name, capability, memory = facts
        return Gpu(name, tuple(capability), memory, _driver_of(name))

    def _load(
        self, model: Model, weights: bytes, precision: Precision, threads: int | None, store: Store
    ) -> Network:
        gpu = self.gpu()
        refused: list[InternegError] = []
        network: _Network | None = None
        for target in targets_for(self.library, gpu):
            for key, engine in self._stored(model, precision, target, store, refused):
                try:
                    smaller = _Network(
                        model, self.library, key, gpu, store, store.read(engine), str(engine.path)
                    )
                except (EngineError, GpuMemoryError) as error:
                    refused.append(error)
                    continue
                if network is not None:
                    network.close()
                network = smaller
                if network.fits_whole:
                    break
            if network is not None:
                for reason in refused:
                    log.warning("%s", reason)
                return network
        if refused:
            short = any(isinstance(reason, GpuMemoryError) for reason in refused)
            raise (GpuMemoryError if short else EngineError)("; ".join(map(str, refused)))
        raise EngineError(self._missing(model, precision, gpu, store))

    def prove(self, order: Order, blob: bytes, store: Store) -> tuple[str, Figures] | None:
        """Qualify an engine that was just built: the reference's name and the figures.

        None where it cannot run here: there is no GPU or none that answers, its driver is too old, there is
        no pycuda, or the engine is for another GPU.
        Raises EngineError where it fails.
        """
        if self.unavailable() is not None:
            return None
        try:
            gpu = self.gpu()
        except EngineError as error:
            log.info("%s is not qualified here: %s", order.key.stem, error)
            return None
        if order.target not in targets_for(self.library, gpu):
            return None
        network = _Network(
            order.model, self.library, order.key, gpu, store, blob, f"the new engine {order.key.stem}"
        )
        try:
            return qualify.qualify(order.model, network, order.precision)
        finally:
            network.close()

    def _stored(
        self, model: Model, precision: Precision, target: str, store: Store, refused: list[InternegError]
    ) -> Iterator[tuple[EngineKey, Found]]:
        """The engines of a target, from the largest profile to the smallest; broken ones go to `refused`."""
        for profile in reversed(tuple(PROFILES.values())):
            for compatible in (False, True):
                key = Order(model, precision, profile, self.library, target, compatible).key
                try:
                    engine = store.engine(key)
                except EngineError as error:
                    refused.append(error)
                    continue
                if engine is not None:
                    yield key, engine

    def _missing(self, model: Model, precision: Precision, gpu: Gpu, store: Store) -> str:
        """That there is no engine, what there is instead, and the command that builds one."""
        targets = targets_for(self.library, gpu)
        others = []
        for key in (entry.key for entry in store.entries()):
            if key is None or (key.model, key.precision, key.runtime) != (model.name, precision, self.name):
                continue
            wanted = Order(model, precision, PROFILES.get(key.profile, next(iter(PROFILES.values()))),
                           self.library, key.target, bool(key.options)).key  # fmt: skip
            wrong = [
                f"{kind} {value}"
                for kind, value, other in (
                    ("from other weights", key.weights[:12], wanted.weights[:12]),
                    ("for version", key.version, wanted.version),
                    ("for system", key.system, wanted.system),
                    ("for shapes", key.shapes, wanted.shapes),
                )
                if value != other
            ]
            wrong += [f"for GPU {key.target}"] if key.target not in targets else []
            others.append(f"{key.stem} is {' and '.join(wrong)}")
        instead = [
            other
            for other in PRECISIONS
            if other != precision
            and (other != "int8" or "int8" in model.weights)
            and any(True for t in targets for _ in self._stored(model, other, t, store, []))
        ]
        return (
            f"no {self.name} {self.version()} engine of {model.name} in {precision} for {gpu.name} "
            f"({gpu.target}) in {', '.join(map(str, store.folders))}; build it: build_engines.py "
            f"--library {self.name} --models {model.name} --precisions {precision} --targets current"
            + "".join(f"; there is one in {p}, which --precision {p} takes" for p in instead)
            + "".join(f"; {other}" for other in sorted(set(others))[:_NAMED])
        )


class _Network(Network):
    """One engine, deserialised, and its lanes. file: what messages call it."""

    most: tuple[int, int]
    _closed = True

    def __init__(
        self, model: Model, library: Library, key: EngineKey, gpu: Gpu, store: Store, blob: bytes, file: str
    ) -> None:
        super().__init__(model, _LANES)
        self.build = hashlib.sha256(blob).hexdigest()[:12]
        self._model, self._library, self._store, self._key, self._gpu = model, library, store, key, gpu
        self._trt, self._cuda = library.load(), _cuda()
        self._heard = listener(self._trt)
        self.most = shapes(model, PROFILES[key.profile]).most
        self._runtime: Any = None
        self._engine: Any = None
        self._cache: Any = None
        self._kept: bytes | None = None
        self._lanes: list[_Lane] = []
        # The last first, so that who runs one tile at a time fills the buffers of one lane only.
        self._idle: queue.LifoQueue[_Lane | None] = queue.LifoQueue()
        self._closing = threading.Lock()
        self._closed = False
        _open.add(self)
        try:
            with self._errors(f"open {file}"):
                self._context = _primary(self._cuda)
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

    def _shed(self, lane: _Lane) -> None:
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

    @contextmanager
    def _errors(self, purpose: str) -> Iterator[None]:
        """Turns pycuda's errors into ours."""
        try:
            yield
        except self._cuda.MemoryError as error:
            raise GpuMemoryError(f"no GPU memory to {purpose}: {error}") from error
        except self._cuda.Error as error:
            raise EngineError(f"{self._library.name} failed to {purpose}: {error}") from error

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
        self._runtime = self._trt.Runtime(self._heard)
        if self._key.options:
            # A version-compatible engine brings its own runtime along. It is run only after its hash was
            # checked, and is as trustworthy as the folder that it lies in.
            self._runtime.engine_host_code_allowed = True
        if hasattr(self._runtime, "get_engine_validity"):
            validity, diagnostics = self._runtime.get_engine_validity(blob)
            if validity == self._trt.EngineValidity.INVALID:
                raise EngineError(
                    f"{file} does not run on {self._gpu.name} (diagnostics {diagnostics}): "
                    f"{self._heard.said()}. {again}"
                )
            if validity == self._trt.EngineValidity.SUBOPTIMAL:
                log.warning("%s runs on %s slower than one built for it would", file, self._gpu.name)
        engine = self._runtime.deserialize_cuda_engine(blob)
        if engine is None:
            said = self._heard.said()
            if _memory_is_short(said):
                raise GpuMemoryError(f"no GPU memory to load {file}: {said}")
            raise EngineError(f"{file} cannot be loaded on {self._gpu.name}: {said}. {again}")
        return engine

    def _lane(self) -> _Lane:
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
            graphs = _graphs()
        if context is None:
            said = self._heard.said()
            if _memory_is_short(said):
                raise GpuMemoryError(f"no GPU memory to open {self._name}: {said}")
            raise EngineError(f"{self._library.name} cannot open {self._name}: {said}")
        return _Lane(self._cuda, context, config, self._model, graphs, self._heard)

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
        per_pixel = self._engine.device_memory_size_v2 / pixels + 4 * (
            len(self._channels) + self._outputs * self._scale**2
        )
        free, total = self._cuda.mem_get_info()
        usual, possible = total * _SHARE_OF_TOTAL, free * _SHARE_OF_FREE
        if possible < min(usual, _LANES * per_pixel * pixels):
            log.warning(
                "%d of %d MiB of GPU memory are free, tiles are smaller than usual on %s: results agree to "
                "rounding, not bit for bit",
                free >> 20,
                total >> 20,
                self._gpu.name,
            )
        return int(min(usual, possible) / _LANES / per_pixel)


class _Lane:
    """An execution context with its stream and buffers; buffers only grow, so that tiles reuse them."""

    def __init__(
        self, cuda: Any, context: Any, config: Any, model: Model, graphs: Graphs | None, heard: Any
    ) -> None:
        self._cuda, self._context, self._config, self._graphs = cuda, context, config, graphs
        self._heard, self._mark = heard, 0
        self._name = model.name
        self._names = (model.input.name, model.output.name)
        self._stream: Any = cuda.Stream(_NON_BLOCKING)
        self._pinned: list[Any] = [None, None]
        self._device: list[Any] = [None, None]
        self._sizes = [0, 0]
        self._scratch: Any = None
        self._scratch_size = 0
        self._shape: tuple[int, ...] = ()
        self._warm = False
        self._graph: int | None = None
        self._events: Any = cuda.Event(), cuda.Event()
        self.computed = 0.0

    def run(self, planes: Pixels, out: Pixels) -> None:
        """Upload, compute, download. Raises pycuda's MemoryError or Error, and ours."""
        self._mark = len(self._heard.errors)
        try:
            self._prepare(planes, out)
            host_in, host_out = (
                p[: a.size].reshape(a.shape) for p, a in zip(self._pinned, (planes, out), strict=True)
            )
            np.copyto(host_in, planes)
            self._cuda.memcpy_htod_async(self._device[0], host_in, self._stream)
            began, ended = self._events
            began.record(self._stream)
            self._enqueue()
            ended.record(self._stream)
            self._cuda.memcpy_dtoh_async(host_out, self._device[1], self._stream)
            self._stream.synchronize()
            self.computed = began.time_till(ended) / 1000
        except BaseException:
            # What is under way still uses the buffers, and what state the context is in nobody knows.
            self._settle()
            self._unset()
            raise
        np.copyto(out, host_out)

    def shed(self) -> None:
        """Free the buffers; the next run makes new ones."""
        self._unset()
        for i in (0, 1):
            self._drop(i)
        if self._scratch is not None:
            self._scratch.free()
        self._scratch, self._scratch_size = None, 0

    def close(self) -> None:
        """Free everything, contexts before the memory that they work in."""
        self._settle()
        self._unset()
        self._context = None
        self._config = None
        self.shed()
        self._events = None
        self._stream = None

    def _settle(self) -> None:
        """Wait until nothing uses the buffers. A GPU that failed says so at every call, and uses nothing."""
        with suppress(self._cuda.Error):
            self._stream.synchronize()

    def _prepare(self, planes: Pixels, out: Pixels) -> None:
        """Buffers and shapes for these arrays. Where memory is short nothing is left half set."""
        for i, array in enumerate((planes, out)):
            if array.nbytes > self._sizes[i]:
                self._renew(i, array)
        if planes.shape != self._shape:
            # A graph is of the context as it was when recorded; replaying it after a change is undefined.
            self._unset()
            if not self._context.set_input_shape(self._names[0], planes.shape):
                raise EngineError(f"the engine takes no input of shape {planes.shape}: {self._said()}")
            self._scratch_for(self._context.update_device_memory_size_for_shapes())
            for name, memory in zip(self._names, self._device, strict=True):
                if not self._context.set_tensor_address(name, int(memory)):
                    raise EngineError(f"the engine takes no memory for {name}: {self._said()}")
            self._shape = planes.shape

    def _renew(self, i: int, array: Pixels) -> None:
        self._unset()
        self._drop(i)
        self._device[i] = self._cuda.mem_alloc(array.nbytes)
        try:
            self._pinned[i] = self._cuda.pagelocked_empty(array.size, np.float32)
        except self._cuda.MemoryError as error:
            raise MemoryError(f"no memory to pin: {error}") from error
        self._sizes[i] = array.nbytes

    def _drop(self, i: int) -> None:
        """Free a pair of buffers now, whoever still holds an array of them."""
        if self._pinned[i] is not None:
            self._pinned[i].base.free()
        if self._device[i] is not None:
            self._device[i].free()
        self._pinned[i] = self._device[i] = None
        self._sizes[i] = 0

    def _scratch_for(self, size: int) -> None:
        size = max(size, _ALIGNMENT)  # an engine that needs none gets some, since without it may complain
        if size > self._scratch_size:
            if self._scratch is not None:
                self._scratch.free()
            self._scratch, self._scratch_size = None, 0
            self._scratch = self._cuda.mem_alloc(size)
            self._scratch_size = size
        self._context.set_device_memory(int(self._scratch), self._scratch_size)

    def _enqueue(self) -> None:
        """Launch the network: the first time of a shape plainly, since it allocates; then as a CUDA graph."""
        handle = self._stream.handle
        if self._graphs is not None and self._warm and self._graph is None:
            try:
                self._graph = self._graphs.record(handle, lambda: self._launch(handle))
            except EngineError as error:
                log.warning("%s runs without a CUDA graph: %s", self._name, error)
                self._graphs = None
        if self._graphs is not None and self._graph is not None:
            self._graphs.launch(self._graph, handle)
        else:
            self._launch(handle)
            self._warm = True

    def _launch(self, handle: int) -> None:
        if not self._context.execute_async_v3(handle):
            said = self._said()
            if _memory_is_short(said):
                raise self._cuda.MemoryError(said)
            raise EngineError(f"the engine could not be started: {said}")

    def _said(self) -> str:
        """What the library complained of since this run began; another lane's complaints may be among it."""
        return "; ".join(self._heard.errors[self._mark :]) or "it gave no reason"

    def _unset(self) -> None:
        """Forget the shape, and with it the graph, which holds the addresses of buffers."""
        if self._graphs is not None and self._graph is not None:
            self._graphs.destroy(self._graph)
        self._graph = None
        self._warm = False
        self._shape = ()


def _memory_is_short(said: str) -> bool:
    """Whether a complaint is about a lack of memory, and not about an illegal access to it."""
    return any(w in said.casefold().replace(" ", "") for w in ("outofmemory", "memoryallocation"))


_open: weakref.WeakSet[_Network] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Before the driver goes: memory freed after it would be an error on the way out."""
    for network in list(_open):
        network.close()


@functools.cache
def _driver_of(name: str) -> str:
    """The version of the driver, asked once, since the answer can take seconds."""
    return next((g.driver for g in gpus.here() if g.name == name), "")


def has_driver() -> bool:
    """Whether NVIDIA's driver library is here."""
    return gpus.cuda() is not None


@functools.cache
def _no_driver() -> str:
    """Why there is no driver library, asked once as well."""
    if found := gpus.here():
        return (
            f"nvidia-smi lists {found[0].name}, but the driver's CUDA library cannot be loaded: start a "
            "container with NVIDIA_DRIVER_CAPABILITIES=compute,utility; else install the driver anew"
        )
    return NO_GPU


def _cuda() -> Any:
    """pycuda's driver module. Raises EngineError where it does not fit the driver."""
    try:
        import pycuda.driver
    except (ImportError, OSError) as error:
        raise EngineError(
            f"pycuda is installed but cannot be loaded: {error}; update the GPU driver, or reinstall pycuda"
        ) from error
    return pycuda.driver


_retaining = threading.Lock()
_primaries: dict[Any, Any] = {}


def _primary(cuda: Any) -> Any:
    """The primary context, which torch uses too, so that both share one process's memory.

    It is kept until the process ends: pycuda leaves it on the thread's stack when it releases it, dead.
    """
    with _retaining:
        if cuda not in _primaries:
            cuda.init()
            _primaries[cuda] = cuda.Device(0).retain_primary_context()
        return _primaries[cuda]


def _graphs() -> Graphs:
    return Graphs()
