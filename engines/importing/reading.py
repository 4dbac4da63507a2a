"""An ONNX file read and checked: what no runtime of ours would take is refused here, with the reason."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from interneg.errors import EngineError, InputError

OLDEST = 11
"""The first opset that is read."""

_LARGEST = 2**31 - 2**20
_DOMAINS = ("", "ai.onnx")
_RANDOM = (
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "Multinomial",
    "Bernoulli",
)


def package(name: str) -> Any:
    """An optional package. Raises EngineError, saying what to install."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise EngineError(
            f"models are imported with onnx and onnxruntime: pip install 'interneg[import]' ({error})"
        ) from error


def read(path: Path) -> Any:
    """The onnx.ModelProto of a file, its external data inside, in fp32 where it was in fp16.

    Raises InputError for a file that is not there, is no ONNX file or is cut short, or lacks its external
    data; EngineError for an opset before 11, operators that ONNX does not define, and results that are drawn
    by lot, each named.
    """
    onnx = package("onnx")
    from google.protobuf.message import DecodeError

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    try:
        model = onnx.load_from_string(data)
    except DecodeError as error:
        raise InputError(
            f"{path} is no ONNX file, or is cut short: {error}; copy or export it again"
        ) from error
    if not model.graph.node or not model.graph.output:
        raise InputError(f"{path} is no ONNX file: it holds no operators; give the .onnx file of a model")
    try:
        onnx.load_external_data_for_model(model, str(path.absolute().parent))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise InputError(
            f"{path} keeps its weights in further files, which cannot be read: {error}; put them beside it"
        ) from error
    _require_known(model, path)
    if model.ByteSize() > _LARGEST:
        raise EngineError(
            f"{path} is {model.ByteSize() / 2**30:.1f} GiB, and one file holds 2: export it in fp16"
        )
    _widen(model)
    return model


def _require_known(model: Any, path: Path) -> None:
    opset = max((entry.version for entry in model.opset_import if entry.domain in _DOMAINS), default=0)
    if opset < OLDEST:
        raise EngineError(
            f"{path} is of opset {opset}, and 11 is the first that is read here: export it again with "
            "opset_version=17"
        )
    own = {f.name for f in model.functions}
    nodes = list(_all_nodes(model.graph))
    foreign = {
        f"{node.op_type} of {node.domain}" for node in nodes
        if node.domain not in _DOMAINS and node.op_type not in own
    }  # fmt: skip
    if foreign:
        raise EngineError(
            f"{path} uses operators that ONNX does not define: {', '.join(sorted(foreign))}. Export it with "
            "standard operators alone"
        )
    if chance := sorted({node.op_type for node in nodes} & set(_RANDOM)):
        raise EngineError(
            f"{path} draws lots ({', '.join(chance)}), so no frame could be rendered twice alike: export "
            "it without, in evaluation mode"
        )


def _all_nodes(graph: Any) -> Iterable[Any]:
    """The operators of a graph and of the graphs within it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs) if attribute.type in (5, 10) else ():
                yield from _all_nodes(inner)


def _widen(model: Any) -> None:
    """Make all that is typed in fp16 fp32, in place."""
    onnx = package("onnx")
    half, full = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT

    def wide(tensor: Any) -> None:
        if tensor.data_type == half:
            values = onnx.numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))

    def each(graph: Any) -> None:
        for tensor in graph.initializer:
            wide(tensor)
        for value in (*graph.input, *graph.output, *graph.value_info):
            if value.type.tensor_type.elem_type == half:
                value.type.tensor_type.elem_type = full
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.TENSOR:
                    wide(attribute.t)
                elif attribute.type == onnx.AttributeProto.GRAPH:
                    each(attribute.g)
                elif node.op_type == "Cast" and attribute.name == "to" and attribute.i == half:
                    attribute.i = full

    each(model.graph)
    _drop_idle_casts(onnx, model)


def _drop_idle_casts(onnx: Any, model: Any) -> None:
    """Take out casts of fp32 to fp32: they were where fp16 ended, and would be in the fp16 graph again."""
    full = onnx.TensorProto.FLOAT
    try:
        graph = onnx.shape_inference.infer_shapes(model).graph
    except Exception:  # noqa: BLE001  onnx has no exception in common here; the casts may stay
        graph = model.graph
    kinds = {v.name: v.type.tensor_type.elem_type for v in (*graph.input, *graph.value_info)}
    kinds |= {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    results = {v.name for v in model.graph.output}
    idle = {
        node.output[0]: node for node in model.graph.node
        if node.op_type == "Cast" and node.attribute[0].i == full and kinds.get(node.input[0]) == full
        and node.output[0] not in results
    }  # fmt: skip
    for node in _all_nodes(model.graph):
        for at, name in enumerate(node.input):
            while name in idle:
                name = idle[name].input[0]
            node.input[at] = name
    for node in idle.values():
        model.graph.node.remove(node)
