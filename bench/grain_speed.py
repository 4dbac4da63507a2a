"""Speed of grain: frames per second of a field that is made and laid on, and of FFmpeg's noise."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from bench.table import Row, at_least
from interneg.grain.scale import at_pitch
from interneg.grain.stocks import NAMES, stock
from interneg.grain.synthesis import Grain, laid

_HEIGHT, _WIDTH = 1080, 1920
# The best of many finds the machine at rest.
_ROUNDS = 30
_PEER_FRAMES, _PEER_ROUNDS = 120, 4


def rows() -> Iterator[Row]:
    """Measure everything, on two cores; the mean and the worst of all colour stocks on 35 mm film."""
    with _two_cores():
        spent = np.array([_frame(name) for name in NAMES if name.startswith("colour")])
        peer = (_peer("noise=alls=20:allf=t") - _peer("null")) / _PEER_FRAMES
    walls, processor = spent.T
    what = "grain, 1080p, R, G, B, made and laid on"
    yield at_least(f"{what}, two cores: mean of the colour stocks", 24, 1 / walls.mean(), "frames/s")
    yield at_least(f"{what}, two cores: worst", 24, 1 / walls.max(), "frames/s")
    # What other work on the machine does not change.
    yield at_least(f"{what}, two seconds of processor time: worst", 24, 2 / processor.max(), "frames")
    ratio = f"{peer / processor.mean():.3f}"
    yield Row(f"{what}: speed over FFmpeg's `noise`, in 8 bits, by processor time", "", ratio, None)


def _frame(name: str) -> tuple[float, float]:
    """Seconds, and seconds of processor time, of a frame, best of several rounds."""
    profile = stock(name)
    pitch = profile.width / _WIDTH
    seen, grain = at_pitch(profile, pitch), Grain.of(profile, pitch)
    planes = np.random.default_rng(1).random((3, _HEIGHT, _WIDTH), dtype=np.float32)
    best = np.full(2, np.inf)
    for frame in range(_ROUNDS):
        began = np.array([time.perf_counter(), time.process_time()])
        field = grain.field(_HEIGHT, _WIDTH, seed=1, frame=frame)
        laid(planes, field, seen.levels, seen.sigmas)
        best = np.minimum(best, np.array([time.perf_counter(), time.process_time()]) - began)
    return float(best[0]), float(best[1])


def _peer(chain: str) -> float:
    """Seconds of processor time that FFmpeg takes to run a grey clip through a filter."""
    source = f"color=gray:s={_WIDTH}x{_HEIGHT},format=gbrp"
    options = ["-v", "error", "-filter_threads", "2", "-f", "lavfi", "-i", source]
    command = ["ffmpeg", *options, "-vf", chain, "-frames:v", str(_PEER_FRAMES), "-f", "null", "-"]
    times = []
    for _ in range(_PEER_ROUNDS):
        before = os.times()
        subprocess.run(command, check=True)
        # User's and the system's, of children.
        times.append(sum(os.times()[2:4]) - sum(before[2:4]))
    return min(times)


@contextmanager
def _two_cores() -> Iterator[None]:
    """This process, and what it starts, on two of its cores, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:2])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
