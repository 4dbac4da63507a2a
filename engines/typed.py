"""Typed graphs: precision written into an ONNX graph, as TensorRT 11 and TensorRT for RTX ask for it.

An fp16 graph still takes and gives float32: the casts are inside, and the caller adds the correction in fp32
whatever computed it. Nodes that fp16 cannot hold stay as islands of fp32. Needs the packages onnx and
onnxruntime, which are no part of the base install.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from interneg.errors import EngineError
from interneg.frame import Pixels

LARGEST = 65504.0
"""The largest number of fp16."""

HEADROOM = 4.0
"""Nodes are kept in fp32 that come within this factor of it: pictures differ from those that were tried."""

_AT_ONCE = 64
"""Tensors that are looked at in one run, which holds them all."""

_OPSET = 19
"""The first in which QuantizeLinear and DequantizeLinear take fp16."""


def half(weights: bytes, keep: Sequence[str] = ()) -> bytes:
    """The fp16 graph of an fp32 ONNX file, with or without Q/DQ: the same bytes each time.

    Input and output stay float32. The nodes named in `keep` stay fp32, with casts around them; integers,
    those of Q/DQ among them, stay what they are.
    Raises EngineError for a node that is not there, what is no ONNX file, and missing packages.
    """
    onnx = _package("onnx")
    convert = _package("onnxruntime.transformers.float16").convert_float_to_float16
    model = _read(weights)
    names = {node.name for node in model.graph.node}
    if unknown := [name for name in keep if name not in names]:
        raise EngineError(f"the graph has no node {', '.join(unknown)} to keep in fp32")
    opset = next(entry for entry in model.opset_import if not entry.domain)
    if opset.version < _OPSET and any(node.op_type == "QuantizeLinear" for node in model.graph.node):
        model = onnx.version_converter.convert_version(model, _OPSET)
        model.ir_version = max(model.ir_version, 9)
    # The converter's own shape inference asks for sympy; without shapes it puts no casts around islands.
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    model = convert(model, keep_io_types=True, disable_shape_infer=True, node_block_list=list(keep))
    del model.graph.value_info[:]
    _join_islands(onnx, model.graph)
    _sort(model.graph)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def overflowing(weights: bytes, planes: Pixels) -> list[str]:
    """The nodes of an fp32 ONNX file that fp16 does not hold, in the graph's order; for `half` to keep.

    planes: (C, H, W) float32, finite, H and W multiples of the model's `multiple`. A node is named where its
    result in fp32 is beyond LARGEST / HEADROOM in magnitude or not finite, or something that it takes is.
    """
    onnx, ort = _package("onnx"), _package("onnxruntime")
    model = _read(weights)
    graph, own = model.graph, list(model.graph.output)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # it would rename tensors
    made = [tensor for node in graph.node for tensor in node.output if tensor]
    beyond = {c.name for c in graph.initializer if _beyond(onnx.numpy_helper.to_array(c))}
    for first in range(0, len(made), _AT_ONCE):
        part = made[first : first + _AT_ONCE]
        del graph.output[:]
        graph.output.extend(own)
        graph.output.extend(
            onnx.helper.make_empty_tensor_value_info(t) for t in part if t not in {o.name for o in own}
        )
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        results = session.run(part, {graph.input[0].name: planes[np.newaxis]})
        beyond |= {t for t, value in zip(part, results, strict=True) if _beyond(value)}
    return [node.name for node in graph.node if beyond & {*node.input, *node.output}]


def _beyond(values: Any) -> bool:
    """Whether any value leaves what fp16 holds with headroom; NaN does."""
    if not isinstance(values, np.ndarray) or not np.issubdtype(values.dtype, np.floating) or not values.size:
        return False
    return not float(np.abs(values).max()) <= LARGEST / HEADROOM


def _read(weights: bytes) -> Any:
    from google.protobuf.message import DecodeError

    try:
        return _package("onnx").load_from_string(weights)
    except DecodeError as error:
        raise EngineError(f"these weights are no ONNX file: {error}") from error


def _join_islands(onnx: Any, graph: Any) -> None:
    """Let what one island gives another stay fp32: the converter casts it to fp16 and back between them."""
    kinds = onnx.TensorProto
    casts = {node.output[0]: node for node in graph.node if node.op_type == "Cast"}
    to = {tensor: onnx.helper.get_node_attr_value(node, "to") for tensor, node in casts.items()}
    back = {
        tensor: casts[node.input[0]].input[0] for tensor, node in casts.items()
        if to[tensor] == kinds.FLOAT and to.get(node.input[0]) == kinds.FLOAT16
    }  # fmt: skip
    for node in graph.node:
        for at, tensor in enumerate(node.input):
            if tensor in back:
                node.input[at] = back[tensor]
    while idle := _unused_casts(graph):
        for node in idle:
            graph.node.remove(node)


def _unused_casts(graph: Any) -> list[Any]:
    used = {tensor for node in graph.node for tensor in node.input} | {out.name for out in graph.output}
    return [node for node in graph.node if node.op_type == "Cast" and node.output[0] not in used]


def _sort(graph: Any) -> None:
    """Put each node after those it takes from, else in its order: the converter appends its casts."""
    known = {"", *(entry.name for entry in (*graph.input, *graph.initializer))}
    left, done = list(graph.node), []
    while left:
        ready = next((node for node in left if known.issuperset(node.input)), None)
        if ready is None:
            raise EngineError(f"the graph goes in circles, or nothing makes the input of {left[0].name}")
        left.remove(ready)
        done.append(ready)
        known.update(ready.output)
    del graph.node[:]
    graph.node.extend(done)


def _package(name: str) -> Any:
    """An optional package. Raises EngineError, saying what to install."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise EngineError(
            f"typed graphs are made with onnx and onnxruntime: pip install onnx onnxruntime ({error})"
        ) from error
