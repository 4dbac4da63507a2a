"""torch beside the engines: the same architecture, eager and compiled, as others would run it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from interneg.colour import Colour
from interneg.engines.gpucheck.cases import Case, noise_planes
from interneg.engines.gpucheck.power import Watch, watched
from interneg.engines.gpucheck.table import Measured
from interneg.engines.gpucheck.timing import end_to_end, median, too_slow
from interneg.engines.models import Model
from interneg.engines.tiles import padded
from interneg.frame import Pixels

TORCH = ("torch-eager", "torch-compile")


def torch_rows(
    model: Model, case: Case, only: list[str], colour: Colour, seconds: float
) -> Iterator[Measured]:
    """The same architecture in torch, eager and compiled; its weights are random, which costs no time."""
    names = [n for n in TORCH if not only or n in only]
    if not names:
        return
    try:
        import torch

        from interneg.engines.training.networks import build as network
    except ImportError as error:
        yield Measured(
            model.name, case.name, "torch-eager", "fp32", note=f"torch cannot be imported: {error}"
        )
        return
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for name in names:
        for precision in ("fp32", "fp16") if device == "cuda" else ("fp32",):
            row = Measured(model.name, case.name, f"{name} ({device})", precision)
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
    row: Measured,
    forward: Any,
    case: Case,
    model: Model,
    device: str,
    dtype: Any,
    seconds: float,
    colour: Colour,
    watch: Watch,
) -> Measured:
    import torch

    def once(planes: Any) -> Any:
        with torch.inference_mode():
            result = forward(planes, model.scale)
            if device == "cuda":
                torch.cuda.synchronize()
            return result

    def square(size: int) -> None:
        once(torch.zeros(1, 6, size, size, dtype=dtype, device=device))

    if "compile" not in row.runtime and (slow := too_slow(square, case, seconds)):
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

    planes = noise_planes(case)
    ready, _ = uploaded(planes)
    once(ready)
    alone = median(partial(once, ready), seconds)
    row = replace(row, engine_ms=alone, device_ms=median(partial(run, planes), seconds))
    whole, frames = end_to_end(run, case, colour, seconds, watch)
    return replace(row, end_to_end_ms=whole).powered(watch, frames)
