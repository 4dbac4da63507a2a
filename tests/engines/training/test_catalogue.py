import hashlib
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper

import interneg.engines.catalogue as catalogue
from interneg.engines.models import load_catalogue
from interneg.engines.qualify import LIMITS, compare, golden_of, qualify
from interneg.engines.runtimes import RUNTIMES
from interneg.engines.store import Store
from interneg.engines.training.export import one_scale, write_onnx
from interneg.engines.training.filler import Fill
from interneg.engines.training.limits import limits
from interneg.engines.training.onnx_nets import Compiled
from interneg.engines.training.qdq import inner
from interneg.engines.typed import half, overflowing

FOLDER = Path(catalogue.__file__).parent
CHECKPOINTS = FOLDER.parent / "training" / "checkpoints"
ENTRIES = sorted(FOLDER.glob("denoise-sr-*.toml"))
FILLER = FOLDER / "scratch-inpaint-fill.toml"
EXPORT = (
    "export it again: python -m interneg.engines.training.export, then .quantise (engines/training/README.md)"
)
FOLDER_MOST = 40 * 2**20


def typed(precision: str) -> list[Any]:
    entries = [
        p for p in sorted(FOLDER.glob("*.toml")) if precision in tomllib.loads(p.read_text())["weights"]
    ]
    return [pytest.param(p, id=p.stem) for p in entries]


@pytest.mark.parametrize("path", ENTRIES, ids=lambda p: p.stem)
def test_weights_are_the_ones_described(path: Path) -> None:
    entry = tomllib.loads(path.read_text())
    assert entry["name"] == path.stem
    most = {"lite": 100_000, "standard": 1_500_000, "temporal": 670_000}
    assert entry["parameters"] <= most[entry["variant"]]
    for weights in entry["weights"].values():
        data = (FOLDER / weights["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == weights["sha256"]
        assert len(data) <= 4 * 2**20


def test_the_catalogue_is_small_and_holds_nothing_else() -> None:
    named = {
        w["file"] for p in FOLDER.glob("*.toml") for w in tomllib.loads(p.read_text())["weights"].values()
    }
    assert named == {p.name for p in FOLDER.glob("*.onnx")}, EXPORT
    assert sum(p.stat().st_size for p in FOLDER.iterdir() if p.is_file()) <= FOLDER_MOST


@pytest.mark.parametrize("path", ENTRIES, ids=lambda p: p.stem)
def test_every_entry_has_figures_and_a_card(path: Path) -> None:
    entry = tomllib.loads(path.read_text())
    assert entry["quality"], "measure it: python -m interneg.engines.training.export"
    card = path.with_name(f"denoise-sr-{entry['variant']}.md")
    assert entry["name"] in card.read_text()


@pytest.mark.parametrize("path", ENTRIES, ids=lambda p: p.stem)
def test_exported_again_the_fp32_file_is_the_same(path: Path, tmp_path: Path) -> None:
    entry = tomllib.loads(path.read_text())
    saved = torch.load(CHECKPOINTS / f"{path.stem.removeprefix('denoise-sr-')}.pt", weights_only=True)
    model = one_scale(entry["variant"], saved["average"], entry["scale"])
    write_onnx(model, tmp_path / "again.onnx", len(entry["input"]["channels"]))
    again, kept = onnx.load(tmp_path / "again.onnx").graph, onnx.load(path.with_suffix(".onnx")).graph
    assert [n.op_type for n in again.node] == [n.op_type for n in kept.node], EXPORT
    values = [{c.name: numpy_helper.to_array(c) for c in graph.initializer} for graph in (again, kept)]
    assert values[0].keys() == values[1].keys(), EXPORT
    for name, value in values[0].items():
        np.testing.assert_allclose(value, values[1][name], rtol=1e-6, atol=1e-9, err_msg=EXPORT)


@pytest.mark.parametrize("path", typed("fp16"))
def test_the_fp16_file_is_half_of_the_fp32_one(path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="typed graphs are made with the extra `onnxruntime`")
    weights = path.with_suffix(".onnx").read_bytes()
    keep = overflowing(weights, golden_of(load_catalogue()[path.stem]))
    assert half(weights, keep) == path.with_name(f"{path.stem}-fp16.onnx").read_bytes(), EXPORT


@pytest.mark.parametrize("path", typed("int8"))
def test_the_int8_file_rounds_the_fp32_weights(path: Path) -> None:
    """Without its rounding of activations, which takes calibration data, it is the fp32 net."""
    source = path.with_suffix(".onnx").read_bytes()
    model = onnx.load(path.with_name(f"{path.stem}-int8.onnx"))
    constants = {c.name: c for c in model.graph.initializer}
    convolutions = [n for n in model.graph.node if n.op_type == "Conv"]
    rounded = [n.name for n in convolutions if n.input[1].endswith("/w_dq")]
    assert rounded and set(rounded) <= set(inner(source))
    for name in rounded:
        assert constants[f"{name}/w"].data_type == TensorProto.INT8
        assert (
            constants[f"{name}/step"].data_type
            == constants[f"{name}/w_step"].data_type
            == TensorProto.FLOAT16
        )
        assert not numpy_helper.to_array(constants[f"{name}/zero"]).any()
    direct = {
        f"{name}/dq": next(n.input[0] for n in model.graph.node if n.name == f"{name}/q") for name in rounded
    }
    kept = [n for n in model.graph.node if not n.name.endswith(("/q", "/dq"))]
    for node in kept:
        node.input[:] = [direct.get(tensor, tensor) for tensor in node.input]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    planes = torch.from_numpy(golden_of(load_catalogue()[path.stem]))[None]
    results = [Compiled(w, 1)(planes)[0].numpy() for w in (model.SerializeToString(), source)]
    figures = compare(*results)
    assert figures.psnr > 44 and figures.maximum < 0.08, EXPORT


@pytest.mark.parametrize("path", typed("int8"))
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_the_int8_file_qualifies_on_every_runtime_for_cpus(path: Path, runtime: str) -> None:
    """On CPUs without VNNI too, where OpenVINO's sums saturate."""
    if reason := RUNTIMES[runtime].unavailable():
        pytest.skip(reason)
    model = load_catalogue()[path.stem]
    network = RUNTIMES[runtime].load(model, "int8", None, Store())
    qualify(model, network, "int8")


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_limits_are_no_looser_than_the_default(precision: str) -> None:
    for path in (param.values[0] for param in typed(precision)):
        limit = tomllib.loads(path.read_text())["limits"][precision]
        most = LIMITS[precision]  # type: ignore[index]
        assert all(limit[n] <= getattr(most, n) for n in ("maximum", "p999", "mean", "nans")), path.stem
        assert limit["psnr"] >= most.psnr and limit.keys() == limits("int8", [most]).keys(), path.stem


def test_the_filling_network_is_the_one_described_and_the_one_kept(tmp_path: Path) -> None:
    entry = tomllib.loads(FILLER.read_text())
    assert entry["name"] == FILLER.stem and FILLER.with_suffix(".md").is_file()
    assert entry["parameters"] <= 1_000_000
    assert entry["quality"]["held ssim"] > entry["quality"]["held membrane ssim"] + 0.05
    for weights in entry["weights"].values():
        data = (FOLDER / weights["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == weights["sha256"]
        assert len(data) <= 4 * 2**20
    net = Fill().eval()
    net.load_state_dict(torch.load(CHECKPOINTS / f"{FILLER.stem}.pt", weights_only=True)["average"])
    write_onnx(net, tmp_path / "again.onnx", 4)
    again, kept = (onnx.load(p).graph for p in (tmp_path / "again.onnx", FILLER.with_suffix(".onnx")))
    for a, b in zip(again.initializer, kept.initializer, strict=True):
        np.testing.assert_allclose(numpy_helper.to_array(a), numpy_helper.to_array(b), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime", "torch"])
def test_the_filling_network_qualifies_on_every_runtime_for_cpus(runtime: str) -> None:
    if reason := RUNTIMES[runtime].unavailable():
        pytest.skip(reason)
    model = load_catalogue()[FILLER.stem]
    qualify(model, RUNTIMES[runtime].load(model, "fp32", None, Store()), "fp32")
