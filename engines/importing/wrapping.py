"""A graph with its conventions put into it: R, G, B or Y in 0..1 in and out, as every runtime runs it."""

from __future__ import annotations

from typing import Any

import numpy as np

from interneg.engines.importing.convention import RANGES, Convention
from interneg.engines.importing.reading import package
from interneg.engines.importing.signature import Signature
from interneg.engines.models import PICTURE

INPUT = "planes"
"""What the input of a wrapped graph is called."""

_OURS = "interneg/"
_END = np.iinfo(np.int64).max


def wrapped(
    model: Any, signature: Signature, how: Convention, less: tuple[int, int], size: tuple[int, int] | None
) -> bytes:
    """The ONNX file of a graph that takes and gives pictures as the catalogue has them.

    Its input "planes" is (1, C, H, W): R, G, B or Y in 0..1, and after them the noise where the model takes
    it; its output "picture" (1, C', H * scale, W * scale). less: by how many pixels the graph's own output is
    smaller than its input enlarged. size: the only height and width, None for any. Nodes have names, each its
    own.
    """
    onnx = package("onnx")
    inner = onnx.compose.add_prefix(model, "model/")
    constants = {tensor.name for tensor in inner.graph.initializer}
    wrap = _Wrap(onnx)
    picture, noise = INPUT, ""
    if signature.noise:
        picture = wrap.cut(INPUT, 1, 0, signature.planes)
        noise = wrap.cut(INPUT, 1, signature.planes, _END)
        noise = wrap.scaled(wrap.bordered(noise, how.border), RANGES[how.noise_range][0], 0.0)
    picture = wrap.turned(picture, how.order_in)
    picture = wrap.scaled(wrap.bordered(picture, how.border), *RANGES[how.takes])
    if signature.noise == "channel":
        picture = wrap.node("Concat", [picture, noise], axis=1)
    if signature.last:
        picture = wrap.node("Transpose", [picture], perm=[0, 2, 3, 1])
    renamed = {f"model/{signature.picture}": picture}
    if signature.noise == "scalar":
        mean = wrap.node("GlobalAveragePool", [noise])
        noise = wrap.node("Reshape", [mean, wrap.constant(np.ones(signature.noise_rank, np.int64))])
    if signature.noise in ("plane", "scalar"):
        renamed[f"model/{signature.noise_name}"] = noise
    before = list(wrap.nodes)
    wrap.nodes.clear()

    made = f"model/{signature.output}"
    if signature.last:
        made = wrap.node("Transpose", [made], perm=[0, 3, 1, 2])
    for axis, start, smaller in zip((2, 3), how.start, less, strict=True):
        after = 2 * how.border * how.scale - smaller - start
        if start or after:
            made = wrap.cut(made, axis, start, -after if after else _END)
    made = wrap.turned(wrap.unscaled(made, *RANGES[how.gives]), how.order_out)
    wrap.nodes.append(onnx.helper.make_node("Identity", [made], [PICTURE]))

    nodes = list(inner.graph.node)
    for node in nodes:
        _rename_inputs(node, renamed)
    nodes = [*before, *nodes, *wrap.nodes]
    for number, node in enumerate(nodes):
        node.name = f"{node.op_type}_{number}"
    planes = signature.planes + bool(signature.noise)
    sides = size or ("h", "w")
    out = tuple(n * how.scale for n in size) if size else ("sh", "sw")
    float32 = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        "picture",
        [onnx.helper.make_tensor_value_info(INPUT, float32, [1, planes, *sides])],
        [onnx.helper.make_tensor_value_info(PICTURE, float32, [1, signature.planes, *out])],
        [*wrap.constants, *(t for t in inner.graph.initializer if t.name in constants)],
    )
    graph.sparse_initializer.extend(inner.graph.sparse_initializer)
    done = onnx.helper.make_model(
        graph, opset_imports=list(inner.opset_import), functions=list(inner.functions),
        ir_version=max(inner.ir_version, 8),
    )  # fmt: skip
    data: bytes = done.SerializeToString(deterministic=True)
    return data


def freed(model: Any, signature: Signature) -> Any:
    """A copy of a graph of one size with free sides; whether it then runs on others is to be tried."""
    onnx = package("onnx")
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.value_info[:]
    for value in (*copy.graph.input, *copy.graph.output):
        dims = value.type.tensor_type.shape.dim
        if len(dims) == 4:
            for at in (1, 2) if signature.last else (2, 3):
                dims[at].Clear()
    return copy


def _rename_inputs(node: Any, names: dict[str, str]) -> None:
    for at, name in enumerate(node.input):
        if name in names:
            node.input[at] = names[name]
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs) if attribute.type in (5, 10) else ():
            for inner in graph.node:
                _rename_inputs(inner, names)


class _Wrap:
    """Nodes and constants that are put around a graph."""

    def __init__(self, onnx: Any) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._onnx = onnx
        self._count = 0

    def _name(self) -> str:
        self._count += 1
        return f"{_OURS}{self._count}"

    def node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = self._name()
        self.nodes.append(self._onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, value: Any) -> str:
        name = self._name()
        self.constants.append(self._onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def cut(self, source: str, axis: int, start: int, end: int) -> str:
        bounds = [self.constant(np.array([n], np.int64)) for n in (start, end, axis)]
        return self.node("Slice", [source, *bounds])

    def bordered(self, source: str, border: int) -> str:
        if not border:
            return source
        pads = np.array([0, 0, border, border] * 2, np.int64)
        return self.node("Pad", [source, self.constant(pads)], mode="edge")

    def turned(self, source: str, order: str) -> str:
        if order != "bgr":
            return source
        return self.node("Gather", [source, self.constant(np.array([2, 1, 0], np.int64))], axis=1)

    def scaled(self, source: str, gain: float, offset: float) -> str:
        result = source
        if gain != 1:
            result = self.node("Mul", [result, self.constant(np.float32(gain))])
        return self.node("Add", [result, self.constant(np.float32(offset))]) if offset else result

    def unscaled(self, source: str, gain: float, offset: float) -> str:
        result = self.node("Sub", [source, self.constant(np.float32(offset))]) if offset else source
        return self.node("Div", [result, self.constant(np.float32(gain))]) if gain != 1 else result
