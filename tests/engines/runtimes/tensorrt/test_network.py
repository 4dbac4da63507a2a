"""What an engine gives, what it does where memory is short or the GPU fails, and how it ends."""

from __future__ import annotations

import gc
import logging
import threading

import numpy as np
import pytest

from interneg.engines.building.libraries import Library
from interneg.engines.store import Store
from interneg.errors import EngineError, GpuMemoryError, HostMemoryError
from tests.engines.conftest import Planes
from tests.engines.runtimes.fake_gpu import FakeGpu
from tests.engines.runtimes.fake_tensorrt import PER_PIXEL, RuntimeCache
from tests.engines.runtimes.tensorrt.conftest import BOTH, RTX, Opened, Source, small

# Results


@BOTH
@pytest.mark.parametrize("model", ["tiny", "tiny-x2"])
@pytest.mark.parametrize("size", [(1, 1), (33, 47), (150, 203)])
def test_the_results_are_the_cpus(
    opened: Opened, exact: Opened, planes: Planes, library: Library, model: str, size: tuple[int, int]
) -> None:
    picture = planes(*size)
    result = opened(library, model).run(picture)
    np.testing.assert_allclose(result, exact(model).run(picture), atol=2e-6)


@BOTH
def test_tiles_leave_no_seam(
    gpu: FakeGpu, opened: Opened, exact: Opened, planes: Planes, library: Library
) -> None:
    small(gpu, 8000)
    picture = planes(300, 203)
    engine = opened(library)
    result = engine.run(picture)
    assert engine._tile_pixels * 4 < picture[0].size and gpu.launched + gpu.replayed > 8
    np.testing.assert_allclose(result, exact().run(picture), atol=2e-6)


@BOTH
def test_the_same_bits_from_run_to_run_and_for_any_number_of_threads(
    gpu: FakeGpu, opened: Opened, planes: Planes, library: Library
) -> None:
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


# Memory


@BOTH
def test_short_memory_halves_the_tiles(
    gpu: FakeGpu,
    opened: Opened,
    exact: Opened,
    planes: Planes,
    library: Library,
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine, picture = opened(library), planes(250, 203)
    gpu.taken = gpu.total - gpu.used - PER_PIXEL * 30_000
    result = engine.run(picture)
    assert "going on with half" in caplog.text and engine._tile_pixels < picture[0].size
    np.testing.assert_allclose(result, exact().run(picture), atol=2e-6)
    caplog.clear()
    np.testing.assert_array_equal(engine.run(picture), result)
    assert "going on with half" not in caplog.text


@BOTH
def test_idle_lanes_give_their_buffers_when_memory_is_short(
    gpu: FakeGpu, opened: Opened, exact: Opened, planes: Planes, library: Library
) -> None:
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
def test_the_librarys_own_lack_of_memory_halves_too(
    gpu: FakeGpu, opened: Opened, planes: Planes, library: Library, caplog: pytest.LogCaptureFixture
) -> None:
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
def test_no_memory_at_all_is_an_error(gpu: FakeGpu, opened: Opened, planes: Planes, library: Library) -> None:
    engine = opened(library)
    gpu.taken = gpu.total
    with pytest.raises(GpuMemoryError, match=r"no GPU memory to run tiny on \d+x\d+ pixels") as caught:
        engine.run(planes(150, 203))
    assert caught.value.exit_code == 4
    gpu.taken = 0
    engine.run(planes(150, 203))


def test_no_room_for_the_smallest_tile_is_a_lack_of_gpu_memory(
    gpu: FakeGpu, opened: Opened, planes: Planes
) -> None:
    engine = opened()
    engine._tile_pixels = 100
    with pytest.raises(GpuMemoryError, match="no tiles of 100 pixels"):
        engine.run(planes(150, 203))


def test_memory_that_cannot_be_pinned_is_the_hosts(
    gpu: FakeGpu, opened: Opened, planes: Planes, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened()

    def refuse(*arguments: object) -> None:
        raise gpu.cuda.MemoryError("cuMemHostAlloc failed: out of memory")

    monkeypatch.setattr(gpu.cuda, "pagelocked_empty", refuse)
    with pytest.raises(HostMemoryError):
        engine.run(planes(150, 203))


def test_a_gpu_in_use_makes_tiles_smaller_and_says_so(
    gpu: FakeGpu, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    gpu.total, gpu.taken = 2**28, 2**28 - 2**22
    engine = opened()
    assert engine._tile_pixels <= 2**22 * 0.8 / 2 / PER_PIXEL
    assert "of GPU memory are free, tiles are smaller than usual on Fake RTX" in caplog.text


@BOTH
def test_the_time_computed_on_the_gpu_is_known(
    gpu: FakeGpu, opened: Opened, planes: Planes, library: Library
) -> None:
    engine = opened(library)
    engine.run(planes(60, 80))
    assert engine.network.computed and 0 < engine.network.computed < 5


@BOTH
def test_no_memory_to_open_is_a_lack_of_gpu_memory(
    gpu: FakeGpu, source: Source, library: Library, caplog: pytest.LogCaptureFixture
) -> None:
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
def test_a_failure_half_way_leaves_the_lane_usable(
    gpu: FakeGpu, opened: Opened, exact: Opened, planes: Planes, library: Library, call: str
) -> None:
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
def test_closing_frees_everything_in_order_and_twice_is_harmless(
    gpu: FakeGpu, opened: Opened, planes: Planes, library: Library
) -> None:
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


def test_closing_waits_for_what_is_under_way(gpu: FakeGpu, opened: Opened, planes: Planes) -> None:
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


def test_a_network_that_nobody_holds_any_more_is_closed(gpu: FakeGpu, opened: Opened, planes: Planes) -> None:
    opened().run(planes(60, 80))
    gc.collect()
    assert not gpu.memory and not gpu.streams


@BOTH
@pytest.mark.parametrize("value", [np.nan, 0.5])
def test_wrong_numbers_are_refused_and_never_used(
    gpu: FakeGpu, source: Source, store: Store, library: Library, value: float
) -> None:
    gpu.spoil = lambda out: np.full_like(out, value)
    with pytest.raises(EngineError, match="tiny in fp32 failed its qualification") as caught:
        source(library).open("tiny")
    assert caught.value.exit_code == 5
    assert not gpu.memory and not gpu.streams, "it was closed"
    assert not list(store.folders[0].glob("tiny-*-tensorrt*.json"))


def test_a_failure_while_qualifying_closes_too(gpu: FakeGpu, source: Source) -> None:
    gpu.failing["mem_alloc"] = 1
    with pytest.raises(EngineError, match="failed to run tiny"):
        source().open("tiny")
    assert not gpu.memory and not gpu.streams


# Compiled kernels


def test_compiled_kernels_are_kept_for_next_time(
    gpu: FakeGpu,
    opened: Opened,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
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
