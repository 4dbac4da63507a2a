"""A finished entry opened as a render opens it, and measured."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from interneg.engine import ONE_SIGMA
from interneg.engines import qualify
from interneg.engines.models import Model, read_entry
from interneg.engines.network_engine import NetworkEngine
from interneg.engines.source import Engines
from interneg.engines.tiles import activation_bytes
from interneg.errors import EngineError

SEAM = 1e-4
"""By how much tiles may differ from the whole, in 0..1."""

_TIMED = 192


class EngineFigures(NamedTuple):
    """What was measured of the finished engine: on what it runs; the largest difference between tiled and
    whole, in 0..1, None where it was not tried; seconds and bytes for a megapixel of input.
    """

    runs: str
    seam: float | None
    seconds: float
    memory: float


def measure(entry: Path) -> EngineFigures:
    """Open a model as a render does, which qualifies it against the imported file, and measure it.

    entry: its TOML. Raises EngineError where no runtime of this machine's processor runs it rightly.
    """
    model = read_entry(entry)
    reasons = []
    for runtime in ("openvino", "onnxruntime"):
        try:
            engines = Engines(runtime, "fp32", models={model.name: model})
            engine = engines.open(model.name)
        except EngineError as error:
            reasons.append(str(error))
            continue
        seconds = _seconds(engine, model)
        memory = activation_bytes(model.read("fp32"), model.multiple, "fp32", model.size) * 1e6
        return EngineFigures(engines.describe(model.name), _seam(engine, model), seconds, memory)
    raise EngineError(f"the model was read, and nothing here runs it: {'; '.join(reasons)}")


def _seconds(engine: NetworkEngine, model: Model) -> float:
    height, width = model.size or (-(-_TIMED // model.multiple) * model.multiple,) * 2
    planes = np.full((len(model.input.channels), height, width), 0.4, np.float32)
    out = np.empty(engine.network.output_shape(height, width), np.float32)
    engine.network.infer(planes, out)  # in the first it is compiled
    began = time.perf_counter()
    engine.network.infer(planes, out)
    return (time.perf_counter() - began) * 1e6 / (height * width)


def _seam(engine: NetworkEngine, model: Model) -> float | None:
    """The largest difference between a picture in tiles and as a whole; None for a graph of one size."""
    if model.size is not None:
        return None
    tile = 2 * model.halo + 48 + model.multiple
    side = tile + 40
    golden = qualify.golden_of(model)
    repeats = [-(-side // n) for n in golden.shape[1:]]
    planes = np.ascontiguousarray(np.tile(golden, (1, *repeats))[:, :side, :side])
    if ONE_SIGMA in model.input.channels:  # its mean would be another one in each tile
        planes[-1] = planes[-1].mean()
    whole = NetworkEngine(model, engine.network, engine.identity, 2**31).run(planes)
    tiled = NetworkEngine(model, engine.network, engine.identity, tile * tile).run(planes)
    return float(np.abs(whole - tiled).max())
