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
import json
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import interneg
from interneg.colour import Colour
from interneg.colour.working import WorkingSpace
from interneg.engines import build, factory, files, gpus
from interneg.engines.models import Model, Precision, load_catalogue
from interneg.engines.runtimes import RUNTIMES, Network
from interneg.engines.runtimes.tensorrt import TensorRt
from interneg.engines.source import Engines
from interneg.engines.store import Store
from interneg.engines.tiles import padded, padded_size, plan
from interneg.errors import EngineError, GpuMemoryError, InternegError, OutputError, UsageError
from interneg.frame import Pixels
from interneg.processor import cores, processor_name

_TORCH = ("torch-eager", "torch-compile")
PROFILES = ("uhd",)
"""Every case is one tile of it where memory allows. Of several, a render takes the largest that fits."""


class Case(NamedTuple):
    """A picture and what is done to it."""

    name: str
    scale: int
    height: int
    width: int


CASES = (
    Case("720p to 4x", 4, 720, 1280),
    Case("1080p 1x", 1, 1080, 1920),
    Case("1080p to 2x", 2, 1080, 1920),
    Case("UHD 1x", 1, 2160, 3840),
)


@dataclass(frozen=True)
class Row:
    """One line of the table. Times in milliseconds a frame; None where it could not be measured."""

    model: str
    case: str
    runtime: str
    precision: str
    engine_ms: float | None = None
    device_ms: float | None = None
    end_to_end_ms: float | None = None
    vram_mib: float | None = None
    watts: float | None = None
    joules: float | None = None
    note: str = ""

    @property
    def rate(self) -> float | None:
        """End-to-end rate over the bare engine's."""
        if self.engine_ms is None or self.end_to_end_ms is None:
            return None
        return self.engine_ms / self.end_to_end_ms


def main(arguments: list[str] | None = None) -> None:
    """Run the check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("gpucheck"), help="folder for the JSON and Markdown")
    parser.add_argument("--seconds", type=float, default=4.0, help="measuring time of each figure")
    parser.add_argument("--models", default="*", help="names or patterns, by commas")
    parser.add_argument(
        "--runtimes", default="", help="only these, by commas, out of the runtimes and torch-*"
    )
    parser.add_argument("--cases", default="", help="only those whose name holds this")
    args = parser.parse_args(arguments)
    from interneg.engines.fleet import chosen, chosen_models

    try:
        models = {m.name: m for m in chosen_models(args.models.split(","), load_catalogue())}
        cases = [c for c in CASES if args.cases in c.name]
        if not cases:
            raise UsageError(f"no case holds '{args.cases}' (there are {', '.join(c.name for c in CASES)})")
        models = {n: m for n, m in models.items() if m.scale in {c.scale for c in cases}}
        only = [r for r in args.runtimes.split(",") if r]
        if only:
            chosen(only, (*RUNTIMES, *_TORCH), "runtime")
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
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        store = Store([Path(folder) / "store"])
        notes = [*unavailable(), *_built(models, store, only)]
        for note in notes:
            print(note, flush=True)
        table = _written(args.out, rows, facts, notes)
        for row in measured(models, cases, only, store, args.seconds):
            rows.append(row)
            print(_line(row), flush=True)
            table = _written(args.out, rows, facts, notes)  # so that an interruption loses nothing
    print(f"\n{table}\n{args.out / 'gpucheck.md'}, {args.out / 'gpucheck.json'}")
    if not rows:
        print("gpucheck: nothing could be measured; the notes above say why", file=sys.stderr)
        raise SystemExit(EngineError.exit_code)


def _written(out: Path, rows: list[Row], facts: Mapping[str, Any], notes: list[str]) -> str:
    """Write the JSON and the Markdown; the latter."""
    table = markdown(rows, facts, notes)
    said = {"machine": facts, "notes": notes, "rows": [asdict(r) | {"rate": r.rate} for r in rows]}
    for name, text in (("gpucheck.md", table), ("gpucheck.json", json.dumps(said, indent=2))):
        files.write(out / name, text.encode())
    return table


def machine() -> dict[str, Any]:
    """What was measured on."""
    gpu = gpus.current()
    versions = {n: r.version() for n, r in RUNTIMES.items() if r.version() != "unknown"}
    return {
        "gpu": f"{gpu.name} ({gpu.target}), driver {gpu.driver}" if gpu else "",
        "watched": watched_gpu(),
        "cpu": f"{processor_name()}, {cores()} cores",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "interneg": interneg.__version__,
        "runtimes": versions,
    }


def unavailable() -> list[str]:
    """The runtimes that are not here, and why."""
    reasons = {name: runtime.unavailable() for name, runtime in RUNTIMES.items()}
    return [f"{name}: {reason}" for name, reason in reasons.items() if reason]


def _built(models: Mapping[str, Model], store: Store, only: list[str]) -> Iterator[str]:
    """Build for the GPU at hand what its libraries can, and say how that went."""
    for runtime in RUNTIMES.values():
        if not isinstance(runtime, TensorRt) or runtime.unavailable() or (only and runtime.name not in only):
            continue
        began = time.monotonic()
        try:
            target = build.target_of(runtime.library, runtime.gpu())
            orders = list(
                build.orders(
                    list(models.values()), build.PRECISIONS, [build.PROFILES[p] for p in PROFILES],
                    runtime.library, [target],
                )
            )  # fmt: skip
            outcomes = list(factory.produce(orders, store))
        except InternegError as error:
            yield f"{runtime.name}: {error}"
            continue
        good = sum(o.state == "built" for o in outcomes)
        spent = time.monotonic() - began
        yield f"{runtime.name}: {good} of {len(orders)} engines built for {target} in {spent:.0f} s"
        for outcome in outcomes:
            if outcome.state == "failed":
                yield f"{runtime.name}: {outcome.order.key.stem}: {outcome.detail}"


def measured(
    models: Mapping[str, Model], cases: list[Case], only: list[str], store: Store, seconds: float
) -> Iterator[Row]:
    """All rows, as they are measured; a row that cannot be says why."""
    colour = Colour()
    for case in cases:
        for model in models.values():
            if model.scale != case.scale:
                continue
            for runtime in RUNTIMES.values():
                if runtime.unavailable() or (only and runtime.name not in only):
                    continue
                for precision, lacking in runtime.precisions().items():
                    if lacking or (precision == "int8" and "int8" not in model.weights):
                        continue
                    yield _engine_row(model, case, runtime.name, precision, store, colour, seconds)
            yield from _torch_rows(model, case, only, colour, seconds)


def _engine_row(
    model: Model, case: Case, runtime: str, precision: Precision, store: Store, colour: Colour, seconds: float
) -> Row:
    row = Row(model.name, case.name, runtime, precision)
    try:
        with watched() as watch:  # before the engine takes its memory
            engine = Engines(runtime, precision, store=store).open(model.name)
            try:
                if too_slow := _too_slow(
                    lambda size: engine.run(np.zeros((6, size, size), np.float32)), case, seconds
                ):
                    return replace(row, note=too_slow)
                alone = _bare(engine.network, model, case, engine.tile_pixels, seconds)
                planes = _planes(case)
                device = _median(lambda: engine.run(planes), seconds)
                whole, frames = _end_to_end(engine.run, case, colour, seconds, watch)
            finally:
                engine.close()
        row = replace(row, engine_ms=alone, device_ms=device, end_to_end_ms=whole, vram_mib=watch.peak_mib)
        return _powered(row, watch, frames)
    except InternegError as error:
        return replace(row, note=str(error))


def _powered(row: Row, watch: Watch, frames: int) -> Row:
    if watch.joules is None:
        return row
    return replace(row, watts=watch.joules / watch.seconds, joules=watch.joules / frames)


def _bare(network: Network, model: Model, case: Case, pixels: int, seconds: float) -> float:
    """Milliseconds that the network takes for the tiles of one frame, one after the other."""
    height, width = padded_size(case.height, case.width, model.halo, model.multiple)
    tiles = plan(height, width, model.halo, model.multiple, pixels, network.most)
    if tiles is None:
        raise GpuMemoryError(f"{model.name} has no tiles of {pixels} pixels")
    planes = padded(_planes(case), model.halo, model.multiple)[0]
    pieces = [np.ascontiguousarray(planes[:, y0:y1, x0:x1]) for (x0, y0, x1, y1), _ in tiles]

    def frame(_: int = 0) -> float:
        spent = 0.0
        for piece in pieces:
            out = np.empty(network.output_shape(*piece.shape[1:]), np.float32)
            began = time.perf_counter()
            network.infer(piece, out)
            spent += time.perf_counter() - began if network.computed is None else network.computed
        return spent

    until = time.perf_counter() + seconds
    times = [frame(), frame()]  # the second records CUDA graphs
    if network.computed is None:
        with ThreadPoolExecutor(2) as pool:
            return _median(lambda: list(pool.map(frame, range(2))), seconds) / 2
    while time.perf_counter() < until:
        times.append(frame())
    return 1000 * float(np.median(times[2:] or times[1:]))


def _end_to_end(
    run: Callable[[Pixels], Pixels], case: Case, colour: Colour, seconds: float, watch: Watch
) -> tuple[float, int]:
    """Milliseconds a frame from scene-linear RGB and back, two frames in work; and how many were measured."""
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


def _torch_rows(model: Model, case: Case, only: list[str], colour: Colour, seconds: float) -> Iterator[Row]:
    """The same architecture in torch, eager and compiled; its weights are random, which costs no time."""
    names = [n for n in _TORCH if not only or n in only]
    if not names:
        return
    try:
        import torch

        from interneg.engines.training.networks import build as network
    except ImportError as error:
        yield Row(model.name, case.name, "torch-eager", "fp32", note=f"torch cannot be imported: {error}")
        return
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for name in names:
        for precision in ("fp32", "fp16") if device == "cuda" else ("fp32",):
            row = Row(model.name, case.name, f"{name} ({device})", precision)
            dtype = torch.float16 if precision == "fp16" else torch.float32
            net = network(model.variant, [model.scale]).deployed().eval()
            net = net.to(device, dtype).to(memory_format=torch.channels_last)
            forward = torch.compile(net) if name == "torch-compile" else net
            try:
                with watched() as watch:
                    row = _torch_row(row, forward, case, model, device, dtype, seconds, colour, watch)
            except (RuntimeError, OSError, ImportError) as error:
                row = replace(row, note=" ".join(str(error).split())[:200])
            del forward
            if device == "cuda":
                torch.cuda.empty_cache()  # what torch keeps, the next row could not have
            yield replace(row, vram_mib=watch.peak_mib)


def _torch_row(
    row: Row,
    forward: Any,
    case: Case,
    model: Model,
    device: str,
    dtype: Any,
    seconds: float,
    colour: Colour,
    watch: Watch,
) -> Row:
    import torch

    def once(planes: Any) -> Any:
        with torch.inference_mode():
            result = forward(planes, model.scale)
            if device == "cuda":
                torch.cuda.synchronize()
            return result

    def square(size: int) -> None:
        once(torch.zeros(1, 6, size, size, dtype=dtype, device=device))

    if "compile" not in row.runtime and (slow := _too_slow(square, case, seconds)):
        return replace(row, note=slow)

    def uploaded(net: Pixels) -> tuple[Any, int]:
        planes, border = padded(net, model.halo, model.multiple)
        host = torch.from_numpy(planes)[None]
        return host.to(device, dtype, memory_format=torch.channels_last), border

    def run(net: Pixels) -> Pixels:
        planes, border = uploaded(net)
        result: Pixels = once(planes)[0].float().cpu().numpy()
        rows, columns = (
            slice(border * model.scale, (border + n) * model.scale) for n in (case.height, case.width)
        )
        return np.ascontiguousarray(result[:, rows, columns])

    planes = _planes(case)
    ready, _ = uploaded(planes)
    once(ready)
    alone = _median(partial(once, ready), seconds)
    row = replace(row, engine_ms=alone, device_ms=_median(partial(run, planes), seconds))
    whole, frames = _end_to_end(run, case, colour, seconds, watch)
    return _powered(replace(row, end_to_end_ms=whole), watch, frames)


def _median(work: Callable[[], object], seconds: float) -> float:
    times: list[float] = []
    until = time.perf_counter() + seconds
    while not times or time.perf_counter() < until:
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times))


def _too_slow(square: Callable[[int], object], case: Case, seconds: float, size: int = 256) -> str:
    """Why a case is left out, measured on a small square: a frame would take twice the measuring time."""
    square(size)
    began = time.perf_counter()
    square(size)
    expected = (time.perf_counter() - began) * case.height * case.width / size**2
    return f"left out: a frame would take about {expected:.0f} s" if expected > 2 * seconds else ""


def _planes(case: Case) -> Pixels:
    planes = np.random.default_rng(2).random((6, case.height, case.width), np.float32)
    planes[1:3] -= 0.5
    planes[3:] *= 0.1
    return planes


class Watch:
    """Peak memory and energy of CUDA's first GPU, by NVML; None where that is not to be had."""

    def __init__(self, nvml: Any, handle: Any) -> None:
        self._nvml, self._handle = nvml, handle
        self.peak_mib: float | None = None
        self.joules: float | None = None
        self.seconds = 0.0
        self._done = threading.Event()

    def restart(self) -> None:
        """Count energy from here on."""
        self._began, self._start = time.perf_counter(), self._energy()

    def stop(self) -> None:
        """Count no further."""
        end = self._energy()
        self.seconds = time.perf_counter() - self._began
        self.joules = None if end is None or self._start is None else (end - self._start) / 1000

    def _energy(self) -> float | None:
        if self._nvml is None:
            return None
        try:
            return float(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle))
        except self._nvml.NVMLError:
            return None

    def sample(self) -> None:
        """Note memory until the watch is over."""
        base = self._used()
        while base is not None and not self._done.wait(0.005):
            used = self._used()
            if used is not None:
                self.peak_mib = max(self.peak_mib or 0.0, (used - base) / 2**20)

    def _used(self) -> float | None:
        try:
            return float(self._nvml.nvmlDeviceGetMemoryInfo(self._handle).used)
        except self._nvml.NVMLError:
            return None

    def close(self) -> None:
        """End the sampling."""
        self._done.set()


def _nvml() -> tuple[Any, Any] | None:
    """NVML, started, and its handle of CUDA's first device; None where it is not to be had."""
    try:
        import pynvml as nvml
    except ImportError:
        return None
    try:
        nvml.nvmlInit()
        return nvml, _handle(nvml)
    except nvml.NVMLError:
        return None


def _handle(nvml: Any) -> Any:
    """NVML's handle of CUDA's first device, which need not be NVML's; without pycuda it is taken to be."""
    try:
        import pycuda.driver as cuda
    except ImportError:
        return nvml.nvmlDeviceGetHandleByIndex(0)
    try:
        cuda.init()
        where = cuda.Device(0).pci_bus_id()
    except cuda.Error:
        return nvml.nvmlDeviceGetHandleByIndex(0)
    return nvml.nvmlDeviceGetHandleByPciBusId(where.encode())


def watched_gpu() -> str:
    """The GPU whose memory and energy are measured; "" where there is none."""
    found = _nvml()
    if found is None:
        return ""
    nvml, handle = found
    name, bus = nvml.nvmlDeviceGetName(handle), nvml.nvmlDeviceGetPciInfo(handle).busId
    nvml.nvmlShutdown()
    name, bus = (text.decode() if isinstance(text, bytes) else str(text) for text in (name, bus))
    return f"{name} at {bus}"


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch CUDA's first GPU meanwhile."""
    found = _nvml()
    if found is None:
        yield Watch(None, None)
        return
    nvml, handle = found
    watch = Watch(nvml, handle)
    thread = threading.Thread(target=watch.sample)
    thread.start()
    try:
        yield watch
    finally:
        watch.close()
        thread.join()
        nvml.nvmlShutdown()


_TITLES = (
    "model",
    "case",
    "runtime",
    "precision",
    "engine ms",
    "device ms",
    "end to end ms",
    "rate",
    "VRAM MiB",
    "W",
    "J",
    "",
)


def _cells(row: Row) -> tuple[str, ...]:
    def number(value: float | None, digits: int = 1) -> str:
        return "–" if value is None else f"{value:.{digits}f}"

    return (
        row.model, row.case, row.runtime, row.precision, number(row.engine_ms), number(row.device_ms),
        number(row.end_to_end_ms),
        number(row.rate, 2), number(row.vram_mib, 0), number(row.watts, 0), number(row.joules, 2), row.note,
    )  # fmt: skip


def _line(row: Row) -> str:
    return " ".join(
        f"{title} {cell}" if title else cell for title, cell in zip(_TITLES, _cells(row), strict=True)
    )


def markdown(rows: list[Row], facts: Mapping[str, Any], notes: list[str]) -> str:
    """The table, with what it was measured on."""
    lines = [
        f"Measured by `python -m interneg.engines.gpucheck`, Interneg {facts['interneg']}, on "
        f"{facts['gpu'] or 'no GPU'}; {facts['cpu']}; {facts['system']}; "
        + ", ".join(f"{n} {v}" for n, v in facts["runtimes"].items())
        + ".",
        "",
        *(f"- {note}" for note in notes),
        "",
        "| " + " | ".join(_TITLES) + " |",
        "|" + "---|" * len(_TITLES),
        *("| " + " | ".join(_cells(row)) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
