"""A model of a user's own, whose ONNX file a test changes, and its engine by TensorRT for RTX."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

from interneg.engines.building.libraries import LIBRARIES
from interneg.engines.building.making import build
from interneg.engines.building.orders import Order
from interneg.engines.building.profiles import PROFILES
from interneg.engines.models import Model, load_catalogue

RTX = LIBRARIES["tensorrt-rtx"]
FULL = LIBRARIES["tensorrt"]
PROXY = PROFILES["proxy"]
needs_rtx = pytest.mark.skipif(
    importlib.util.find_spec("tensorrt_rtx") is None, reason="tensorrt_rtx is not installed"
)

Change = Callable[[Any], None]
Write = Callable[..., Path]


@pytest.fixture
def user(write: Write) -> Callable[..., Model]:
    """user(change): a model of a user's own, its ONNX file changed; its hash is right."""

    def make(change: Change | None = None, **facts: Any) -> Model:
        folder = write("mine", **facts)
        if change is not None:
            path = folder / "mine.onnx"
            graph = onnx.load(path)
            change(graph)
            replace_weights(folder, graph.SerializeToString())
        return load_catalogue([folder])["mine"]

    return make


def replace_weights(folder: Path, data: bytes) -> None:
    path = folder / "mine.onnx"
    toml = folder / "mine.toml"
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(data)
    toml.write_text(toml.read_text().replace(old, hashlib.sha256(data).hexdigest()))


def built(model: Model, precision: Any = "fp16", target: str = "portable", **more: Any) -> tuple[bytes, Any]:
    return build(Order(model, precision, PROXY, RTX, target), **more)


def name_nodes(graph: Any) -> None:
    for i, node in enumerate(graph.graph.node):
        node.name = f"node{i}"
