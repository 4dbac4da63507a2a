"""What the engines do on this machine: every model, runtime and precision, built, qualified and timed.

    python -m interneg.engines.gpucheck --out DIR

Made for NVIDIA GPUs, where it builds TensorRT engines for the GPU it finds; elsewhere it times what runs, and
says what does not and why. Prints one table and writes it, row by row, as gpucheck.json and gpucheck.md. For
each row:

engine: milliseconds a frame in the network alone, its data already on the device (CUDA events; on a CPU,
    wall time of the inference, two frames in work as end to end).
device: wall time a frame of the engine as a node runs it: tiles, upload, network, download; one at a time.
end to end: wall time a frame, two in work as in a render: scene-linear RGB to the working space, the above,
    and back. The colour conversion is done on the CPU, so a slow CPU shows here and not in `device`.
rate: the first over the last: how much of the bare engine's speed is left.
VRAM, W, J: peak memory since before the engine was opened, mean power and energy a frame end to end, of the
    whole GPU that CUDA calls the first one, by NVML.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from interneg.engines import files
from interneg.engines.building.orders import ENGINE_PRECISIONS, orders, target_of
from interneg.engines.building.profiles import PROFILES as ALL_PROFILES
from interneg.engines.factory import produce
from interneg.engines.fleet import chosen, chosen_models
from interneg.engines.gpucheck.cases import CASES, PROFILES
from interneg.engines.gpucheck.machine import machine, unavailable
from interneg.engines.gpucheck.measure import measured
from interneg.engines.gpucheck.table import Measured, line, write
from interneg.engines.gpucheck.torch_baseline import TORCH
from interneg.engines.models import Model, load_catalogue
from interneg.engines.runtimes import RUNTIMES
from interneg.engines.runtimes.tensorrt.runtime import TensorRt
from interneg.engines.store import Store
from interneg.errors import EngineError, InternegError, OutputError, UsageError


def main(arguments: list[str] | None = None) -> None:
    """Run the check. Exits with 2 for usage, 5 where nothing was measured, 6 where --out is not writable."""
    parser = argparse.ArgumentParser("gpucheck", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("gpucheck"), help="folder for the JSON and Markdown")
    parser.add_argument("--seconds", type=float, default=4.0, help="measuring time of each figure")
    parser.add_argument("--models", default="*", help="names or patterns, by commas")
    parser.add_argument(
        "--runtimes", default="", help="only these, by commas, out of the runtimes and torch-*"
    )
    parser.add_argument("--cases", default="", help="only those whose name holds this")
    args = parser.parse_args(arguments)
    try:
        models = {m.name: m for m in chosen_models(args.models.split(","), load_catalogue())}
        cases = [c for c in CASES if args.cases in c.name]
        if not cases:
            raise UsageError(f"no case holds '{args.cases}' (there are {', '.join(c.name for c in CASES)})")
        models = {n: m for n, m in models.items() if m.scale in {c.scale for c in cases}}
        only = [r for r in args.runtimes.split(",") if r]
        if only:
            chosen(only, (*RUNTIMES, *TORCH), "runtime")
    except UsageError as error:
        print(f"gpucheck: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from error
    facts = machine()
    print(f"{facts['gpu'] or 'no GPU'}; {facts['cpu']}; {facts['system']}", flush=True)
    if facts["watched"]:
        print(f"memory and energy of {facts['watched']}", flush=True)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        files.probe(args.out)
    except OSError as error:
        print(f"gpucheck: {args.out} cannot be written: {files.words(error)}", file=sys.stderr)
        raise SystemExit(OutputError.exit_code) from error
    rows: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder:
        store = Store([Path(folder) / "store"])
        notes = [*unavailable(), *built(models, store, only)]
        for note in notes:
            print(note, flush=True)
        table = write(args.out, rows, facts, notes)
        for row in measured(models, cases, only, store, args.seconds):
            rows.append(row)
            print(line(row), flush=True)
            table = write(args.out, rows, facts, notes)  # so that an interruption loses nothing
    print(f"\n{table}\n{args.out / 'gpucheck.md'}, {args.out / 'gpucheck.json'}")
    if not rows:
        print("gpucheck: nothing could be measured; the notes above say why", file=sys.stderr)
        raise SystemExit(EngineError.exit_code)


def built(models: Mapping[str, Model], store: Store, only: list[str]) -> Iterator[str]:
    """Build for the GPU at hand what its libraries can, and say how that went."""
    for runtime in RUNTIMES.values():
        if not isinstance(runtime, TensorRt) or runtime.unavailable() or (only and runtime.name not in only):
            continue
        began = time.monotonic()
        try:
            target = target_of(runtime.library, runtime.gpu())
            wanted = list(
                orders(
                    list(models.values()), ENGINE_PRECISIONS, [ALL_PROFILES[p] for p in PROFILES],
                    runtime.library, [target],
                )
            )  # fmt: skip
            outcomes = list(produce(wanted, store))
        except InternegError as error:
            yield f"{runtime.name}: {error}"
            continue
        good = sum(o.state == "built" for o in outcomes)
        spent = time.monotonic() - began
        yield f"{runtime.name}: {good} of {len(wanted)} engines built for {target} in {spent:.0f} s"
        for outcome in outcomes:
            if outcome.state == "failed":
                yield f"{runtime.name}: {outcome.order.key.stem}: {outcome.detail}"
