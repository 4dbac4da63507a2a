"""torch, the reference: runs the ONNX graph operator by operator, eagerly and in fp32, on the CPU.

Only the operators that the catalogue's models use are known; it is slow, and there to check the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from interneg.engines.models import Model, Precision
from interneg.engines.network import Network
from interneg.engines.runtimes.base import Runtime
from interneg.engines.shortage import host_memory_is_short
from interneg.engines.store import Store
from interneg.errors import EngineError
from interneg.frame import Pixels

Attributes = Mapping[str, Any]


class Torch(Runtime):
    """torch's eager operators."""

    name = "torch"
    packages = ("torch", "onnx")
    extra = "interneg[train]"

    def precisions(self) -> Mapping[Precision, str]:
        """fp32 only."""
        reason = "the torch runtime is the fp32 reference"
        return {"fp32": "", "bf16": reason, "fp16": reason, "int8": reason}

    def _load(
        self, model: Model, weights: bytes, precision: Precision, threads: int | None, store: Store
    ) -> Network:
        return _Network(model, weights, threads)


class _Network(Network):
    def __init__(self, model: Model, weights: bytes, threads: int | None) -> None:
        super().__init__(model)
        import onnx
        import torch
        from google.protobuf.message import DecodeError
        from onnx import numpy_helper

        try:
            graph = onnx.load_from_string(weights).graph
        except DecodeError as error:
            raise EngineError(f"{model.file('fp32').file} is no ONNX file: {error}") from error
        missing = sorted({n.op_type for n in graph.node if n.domain or n.op_type not in OPERATORS})
        if missing:
            raise EngineError(
                f"the torch runtime does not know the operators {', '.join(missing)} of {model.name}; "
                f"it knows {', '.join(OPERATORS)}"
            )
        if threads is not None:
            torch.set_num_threads(threads)
        self._input, self._output = graph.input[0].name, graph.output[0].name
        self._constants = {i.name: _tensor(i) for i in graph.initializer}
        self._nodes = []
        last = {name: position for position, node in enumerate(graph.node) for name in node.input}
        for position, node in enumerate(graph.node):
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Constant":
                value = attributes["value"]
                self._constants[node.output[0]] = torch.from_numpy(np.array(numpy_helper.to_array(value)))
                continue
            done = tuple({n for n in node.input if last[n] == position and n not in self._constants})
            self._nodes.append(
                (OPERATORS[node.op_type], tuple(node.input), tuple(node.output), attributes, done)
            )

    def _infer(self, planes: Pixels, out: Pixels) -> None:
        import torch

        values = {self._input: torch.from_numpy(planes)}
        known = self._constants
        with torch.inference_mode():
            for operator, inputs, outputs, attributes, done in self._nodes:
                arguments = [(values.get(n, known.get(n)) if n else None) for n in inputs]
                try:
                    results = operator(attributes, *arguments)
                except RuntimeError as error:
                    if host_memory_is_short(error):
                        raise MemoryError(str(error)) from error
                    raise EngineError(f"torch failed on {self._name}: {error}") from error
                results = results if isinstance(results, tuple) else (results,)
                values.update(zip(outputs, results, strict=True))
                for name in done:
                    values.pop(name, None)
            out[...] = values[self._output].numpy()


def _tensor(initializer: Any) -> Any:
    import torch
    from onnx import numpy_helper

    return torch.from_numpy(np.array(numpy_helper.to_array(initializer)))


def _conv(a: Attributes, x: Any, weight: Any, bias: Any = None) -> Any:
    from torch.nn import functional as F

    top, left, bottom, right = a.get("pads", (0, 0, 0, 0))
    if a.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise EngineError("the torch runtime takes convolutions with explicit pads, not auto_pad")
    if top or left or bottom or right:
        x = F.pad(x, (left, right, top, bottom))
    dilations, strides = a.get("dilations", (1, 1)), a.get("strides", (1, 1))
    return F.conv2d(x, weight, bias, tuple(strides), 0, tuple(dilations), a.get("group", 1))


def _depth_to_space(a: Attributes, x: Any) -> Any:
    size, (n, c, h, w) = a["blocksize"], x.shape
    if a.get("mode", b"DCR") == b"CRD":
        parts = x.reshape(n, c // size**2, size, size, h, w).permute(0, 1, 4, 2, 5, 3)
    else:
        parts = x.reshape(n, size, size, c // size**2, h, w).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(n, c // size**2, h * size, w * size)


def _slice(a: Attributes, x: Any, starts: Any, ends: Any, axes: Any, steps: Any = None) -> Any:
    index = [slice(None)] * x.dim()
    steps = [1] * len(starts) if steps is None else steps.tolist()
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes.tolist(), steps, strict=True):
        index[axis] = slice(start, end, step)
    return x[tuple(index)]


def _split(a: Attributes, x: Any, sizes: Any = None) -> Any:
    axis = a.get("axis", 0)
    return x.split(sizes.tolist(), axis) if sizes is not None else x.chunk(a["num_outputs"], axis)


def _shape(a: Attributes, x: Any) -> Any:
    import torch

    return torch.tensor(x.shape)


def _reduce_mean(a: Attributes, x: Any, axes: Any = None) -> Any:
    return x.mean(tuple(a["axes"] if axes is None else axes.tolist()), keepdim=bool(a.get("keepdims", 1)))


OPERATORS: Mapping[str, Callable[..., Any]] = {
    "Add": lambda a, x, y: x + y,
    "Constant": lambda a: None,
    "Conv": _conv,
    "DepthToSpace": _depth_to_space,
    "Div": lambda a, x, y: x.div(y, rounding_mode=None if x.is_floating_point() else "trunc"),
    "Gather": lambda a, x, i: x[(slice(None),) * a.get("axis", 0) + (i,)],
    "Identity": lambda a, x: x,
    "Mul": lambda a, x, y: x * y,
    "ReduceMean": _reduce_mean,
    "Relu": lambda a, x: x.relu(),
    "Shape": _shape,
    "Sigmoid": lambda a, x: x.sigmoid(),
    "Slice": _slice,
    "Split": _split,
    "Sqrt": lambda a, x: x.sqrt(),
    "Sub": lambda a, x, y: x - y,
}
