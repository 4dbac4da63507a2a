"""ONNX Runtime on the CPU, an optional extra: fp32 and INT8 Q/DQ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from interneg.engines.models import Model, Precision
from interneg.engines.network import Network
from interneg.engines.runtimes.base import Runtime
from interneg.engines.shortage import host_memory_is_short
from interneg.engines.store import Store
from interneg.errors import EngineError
from interneg.frame import Pixels


class OnnxRuntime(Runtime):
    """ONNX Runtime's CPU provider."""

    name = "onnxruntime"
    packages = ("onnxruntime",)
    extra = "interneg[onnxruntime]"

    def precisions(self) -> Mapping[Precision, str]:
        """fp32 and int8."""
        reason = "ONNX Runtime's CPU provider computes in fp32 and int8 only"
        return {"fp32": "", "bf16": reason, "fp16": reason, "int8": ""}

    def _load(
        self, model: Model, weights: bytes, precision: Precision, threads: int | None, store: Store
    ) -> Network:
        return _Network(model, weights, precision, threads)


class _Network(Network):
    def __init__(self, model: Model, weights: bytes, precision: Precision, threads: int | None) -> None:
        super().__init__(model)
        import onnxruntime as ort
        from onnxruntime.capi import onnxruntime_pybind11_state as state

        # They have no common base below Exception.
        self._errors = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf,
                        state.NotImplemented, state.RuntimeException)  # fmt: skip
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3  # errors only: it colours its warnings and writes them to stderr
        # The arena would keep the largest frame's memory for good.
        options.enable_cpu_mem_arena = False
        try:
            self._session = ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        except self._errors as error:
            raise EngineError(f"ONNX Runtime cannot load {model.file(precision).file}: {error}") from error
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name

    def _infer(self, planes: Pixels, out: Pixels) -> None:
        binding = self._session.io_binding()
        binding.bind_cpu_input(self._input, planes)
        binding.bind_output(self._output, "cpu", 0, np.float32, out.shape, out.ctypes.data)
        try:
            self._session.run_with_iobinding(binding)
        except self._errors as error:
            if host_memory_is_short(error):
                raise MemoryError(str(error)) from error
            raise EngineError(f"ONNX Runtime failed on {self._name}: {error}") from error
