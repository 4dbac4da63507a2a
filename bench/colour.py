"""Time the way into and out of a node's working space, beside plain OpenColorIO in the same run.

    python bench/colour.py [WIDTH HEIGHT]

One float RGBA frame, interleaved as files give it. "plain" is one single-threaded pass of OCIO's own
lossless CPU processor from the frame's space to the compositing_log role, over packed RGB; so a ratio below 1
means that entering (or leaving) costs less than that pass, although it also splits planes, luma and chroma.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import PyOpenColorIO as ocio

from interneg.colour import Colour, WorkingSpace

ROUNDS = 9
SPACES = ("scene_linear", "lin_rec709", "srgb_display")


def main() -> None:
    """Print the table."""
    width, height = (int(v) for v in sys.argv[1:3]) if len(sys.argv) > 2 else (1920, 1080)
    colour = Colour("ocio://studio-config-latest")
    config = ocio.Config.CreateFromFile("ocio://studio-config-latest")
    random = np.random.default_rng(0)
    frame = random.lognormal(-1.5, 1.5, (height, width, 4)).astype(np.float32)
    view = frame.transpose(2, 0, 1)[:3]
    result = np.empty_like(frame).transpose(2, 0, 1)[:3]
    packed = np.ascontiguousarray(frame[..., :3])

    def plain(source: str, target: str) -> Callable[[], object]:
        processor = config.getProcessor(source, target).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
        scratch = packed.copy()

        def run() -> None:
            np.copyto(scratch, packed)
            processor.applyRGB(scratch)

        return run

    print(f"{width}x{height} float RGBA, median of {ROUNDS} rounds")
    columns = ("enter ms", "leave ms", "plain ms", "enter", "leave")
    print(f"{'space':14} {'working':11} " + " ".join(f"{c:>8}" for c in columns))
    for space in SPACES:
        for working in WorkingSpace:
            planes = colour.enter(view, space, working)
            enter, leave, once = medians(
                partial(colour.enter, view, space, working),
                partial(colour.leave, planes, space, working, result),
                plain(space, "compositing_log"),
            )
            print(
                f"{space:14} {working.name:11} {enter:8.1f} {leave:8.1f} {once:8.1f} "
                f"{enter / once:8.2f} {leave / once:8.2f}"
            )


def medians(*runs: Callable[[], object]) -> list[float]:
    """Milliseconds of each, taken in turns, so that what else the machine does falls on all alike."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS + 1):
        for run, taken in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            taken.append((time.perf_counter() - start) * 1e3)
    return [statistics.median(taken[1:]) for taken in times]


if __name__ == "__main__":
    main()
