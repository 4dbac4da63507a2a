"""Speed of grain: frames per second of a field that is made and laid on, and of FFmpeg's noise."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from bench.table import Row, at_least
from interneg.grain.scale import at_pitch
from interneg.grain.stocks import NAMES, stock
from interneg.grain.synthesis import Grain, laid

_HEIGHT, _WIDTH = 1080, 1920
# Many short rounds: the best finds the machine at rest.
_ROUNDS, _FRAMES = 20, 2
_PEER_FRAMES = 60


def rows() -> Iterator[Row]:
    """Measure everything, on two cores; the mean and the worst of all colour stocks on 35 mm film."""
    with _two_cores():
        rates = [_rate(name) for name in NAMES if name.startswith("colour")]
        peer = _PEER_FRAMES / max(_peer("noise=alls=20:allf=t") - _peer("null"), 1e-3)
    what = "grain, 1080p, R, G, B, made and laid on, two cores"
    yield at_least(f"{what}: mean of the colour stocks", 24, float(np.mean(rates)), "frames/s")
    yield at_least(f"{what}: worst", 24, min(rates), "frames/s")
    yield Row(
        f"{what}: mean over that of FFmpeg's `noise` in 8 bits", "", f"{np.mean(rates) / peer:.3f}", None
    )


def _rate(name: str) -> float:
    """Frames per second, best of several rounds."""
    profile = stock(name)
    pitch = profile.width / _WIDTH
    seen, grain = at_pitch(profile, pitch), Grain.of(profile, pitch)
    planes = np.random.default_rng(1).random((3, _HEIGHT, _WIDTH), dtype=np.float32)

    def run() -> None:
        for frame in range(_FRAMES):
            field = grain.field(_HEIGHT, _WIDTH, seed=1, frame=frame)
            laid(planes, field, seen.levels, seen.sigmas)

    return _FRAMES / min(_seconds(run) for _ in range(_ROUNDS))


def _peer(chain: str) -> float:
    """Seconds that FFmpeg takes to run a grey clip through a filter, best of several rounds."""
    source = f"color=gray:s={_WIDTH}x{_HEIGHT},format=gbrp"
    options = ["-v", "error", "-filter_threads", "2", "-f", "lavfi", "-i", source]
    command = ["ffmpeg", *options, "-vf", chain, "-frames:v", str(_PEER_FRAMES), "-f", "null", "-"]
    return min(_seconds(lambda: subprocess.run(command, check=True)) for _ in range(_ROUNDS))


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


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
