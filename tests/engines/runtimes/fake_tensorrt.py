"""TensorRT and TensorRT for RTX, on the stand-in for a GPU: engines that ONNX Runtime computes."""

from __future__ import annotations

import functools
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from interneg.engines.building.profiles import PROFILES, shapes
from interneg.engines.models import Model, Precision

if TYPE_CHECKING:
    from tests.engines.runtimes.fake_gpu import FakeGpu

SCRATCH = 64
"""Bytes of device memory that every network takes for each input pixel."""
PER_PIXEL = SCRATCH + 4 * (6 + 3)

_MAGIC = b"fake engine\n"


def blob(model: Model, precision: Precision, profile: str, compatible: bool = False) -> bytes:
    """What the fake library takes for an engine: the shapes, and the model's own fp32 network."""
    least, most = shapes(model, PROFILES[profile])
    facts = {"least": least, "most": most, "scale": model.scale, "compatible": compatible}
    names = {"input": model.input.name, "output": model.output.name}
    return _MAGIC + json.dumps(facts | names).encode() + b"\n" + model.read("fp32")


@functools.cache
def session(network: bytes) -> Any:
    """ONNX Runtime on a network: one thread, so that equal inputs give equal bits."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


@functools.cache
def library_module(gpu: FakeGpu, name: str) -> SimpleNamespace:
    """The module tensorrt, or tensorrt_rtx."""

    class ILogger:
        ERROR, INTERNAL_ERROR, INFO = "ERROR", "INTERNAL_ERROR", "INFO"

    def names(*words: str) -> SimpleNamespace:
        return SimpleNamespace(**{word: word for word in words})

    rtx = name == "tensorrt-rtx"
    module = SimpleNamespace(
        ILogger=ILogger,
        ExecutionContextAllocationStrategy=names("STATIC", "USER_MANAGED"),
        Runtime=lambda logger: (RtxRuntime if rtx else Runtime)(gpu, logger),
    )
    if rtx:
        module.CudaGraphStrategy = names("DISABLED", "WHOLE_GRAPH_CAPTURE")
        module.DynamicShapesKernelSpecializationStrategy = names("LAZY", "EAGER", "NONE")
        module.EngineValidity = names("VALID", "SUBOPTIMAL", "INVALID")
    return module


class Object:
    """An object of the library: destroyed with a context current, and noted."""

    def __init__(self, gpu: FakeGpu) -> None:
        gpu.check(type(self).__name__)
        self._gpu = gpu

    def __del__(self) -> None:
        if not self._gpu.stack():
            self._gpu.wrong(f"{type(self).__name__} destroyed without a context on this thread")
        self._gpu.destroyed.append(type(self).__name__)


class Runtime(Object):
    engine_host_code_allowed = False

    def __init__(self, gpu: FakeGpu, logger: Any) -> None:
        super().__init__(gpu)
        self._logger = logger

    def deserialize_cuda_engine(self, data: bytes) -> Engine | None:
        self._gpu.check("deserialize_cuda_engine")
        if not data.startswith(_MAGIC):
            self._logger.log("ERROR", "Serialization assertion\n  magicTag failed")
            return None
        facts, network = data.removeprefix(_MAGIC).split(b"\n", 1)
        if json.loads(facts)["compatible"] and not self.engine_host_code_allowed:
            self._logger.log("ERROR", "the engine has host code, which is not allowed")
            return None
        kind = RtxEngine if isinstance(self, RtxRuntime) else Engine
        return kind(self._gpu, self._logger, json.loads(facts), network)


class RtxRuntime(Runtime):
    def get_engine_validity(self, data: bytes) -> tuple[str, int]:
        return self._gpu.validity, 4


class Engine(Object):
    def __init__(self, gpu: FakeGpu, logger: Any, facts: dict[str, Any], network: bytes) -> None:
        super().__init__(gpu)
        self._parts = (gpu, logger, facts, network)
        self.device_memory_size_v2 = facts["most"][0] * facts["most"][1] * SCRATCH

    def create_execution_context(self, how: Any) -> ExecutionContext | None:
        if how != "USER_MANAGED":
            self._gpu.wrong("the library would allocate by itself")
        return self._context(True)

    def _context(self, settled: bool) -> ExecutionContext | None:
        gpu, logger, *_ = self._parts
        if gpu.complaint:
            logger.log("ERROR", gpu.complaint)
            return None
        context = ExecutionContext(*self._parts, settled)
        return context


class RtxEngine(Engine):
    def create_runtime_config(self) -> RuntimeConfig:
        return RuntimeConfig()

    def create_execution_context(self, how: Any) -> ExecutionContext | None:
        if how.allocation != "USER_MANAGED" or how.cuda_graph_strategy != "WHOLE_GRAPH_CAPTURE":
            self._gpu.wrong("the library would allocate by itself, or record no graphs")
        if how.cache is not None and not how.cache.data:
            self._gpu.compiled += 1
            how.cache.data = b"kernels for " + self._gpu.name.encode()
        return self._context(how.dynamic_shapes_kernel_specialization_strategy == "EAGER")


class RuntimeConfig:
    cuda_graph_strategy = "DISABLED"
    dynamic_shapes_kernel_specialization_strategy = "LAZY"
    allocation = "STATIC"
    cache: RuntimeCache | None = None

    def set_execution_context_allocation_strategy(self, strategy: str) -> None:
        self.allocation = strategy

    def create_runtime_cache(self) -> RuntimeCache:
        return RuntimeCache()

    def set_runtime_cache(self, cache: RuntimeCache) -> bool:
        self.cache = cache
        return True


class RuntimeCache:
    accepts = True
    data = b""

    def deserialize(self, data: bytes) -> bool:
        if self.accepts:
            self.data = data
        return self.accepts

    def serialize(self) -> bytes:
        return self.data


class ExecutionContext(Object):
    """settled: the kernels of a shape are there from its first run on; else others run at first."""

    def __init__(
        self, gpu: FakeGpu, logger: Any, facts: dict[str, Any], network: bytes, settled: bool
    ) -> None:
        super().__init__(gpu)
        self._logger, self._facts, self._network, self._settled = logger, facts, network, settled
        self._shape: tuple[int, ...] = ()
        self._addresses: dict[str, int] = {}
        self._scratch = (0, 0)
        self._state, self._warm = 0, -1

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        (h0, w0), (h1, w1) = self._facts["least"], self._facts["most"]
        height, width = shape[2:]
        if name != self._facts["input"] or not (h0 <= height <= h1 and w0 <= width <= w1):
            return self._no(f"{name} {shape} is outside of the profile")
        self._shape = tuple(shape)
        self._state += 1
        return True

    def update_device_memory_size_for_shapes(self) -> int:
        return self._shape[2] * self._shape[3] * SCRATCH

    def set_device_memory(self, address: int, size: int) -> None:
        self._gpu.at(address, size, "set_device_memory")
        self._scratch = (address, size)
        self._state += 1

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._addresses[name] = address
        self._state += 1
        return True

    def execute_async_v3(self, handle: int) -> bool:
        gpu, stream, state = self._gpu, self._gpu.streams[handle], self._state
        if gpu.complaint:
            return self._no(gpu.complaint)
        if not self._shape or self._scratch[1] < self.update_device_memory_size_for_shapes():
            gpu.wrong("a launch without a shape, or with too little memory to work in")
            return self._no("not enough device memory was set")
        if stream.recording is not None and self._warm != state:
            stream.spoilt = True
            return self._no("the first launch of a shape cannot be recorded")
        shape, scratch, addresses = self._shape, self._scratch, dict(self._addresses)
        rough = 0.0 if self._settled or self._warm == state else 1e-6
        self._warm = state
        gpu.launched += 1

        def work() -> None:
            if self._state != state:
                gpu.wrong("a graph replayed after its execution context was changed")
            size = 4 * int(np.prod(shape))
            planes = gpu.at(addresses[self._facts["input"]], size, "launch").view(np.float32).reshape(shape)
            gpu.at(*scratch, "launch")[:] = 255
            out = gpu.spoil(session(self._network).run(None, {self._facts["input"]: planes})[0] + rough)
            gpu.at(addresses[self._facts["output"]], out.nbytes, "launch")[:] = (
                np.ascontiguousarray(out, np.float32).reshape(-1).view(np.uint8)
            )

        stream.put("execute_async_v3", work)
        return True

    def _no(self, reason: str) -> bool:
        self._logger.log("ERROR", reason)
        return False
