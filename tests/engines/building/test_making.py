"""One build: real ones by TensorRT for RTX, which needs no GPU, and TensorRT's timings by a stand-in."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import numpy_helper

from interneg.engines import typed
from interneg.engines.building import making
from interneg.engines.building.libraries import Library
from interneg.engines.building.making import build
from interneg.engines.building.orders import Order
from interneg.engines.building.profiles import PROFILES
from interneg.engines.manifest import EngineKey
from interneg.engines.models import Model
from interneg.engines.store import Store
from interneg.errors import EngineError
from tests.engines.building.conftest import PROXY, RTX, built, name_nodes, needs_rtx

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
    making._half.cache_clear()
    calls: list[int] = []
    half = typed.half
    monkeypatch.setattr(typed, "half", lambda *a: (calls.append(1), half(*a))[1])
    assert built(model, target="sm80")[0] != built(model, target="sm75")[0]
    assert len(calls) == 1


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

    making._half.cache_clear()
    monkeypatch.setattr(typed, "half", fail)
    with pytest.raises(EngineError, match=r"mine\.onnx .*no fp16 graph .*shapes disagree; build fp32"):
        built(user())


@needs_rtx
def test_a_workspace_too_small_is_told(user: Callable[..., Model]) -> None:
    order = Order(user(), "fp32", PROXY, RTX, "portable", workspace=1)
    with pytest.raises(EngineError, match="larger --workspace"):
        build(order)


def test_int8_needs_weights(user: Callable[..., Model]) -> None:
    with pytest.raises(EngineError, match="mine has no int8 weights: build fp16"):
        built(user(), "int8")


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
    build(Order(user(), "fp32", PROXY, Library("tensorrt", trt.__name__, "x", ()), "sm89 A"))
    assert trt.flags == {"no memory of its own"}


def test_timings_serve_the_next_model_on_the_same_kind_of_gpu(
    trt: Any, user: Callable[..., Model], store: Store
) -> None:
    library = Library("tensorrt", trt.__name__, "x", ())
    for profile, target in (("proxy", "sm89 A"), ("hd", "sm89 A"), ("hd", "sm86 B")):
        order = Order(user(), "fp32", PROFILES[profile], library, target)
        assert build(order, store=store)[0] == b"engine"
    assert trt.given == [b"", b"+", b""]


def test_timings_of_another_gpu_or_driver_are_taken_anew(
    trt: Any, user: Callable[..., Model], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = Order(user(), "fp32", PROXY, Library("tensorrt", trt.__name__, "x", ()), "sm89 A")
    kept: list[tuple[EngineKey, bytes]] = []
    monkeypatch.setattr(store, "read_cache", lambda key, gpu: b"another GPU")
    monkeypatch.setattr(store, "write_cache", lambda key, gpu, data: kept.append((key, data)))
    build(order, store=store)
    assert trt.given == [b""]
    assert [data for _, data in kept] == [b"+"]


def test_the_library_for_rtx_times_nothing(trt: Any, user: Callable[..., Model], store: Store) -> None:
    library = Library("tensorrt-rtx", trt.__name__, "x", ("portable",))
    build(Order(user(), "fp32", PROXY, library, "portable"), store=store)
    assert trt.given == [None]
    assert store.entries() == []
