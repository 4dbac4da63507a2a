"""Which engine is taken, and whether the runtime is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

import pytest

from interneg.engines import gpus
from interneg.engines.building.libraries import Library
from interneg.engines.building.orders import Order
from interneg.engines.building.profiles import PROFILES
from interneg.engines.models import Model
from interneg.engines.network_engine import NetworkEngine
from interneg.engines.runtimes import RUNTIMES
from interneg.engines.runtimes.tensorrt.driver import gpu_is_listed
from interneg.engines.runtimes.tensorrt.network import TensorRtNetwork
from interneg.engines.runtimes.tensorrt.runtime import TensorRt
from interneg.engines.store import Store, StoredEngine
from interneg.errors import EngineError
from tests.engines.conftest import Planes, Write
from tests.engines.runtimes.fake_gpu import FakeGpu
from tests.engines.runtimes.tensorrt.conftest import BOTH, PLAIN, RTX, Source, target

# Which engine


@BOTH
def test_the_largest_profile_that_fits_is_taken(
    gpu: FakeGpu, models: Mapping[str, Model], store: Store, source: Source, library: Library
) -> None:
    gpu.put(store, models["tiny"], library, target(gpu, library), profile="hd")
    gpu.total = 2**30
    assert source(library).open("tiny")._network.most == (1086, 1926)
    gpu.total = 2**28
    assert source(library).open("tiny")._network.most == (546, 966)


def test_the_gpus_own_engine_comes_before_a_portable_one(
    gpu: FakeGpu, models: Mapping[str, Model], store: Store, source: Source
) -> None:
    gpu.put(store, models["tiny"], RTX, "portable", profile="hd")
    assert target_of(source(filled=False).open("tiny")) == "portable"
    gpu.put(store, models["tiny"], RTX, "sm89")
    assert target_of(source(filled=False).open("tiny")) == "sm89"


def test_a_version_compatible_engine_is_taken(
    gpu: FakeGpu, models: Mapping[str, Model], store: Store, source: Source, planes: Planes
) -> None:
    gpu.put(store, models["tiny"], PLAIN, target(gpu, PLAIN), compatible=True)
    source(PLAIN, filled=False).open("tiny").run(planes(20, 20))


NONE = (
    r"no tensorrt-rtx .* engine of tiny in fp32 for Fake RTX \(sm\d+\).*; build it: build_engines\.py --run"
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda gpu, patch: setattr(gpu, "capability", (8, 6)), "is for GPU sm89"),
        (
            lambda gpu, patch: patch.setattr(Library, "version", lambda library: "1.8.0"),
            r"is for version 1\.7\.1\.116",
        ),
        (
            lambda gpu, patch: patch.setattr("platform.system", lambda: "Windows"),
            "is for system Linux",
        ),
    ],
    ids=["gpu", "version", "system"],
)
def test_an_engine_for_something_else_is_named(
    gpu: FakeGpu,
    models: Mapping[str, Model],
    store: Store,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[..., object],
    words: str,
) -> None:
    gpu.put(store, models["tiny"], RTX, "sm89")
    change(gpu, monkeypatch)
    with pytest.raises(EngineError, match=f"{NONE}.*{words}") as caught:
        source(filled=False).open("tiny")
    assert caught.value.exit_code == 5


def test_an_engine_of_other_weights_is_named(
    gpu: FakeGpu, models: Mapping[str, Model], store: Store, source: Source, write: Write
) -> None:
    gpu.put(store, models["tiny"], RTX, "sm89")
    write("tiny", last="Neg")
    with pytest.raises(
        EngineError, match=f"{NONE}.*is from other weights {models['tiny'].file('fp32').sha256[:12]}"
    ):
        source(filled=False).open("tiny")


def damage(found: StoredEngine, how: str) -> None:
    path = found.path.parent / found.manifest.file
    data = path.read_bytes()
    path.write_bytes(data[:-5] if how == "truncated" else data[:-5] + b"xxxxx")


@BOTH
@pytest.mark.parametrize(("how", "words"), [("truncated", "bytes, not"), ("tampered", "has the SHA-256")])
def test_a_damaged_engine_is_never_loaded(
    gpu: FakeGpu,
    models: Mapping[str, Model],
    store: Store,
    source: Source,
    library: Library,
    how: str,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    damage(gpu.put(store, models["tiny"], library, target(gpu, library)), how)
    with pytest.raises(EngineError, match=rf"{words}.*Build it again: build_engines\.py --models tiny"):
        source(library, filled=False).open("tiny")
    gpu.put(store, models["tiny"], library, target(gpu, library))
    damage(gpu.put(store, models["tiny"], library, target(gpu, library), profile="hd"), how)
    assert source(library, filled=False).open("tiny")._network.most == (546, 966)
    assert words in caplog.text and "--profiles hd" in caplog.text


def test_an_engine_that_does_not_run_here_is_named(
    gpu: FakeGpu, models: Mapping[str, Model], store: Store, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    gpu.validity = "INVALID"
    with pytest.raises(
        EngineError, match=r"does not run on Fake RTX \(diagnostics 4\).*Build it again: build_"
    ):
        source().open("tiny")
    gpu.validity = "SUBOPTIMAL"
    source().open("tiny")
    assert "runs on Fake RTX slower than one built for it would" in caplog.text


@BOTH
def test_an_engine_that_is_none_is_named(
    gpu: FakeGpu,
    models: Mapping[str, Model],
    store: Store,
    source: Source,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.engines.runtimes.fake_gpu.blob", lambda *arguments: b"nonsense")
    with pytest.raises(EngineError, match=r"cannot be loaded on Fake RTX: Serialization .*Build it again"):
        source(library).open("tiny")


# Which runtime


def test_a_driver_too_old_is_named(gpu: FakeGpu, source: Source) -> None:
    gpu.supported = 12040
    with pytest.raises(EngineError, match=r"driver supports CUDA 12, .* made for CUDA 13: update the driver"):
        source().open("tiny")


def test_pycuda_that_cannot_be_loaded_is_named(
    gpu: FakeGpu, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise EngineError("pycuda is installed but cannot be loaded: undefined symbol")

    monkeypatch.setattr("interneg.engines.runtimes.tensorrt.driver.load_pycuda", refuse)
    assert "not tensorrt: pycuda is installed" in source(runtime="auto").describe("tiny")
    monkeypatch.undo()


@BOTH
def test_auto_takes_the_gpu(source: Source, library: Library) -> None:
    text = source(library, runtime="auto", precision="auto").describe("tiny")
    assert f"tiny runs on {library.name}" in text and "on Fake RTX (sm89, driver" in text


def test_auto_says_why_it_does_not_take_the_gpu(source: Source) -> None:
    text = source(filled=False, runtime="auto", precision="auto").describe("tiny")
    assert "tiny runs on openvino" in text
    assert "not tensorrt-rtx: no tensorrt-rtx 1.7.1.116 engine of tiny in f" in text


def test_an_engine_of_another_precision_is_offered(
    gpu: FakeGpu, models: Mapping[str, Model], store: Store, source: Source
) -> None:
    gpu.put(store, models["tiny"], RTX, "sm89", "fp16")
    with pytest.raises(EngineError, match="there is one in fp16, which --precision fp16 takes"):
        source(filled=False).open("tiny")


def target_of(engine: NetworkEngine) -> str:
    assert isinstance(engine._network, TensorRtNetwork)
    return engine._network._key.target


@pytest.fixture
def unasked() -> Iterator[None]:
    gpu_is_listed.cache_clear()
    yield
    gpu_is_listed.cache_clear()


def test_where_the_driver_is_only_half_there_that_is_said(
    gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch, unasked: None
) -> None:
    monkeypatch.setattr("interneg.engines.runtimes.tensorrt.driver.has_driver", lambda: False)
    monkeypatch.setattr(gpus, "here", lambda: [gpus.Gpu("NVIDIA L4", (8, 9))])
    assert "nvidia-smi lists NVIDIA L4" in str(RUNTIMES["tensorrt-rtx"].unavailable())
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in str(RUNTIMES["tensorrt-rtx"].unavailable())


@pytest.mark.parametrize("why", ["driver", "device"])
def test_a_gpu_of_no_use_does_not_stop_builds_for_others(
    gpu: FakeGpu, models: Mapping[str, Model], store: Store, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    def none() -> None:
        raise gpu.cuda.LogicError("cuInit failed: no CUDA-capable device is detected")

    if why == "driver":
        gpu.supported = 12040
    else:
        monkeypatch.setattr(gpu.cuda, "init", none)
        monkeypatch.setattr(gpus, "without_device", lambda: True)
    order = Order(models["tiny"], "fp32", PROFILES["proxy"], RTX, "sm89")
    runtime = RUNTIMES["tensorrt-rtx"]
    assert isinstance(runtime, TensorRt) and runtime.prove(order, b"engine", store) is None


def test_nothing_is_said_about_tensorrt_without_a_gpu(
    gpu: FakeGpu,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    unasked: None,
) -> None:
    with caplog.at_level(logging.DEBUG, "interneg.engines"):
        monkeypatch.setattr("interneg.engines.runtimes.tensorrt.driver.has_driver", lambda: False)
        assert "ensor" not in source(filled=False, runtime="auto").describe("tiny")
        monkeypatch.setattr("interneg.engines.runtimes.tensorrt.driver.has_driver", lambda: True)

        def none() -> None:
            raise gpu.cuda.LogicError("cuInit failed: no CUDA-capable device is detected")

        monkeypatch.setattr(gpu.cuda, "init", none)
        monkeypatch.setattr(gpus, "without_device", lambda: True)
        assert "ensor" not in source(filled=False, runtime="auto").describe("tiny")
    assert "ensor" not in caplog.text
    with pytest.raises(EngineError, match="there is no NVIDIA GPU"):
        runtime = RUNTIMES["tensorrt"]
        assert isinstance(runtime, TensorRt)
        runtime.gpu()
