"""A model of 300 MB whose weights lie in a file beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from interneg.engines.importing.importer import import_model
from interneg.engines.importing.wishes import Wishes
from interneg.engines.models import read_entry
from interneg.engines.network_engine import NetworkEngine
from interneg.engines.source import Engines


def stored(folder: Path) -> Path:
    """A small convolution, and a table of 75 million numbers, of which one is added times 0."""
    table = np.random.default_rng(1).standard_normal(75_000_000, np.float32)
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    for plane in range(3):
        kernel[plane, plane] = -0.05
        kernel[plane, plane, 1, 1] = 1.4
    values = {"table": table, "at": np.array(7), "none": np.float32(0), "kernel": kernel}
    nodes = [
        helper.make_node("Gather", ["table", "at"], ["one"]),
        helper.make_node("Mul", ["one", "none"], ["nought"]),
        helper.make_node("Conv", ["in", "kernel"], ["sharp"], pads=[1] * 4),
        helper.make_node("Add", ["sharp", "nought"], ["out"]),
    ]
    shape = [1, 3, "h", "w"]
    ends = [[helper.make_tensor_value_info(n, TensorProto.FLOAT, shape)] for n in ("in", "out")]
    graph = helper.make_graph(
        nodes, "large", *ends, [numpy_helper.from_array(v, n) for n, v in values.items()]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save_model(model, folder / "large.onnx", save_as_external_data=True, location="large.data")
    return folder / "large.onnx"


@pytest.mark.slow
def test_300_mb_with_external_data_are_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERNEG_ENGINES", str(tmp_path / "engines"))
    path = stored(tmp_path)
    assert (tmp_path / "large.data").stat().st_size >= 300e6 and path.stat().st_size < 1e6
    done = import_model(path, Wishes(layout="rgb"), tmp_path / "models")
    assert done.entry.with_suffix(".onnx").stat().st_size > 300e6
    model = read_entry(done.entry)
    engine = Engines("onnxruntime", "fp32", models={model.name: model}).open(model.name)
    assert isinstance(engine, NetworkEngine)
    made = engine.run(np.full((3, 40, 40), 0.5, np.float32))
    np.testing.assert_allclose(made[:, 8:-8, 8:-8], 0.5, atol=1e-5)
