"""INT8 graphs: explicit Q/DQ put into an fp32 ONNX file, and channels made alike beforehand.

Symmetric int8 (what TensorRT takes; OpenVINO and ONNX Runtime run the same file), one step per output channel
for weights and one per tensor for what goes into a convolution.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from interneg.engines.typed import half

Array = NDArray[np.float32]
Steps = Mapping[str, float]
"""Step of what goes into a convolution, by the convolution's name; those without one stay above INT8."""

LEVELS = 127
"""The largest number of steps of what goes in."""
WEIGHT_LEVELS = 63
"""The largest weight in steps: CPUs without VNNI add two products in 16 bits, and 2 * 255 * 63 fits."""
_SMALLEST = 2.0**-14


def inner(weights: bytes) -> list[str]:
    """The convolutions that may be INT8: all but the first and the last, in the graph's order."""
    return [node.name for node in onnx.load_from_string(weights).graph.node if node.op_type == "Conv"][1:-1]


def rounded(weight: Array) -> tuple[NDArray[np.int8], Array]:
    """int8 weights (O,I,h,w) and the step (O,) of each output channel, the one with the least square error.

    Steps are fp16 numbers, so that the fp16 graph holds the same ones, and none so small that fp16 blurs it.
    """

    def whole(step: Array) -> Array:
        return np.clip(np.round(weight / step[:, None, None, None]), -WEIGHT_LEVELS, WEIGHT_LEVELS)

    peak = np.abs(weight).max((1, 2, 3))
    best, steps = np.full(len(weight), np.inf), np.ones(len(weight), np.float32)
    for share in np.linspace(0.6, 1.0, 21):
        step = _representable(peak * share / WEIGHT_LEVELS)
        error = ((whole(step) * step[:, None, None, None] - weight) ** 2).sum((1, 2, 3))
        steps, best = np.where(error < best, step, steps), np.minimum(error, best)
    return whole(steps).astype(np.int8), steps


def _representable(step: Any) -> Array:
    return np.asarray(np.maximum(step, _SMALLEST), np.float16).astype(np.float32)


def quantised(weights: bytes, steps: Steps) -> bytes:
    """The INT8 graph of an fp32 file: Q/DQ in front of the convolutions that have a step, fp16 elsewhere."""
    model = onnx.load_from_string(weights)
    graph = model.graph
    constants = {c.name: c for c in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.name in steps:
            source, weight = node.input[:2]
            at = {
                part: f"{node.name}/{part}"
                for part in ("step", "zero", "q", "dq", "w", "w_step", "w_zero", "w_dq")
            }
            small, channel_steps = rounded(numpy_helper.to_array(constants[weight]))
            graph.initializer.remove(constants[weight])
            for part, value in {
                "step": _representable(steps[node.name]), "zero": np.int8(0), "w": small,
                "w_step": channel_steps, "w_zero": np.zeros(len(small), np.int8),
            }.items():  # fmt: skip
                graph.initializer.append(numpy_helper.from_array(np.asarray(value), at[part]))
            for kind, inputs, part, facts in (
                ("QuantizeLinear", (source, at["step"], at["zero"]), "q", {}),
                ("DequantizeLinear", (at["q"], at["step"], at["zero"]), "dq", {}),
                ("DequantizeLinear", (at["w"], at["w_step"], at["w_zero"]), "w_dq", {"axis": 0}),
            ):
                nodes.append(helper.make_node(kind, inputs, [at[part]], name=at[part], **facts))
            node.input[0], node.input[1] = at["dq"], at["w_dq"]
        nodes.append(node)
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(nodes)
    return half(model.SerializeToString())


def equalised(weights: bytes, seen: Mapping[str, Array], share: float = 0.6) -> bytes:
    """The same function with channels of like magnitude, so that one step suits them all.

    seen: (C,) float32, the largest magnitude of each input channel, by convolution. A channel is divided by a
    factor in all convolutions that make it and multiplied by it in all that take it; that passes through ReLU
    and sums, and channels that anything else touches stay. (Nagel et al., 2019; share: SmoothQuant, Xiao et
    al., 2022.)
    """
    model = onnx.load_from_string(weights)
    graph = model.graph
    constants = {c.name: np.array(numpy_helper.to_array(c)) for c in graph.initializer}
    joined: dict[str, str] = {}

    def root(tensor: str) -> str:
        while joined.setdefault(tensor, tensor) != tensor:
            tensor = joined[tensor]
        return tensor

    fixed = {value.name for value in (*graph.input, *graph.output)}
    for node in graph.node:
        if node.op_type == "Relu" or (node.op_type == "Add" and not constants.keys() & set(node.input)):
            for tensor in node.input:
                joined[root(tensor)] = root(node.output[0])
        elif node.op_type not in ("Conv", "Constant"):
            fixed |= {*node.input, *node.output}
    fixed = {root(tensor) for tensor in fixed}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    for group in dict.fromkeys(root(node.input[0]) for node in convolutions if node.name in seen):
        makers = [node for node in convolutions if root(node.output[0]) == group]
        takers = [node for node in convolutions if root(node.input[0]) == group]
        depthwise = any(constants[node.input[1]].shape[1] == 1 for node in takers)
        if group in fixed or not makers or depthwise or any(len(node.input) < 3 for node in makers):
            continue
        reach = np.max([seen[node.name] for node in takers if node.name in seen], 0)
        weight = np.max([np.abs(constants[node.input[1]]).max((0, 2, 3)) for node in takers], 0)
        factor = np.maximum(reach, 1e-4) ** share / np.maximum(weight, 1e-5) ** (1 - share)
        factor = (factor / np.exp(np.log(factor).mean())).clip(1 / 16, 16).astype(np.float32)
        for node in makers:
            constants[node.input[1]] /= factor[:, None, None, None]
            constants[node.input[2]] /= factor
        for node in takers:
            constants[node.input[1]] *= factor[None, :, None, None]
    for constant in graph.initializer:
        constant.CopyFrom(numpy_helper.from_array(constants[constant.name], constant.name))
    data: bytes = model.SerializeToString(deterministic=True)
    return data
