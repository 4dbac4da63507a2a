"""Print the figures table: `python -m bench [PART] [--data FOLDER]`.

FOLDER holds the public test sets Set5 and BSD68 (default: ../shared/data/dev); without it their rows are
left out. Everything is written to bench/out. The queue of training runs rests meanwhile.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from bench import (
    codec,
    defects,
    deflicker,
    engines,
    farm,
    faults,
    grain,
    grain_made,
    grain_speed,
    kept,
    paths,
    quality,
    real_damage,
    shared_out,
    speed,
    stabilise,
    temporal,
    weave,
    whole_flicker,
    worker,
)
from bench.table import Row
from interneg.engines.training.queue.place import resting

HERE = Path(__file__).parent

OUT = HERE / "out"


def parts(data: Path) -> dict[str, Callable[[], Iterable[Row]]]:
    """What each part measures. data: the folder of Set5 and BSD68; footage lies beside it."""
    return {
        "quality": lambda: quality.rows(data, OUT),
        "frames": lambda: speed.seconds_per_frame(OUT),
        "speed": lambda: speed.rows(OUT),
        "engines": lambda: engines.rows(data, OUT),
        "worker": worker.rows,
        "deflicker": lambda: deflicker.rows(data, OUT),
        "whole-flicker": lambda: whole_flicker.rows(data.parent / "footage"),
        "temporal": lambda: temporal.rows(data),
        "codec": lambda: codec.rows(data.parent / "footage" / "clips", OUT),
        "stabilise": lambda: stabilise.rows(data.parent, OUT),
        "defects": lambda: defects.rows(data.parent, OUT),
        "real-damage": lambda: real_damage.rows(data.parent),
        "grain": lambda: grain.rows(data.parent, OUT),
        "grain-made": lambda: grain_made.rows(data.parent),
        "grain-speed": grain_speed.rows,
        "paths": paths.rows,
        "weave": lambda: weave.rows(data.parent, OUT),
        "farm": lambda: farm.rows(OUT),
        "faults": lambda: faults.rows(OUT),
        "shared-out": lambda: shared_out.rows(OUT),
        "kept": lambda: kept.rows(data.parent, OUT),
    }


def main() -> None:
    """The command: prints a row as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("part", nargs="?", choices=parts(Path()))
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data" / "dev")
    chosen = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    if not chosen.data.is_dir():
        print(f"no test sets at {chosen.data}: their rows are left out")
    print("| what | goal | measured | reached |\n|---|---|---|---|")
    with resting():
        for name, rows in parts(chosen.data).items():
            for row in rows() if chosen.part in (None, name) else ():
                reached = {True: "yes", False: "no", None: ""}[row.reached]
                print(f"| {row.what} | {row.goal} | {row.figure} | {reached} |", flush=True)


if __name__ == "__main__":
    main()
