from __future__ import annotations

from collections.abc import Iterator

import pytest

from interneg.errors import EngineError, GpuMemoryError
from tests.engines.runtimes.fake_cuda import Stream
from tests.engines.runtimes.fake_gpu import FakeGpu


@pytest.fixture
def stream(gpu: FakeGpu) -> Iterator[Stream]:
    """A stream, with the context current as long as the test runs."""
    gpu.cuda.init()
    context = gpu.cuda.Device(0).retain_primary_context()
    context.push()
    yield gpu.cuda.Stream(1)
    gpu.streams.clear()
    context.pop()


def test_what_is_recorded_does_not_run_and_can_be_played_again(gpu: FakeGpu, stream: Stream) -> None:
    graphs, ran = gpu.real_graphs(), []
    graph = graphs.record(stream.handle, lambda: stream.put("launch", lambda: ran.append(1)))
    stream.synchronize()
    assert ran == [] and list(gpu.graphs) == [graph], "the recording itself is freed"
    for _ in range(2):
        graphs.launch(graph, stream.handle)
    stream.synchronize()
    assert ran == [1, 1]
    graphs.destroy(graph)
    assert not gpu.graphs


@pytest.mark.parametrize("spoilt", [False, True])
def test_a_launch_that_fails_leaves_no_recording_behind(gpu: FakeGpu, stream: Stream, spoilt: bool) -> None:
    def launch() -> None:
        stream.spoilt = spoilt
        raise EngineError("the engine could not be started")

    with pytest.raises(EngineError, match="could not be started"):
        gpu.real_graphs().record(stream.handle, launch)
    assert stream.recording is None and not gpu.graphs


def test_a_spoilt_recording_is_named(gpu: FakeGpu, stream: Stream) -> None:
    def launch() -> None:
        stream.spoilt = True

    with pytest.raises(
        EngineError, match=r"cuStreamEndCapture failed: CUDA_ERROR_STREAM_CAPTURE_INV.* \(901\)"
    ):
        gpu.real_graphs().record(stream.handle, launch)


@pytest.mark.parametrize(("code", "error"), [(2, GpuMemoryError), (1, EngineError)])
def test_short_memory_is_told_from_other_failures(
    gpu: FakeGpu, stream: Stream, code: int, error: type[Exception]
) -> None:
    gpu.driver.codes["cuGraphInstantiateWithFlags"] = code
    with pytest.raises(error, match=rf"cuGraphInstantiateWithFlags failed: CUDA_ERROR_\w+ \({code}\)"):
        gpu.real_graphs().record(stream.handle, lambda: None)
    assert not gpu.graphs, "the recording is freed"


def test_a_graph_that_cannot_be_destroyed_stops_nothing(gpu: FakeGpu, stream: Stream) -> None:
    gpu.driver.codes["cuGraphExecDestroy"] = 719
    gpu.real_graphs().destroy(5)
