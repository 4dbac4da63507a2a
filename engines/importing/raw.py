"""A graph as it came, run by ONNX Runtime: what a model is probed by, and held against."""

from __future__ import annotations

from typing import Any

import numpy as np

from interneg.engines.importing.convention import RANGES, Convention
from interneg.engines.importing.reading import package
from interneg.engines.importing.signature import Signature
from interneg.errors import EngineError
from interneg.frame import Pixels


class GraphRefusedError(EngineError):
    """The graph does not run on an input of this size."""


class RawGraph:
    """A graph of one picture in and one out. weights: the ONNX file, fp32. threads: None for all."""

    def __init__(self, weights: bytes, signature: Signature, threads: int | None = None) -> None:
        ort = package("onnxruntime")
        state = package("onnxruntime.capi.onnxruntime_pybind11_state")
        self.signature = signature
        # They have no common base below Exception.
        self._errors = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf,
                        state.NotImplemented, state.RuntimeException)  # fmt: skip
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 4  # sizes that a graph does not take are tried on purpose
        options.enable_cpu_mem_arena = False
        try:
            self._session = ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        except self._errors as error:
            raise EngineError(
                f"ONNX Runtime cannot load the model: {_one_line(error)}; export or copy it again"
            ) from error

    def run(self, picture: Pixels, noise: Pixels | None = None) -> Pixels:
        """What the graph makes of a picture, (C', H', W') float32, in its own range and order.

        picture: (C, H, W) float32 in the graph's range and order. noise: (H, W), in the graph's units, by
        default none. Raises GraphRefusedError where it does not run on that size, or gives no planes.
        """
        s = self.signature
        noise = np.zeros(picture.shape[1:], np.float32) if noise is None else noise
        planes = np.concatenate([picture, noise[None]]) if s.noise == "channel" else picture
        planes = planes.transpose(1, 2, 0) if s.last else planes
        fed: dict[str, Any] = {s.picture: np.ascontiguousarray(planes[None], np.float32)}
        if s.noise == "plane":
            fed[s.noise_name] = np.ascontiguousarray(noise[None, None], np.float32)
        elif s.noise == "scalar":
            fed[s.noise_name] = np.full((1,) * s.noise_rank, noise.mean(), np.float32)
        try:
            (result,) = self._session.run([s.output], fed)
        except self._errors as error:
            raise GraphRefusedError(_one_line(error)) from error
        if result.ndim != 4 or result.shape[0] != 1 or not np.issubdtype(result.dtype, np.floating):
            raise GraphRefusedError(f"its output {s.output} is no picture, but {result.dtype} {result.shape}")
        made = result[0].transpose(2, 0, 1) if s.last and result.shape[1] not in (1, 3) else result[0]
        return np.ascontiguousarray(made, np.float32)

    def restored(self, planes: Pixels, how: Convention, sigma: Pixels | float = 0.0) -> Pixels:
        """What the model makes of R, G, B or Y in 0..1, (C, H, W), as the same at `how.scale` times the size.

        sigma: the standard deviation of the noise, in the same units: one, or (H, W).
        """
        picture = how.encoded(planes)
        spread = np.broadcast_to(np.asarray(sigma, np.float32), planes.shape[1:])
        wide = np.pad(spread, how.border, mode="edge") * np.float32(RANGES[how.noise_range][0])
        return how.decoded(self.run(picture, wide), (planes.shape[1], planes.shape[2]))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
