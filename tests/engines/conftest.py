"""Small models of our own, so that the tests of the engines need no trained weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from interneg.engines.source import Engines
from interneg.engines.store import Store

CHANNELS = 6
Write = Callable[..., Path]
Planes = Callable[..., NDArray[np.float32]]


def quantise(nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto], source: str, name: str) -> None:
    """Put explicit Q/DQ around one convolution's input (scale 1/64) and weights (symmetric, per tensor)."""
    values = numpy_helper.to_array(next(w for w in weights if w.name == name))
    step = np.float32(np.abs(values).max() / 127)
    weights[:] = [w for w in weights if w.name != name]
    for key, value in {
        f"{name}.q": np.round(values / step).astype(np.int8), f"{name}.s": step, f"{name}.z": np.int8(0),
        "q.s": np.float32(1 / 64), "q.z": np.uint8(0),
    }.items():  # fmt: skip
        weights.append(numpy_helper.from_array(np.asarray(value), key))
    at = next(i for i, n in enumerate(nodes) if name in n.input)
    nodes[at].input[:] = [f"{source}.dq", f"{name}.dq"]
    nodes[at:at] = [
        helper.make_node("QuantizeLinear", [source, "q.s", "q.z"], [f"{source}.q"]),
        helper.make_node("DequantizeLinear", [f"{source}.q", "q.s", "q.z"], [f"{source}.dq"]),
        helper.make_node("DequantizeLinear", [f"{name}.q", f"{name}.s", f"{name}.z"], [f"{name}.dq"]),
    ]


def network(scale: int = 1, multiple: int = 1, last: str = "", seed: int = 1, int8: bool = False) -> bytes:
    """An ONNX net of the contract: three 3x3 convolutions (halo 3), or with a strided middle (multiple 2)."""
    random = np.random.default_rng(seed)

    def weight(name: str, out: int, channels: int, size: int = 3, gain: float = 1.0) -> onnx.TensorProto:
        w = random.normal(0, gain / (channels * size * size) ** 0.5, (out, channels, size, size))
        return numpy_helper.from_array(w.astype(np.float32), name)

    def conv(source: str, name: str, result: str, size: int = 3, stride: int = 1) -> onnx.NodeProto:
        pads = [(size - stride) // 2] * 4
        shape = {"kernel_shape": [size, size], "strides": [stride, stride], "pads": pads}
        return helper.make_node("Conv", [source, name], [result], **shape)

    nodes = [conv("planes", "w1", "a"), helper.make_node("Relu", ["a"], ["b"])]
    weights = [weight("w1", 8, CHANNELS)]
    if multiple == 1:
        nodes += [conv("b", "w2", "c")]
        weights += [weight("w2", 8, 8)]
    else:
        nodes += [
            conv("b", "w2", "half", size=2, stride=2),
            conv("half", "w2b", "wide"),
            helper.make_node("DepthToSpace", ["wide"], ["c"], blocksize=2, mode="CRD"),
        ]
        weights += [weight("w2", 16, 8, 2), weight("w2b", 32, 16)]
    nodes += [helper.make_node("Add", ["b", "c"], ["d"]), conv("d", "w3", "e")]
    weights += [weight("w3", 3 * scale**2, 8, gain=0.2)]
    if int8:
        quantise(nodes, weights, "b", "w2")
    result = "e"
    if scale > 1:
        nodes += [helper.make_node("DepthToSpace", ["e"], ["f"], blocksize=scale, mode="CRD")]
        result = "f"
    nodes += [helper.make_node(last or "Identity", [result], ["correction"])]
    graph = helper.make_graph(
        nodes, "tiny",
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, ["n", CHANNELS, "h", "w"])],
        [helper.make_tensor_value_info("correction", TensorProto.FLOAT, ["n", 3, "sh", "sw"])],
        weights,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def toml(name: str, data: bytes, file: str, scale: int = 1, multiple: int = 1, halo: int = 3) -> str:
    return f"""
name = "{name}"
version = 1
task = "denoise-sr"
family = "fidelity"
variant = "tiny"
description = "A net with random weights."
licence = "Apache-2.0"
scale = {scale}
window = 0
multiple = {multiple}
halo = {halo}
parameters = 1000

[input]
name = "planes"
dtype = "float32"
layout = "NCHW"
channels = ["Y", "Cb", "Cr", "sigma Y", "sigma C", "q"]
range = "0..1"

[output]
name = "correction"
dtype = "float32"
layout = "NCHW"
channels = ["Y", "Cb", "Cr"]

[weights.fp32]
file = "{file}"
sha256 = "{hashlib.sha256(data).hexdigest()}"

[training]
command = "none"
data = ["none"]
steps = 0
seed = 1

[quality]
"Set5 x2 PSNR-Y" = 20.5
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(name, scale=1, multiple=1, halo=3, ...): a model in a catalogue folder, which is returned."""

    def add(name: str, last: str = "", folder: str = "models", int8: bool = False, **facts: int) -> Path:
        target = tmp_path / folder
        target.mkdir(exist_ok=True)
        data = network(facts.get("scale", 1), facts.get("multiple", 1), last)
        (target / f"{name}.onnx").write_bytes(data)
        text = toml(name, data, f"{name}.onnx", **facts)
        if int8:
            quantised = network(facts.get("scale", 1), facts.get("multiple", 1), last, int8=True)
            (target / f"{name}.int8.onnx").write_bytes(quantised)
            digest = hashlib.sha256(quantised).hexdigest()
            text += f'[weights.int8]\nfile = "{name}.int8.onnx"\nsha256 = "{digest}"\n'
        (target / f"{name}.toml").write_text(text)
        return target

    return add


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store([tmp_path / "store"])


@pytest.fixture
def engines(write: Write, store: Store) -> Callable[..., Engines]:
    """engines(**settings): the models tiny, tiny-x2 and tiny-even (multiple 2)."""
    write("tiny")
    write("tiny-x2", scale=2)
    folder = write("tiny-even", multiple=2, halo=6)
    return lambda **settings: Engines(folders=[folder], **{"store": store} | settings)


@pytest.fixture
def planes() -> Planes:
    def make(height: int, width: int, seed: int = 0, channels: int = CHANNELS) -> NDArray[np.float32]:
        return np.random.default_rng(seed).random((channels, height, width), np.float32)

    return make
