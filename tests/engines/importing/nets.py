"""Small models as other people make them, each awkward in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Side = int | str


class Net:
    """A graph under construction. `x` is the last tensor that was made."""

    def __init__(
        self, channels: int = 3, size: tuple[Side, Side] = ("h", "w"), kind: int = TensorProto.FLOAT
    ) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.kind = kind
        self.x = "in"
        self.inputs = [helper.make_tensor_value_info("in", kind, [1, channels, *size])]
        self.random = np.random.default_rng(5)

    def const(self, value: Any) -> str:
        array = np.asarray(value)
        if array.dtype == np.float64:
            array = array.astype(np.float16 if self.kind == TensorProto.FLOAT16 else np.float32)
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def do(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> Net:
        name = f"t{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs) or [self.x], [name], domain=domain or None, **attributes)
        )
        self.x = name
        return self

    def with_(self, kind: str, value: Any, **attributes: Any) -> Net:
        return self.do(kind, self.x, self.const(value), **attributes)

    def conv(
        self, kernel: NDArray[np.float64], bias: Sequence[float] | None = None, pad: int = 1, **more: Any
    ) -> Net:
        inputs = [self.x, self.const(kernel), *([self.const(np.array(bias, float))] if bias else [])]
        return self.do("Conv", *inputs, pads=[pad] * 4, **more)

    def model(self, opset: int = 17, outputs: Sequence[str] = (), **facts: Any) -> Any:
        names = [*outputs, self.x]
        graph = helper.make_graph(
            self.nodes, "net", self.inputs,
            [helper.make_tensor_value_info(n, self.kind, None) for n in names], self.constants,
        )  # fmt: skip
        for value in graph.output:
            value.type.tensor_type.shape.dim.extend([onnx.TensorShapeProto.Dimension() for _ in range(4)])
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", opset), *facts.get("domains", [])], ir_version=8
        )


def spread(strength: float, colours: Sequence[float] = (1, 1, 1), size: int = 3) -> NDArray[np.float64]:
    """A kernel that keeps each plane and subtracts some of what is around it."""
    kernel = np.zeros((len(colours), len(colours), size, size))
    for k, amount in enumerate(colours):
        kernel[k, k] = -strength * amount / size**2
        kernel[k, k, size // 2, size // 2] += 1 + strength * amount
    return kernel


def sharpener(
    unit: float = 1.0,
    offset: float = 0.0,
    colours: Sequence[float] = (0.2, 0.3, 0.4),
    scale: int = 1,
    **facts: Any,
) -> Net:
    """Sharpens each plane by its own amount, clipped to a range: 0..unit, moved by `offset`; and enlarges."""
    net = Net(len(colours), **facts)
    if scale > 1:
        enlarge(net, scale)
    net.conv(spread(1.0, colours))
    return net.do("Clip", net.x, net.const(np.float64(offset)), net.const(np.float64(offset + unit)))


def enlarge(net: Net, scale: int) -> Net:
    """Enlarge linearly, sample centres aligned."""
    sizes = net.const(np.array([1, 1, scale, scale], np.float32))
    region = net.const(np.zeros(0, np.float32))
    return net.do("Resize", net.x, region, sizes, mode="linear", coordinate_transformation_mode="half_pixel")
