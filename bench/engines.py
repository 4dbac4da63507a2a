"""Engines: how long TensorRT's take to build without a GPU, and what INT8 gains and costs on the CPU."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from bench import coarse
from bench.quality import bsd68_scores, set5_scores
from bench.table import Row, at_least, at_most
from bench.timing import processor_times
from interneg.engines.building.libraries import LIBRARIES
from interneg.engines.building.orders import orders
from interneg.engines.building.profiles import PROFILES
from interneg.engines.factory import produce
from interneg.engines.models import Model, load_catalogue
from interneg.engines.source import Engines
from interneg.engines.store import Store
from interneg.errors import EngineError

LOSSES = {"lite": 0.05, "standard": 0.1}
SPEED_UPS = {"fp32": 3.0, "bf16": 1.3}
"""How many times as fast INT8 is to be as each."""


def rows(data: Path, out: Path) -> Iterator[Row]:
    """Measure everything."""
    models = load_catalogue()
    yield built(list(models.values()))
    for model in models.values():
        if "int8" not in model.weights:
            yield Row(f"{model.name}: INT8", "there", "no INT8 weights", False)
            continue
        yield from int8_speed(model)
        if model.task == "denoise-sr":
            yield from int8_loss(model, data, out)
    yield from coarse.rows(data.parent / "footage" / "clips")


def built(models: list[Model]) -> Row:
    """Every model in fp16, and INT8 where there is one, for every target, with TensorRT for RTX."""
    library = LIBRARIES["tensorrt-rtx"]
    what = "engines built without a GPU by TensorRT for RTX, all models, fp16 and int8, 6 targets"
    if reason := library.missing():
        return Row(what, "all", reason, None)
    targets = [t for t in library.targets if t != "sm121"]
    wanted = list(orders(models, ["fp16", "int8"], [PROFILES["hd"]], library, targets))
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = list(produce(wanted, Store([folder])))
    good = sum(o.state == "built" for o in outcomes)
    spent = time.perf_counter() - began
    return Row(what, "all", f"{good} of {len(wanted)} in {spent:.0f} s", good == len(wanted))


def int8_speed(model: Model) -> Iterator[Row]:
    """INT8 over fp32 and over bf16 on OpenVINO, and what a machine takes by itself."""
    planes = np.random.default_rng(4).random((len(model.input.channels), 540, 960), np.float32)
    runs = {}
    for precision in ("int8", *SPEED_UPS):
        try:
            engine = Engines("openvino", precision, threads=1).open(model.name)
        except EngineError as error:
            yield Row(f"{model.name}, 960x540: {precision} on OpenVINO", "", str(error), None)
        else:
            runs[precision] = partial(engine.run, planes)
    spent = processor_times(runs)
    for precision in (p for p in SPEED_UPS if {p, "int8"} <= spent.keys()):
        what = f"{model.name}, 960x540: INT8 over {precision}, OpenVINO, one thread"
        yield at_least(what, SPEED_UPS[precision], spent[precision] / spent["int8"], "times")
    yield Row(f"{model.name}: by default", "", Engines("openvino").describe(model.name), None)


def int8_loss(model: Model, data: Path, out: Path) -> Iterator[Row]:
    """PSNR lost on the public set of a model's scale, through `interneg render`, on OpenVINO."""
    name, folder = ("BSD68", data / "BSD68") if model.scale == 1 else ("Set5", data / "Set5")
    if not folder.is_dir():
        return
    scores = []
    for precision in ("fp32", "int8"):
        options = ("--runtime", "openvino", "--precision", precision)
        if model.scale == 1:
            scores.append(bsd68_scores(folder, out, model.variant, *options))
        else:
            scores.append(set5_scores(folder, out, model.variant, model.scale, *options))
    what = f"{model.name}: lost by INT8 on {name}"
    yield at_most(what, LOSSES[model.variant], float(np.mean(scores[0]) - np.mean(scores[1])), "dB")
