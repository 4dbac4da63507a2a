"""Print the figures table: `python -m bench [PART] [--data FOLDER]`.

FOLDER holds the public test sets Set5 and BSD68 (default: ../shared/data/dev); without it their rows are
left out. Everything is written to bench/out. The queue of training runs rests meanwhile.
`endurance`, `fuzz` and `special` take long and are run by name only, with --frames and --size, --cases and
--seed, or --minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from bench import (
    codec,
    defects,
    deflicker,
    endurance,
    engines,
    farm,
    faults,
    flicker_bound,
    fuzz,
    grain,
    grain_made,
    grain_speed,
    kept,
    paths,
    quality,
    real_damage,
    restless,
    scaling,
    shared_out,
    special,
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

LONG = ("endurance", "fuzz", "special")
"""Parts that take an hour or so, and measure no time: they are run by name only, and the queue goes on."""


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
        "restless": lambda: restless.rows(data.parent / "train" / "clips_00.tar"),
        "temporal": lambda: temporal.rows(data),
        "codec": lambda: codec.rows(data.parent / "footage" / "clips", OUT),
        "stabilise": lambda: stabilise.rows(data.parent, OUT),
        "defects": lambda: defects.rows(data.parent, OUT),
        "real-damage": lambda: real_damage.rows(data.parent),
        "grain": lambda: grain.rows(data.parent, OUT),
        "grain-made": lambda: grain_made.rows(data.parent),
        "grain-speed": grain_speed.rows,
        "flicker-bound": flicker_bound.rows,
        "paths": paths.rows,
        "weave": lambda: weave.rows(data.parent, OUT),
        "farm": lambda: farm.rows(OUT),
        "faults": lambda: faults.rows(OUT),
        "shared-out": lambda: shared_out.rows(OUT),
        "kept": lambda: kept.rows(data.parent, OUT),
        "scaling": lambda: scaling.rows(OUT),
        "two": lambda: scaling.two_processes(OUT),
    }


def long_parts(chosen: argparse.Namespace) -> dict[str, Callable[[], Iterable[Row]]]:
    """What those of LONG measure, as the command line asked for it."""
    width, height = map(int, chosen.size.split("x"))
    return {
        "endurance": lambda: endurance.rows(OUT, chosen.frames, (width, height)),
        "fuzz": lambda: fuzz.rows(OUT, chosen.cases, chosen.seed),
        "special": lambda: special.rows(chosen.data.parent / "footage" / "clips", OUT, chosen.minutes),
    }


def main() -> None:
    """The command: prints a row as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("part", nargs="?", choices=[*parts(Path()), *LONG])
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data" / "dev")
    parser.add_argument("--frames", type=int, default=2000, help="of endurance")
    parser.add_argument("--size", default="854x480", help="of endurance, WIDTHxHEIGHT")
    parser.add_argument("--cases", type=int, default=1000, help="of fuzz")
    parser.add_argument("--seed", type=int, default=1, help="of fuzz")
    parser.add_argument("--minutes", type=float, default=60, help="of special, for each kind of footage")
    chosen = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    if not chosen.data.is_dir():
        print(f"no test sets at {chosen.data}: their rows are left out")
    print("| what | goal | measured | reached |\n|---|---|---|---|")
    for name, rows in long_parts(chosen).items():
        if chosen.part == name:
            told(rows())
    with resting():
        for name, rows in parts(chosen.data).items():
            if chosen.part in (None, name):
                told(rows())


def told(rows: Iterable[Row]) -> None:
    """Print each row as soon as it is measured."""
    for row in rows:
        reached = {True: "yes", False: "no", None: ""}[row.reached]
        print(f"| {row.what} | {row.goal} | {row.figure} | {reached} |", flush=True)


if __name__ == "__main__":
    main()
