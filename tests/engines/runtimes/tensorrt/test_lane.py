"""Buffers, lanes and graphs."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from interneg.engines.building.libraries import Library
from interneg.engines.runtimes.tensorrt.network import TensorRtNetwork
from tests.engines.conftest import Planes
from tests.engines.runtimes.fake_gpu import FakeGpu
from tests.engines.runtimes.tensorrt.conftest import BOTH, PLAIN, RTX, Opened, small


@BOTH
def test_buffers_are_used_again(gpu: FakeGpu, opened: Opened, planes: Planes, library: Library) -> None:
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
def test_one_frame_after_the_other_needs_the_buffers_of_one_lane(
    gpu: FakeGpu, opened: Opened, planes: Planes, library: Library
) -> None:
    engine = opened(library)
    engine.run(planes(100, 120))
    before = gpu.allocated
    for _ in range(3):
        engine.run(planes(100, 120))
    assert gpu.allocated == before


def test_a_second_frame_in_tiles_allocates_nothing(gpu: FakeGpu, opened: Opened, planes: Planes) -> None:
    small(gpu, 8000)
    engine = opened()
    gpu.meeting = threading.Barrier(2)
    picture = planes(120, 200)
    tiles = engine._plan(np.empty((6, 126, 206), np.float32), engine._tile_pixels)
    assert tiles and len(tiles) % 2 == 0
    engine.run(picture)
    before = gpu.allocated
    engine.run(picture)
    gpu.meeting = None
    assert gpu.allocated == before


@BOTH
def test_two_lanes_overlap(
    gpu: FakeGpu, opened: Opened, exact: Opened, planes: Planes, library: Library
) -> None:
    small(gpu, 8000)
    engine = opened(library)
    assert gpu.busiest == 1, "qualification is a single tile"
    gpu.meeting = threading.Barrier(2)  # every tile waits until another one is queued on the other stream
    result = engine.run(planes(120, 200))
    gpu.meeting = None
    assert gpu.busiest == 2 and len(gpu.streams) == 2
    np.testing.assert_allclose(result, exact().run(planes(120, 200)), atol=2e-6)


def test_a_graph_is_recorded_once_for_a_shape(gpu: FakeGpu, opened: Opened, planes: Planes) -> None:
    engine = opened(PLAIN)
    network = engine._network
    assert isinstance(network, TensorRtNetwork)
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


def test_rtx_records_its_own_graphs(gpu: FakeGpu, opened: Opened, planes: Planes) -> None:
    engine = opened(RTX)
    for _ in range(4):
        engine.run(planes(100, 120))
    assert gpu.recorded == 0 and gpu.launched >= 4


def test_what_cannot_be_recorded_runs_without_a_graph(
    gpu: FakeGpu, opened: Opened, exact: Opened, planes: Planes, caplog: pytest.LogCaptureFixture
) -> None:
    gpu.driver.codes["cuStreamBeginCapture_v2"] = 900
    engine = opened(PLAIN)
    for _ in range(4):
        result = engine.run(planes(60, 80))
    np.testing.assert_allclose(result, exact().run(planes(60, 80)), atol=2e-6)
    assert "tiny runs without a CUDA graph: cuStreamBeginCapture_v2 failed" in caplog.text
