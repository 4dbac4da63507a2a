"""Print the figures table: `python -m bench [PART] [--data FOLDER]`.

FOLDER holds the public test sets Set5 and BSD68 (default: ../shared/data/dev); without it their rows are
left out. Everything is written to bench/out. The queue of training runs rests meanwhile.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

from bench import codec, defects, deflicker, engines, quality, speed, stabilise, temporal, worker
from bench.table import Row
from interneg.engines.training.queue.place import resting

HERE = Path(__file__).parent

parser = argparse.ArgumentParser(prog="python -m bench")
parser.add_argument(
    "part",
    nargs="?",
    choices=(
        "quality",
        "speed",
        "engines",
        "worker",
        "deflicker",
        "temporal",
        "codec",
        "stabilise",
        "defects",
    ),
)
parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data" / "dev")
chosen = parser.parse_args()
out = HERE / "out"
out.mkdir(exist_ok=True)
if not chosen.data.is_dir():
    print(f"no test sets at {chosen.data}: their rows are left out")

made: list[Iterable[Row]] = []
parts: dict[str, Callable[[], Iterable[Row]]] = {
    "quality": lambda: quality.rows(chosen.data, out),
    "speed": lambda: speed.rows(out),
    "engines": lambda: engines.rows(chosen.data, out),
    "worker": worker.rows,
    "deflicker": lambda: deflicker.rows(chosen.data, out),
    "temporal": lambda: temporal.rows(chosen.data),
    "codec": lambda: codec.rows(chosen.data.parent / "footage" / "clips", out),
    "stabilise": lambda: stabilise.rows(chosen.data.parent, out),
    "defects": lambda: defects.rows(chosen.data.parent, out),
}
for name, part in parts.items():
    if chosen.part in (None, name):
        with resting():
            made.append(part())
print("| what | goal | measured | reached |\n|---|---|---|---|")
for row in chain(*made):
    reached = {True: "yes", False: "no", None: ""}[row.reached]
    print(f"| {row.what} | {row.goal} | {row.figure} | {reached} |", flush=True)
