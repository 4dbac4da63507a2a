"""The driver's C functions for recording graphs, on the stand-in for a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.engines.runtimes.fake_gpu import FakeGpu


class Driver:
    """The driver's C functions, called as ctypes calls them. They return a CUresult."""

    def __init__(self, gpu: FakeGpu) -> None:
        self._gpu = gpu
        self.codes: dict[str, int] = {}

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("cu"):
            return object.__getattribute__(self, name)
        if name != "cuGetErrorName" and not self._gpu.stack():
            self._gpu.wrong(f"{name} without a context on this thread")
        if name in self.codes:
            return lambda *arguments: self.codes[name]
        return object.__getattribute__(self, name)

    def cuGetErrorName(self, code: int, name: Any) -> int:
        name._obj.value = {2: b"CUDA_ERROR_OUT_OF_MEMORY", 901: b"CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"}.get(
            code, b"CUDA_ERROR_UNKNOWN"
        )
        return 0

    def cuStreamBeginCapture_v2(self, stream: Any, mode: int) -> int:
        assert mode == 1, "other threads' calls would spoil the recording"
        self._gpu.streams[stream.value].recording = []
        return 0

    def cuStreamEndCapture(self, stream: Any, graph: Any) -> int:
        found = self._gpu.streams[stream.value]
        steps, found.recording = found.recording, None
        spoilt, found.spoilt = found.spoilt, False
        if spoilt or steps is None:
            return 901
        graph._obj.value = self._gpu.handle()
        self._gpu.graphs[graph._obj.value] = steps
        return 0

    def cuGraphInstantiateWithFlags(self, ready: Any, graph: Any, flags: Any) -> int:
        ready._obj.value = self._gpu.handle()
        self._gpu.graphs[ready._obj.value] = self._gpu.graphs[graph.value]
        self._gpu.recorded += 1
        return 0

    def cuGraphDestroy(self, graph: Any) -> int:
        return 0 if self._gpu.graphs.pop(graph.value, None) is not None else 400

    cuGraphExecDestroy = cuGraphDestroy

    def cuGraphLaunch(self, graph: Any, stream: Any) -> int:
        self._gpu.replayed += 1
        for step in self._gpu.graphs[graph.value]:
            self._gpu.streams[stream.value].put("cuGraphLaunch", step)
        return 0
