from __future__ import annotations

import sys

import msgspec
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from interneg.engines.cpu_core import core
from interneg.engines.models import load_catalogue
from interneg.engines.qualify import LIMITS, golden, qualify
from interneg.engines.runtimes import RUNTIMES
from interneg.engines.store import Store
from interneg.engines.typed import LARGEST, half, overflowing
from interneg.errors import EngineError
from tests.engines.conftest import Write, network

pytest.importorskip("onnxruntime", reason="typed graphs are made with the extra `onnxruntime`")


def result(weights: bytes, planes: NDArray[np.float32]) -> NDArray[np.float32]:
    model = core().compile_model(core().read_model(weights), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return model([planes[np.newaxis]])[0][0]


def planted(gain: float = 1e6) -> bytes:
    """The tiny net with its middle made large, and small again behind it."""
    model = onnx.load_from_string(network())
    graph = model.graph
    for position, node in enumerate(graph.node):
        node.name = f"n{position}"
    middle = next(n for n in graph.node if "w2" in n.input)
    middle.output[0] = "huge"
    back = helper.make_node("Mul", ["huge", "small"], ["c"], "back")
    graph.node.insert(list(graph.node).index(middle) + 1, back)
    for weight in graph.initializer:
        if weight.name == "w2":
            weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * np.float32(gain), "w2"))
    graph.initializer.append(numpy_helper.from_array(np.float32(1 / gain), "small"))
    return model.SerializeToString()


def named(weights: bytes) -> dict[str, onnx.NodeProto]:
    return {node.name: node for node in onnx.load_from_string(weights).graph.node}


@pytest.mark.parametrize("int8", [False, True])
def test_half_takes_and_gives_float32_and_agrees(int8: bool) -> None:
    weights = network(scale=2, int8=int8)
    narrow = half(weights)
    assert narrow == half(weights)
    model = onnx.load_from_string(narrow)
    onnx.checker.check_model(model, full_check=True)
    for value in (*model.graph.input, *model.graph.output):
        assert value.type.tensor_type.elem_type == TensorProto.FLOAT
    assert TensorProto.FLOAT not in {c.data_type for c in model.graph.initializer}
    planes = golden(6, 32)
    np.testing.assert_allclose(result(narrow, planes), result(weights, planes), atol=0.02 if int8 else 0.005)


def test_an_island_stays_fp32() -> None:
    weights = planted(1.0)
    model = onnx.load_from_string(half(weights, ["n2"]))
    kinds = {c.name: c.data_type for c in model.graph.initializer}
    assert kinds["w2"] == TensorProto.FLOAT and kinds["w1"] == kinds["w3"] == TensorProto.FLOAT16
    onnx.checker.check_model(model, full_check=True)


def test_an_overflow_is_found_and_an_island_mends_it() -> None:
    weights, planes = planted(), golden(6, 32)
    keep = overflowing(weights, planes)
    assert keep == ["n2", "back"]  # what makes it, and what takes it
    weight = next(c for c in onnx.load_from_string(weights).graph.initializer if c.name == "w2")
    assert np.abs(numpy_helper.to_array(weight)).max() > LARGEST
    expected = result(weights, planes)
    spoilt = result(half(weights), planes)  # the weights alone do not fit
    assert not np.allclose(spoilt, expected, atol=0.05)
    mended = half(weights, keep)
    np.testing.assert_allclose(result(mended, planes), expected, atol=0.01)


def test_nothing_overflows_in_a_tame_net() -> None:
    assert overflowing(network(), golden(6, 32)) == []


def test_refusals_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="no node nowhere"):
        half(network(), ["nowhere"])
    with pytest.raises(EngineError, match="no ONNX file"):
        half(b"nonsense")
    monkeypatch.setitem(sys.modules, "onnxruntime.transformers.float16", None)
    with pytest.raises(EngineError, match="pip install onnx onnxruntime"):
        half(network())


def test_a_model_may_set_limits_of_its_own(write: Write, store: Store) -> None:
    model = load_catalogue([write("tiny", int8=True)])["tiny"]
    network = RUNTIMES["openvino"].load(model, "int8", None, store)
    qualify(model, network, "int8")
    strict = {"int8": msgspec.structs.replace(LIMITS["int8"], maximum=1e-7)}
    with pytest.raises(EngineError, match="largest error"):
        qualify(msgspec.structs.replace(model, limits=strict), network, "int8")
