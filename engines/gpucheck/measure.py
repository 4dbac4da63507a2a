"""The figures of every engine that runs here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from interneg.colour import Colour
from interneg.engines.gpucheck.cases import Case, noise_planes
from interneg.engines.gpucheck.power import watched
from interneg.engines.gpucheck.table import Measured
from interneg.engines.gpucheck.timing import end_to_end, median, too_slow
from interneg.engines.gpucheck.torch_baseline import torch_rows
from interneg.engines.models import Model, Precision
from interneg.engines.network import Network
from interneg.engines.runtimes import RUNTIMES
from interneg.engines.source import Engines
from interneg.engines.store import Store
from interneg.engines.tiles import padded, padded_size, plan
from interneg.errors import GpuMemoryError, InternegError


def measured(
    models: Mapping[str, Model], cases: list[Case], only: list[str], store: Store, seconds: float
) -> Iterator[Measured]:
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
            yield from torch_rows(model, case, only, colour, seconds)


def _engine_row(
    model: Model, case: Case, runtime: str, precision: Precision, store: Store, colour: Colour, seconds: float
) -> Measured:
    row = Measured(model.name, case.name, runtime, precision)
    try:
        with watched() as watch:  # before the engine takes its memory
            engine = Engines(runtime, precision, store=store).open(model.name)
            try:
                if reason := too_slow(
                    lambda size: engine.run(np.zeros((6, size, size), np.float32)), case, seconds
                ):
                    return replace(row, note=reason)
                alone = _bare(engine.network, model, case, engine.tile_pixels, seconds)
                planes = noise_planes(case)
                device = median(lambda: engine.run(planes), seconds)
                whole, frames = end_to_end(engine.run, case, colour, seconds, watch)
            finally:
                engine.close()
        row = replace(row, engine_ms=alone, device_ms=device, end_to_end_ms=whole, vram_mib=watch.peak_mib)
        return row.powered(watch, frames)
    except InternegError as error:
        return replace(row, note=str(error))


def _bare(network: Network, model: Model, case: Case, pixels: int, seconds: float) -> float:
    """Milliseconds that the network takes for the tiles of one frame, one after the other."""
    height, width = padded_size(case.height, case.width, model.halo, model.multiple)
    tiles = plan(height, width, model.halo, model.multiple, pixels, network.most)
    if tiles is None:
        raise GpuMemoryError(f"{model.name} has no tiles of {pixels} pixels")
    planes = padded(noise_planes(case), model.halo, model.multiple)[0]
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
            return median(lambda: list(pool.map(frame, range(2))), seconds) / 2
    while time.perf_counter() < until:
        times.append(frame())
    return 1000 * float(np.median(times[2:] or times[1:]))
