"""What work costs a processor, fit to be compared on a machine that is busy with other things."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

ROUNDS = 6


def processor_times(runs: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Seconds of processor time of each, the best of several rounds in turns; the first round is for nothing.

    The work should run on one thread: threads that wait for each other spend processor time, too.
    """
    best = dict.fromkeys(runs, float("inf"))
    for turn in range(rounds):
        for name, run in runs.items():
            began = time.process_time()
            run()
            if turn:
                best[name] = min(best[name], time.process_time() - began)
    return best
