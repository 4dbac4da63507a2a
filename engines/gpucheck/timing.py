"""How a time is measured, whichever runtime's it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from interneg.colour import Colour
from interneg.colour.working import WorkingSpace
from interneg.engines.gpucheck.cases import Case
from interneg.engines.gpucheck.power import Watch
from interneg.frame import Pixels


def median(work: Callable[[], object], seconds: float) -> float:
    """Milliseconds that `work` takes, the median over some seconds of repeating it."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    while not times or time.perf_counter() < until:
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times))


def too_slow(square: Callable[[int], object], case: Case, seconds: float, size: int = 256) -> str:
    """Why a case is left out: a frame would take twice the measuring time; "" where it would not.

    square: runs the network on a square of that many pixels to a side, from which a frame's time is told.
    """
    square(size)
    began = time.perf_counter()
    square(size)
    expected = (time.perf_counter() - began) * case.height * case.width / size**2
    return f"left out: a frame would take about {expected:.0f} s" if expected > 2 * seconds else ""


def end_to_end(
    run: Callable[[Pixels], Pixels], case: Case, colour: Colour, seconds: float, watch: Watch
) -> tuple[float, int]:
    """Milliseconds a frame from scene-linear RGB and back, two frames in work; and how many were measured.

    run: from the network's planes, (6, H, W) float32 in LOG_Y, to its correction, (3, H, W). watch: measures
    energy over the same frames.
    """
    rng = np.random.default_rng(1)
    linear = rng.random((3, case.height, case.width), np.float32) ** 2 * 4
    space = colour.resolve("scene_linear")

    def frame(_: int) -> None:
        net = np.zeros((6, case.height, case.width), np.float32)
        net[:3] = colour.enter(linear, space, WorkingSpace.LOG_Y)
        np.clip(net[0], -0.5, 1.6, out=net[0])
        net[3:5] = 0.02
        colour.leave(run(net), space, WorkingSpace.LOG_Y)

    def frames(pool: ThreadPoolExecutor, count: int) -> float:
        watch.restart()
        began = time.perf_counter()
        list(pool.map(frame, range(count)))
        watch.stop()
        return time.perf_counter() - began

    with ThreadPoolExecutor(2) as pool:
        count, spent = 2, frames(pool, 2)
        if spent < seconds:
            count = max(4, int(2 * seconds / spent))
            spent = frames(pool, count)
    return 1000 * spent / count, count
