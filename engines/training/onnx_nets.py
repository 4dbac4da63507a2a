"""ONNX files in the place of networks, each run by something else: to compare what they make of one graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from interneg.engines.cpu_core import core
from interneg.engines.models import Precision
from interneg.engines.runtimes.openvino import prepared
from interneg.engines.runtimes.torch import OPERATORS


class Exact(nn.Module):
    """An ONNX file run by ONNX Runtime, in the place of a network.

    It computes INT8 graphs as they are written on every CPU; OpenVINO's kernels for those without VNNI do not
    (7 dB on the golden input of lite at 2x).
    """

    def __init__(self, weights: bytes, multiple: int, threads: int = 0) -> None:
        super().__init__()
        self.multiple = multiple
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def forward(self, planes: Tensor, scale: int = 1) -> Tensor:
        """Planes float32 (N,6,H,W) to the correction (N,3,h,w) of the file's own scale; `scale` is unused."""
        return torch.from_numpy(self._session.run(None, {self._input: planes.contiguous().numpy()})[0])


class Compiled(nn.Module):
    """An ONNX file run by OpenVINO in a precision as a render does, in the place of a network."""

    def __init__(
        self, weights: bytes, multiple: int, threads: int = 0, precision: Precision = "fp32"
    ) -> None:
        super().__init__()
        self.multiple = multiple
        model, hint = prepared(weights, precision)
        settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": hint, "EXECUTION_MODE_HINT": "PERFORMANCE"}
        settings |= {"INFERENCE_NUM_THREADS": threads} if threads else {}
        self._request = core().compile_model(model, "CPU", settings).create_infer_request()

    def forward(self, planes: Tensor, scale: int = 1) -> Tensor:
        """Planes float32 (N,6,H,W) to the correction (N,3,h,w) of the file's own scale; `scale` is unused."""
        return torch.from_numpy(self._request.infer([planes.numpy()])[0].copy())


class TypedGraph(nn.Module):
    """An ONNX file run operator by operator in the types that it declares, each result rounded to its type.

    What a GPU computes but for the order of its sums, which are in fp32.
    """

    def __init__(self, weights: bytes) -> None:
        super().__init__()
        self.graph = onnx.load_from_string(weights).graph
        self.known = {
            c.name: torch.from_numpy(np.array(numpy_helper.to_array(c))) for c in self.graph.initializer
        }

    def forward(self, planes: Tensor, scale: int = 1) -> Tensor:
        """Planes float32 (N,6,H,W) to the correction (N,3,h,w) of the file's own scale; `scale` is unused."""
        values = dict(self.known) | {self.graph.input[0].name: planes}
        for node in self.graph.node:
            facts = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            values[node.output[0]] = _computed(node.op_type, facts, [values.get(name) for name in node.input])
        return values[self.graph.output[0].name]


class Bfloat16(nn.Module):
    """An fp32 or INT8 file computed as a CPU does in bf16 by the rule of `runtimes/openvino`, on any CPU.

    What goes into a convolution, and its kernel, is rounded to bf16; sums are in fp32. The first and the last
    convolution, and all that is no convolution, stay in fp32. In an INT8 file, what is quantised is rounded
    to bf16 before, and so is what a quantised convolution makes; that the file is typed in fp16 counts for
    nothing, as in OpenVINO. Input and result are float32.
    """

    def __init__(self, weights: bytes) -> None:
        super().__init__()
        self.graph = onnx.load_from_string(weights).graph
        self.known = {c.name: _constant(c) for c in self.graph.initializer}
        makers = {node.output[0]: node.op_type for node in self.graph.node}
        convolutions = [node for node in self.graph.node if node.op_type == "Conv"]
        self.quantised = {n.output[0] for n in convolutions if makers.get(n.input[0]) == "DequantizeLinear"}
        self.rounded = {n.output[0] for n in convolutions[1:-1]} - self.quantised

    def forward(self, planes: Tensor, scale: int = 1) -> Tensor:
        """Planes float32 (N,6,H,W) to the correction (N,3,h,w) of the file's own scale; `scale` is unused."""
        values = dict(self.known) | {self.graph.input[0].name: planes}
        for node in self.graph.node:
            facts = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            inputs, name = [values.get(name) for name in node.input], node.output[0]
            if name in self.rounded:
                inputs[:2] = [_to_bf16(x) for x in inputs[:2] if x is not None]
            elif node.op_type == "QuantizeLinear":
                inputs[0] = _to_bf16(inputs[0])
            if node.op_type == "Cast":
                values[name] = inputs[0]
            else:
                result = _computed(node.op_type, facts, inputs)
                values[name] = _to_bf16(result) if name in self.quantised else _widened(result)
        return values[self.graph.output[0].name]


def _to_bf16(x: Tensor | None) -> Tensor:
    assert x is not None
    return x.bfloat16().float()


def _widened(x: Tensor) -> Tensor:
    return x.float() if x.dtype == torch.float16 else x


def _constant(constant: onnx.TensorProto) -> Tensor:
    return _widened(torch.from_numpy(np.array(numpy_helper.to_array(constant))))


def _computed(kind: str, facts: Mapping[str, Any], inputs: list[Any]) -> Tensor:
    if kind == "Constant":
        return torch.from_numpy(np.array(numpy_helper.to_array(facts["value"])))
    if kind == "Cast":
        return inputs[0].to({1: torch.float32, 10: torch.float16}[facts["to"]])
    if kind in ("QuantizeLinear", "DequantizeLinear"):
        x, step = inputs[0].float(), inputs[1].float()
        step = step.reshape([-1] + [1] * (x.ndim - 1 - facts.get("axis", 1))) if step.numel() > 1 else step
        if kind == "QuantizeLinear":
            return torch.round(x / step).clamp(-128, 127).to(torch.int8)
        return (x * step).to(inputs[1].dtype)
    narrow = any(x is not None and x.dtype == torch.float16 for x in inputs)
    result = OPERATORS[kind](
        facts, *(x.float() if x is not None and narrow and x.is_floating_point() else x for x in inputs)
    )
    return result.half() if narrow and result.is_floating_point() else result
