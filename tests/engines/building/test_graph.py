"""Graphs and files that are no network of the catalogue's, by TensorRT for RTX itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from onnx import helper

from interneg.engines.models import Model, load_catalogue
from interneg.errors import EngineError
from tests.engines.building.conftest import Change, Write, built, name_nodes, needs_rtx, replace_weights


def custom(graph: Any) -> None:
    name_nodes(graph)
    graph.graph.node[1].op_type, graph.graph.node[1].domain = "Frobnicate", "my.ops"
    graph.opset_import.append(helper.make_opsetid("my.ops", 1))


def unsupported(graph: Any) -> None:
    name_nodes(graph)
    graph.graph.node[1].op_type = "Unique"


def other_input(graph: Any) -> None:
    graph.graph.input[0].name = graph.graph.node[0].input[0] = "image"


def other_output(graph: Any) -> None:
    graph.graph.output[0].name = graph.graph.node[-1].output[0] = "residual"


def fixed_size(graph: Any) -> None:
    for dimension in graph.graph.input[0].type.tensor_type.shape.dim[2:]:
        dimension.dim_value = 64


@needs_rtx
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            custom,
            r"TensorRT has no operator Frobnicate \(node 'node1'\): .*Plugin not found.*Export the model",
        ),
        (unsupported, r"no operator Unique \(node 'node1'\): .*Export the model with operators"),
        (other_input, "its input is image, the catalogue entry says 'planes'; export .* or mend the entry"),
        (other_output, "its output is residual, the catalogue entry says 'correction'"),
        (fixed_size, r"has the shape \(-1, 6, 64, 64\), not \(-1, 6, -1, -1\).*dynamic height and width"),
    ],
)
def test_a_graph_that_does_not_fit_is_refused_in_one_line_that_names_it(
    change: Change, says: str, precision: str, user: Callable[..., Model]
) -> None:
    with pytest.raises(EngineError, match=says) as caught:
        built(user(change), precision)
    assert "mine.onnx (mine in" in str(caught.value)
    assert "\n" not in str(caught.value)


@needs_rtx
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"mine\.onnx .*is no ONNX file \(it is empty\)"),
        (b"no ONNX at all", r"mine\.onnx .*is no ONNX file \(it is text\)"),
        (b"version https://git-lfs.github.com/spec/v1\n", r"mine\.onnx .*it is a Git LFS pointer"),
        (b"\x08\x08\x12", r"mine\.onnx"),
    ],
)
def test_a_file_that_is_no_onnx_is_named(content: bytes, says: str, precision: str, write: Write) -> None:
    folder = write("mine")
    replace_weights(folder, content)
    with pytest.raises(EngineError, match=says):
        built(load_catalogue([folder])["mine"], precision)
