from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_gpu import PER_PIXEL, FakeGpu, RuntimeCache

from interneg.engines import gpus
from interneg.engines.build import LIBRARIES, PROFILES, Library, Order
from interneg.engines.models import load_catalogue
from interneg.engines.runtimes import RUNTIMES
from interneg.engines.runtimes.tensorrt import TensorRt, _no_driver
from interneg.engines.source import Engines, NetworkEngine
from interneg.errors import EngineError, GpuMemoryError, HostMemoryError

PLAIN, RTX = LIBRARIES["tensorrt"], LIBRARIES["tensorrt-rtx"]
BOTH = pytest.mark.parametrize("library", [PLAIN, RTX], ids=lambda library: library.name)
Opened = Callable[..., NetworkEngine]


def target(gpu: FakeGpu, library: Library) -> str:
    return "sm89" if library.targets else f"sm89 {gpus.short(gpu.name)}"


@pytest.fixture
def models(write):
    write("tiny")
    return load_catalogue([write("tiny-x2", scale=2)])


@pytest.fixture
def source(gpu, models, store, tmp_path: Path):
    """source(library, ...): Engines on the fake GPU, the store filled with a proxy engine of every model."""

    def make(library: Library = RTX, *, filled: bool = True, **settings) -> Engines:
        if filled:
            for name in ("tiny", "tiny-x2"):
                gpu.put(store, models[name], library, target(gpu, library))
        settings = {"runtime": library.name, "precision": "fp32", "store": store} | settings
        return Engines(folders=[tmp_path / "models"], **settings)

    return make


@pytest.fixture
def opened(source) -> Opened:
    return lambda library=RTX, model="tiny", **settings: source(library, **settings).open(model)


@pytest.fixture
def exact(store, tmp_path: Path, models):
    return lambda model="tiny": Engines("openvino", "fp32", folders=[tmp_path / "models"], store=store).open(
        model
    )


def small(gpu: FakeGpu, pixels: int) -> None:
    """A GPU on which tiles have at most this many pixels."""
    gpu.total = 2 * 2 * PER_PIXEL * pixels + 4096


# Results


@BOTH
@pytest.mark.parametrize("model", ["tiny", "tiny-x2"])
@pytest.mark.parametrize("size", [(1, 1), (33, 47), (150, 203)])
def test_the_results_are_the_cpus(opened, exact, planes, library, model, size) -> None:
    picture = planes(*size)
    result = opened(library, model).run(picture)
    np.testing.assert_allclose(result, exact(model).run(picture), atol=2e-6)


@BOTH
def test_tiles_leave_no_seam(gpu, opened, exact, planes, library) -> None:
    small(gpu, 8000)
    picture = planes(300, 203)
    engine = opened(library)
    result = engine.run(picture)
    assert engine._tile_pixels * 4 < picture[0].size and gpu.launched + gpu.replayed > 8
    np.testing.assert_allclose(result, exact().run(picture), atol=2e-6)


@BOTH
def test_the_same_bits_from_run_to_run_and_for_any_number_of_threads(gpu, opened, planes, library) -> None:
    small(gpu, 8000)
    engine = opened(library)
    pictures = [planes(150, 203 + 16 * (i % 2), seed=i) for i in range(4)]
    expected = [engine.run(p) for p in pictures]
    results: dict[int, list[np.ndarray]] = {}
    threads = [
        threading.Thread(target=lambda i=i: results.update({i: [engine.run(pictures[i]) for _ in range(3)]}))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = opened(library, filled=False)
    for i, wanted in enumerate(expected):
        for result in (*results[i], again.run(pictures[i])):
            np.testing.assert_array_equal(result, wanted)


# Buffers, lanes and graphs


@BOTH
def test_buffers_are_used_again(gpu, opened, planes, library) -> None:
    engine = opened(library)
    engine.run(planes(100, 120))
    engine.run(planes(100, 120))
    before = gpu.allocated
    assert before > 0 and gpu.pinned
    for height in (100, 80, 100):
        engine.run(planes(height, 120))
    assert gpu.allocated <= before + 5, "at most one set, for the other lane"
    before = gpu.allocated
    for height in (100, 80, 100):
        engine.run(planes(height, 120))
    assert gpu.allocated == before


@BOTH
def test_one_frame_after_the_other_needs_the_buffers_of_one_lane(gpu, opened, planes, library) -> None:
    engine = opened(library)
    engine.run(planes(100, 120))
    before = gpu.allocated
    for _ in range(3):
        engine.run(planes(100, 120))
    assert gpu.allocated == before


def test_a_second_frame_in_tiles_allocates_nothing(gpu, opened, planes) -> None:
    small(gpu, 8000)
    engine = opened()
    gpu.meeting = threading.Barrier(2)
    picture = planes(120, 200)
    assert len(engine._plan(np.empty((6, 126, 206)), engine._tile_pixels)) % 2 == 0
    engine.run(picture)
    before = gpu.allocated
    engine.run(picture)
    gpu.meeting = None
    assert gpu.allocated == before


@BOTH
def test_two_lanes_overlap(gpu, opened, exact, planes, library) -> None:
    small(gpu, 8000)
    engine = opened(library)
    assert gpu.busiest == 1, "qualification is a single tile"
    gpu.meeting = threading.Barrier(2)  # every tile waits until another one is queued on the other stream
    result = engine.run(planes(120, 200))
    gpu.meeting = None
    assert gpu.busiest == 2 and len(gpu.streams) == 2
    np.testing.assert_allclose(result, exact().run(planes(120, 200)), atol=2e-6)


def test_a_graph_is_recorded_once_for_a_shape(gpu, opened, planes) -> None:
    engine = opened(PLAIN)
    network = engine._network
    idle = [network._idle.get(), network._idle.get()]
    network._idle.put(idle[0])
    try:
        gpu.recorded = gpu.replayed = 0
        for height, recorded, replayed in ((100, 1, 2), (60, 2, 4), (100, 3, 6)):
            for _ in range(3):
                engine.run(planes(height, 120))
            assert (gpu.recorded, gpu.replayed) == (recorded, replayed)
            assert len(gpu.graphs) == 1, "a graph goes when the shape or the buffers change"
    finally:
        network._idle.put(idle[1])


def test_rtx_records_its_own_graphs(gpu, opened, planes) -> None:
    engine = opened(RTX)
    for _ in range(4):
        engine.run(planes(100, 120))
    assert gpu.recorded == 0 and gpu.launched >= 4


def test_what_cannot_be_recorded_runs_without_a_graph(gpu, opened, exact, planes, caplog) -> None:
    gpu.driver.codes["cuStreamBeginCapture_v2"] = 900
    engine = opened(PLAIN)
    for _ in range(4):
        result = engine.run(planes(60, 80))
    np.testing.assert_allclose(result, exact().run(planes(60, 80)), atol=2e-6)
    assert "tiny runs without a CUDA graph: cuStreamBeginCapture_v2 failed" in caplog.text


# Memory


@BOTH
def test_short_memory_halves_the_tiles(gpu, opened, exact, planes, library, caplog) -> None:
    engine, picture = opened(library), planes(250, 203)
    gpu.taken = gpu.total - gpu.used - PER_PIXEL * 30_000
    result = engine.run(picture)
    assert "going on with half" in caplog.text and engine._tile_pixels < picture[0].size
    np.testing.assert_allclose(result, exact().run(picture), atol=2e-6)
    caplog.clear()
    np.testing.assert_array_equal(engine.run(picture), result)
    assert "going on with half" not in caplog.text


@BOTH
def test_idle_lanes_give_their_buffers_when_memory_is_short(gpu, opened, exact, planes, library) -> None:
    engine = opened(library)
    engine._tile_pixels = 8000
    gpu.meeting = threading.Barrier(2)
    engine.run(planes(120, 200))
    gpu.meeting = None
    engine._tile_pixels = 16000
    gpu.taken = gpu.total - PER_PIXEL * 8000  # less than the two lanes hold
    result = engine.run(planes(110, 110))
    np.testing.assert_allclose(result, exact().run(planes(110, 110)), atol=2e-6)


@BOTH
def test_the_librarys_own_lack_of_memory_halves_too(gpu, opened, planes, library, caplog) -> None:
    engine = opened(library)
    gpu.complaint = "[virtualMemoryBuffer.cpp] Error Code 2: OutOfMemory (requested 5 GiB)"
    with pytest.raises(GpuMemoryError, match="OutOfMemory"):
        engine.run(planes(150, 203))
    assert "going on with half" in caplog.text
    gpu.complaint = "Cuda Runtime (an illegal memory access was encountered)"
    with pytest.raises(EngineError, match=r"could not be started: Cuda Runtime .an illegal"):
        engine.run(planes(20, 30))
    gpu.complaint = ""
    engine.run(planes(20, 30))


@BOTH
def test_no_memory_at_all_is_an_error(gpu, opened, planes, library) -> None:
    engine = opened(library)
    gpu.taken = gpu.total
    with pytest.raises(GpuMemoryError, match=r"no GPU memory to run tiny on \d+x\d+ pixels") as caught:
        engine.run(planes(150, 203))
    assert caught.value.exit_code == 4
    gpu.taken = 0
    engine.run(planes(150, 203))


def test_no_room_for_the_smallest_tile_is_a_lack_of_gpu_memory(gpu, opened, planes) -> None:
    engine = opened()
    engine._tile_pixels = 100
    with pytest.raises(GpuMemoryError, match="no tiles of 100 pixels"):
        engine.run(planes(150, 203))


def test_memory_that_cannot_be_pinned_is_the_hosts(gpu, opened, planes, monkeypatch) -> None:
    engine = opened()

    def refuse(*arguments: object) -> None:
        raise gpu.cuda.MemoryError("cuMemHostAlloc failed: out of memory")

    monkeypatch.setattr(gpu.cuda, "pagelocked_empty", refuse)
    with pytest.raises(HostMemoryError):
        engine.run(planes(150, 203))


def test_a_gpu_in_use_makes_tiles_smaller_and_says_so(gpu, opened, caplog) -> None:
    gpu.total, gpu.taken = 2**28, 2**28 - 2**22
    engine = opened()
    assert engine._tile_pixels <= 2**22 * 0.8 / 2 / PER_PIXEL
    assert "of GPU memory are free, tiles are smaller than usual on Fake RTX" in caplog.text


@BOTH
def test_the_time_computed_on_the_gpu_is_known(gpu, opened, planes, library) -> None:
    engine = opened(library)
    engine.run(planes(60, 80))
    assert 0 < engine.network.computed < 5


@BOTH
def test_no_memory_to_open_is_a_lack_of_gpu_memory(gpu, source, library, caplog) -> None:
    gpu.complaint = "CUDA error 2: out of memory"
    for runtime in (library.name, "auto"):
        with pytest.raises(GpuMemoryError, match="no GPU memory to open tiny") as caught:
            source(library, runtime=runtime).open("tiny")
        assert caught.value.exit_code == 4 and not gpu.streams


# Failures and the end


@BOTH
@pytest.mark.parametrize(
    "call", ["memcpy_htod_async", "execute_async_v3", "memcpy_dtoh_async", "synchronize"]
)
def test_a_failure_half_way_leaves_the_lane_usable(gpu, opened, exact, planes, library, call) -> None:
    engine, picture = opened(library), planes(60, 80)
    expected = engine.run(picture)
    gpu.failing[call] = 1
    with pytest.raises(
        EngineError, match=f"{library.name} failed to run tiny on .*{call} failed: unspecified"
    ):
        engine.run(picture)
    assert not any(stream.queue for stream in gpu.streams.values()), "nothing may still use the buffers"
    for _ in range(4):
        np.testing.assert_array_equal(engine.run(picture), expected)


@BOTH
def test_closing_frees_everything_in_order_and_twice_is_harmless(gpu, opened, planes, library) -> None:
    engine = opened(library)
    for _ in range(3):
        engine.run(planes(60, 80))
    assert gpu.memory and gpu.pinned and gpu.streams
    closing = threading.Thread(target=engine._network.close)
    closing.start()
    closing.join()
    engine._network.close()
    assert not gpu.memory and not gpu.pinned and not gpu.streams and not gpu.graphs
    rtx = "Rtx" if library is RTX else ""
    assert gpu.destroyed == ["ExecutionContext", "ExecutionContext", f"{rtx}Engine", f"{rtx}Runtime"]
    with pytest.raises(EngineError, match="tiny was closed"):
        engine.run(planes(60, 80))


def test_closing_waits_for_what_is_under_way(gpu, opened, planes) -> None:
    engine = opened()
    gpu.meeting = threading.Barrier(2)
    result: list[np.ndarray] = []
    running = threading.Thread(target=lambda: result.append(engine.run(planes(60, 80))))
    running.start()
    while not any(stream.queue for stream in gpu.streams.values()):
        pass
    closing = threading.Thread(target=engine._network.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    gpu.meeting.wait(5)
    closing.join()
    running.join()
    assert np.isfinite(result[0]).all() and not gpu.memory


def test_a_network_that_nobody_holds_any_more_is_closed(gpu, opened, planes) -> None:
    opened().run(planes(60, 80))
    gc.collect()
    assert not gpu.memory and not gpu.streams


@BOTH
@pytest.mark.parametrize("value", [np.nan, 0.5])
def test_wrong_numbers_are_refused_and_never_used(gpu, source, store, library, value) -> None:
    gpu.spoil = lambda out: np.full_like(out, value)
    with pytest.raises(EngineError, match="tiny in fp32 failed its qualification") as caught:
        source(library).open("tiny")
    assert caught.value.exit_code == 5
    assert not gpu.memory and not gpu.streams, "it was closed"
    assert not list(store.folders[0].glob("tiny-*-tensorrt*.json"))


def test_a_failure_while_qualifying_closes_too(gpu, source) -> None:
    gpu.failing["mem_alloc"] = 1
    with pytest.raises(EngineError, match="failed to run tiny"):
        source().open("tiny")
    assert not gpu.memory and not gpu.streams


# Compiled kernels


def test_compiled_kernels_are_kept_for_next_time(gpu, opened, store, monkeypatch, caplog) -> None:
    opened()._network.close()
    assert gpu.compiled == 1 and len(list(store.folders[0].glob("*.cache"))) == 1
    written: list[object] = []
    monkeypatch.setattr(type(store), "write_cache", lambda *arguments: written.append(arguments))
    opened(filled=False)._network.close()
    assert gpu.compiled == 1 and not written, "what is there already is not written again"
    monkeypatch.setattr(RuntimeCache, "accepts", False)
    with caplog.at_level(logging.INFO, "interneg.engines"):
        opened(filled=False)
    assert gpu.compiled == 2 and "kernels kept for tiny do not fit this machine" in caplog.text


# Which engine


@BOTH
def test_the_largest_profile_that_fits_is_taken(gpu, models, store, source, library) -> None:
    gpu.put(store, models["tiny"], library, target(gpu, library), profile="hd")
    gpu.total = 2**30
    assert source(library).open("tiny")._network.most == (1086, 1926)
    gpu.total = 2**28
    assert source(library).open("tiny")._network.most == (546, 966)


def test_the_gpus_own_engine_comes_before_a_portable_one(gpu, models, store, source) -> None:
    gpu.put(store, models["tiny"], RTX, "portable", profile="hd")
    assert source(filled=False).open("tiny")._network._key.target == "portable"
    gpu.put(store, models["tiny"], RTX, "sm89")
    assert source(filled=False).open("tiny")._network._key.target == "sm89"


def test_a_version_compatible_engine_is_taken(gpu, models, store, source, planes) -> None:
    gpu.put(store, models["tiny"], PLAIN, target(gpu, PLAIN), compatible=True)
    source(PLAIN, filled=False).open("tiny").run(planes(20, 20))


NONE = (
    r"no tensorrt-rtx .* engine of tiny in fp32 for Fake RTX \(sm\d+\).*; build it: build_engines\.py --lib"
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
            lambda gpu, patch: patch.setattr("interneg.engines.build.platform.system", lambda: "Windows"),
            "is for system Linux",
        ),
    ],
    ids=["gpu", "version", "system"],
)
def test_an_engine_for_something_else_is_named(
    gpu, models, store, source, monkeypatch, change, words
) -> None:
    gpu.put(store, models["tiny"], RTX, "sm89")
    change(gpu, monkeypatch)
    with pytest.raises(EngineError, match=f"{NONE}.*{words}") as caught:
        source(filled=False).open("tiny")
    assert caught.value.exit_code == 5


def test_an_engine_of_other_weights_is_named(gpu, models, store, source, write) -> None:
    gpu.put(store, models["tiny"], RTX, "sm89")
    write("tiny", last="Neg")
    with pytest.raises(
        EngineError, match=f"{NONE}.*is from other weights {models['tiny'].file('fp32').sha256[:12]}"
    ):
        source(filled=False).open("tiny")


def damage(found, how: str) -> None:
    path = found.path.parent / found.manifest.file
    data = path.read_bytes()
    path.write_bytes(data[:-5] if how == "truncated" else data[:-5] + b"xxxxx")


@BOTH
@pytest.mark.parametrize(("how", "words"), [("truncated", "bytes, not"), ("tampered", "has the SHA-256")])
def test_a_damaged_engine_is_never_loaded(gpu, models, store, source, library, how, words, caplog) -> None:
    damage(gpu.put(store, models["tiny"], library, target(gpu, library)), how)
    with pytest.raises(EngineError, match=rf"{words}.*Build it again: build_engines\.py --models tiny"):
        source(library, filled=False).open("tiny")
    gpu.put(store, models["tiny"], library, target(gpu, library))
    damage(gpu.put(store, models["tiny"], library, target(gpu, library), profile="hd"), how)
    assert source(library, filled=False).open("tiny")._network.most == (546, 966)
    assert words in caplog.text and "--profiles hd" in caplog.text


def test_an_engine_that_does_not_run_here_is_named(gpu, models, store, source, caplog) -> None:
    gpu.validity = "INVALID"
    with pytest.raises(
        EngineError, match=r"does not run on Fake RTX \(diagnostics 4\).*Build it again: build_"
    ):
        source().open("tiny")
    gpu.validity = "SUBOPTIMAL"
    source().open("tiny")
    assert "runs on Fake RTX slower than one built for it would" in caplog.text


@BOTH
def test_an_engine_that_is_none_is_named(gpu, models, store, source, library, monkeypatch) -> None:
    monkeypatch.setattr("fake_gpu.blob", lambda *arguments: b"nonsense")
    with pytest.raises(EngineError, match=r"cannot be loaded on Fake RTX: Serialization .*Build it again"):
        source(library).open("tiny")


# Which runtime


def test_a_driver_too_old_is_named(gpu, source) -> None:
    gpu.supported = 12040
    with pytest.raises(EngineError, match=r"driver supports CUDA 12, .* made for CUDA 13: update the driver"):
        source().open("tiny")


def test_pycuda_that_cannot_be_loaded_is_named(gpu, source, monkeypatch) -> None:
    def refuse() -> None:
        raise EngineError("pycuda is installed but cannot be loaded: undefined symbol")

    monkeypatch.setattr("interneg.engines.runtimes.tensorrt._cuda", refuse)
    assert "not tensorrt: pycuda is installed" in source(runtime="auto").describe("tiny")
    monkeypatch.undo()


@BOTH
def test_auto_takes_the_gpu(source, library) -> None:
    text = source(library, runtime="auto", precision="auto").describe("tiny")
    assert f"tiny runs on {library.name}" in text and "on Fake RTX (sm89, driver" in text


def test_auto_says_why_it_does_not_take_the_gpu(source) -> None:
    text = source(filled=False, runtime="auto", precision="auto").describe("tiny")
    assert "tiny runs on openvino" in text
    assert "not tensorrt-rtx: no tensorrt-rtx 1.7.1.116 engine of tiny in f" in text


def test_an_engine_of_another_precision_is_offered(gpu, models, store, source) -> None:
    gpu.put(store, models["tiny"], RTX, "sm89", "fp16")
    with pytest.raises(EngineError, match="there is one in fp16, which --precision fp16 takes"):
        source(filled=False).open("tiny")


@pytest.fixture
def unasked() -> Iterator[None]:
    _no_driver.cache_clear()
    yield
    _no_driver.cache_clear()


def test_where_the_driver_is_only_half_there_that_is_said(gpu, monkeypatch, unasked) -> None:
    monkeypatch.setattr("interneg.engines.runtimes.tensorrt.has_driver", lambda: False)
    monkeypatch.setattr(gpus, "here", lambda: [gpus.Gpu("NVIDIA L4", (8, 9))])
    assert "nvidia-smi lists NVIDIA L4" in str(RUNTIMES["tensorrt-rtx"].unavailable())
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in str(RUNTIMES["tensorrt-rtx"].unavailable())


@pytest.mark.parametrize("why", ["driver", "device"])
def test_a_gpu_of_no_use_does_not_stop_builds_for_others(gpu, models, store, monkeypatch, why) -> None:
    def none() -> None:
        raise gpu.cuda.LogicError("cuInit failed: no CUDA-capable device is detected")

    if why == "driver":
        gpu.supported = 12040
    else:
        monkeypatch.setattr(gpu.cuda, "init", none)
    order = Order(models["tiny"], "fp32", PROFILES["proxy"], RTX, "sm89")
    runtime = RUNTIMES["tensorrt-rtx"]
    assert isinstance(runtime, TensorRt) and runtime.prove(order, b"engine", store) is None


def test_nothing_is_said_about_tensorrt_without_a_gpu(gpu, source, monkeypatch, caplog, unasked) -> None:
    with caplog.at_level(logging.DEBUG, "interneg.engines"):
        monkeypatch.setattr("interneg.engines.runtimes.tensorrt.has_driver", lambda: False)
        assert "ensor" not in source(filled=False, runtime="auto").describe("tiny")
        monkeypatch.setattr("interneg.engines.runtimes.tensorrt.has_driver", lambda: True)

        def none() -> None:
            raise gpu.cuda.LogicError("cuInit failed: no CUDA-capable device is detected")

        monkeypatch.setattr(gpu.cuda, "init", none)
        assert "ensor" not in source(filled=False, runtime="auto").describe("tiny")
    assert "ensor" not in caplog.text
    with pytest.raises(EngineError, match="there is no NVIDIA GPU"):
        RUNTIMES["tensorrt"].gpu()
