"""One build: real ones by TensorRT for RTX, which needs no GPU, and TensorRT's timings by a stand-in."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from interneg.engines import build, gpus
from interneg.engines.build import LIBRARIES, PROFILES, Library, Order
from interneg.engines.gpus import Gpu
from interneg.engines.manifest import EngineKey
from interneg.engines.models import Model, load_catalogue
from interneg.engines.store import Store
from interneg.errors import EngineError, UsageError

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
            replace(folder, graph.SerializeToString())
        return load_catalogue([folder])["mine"]

    return make


def replace(folder: Path, data: bytes) -> None:
    import hashlib

    path = folder / "mine.onnx"
    toml = folder / "mine.toml"
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(data)
    toml.write_text(toml.read_text().replace(old, hashlib.sha256(data).hexdigest()))


def built(model: Model, precision: Any = "fp16", target: str = "portable", **more: Any) -> tuple[bytes, Any]:
    return build.build(Order(model, precision, PROXY, RTX, target), **more)


def name_nodes(graph: Any) -> None:
    for i, node in enumerate(graph.graph.node):
        node.name = f"node{i}"


# Real builds


@needs_rtx
def test_an_engine_of_every_precision_is_made(user: Callable[..., Model]) -> None:
    model = user(int8=True)
    shares: list[float] = []
    blobs = {}
    for precision in ("fp32", "fp16", "int8"):
        blobs[precision], made = built(model, precision, report=shares.append)
        assert blobs[precision][:4] == b"vtrt"
        assert made.islands == () and made.figures is None and made.seconds > 0
    assert len(set(blobs.values())) == 3
    assert shares and min(shares) > 0 and max(shares) == 1


@needs_rtx
def test_layers_that_overflow_in_fp16_are_kept_and_told(user: Callable[..., Model]) -> None:
    def hot(graph: Any) -> None:
        name_nodes(graph)
        for weight in graph.graph.initializer:
            if (factor := {"w1": 1e5, "w3": 1e-5}.get(weight.name)) is not None:
                values = numpy_helper.to_array(weight) * np.float32(factor)
                weight.CopyFrom(numpy_helper.from_array(values, weight.name))

    _, made = built(user(hot))
    assert "node0" in made.islands
    assert built(user())[1].islands == ()


@needs_rtx
def test_a_graph_is_converted_once_for_all_targets(
    user: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = user()
    build._half.cache_clear()
    calls: list[int] = []
    half = build.typed.half
    monkeypatch.setattr(build.typed, "half", lambda *a: (calls.append(1), half(*a))[1])
    assert built(model, target="sm80")[0] != built(model, target="sm75")[0]
    assert len(calls) == 1


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
    replace(folder, content)
    with pytest.raises(EngineError, match=says):
        built(load_catalogue([folder])["mine"], precision)


@needs_rtx
def test_a_file_that_is_not_the_catalogues_is_not_built(user: Callable[..., Model]) -> None:
    model = user()
    path = Path(model.weights["fp32"].file)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(EngineError, match=r"mine\.onnx is not the file that the catalogue entry mine"):
        built(model)


@needs_rtx
def test_a_model_that_cannot_be_typed_is_named(
    user: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> bytes:
        raise RuntimeError("shapes\n  disagree")

    build._half.cache_clear()
    monkeypatch.setattr(build.typed, "half", fail)
    with pytest.raises(EngineError, match=r"mine\.onnx .*no fp16 graph .*shapes disagree; build fp32"):
        built(user())


@needs_rtx
def test_a_workspace_too_small_is_told(user: Callable[..., Model]) -> None:
    order = Order(user(), "fp32", PROXY, RTX, "portable", workspace=1)
    with pytest.raises(EngineError, match="larger --workspace"):
        build.build(order)


def test_int8_needs_weights(user: Callable[..., Model]) -> None:
    with pytest.raises(EngineError, match="mine has no int8 weights: build fp16"):
        built(user(), "int8")


# Orders and targets


def test_orders_are_all_combinations_but_int8_without_weights(write: Write) -> None:
    write("with", int8=True)
    found = load_catalogue([write("without")])
    models = [found["with"], found["without"]]
    profiles = [PROXY, PROFILES["hd"]]
    orders = list(build.orders(models, ["fp16", "int8"], profiles, RTX, ["portable", "sm89"]))
    assert len(orders) == len({o.key.stem for o in orders}) == 8 + 4
    assert build.lacking(models, ["fp16", "int8"]) == ["without"]
    assert build.lacking(models, ["fp16"]) == []


def test_version_compatible_engines_are_tensorrts(user: Callable[..., Model]) -> None:
    model = user()
    with pytest.raises(UsageError, match="no version-compatible engines"):
        list(build.orders([model], ["fp16"], [PROXY], RTX, ["portable"], version_compatible=True))
    (order,) = build.orders([model], ["fp16"], [PROXY], FULL, ["sm89 L4"], version_compatible=True)
    assert order.key.options == "version-compatible" and "." not in order.key.version


def test_profiles_hold_the_models_border(user: Callable[..., Model]) -> None:
    assert str(build.shapes(user(), PROXY)) == "7x7 546x966 546x966"


@pytest.mark.parametrize(
    ("gpu", "target"),
    [
        (Gpu("L4", (8, 9)), "sm89"),
        (Gpu("H100", (9, 0)), "portable"),
        (Gpu("T4", (7, 5)), "sm75"),
    ],
)
def test_what_is_built_for_a_gpu_also_runs_there(gpu: Gpu, target: str) -> None:
    assert build.target_of(RTX, gpu) == target
    assert target in build.targets_for(RTX, gpu)
    assert bool(build.target_note(RTX, gpu)) == (target != gpu.target)
    assert build.target_of(FULL, gpu) == f"{gpu.target} {gpus.short(gpu.name)}"


@pytest.mark.parametrize("target", ["sm89", "SM89", "Portable"])
def test_targets_are_known_in_any_case(target: str) -> None:
    assert build.check_target(RTX, target) == target.casefold()


def test_a_gpu_too_old_has_no_target() -> None:
    with pytest.raises(UsageError, match="builds for no GPU like V100"):
        build.target_of(RTX, Gpu("V100", (7, 0)))


@pytest.mark.parametrize(
    ("library", "target", "says"),
    [
        (RTX, "sm90", r"does not list sm90 \(H100, H200, GH200, H20\): build 'portable'"),
        (RTX, "portabel", "did you mean 'portable'"),
        (RTX, "xyz", "there are current, portable, sm75"),
        (FULL, "sm89", "the target is 'current'"),
    ],
)
def test_a_target_that_there_is_not_is_refused(library: Library, target: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        build.check_target(library, target)


def test_a_library_that_is_missing_says_what_to_install() -> None:
    library = Library("x", "no_such_module", "interneg[x]", ())
    assert library.version() == "unknown"
    with pytest.raises(EngineError, match=r"pip install 'interneg\[x\]'"):
        library.load()


# TensorRT keeps the timings of kernels


class Cache:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def serialize(self) -> bytes:
        return self.content


def stand_in() -> Any:
    """As much of TensorRT 11 as a build asks for. `given`: the timings that the builds began with."""
    trt: Any = types.ModuleType("stand_in_trt")
    trt.__spec__ = ModuleSpec("stand_in_trt", None)
    trt.given = []

    class Tensor:
        def __init__(self, name: str, channels: int) -> None:
            self.name, self.shape = name, (-1, channels, -1, -1)

    class Network:
        num_inputs = num_outputs = 1
        get_input = staticmethod(lambda i: Tensor("planes", 6))
        get_output = staticmethod(lambda i: Tensor("correction", 3))

    class Config:
        cache: Any = None
        flags = frozenset({"TF32"})

        def clear_flag(self, flag: str) -> None:
            self.flags = self.flags - {flag}

        def set_flag(self, flag: str) -> None:
            self.flags = self.flags | {flag}

        add_optimization_profile = staticmethod(lambda profile: 0)
        create_timing_cache = staticmethod(Cache)

        def set_timing_cache(self, cache: Cache, ignore_mismatch: bool) -> bool:
            if cache.content == b"another GPU":
                return False
            self.cache = cache
            return True

        def get_timing_cache(self) -> Cache:
            return Cache(self.cache.content + b"+")

    class Builder:
        def __init__(self, logger: Any) -> None:
            pass

        create_network = staticmethod(lambda flags: Network())
        create_builder_config = staticmethod(Config)
        create_optimization_profile = staticmethod(
            lambda: types.SimpleNamespace(set_shape=lambda *shapes: None)
        )

        def build_serialized_network(self, network: Network, config: Config) -> bytes:
            trt.given.append(config.cache and config.cache.content)
            trt.flags = config.flags
            return b"engine"

    trt.ILogger = type("ILogger", (), {"ERROR": 1, "INTERNAL_ERROR": 0})
    trt.IProgressMonitor = type("IProgressMonitor", (), {})
    trt.BuilderFlag = types.SimpleNamespace(TF32="TF32", REQUIRE_USER_ALLOCATION="no memory of its own")
    trt.NetworkDefinitionCreationFlag = type("Flags", (), {})
    trt.OnnxParser = lambda network, logger: types.SimpleNamespace(parse=lambda data: True)
    trt.Builder = Builder
    return trt


@pytest.fixture
def trt(monkeypatch: pytest.MonkeyPatch) -> Any:
    module = stand_in()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_fp32_is_fp32_and_no_memory_is_taken_behind_our_back(trt: Any, user: Callable[..., Model]) -> None:
    build.build(Order(user(), "fp32", PROXY, Library("tensorrt", trt.__name__, "x", ()), "sm89 A"))
    assert trt.flags == {"no memory of its own"}


def test_timings_serve_the_next_model_on_the_same_kind_of_gpu(
    trt: Any, user: Callable[..., Model], store: Store
) -> None:
    library = Library("tensorrt", trt.__name__, "x", ())
    for profile, target in (("proxy", "sm89 A"), ("hd", "sm89 A"), ("hd", "sm86 B")):
        order = Order(user(), "fp32", PROFILES[profile], library, target)
        assert build.build(order, store=store)[0] == b"engine"
    assert trt.given == [b"", b"+", b""]


def test_timings_of_another_gpu_or_driver_are_taken_anew(
    trt: Any, user: Callable[..., Model], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = Order(user(), "fp32", PROXY, Library("tensorrt", trt.__name__, "x", ()), "sm89 A")
    kept: list[tuple[EngineKey, bytes]] = []
    monkeypatch.setattr(store, "read_cache", lambda key, gpu: b"another GPU")
    monkeypatch.setattr(store, "write_cache", lambda key, gpu, data: kept.append((key, data)))
    build.build(order, store=store)
    assert trt.given == [b""]
    assert [data for _, data in kept] == [b"+"]


def test_the_library_for_rtx_times_nothing(trt: Any, user: Callable[..., Model], store: Store) -> None:
    library = Library("tensorrt-rtx", trt.__name__, "x", ("portable",))
    build.build(Order(user(), "fp32", PROXY, library, "portable"), store=store)
    assert trt.given == [None]
    assert store.entries() == []
