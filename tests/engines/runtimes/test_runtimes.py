from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from interneg.engines import qualify, speeds
from interneg.engines.cpu_core import core
from interneg.engines.models import PRECISIONS, Precision, load_catalogue
from interneg.engines.runtimes import RUNTIMES
from interneg.engines.runtimes import openvino as openvino_runtime
from interneg.engines.runtimes.base import Runtime
from interneg.engines.source import Engines
from interneg.engines.store import Store
from interneg.engines.tiles import padded
from interneg.errors import EngineError, InputError
from tests.engines.conftest import Planes, Write

BUILT_IN = load_catalogue()
PICTURES = [name for name, model in BUILT_IN.items() if "Y" in model.output.channels]
"""The models that make a picture; the others make maps, which show no gradient."""


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES.keys())
def test_a_runtime_accounts_for_itself(runtime: Runtime) -> None:
    if runtime.unavailable():
        pytest.skip(str(runtime.unavailable()))
    assert set(runtime.precisions()) == set(PRECISIONS)
    assert runtime.precisions()["fp32"] == ""
    assert runtime.version()[0].isdigit()
    assert runtime.device()


def test_asking_whether_a_runtime_is_there_imports_none() -> None:
    code = (
        "import sys; from interneg.engines.runtimes import RUNTIMES\n"
        "[r.unavailable() for r in RUNTIMES.values()]\n"
        "print([m for m in ('openvino', 'onnxruntime', 'torch', 'onnx', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_runtime_that_is_not_installed_says_what_to_install(
    engines: Callable[..., Engines], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert RUNTIMES["torch"].unavailable() == "torch and onnx not installed: pip install 'interneg[train]'"
    with pytest.raises(EngineError, match=r"no runtime .* tiny: onnxruntime: onnxruntime not installed: pip"):
        engines(runtime="onnxruntime").open("tiny")


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES.keys())
def test_weights_that_are_no_network_are_refused(write: Write, runtime: Runtime) -> None:
    if runtime.unavailable():
        pytest.skip(str(runtime.unavailable()))
    model = load_catalogue([write("tiny")])["tiny"]
    with pytest.raises(EngineError, match=r"tiny\.onnx"):
        runtime._load(model, b"\x08nonsense", "fp32", None, Store())


def test_torch_names_an_operator_that_it_does_not_know(write: Write, store: Store) -> None:
    if RUNTIMES["torch"].unavailable():
        pytest.skip("torch is not installed")
    folder = write("tiny", last="Tanh")
    with pytest.raises(EngineError, match="does not know the operators Tanh of tiny; it knows Add"):
        Engines(runtime="torch", folders=[folder], store=store).open("tiny")


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_int8_runs_its_own_weights(write: Write, store: Store, planes: Planes, runtime: str) -> None:
    if RUNTIMES[runtime].unavailable():
        pytest.skip(str(RUNTIMES[runtime].unavailable()))
    folder, picture = write("tiny", int8=True), planes(40, 52)

    def run(precision: str) -> np.ndarray:
        return Engines(runtime, precision, folders=[folder], store=store).open("tiny").run(picture)

    exact, coarse = run("fp32"), run("int8")
    assert 1e-4 < np.abs(coarse - exact).max() < 0.05
    np.testing.assert_array_equal(run("int8"), coarse)


@pytest.mark.parametrize(
    ("capabilities", "vnni", "int8", "precision", "candidates"),
    [
        (("FP32", "BF16", "INT8"), True, True, "bf16", ("fp32", "bf16", "int8")),
        (("FP32", "BF16", "INT8"), True, False, "bf16", ("fp32", "bf16")),
        (("FP32", "INT8"), True, True, "fp32", ("fp32", "int8")),
        (("FP32", "INT8"), True, False, "fp32", ()),
        (("FP32", "INT8"), False, True, "fp32", ()),
    ],
)
def test_openvino_knows_what_could_win(
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    capabilities: tuple[str, ...],
    vnni: bool,
    int8: bool,
    precision: str,
    candidates: tuple[str, ...],
) -> None:
    monkeypatch.setattr(openvino_runtime, "_capabilities", lambda: capabilities)
    monkeypatch.setattr(openvino_runtime, "_vnni", lambda: vnni)
    model = load_catalogue([write("tiny", int8=int8)])["tiny"]
    runtime = RUNTIMES["openvino"]
    assert runtime.candidates(model) == candidates
    assert runtime.choose(model).precision == precision
    if "BF16" not in capabilities:
        assert "neither AVX-512 BF16 nor AMX" in runtime.choose(model).reason
        with pytest.raises(EngineError, match="cannot run tiny in bf16: this CPU has neither"):
            runtime.load(model, "bf16", None, Store())


@pytest.mark.parametrize(("has_bf16", "build"), [(True, "beside bf16"), (False, "")])
def test_int8_says_what_the_rest_computes_in(
    write: Write, monkeypatch: pytest.MonkeyPatch, has_bf16: bool, build: str
) -> None:
    found = ("FP32", "BF16", "INT8") if has_bf16 else ("FP32", "INT8")
    monkeypatch.setattr(openvino_runtime, "_capabilities", lambda: found)
    model = load_catalogue([write("tiny", int8=True)])["tiny"]
    assert RUNTIMES["openvino"].load(model, "int8", None, Store()).build == build


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("name", BUILT_IN)
def test_first_and_last_layers_and_sums_stay_in_fp32_but_no_bias(
    name: str, precision: Precision, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx", reason="the graph is read with the extra `train`")
    openvino = pytest.importorskip("openvino")
    if precision not in BUILT_IN[name].weights:
        pytest.skip(f"{name} has no {precision} weights")
    weights = BUILT_IN[name].read(precision)
    graph = onnx.load_from_string(weights).graph
    convolutions = [node.name for node in graph.node if node.op_type == "Conv"]
    constants = {c.name for c in graph.initializer}
    constants |= {node.output[0] for node in graph.node if node.op_type == "Constant"}
    sums = {n.name for n in graph.node if n.op_type == "Add" and not constants & set(n.input)}
    path = tmp_path / "model.xml"
    openvino.save_model(core().read_model(weights), path, compress_to_fp16=False)
    kept = [layer.get("name") for layer in openvino_runtime._kept_in_fp32(ElementTree.parse(path))]
    ends = {f"{convolutions[0]}/WithoutBiases", f"{convolutions[-1]}/WithoutBiases"}
    assert sums and set(kept) == ends | sums and len(kept) == len(ends | sums)


def test_a_network_takes_multiples_only(write: Write, planes: Planes) -> None:
    model = load_catalogue([write("tiny", multiple=2)])["tiny"]
    network = RUNTIMES["openvino"].load(model, "fp32", None, Store())
    with pytest.raises(InputError, match="multiples of 2, not 7x5 pixels"):
        network.infer(planes(5, 7), np.empty((3, 5, 7), np.float32))


def _seen(planes: np.ndarray, name: str) -> np.ndarray:
    """Planes of 0..1 in the ranges that the catalogue states."""
    for plane, channel in zip(planes, BUILT_IN[name].input.channels, strict=True):
        if "sigma" in channel:
            plane *= 0.1
        elif "C" in channel:
            plane -= 0.5
    return planes


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_catalogue_gives_the_same_in_every_runtime_and_precision(
    name: str, planes: Planes, store: Store
) -> None:
    picture = _seen(planes(70, 90, channels=len(BUILT_IN[name].input.channels)), name)
    exact = Engines("openvino", "fp32", store=store).open(name).run(picture)
    for runtime in RUNTIMES.values():
        if runtime.unavailable():
            continue
        for precision, reason in runtime.precisions().items():
            if reason or (precision == "int8" and "int8" not in BUILT_IN[name].weights):
                continue
            result = Engines(runtime.name, precision, store=store).open(name).run(picture)
            error = np.abs(result - exact)
            assert np.isfinite(result).all()
            assert error.max() < {"fp32": 2e-5, "bf16": 0.05, "fp16": 0.02, "int8": 0.2}[precision]
            assert error.mean() < {"fp32": 1e-6, "bf16": 0.002, "fp16": 0.001, "int8": 0.01}[precision]


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_catalogues_halos_are_wide_enough(name: str, planes: Planes, store: Store) -> None:
    model = BUILT_IN[name]
    side = 2 * model.halo + 64
    pixels = max(30_000, side**2)
    picture = planes(max(180, side + 60), max(200, side + 80), channels=len(model.input.channels))
    whole = Engines("openvino", "fp32", store=store).open(name).run(picture)
    engine = Engines("openvino", "fp32", store=store).open(name)
    engine._tile_pixels = pixels
    tiles = engine._plan(padded(picture, model.halo, model.multiple)[0], pixels)
    assert tiles is not None
    assert len(tiles) > 1
    np.testing.assert_allclose(engine.run(picture), whole, atol=1e-5)


def _ramp(sigma: float, channels: Sequence[str] = ("Y",)) -> np.ndarray:
    """A clean ramp from black to white in every frame, told of noise of this deviation."""
    ramp = np.zeros((len(channels), 48, 1024), np.float32)
    for plane, channel in zip(ramp, channels, strict=True):
        if "sigma" in channel:
            plane[:] = sigma
        elif "Y" in channel and "apart" not in channel:
            plane[:] = np.linspace(0, 1, 1024)
    return ramp


def _bands_nothing(exact: np.ndarray, coarse: np.ndarray) -> None:
    """Half a 10-bit code at most, and no step back on the ramp."""
    scale = exact.shape[1] // 48
    inner = slice(16 * scale, -16 * scale)
    assert np.abs(coarse - exact)[0, inner, inner].max() < 0.5 / 1023
    if scale == 1:
        assert (np.diff((_ramp(0)[:1] + coarse[:1])[0, 24, 16:-16]) > 0).all()


@pytest.mark.skipif(
    bool(RUNTIMES["openvino"].precisions()["bf16"]),
    reason="this CPU does not compute in bf16: see the next test",
)
@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("sigma", [0.01, 0.03])
def test_bf16_bands_no_gradient(name: str, sigma: float, store: Store) -> None:
    _bands_nothing(
        *(
            Engines("openvino", p, store=store).open(name).run(_ramp(sigma, BUILT_IN[name].input.channels))
            for p in ("fp32", "bf16")
        )
    )


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("sigma", [0.01, 0.03])
def test_bf16_as_torch_emulates_it_bands_no_gradient(name: str, sigma: float, store: Store) -> None:
    torch = pytest.importorskip("torch", reason="bf16 is emulated with the extra `train`")
    nets = pytest.importorskip("interneg.engines.training.onnx_nets", reason="needs the extra `train`")
    planes = _ramp(sigma, BUILT_IN[name].input.channels)
    exact = Engines("openvino", "fp32", store=store).open(name).run(planes)
    coarse = nets.Bfloat16(BUILT_IN[name].read("fp32"))(torch.from_numpy(planes)[None])[0].numpy()
    assert np.abs(coarse - exact).max() > 1e-5, "nothing was rounded"
    _bands_nothing(exact, coarse)


WITH_INT8 = [name for name, model in BUILT_IN.items() if "int8" in model.weights]


@pytest.mark.parametrize("name", WITH_INT8)
def test_int8_beside_bf16_as_torch_emulates_it_qualifies(name: str) -> None:
    torch = pytest.importorskip("torch", reason="bf16 is emulated with the extra `train`")
    nets = pytest.importorskip("interneg.engines.training.onnx_nets", reason="needs the extra `train`")
    model = BUILT_IN[name]
    _, expected = qualify.reference(model)
    net = nets.Bfloat16(model.read("int8"))
    assert net.quantised and not net.quantised & net.rounded
    result = net(torch.from_numpy(qualify.golden_of(model))[None])[0].numpy()
    figures = qualify.compare(result, expected)
    assert not qualify.failures(figures, model.limits.get("int8", qualify.LIMITS["int8"]))
    if not RUNTIMES["openvino"].precisions()["bf16"]:
        network, out = RUNTIMES["openvino"].load(model, "int8", None, Store()), np.empty_like(expected)
        network.infer(qualify.golden_of(model), out)
        real = qualify.compare(out, expected)
        assert (real.mean, real.psnr) == pytest.approx((figures.mean, figures.psnr), rel=0.1)


@pytest.mark.parametrize("name", WITH_INT8)
def test_bf16_beside_int8_takes_nothing_more_from_a_gradient(name: str, store: Store) -> None:
    torch = pytest.importorskip("torch", reason="bf16 is emulated with the extra `train`")
    nets = pytest.importorskip("interneg.engines.training.onnx_nets", reason="needs the extra `train`")
    planes, model = speeds.ramp(BUILT_IN[name].input.channels), BUILT_IN[name]
    exact = Engines("openvino", "fp32", store=store).open(name).network
    expected = np.empty(exact.output_shape(*planes.shape[1:]), np.float32)
    exact.infer(planes, expected)
    weights = model.read("int8")
    off = []
    for net in (nets.Exact(weights, model.multiple), nets.Bfloat16(weights)):
        error = np.abs(net(torch.from_numpy(planes)[None])[0].numpy() - expected)[0]
        border = 16 * model.scale
        off.append(error[border:-border, border:-border])
    assert off[1].mean() < 1.25 * off[0].mean() + 1e-5
    assert off[1].max() < 1.5 * off[0].max()
