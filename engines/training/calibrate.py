"""Calibration: what goes into a network's convolutions, and the steps that several methods make of it."""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor

from interneg.engines import qualify
from interneg.engines.cpu_core import core
from interneg.engines.training.degrade import Dice, Mix, draw
from interneg.engines.training.qdq import LEVELS, Array
from interneg.engines.training.tiles import Tiles

BINS = 2048
PERCENTILES = (99.9, 99.99, 99.999)


@dataclass
class Counts:
    """How often which magnitude goes into a convolution: counts (BINS,) over 0..top."""

    counts: NDArray[np.float64]
    top: float


def counted(weights: bytes, planes: Tensor, names: Iterable[str]) -> dict[str, Counts]:
    """The magnitudes that go into convolutions on planes (N,6,H,W), in two passes over them."""
    graph = onnx.load_from_string(weights).graph
    source = {node.name: node.input[0] for node in graph.node if node.name in set(names)}
    model = core().read_model(weights)
    model.add_outputs(list(source.values()))
    run = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found: dict[str, Counts] = {}
    for full in (False, True):
        for part in planes.split(8):
            results = run([part.numpy()])
            for name, tensor in source.items():
                value = np.abs(results[tensor])
                if full:
                    known = found[name]
                    known.counts += np.histogram(value, BINS, (0, known.top))[0]
                else:
                    top = max(float(value.max()), found[name].top if name in found else 1e-6)
                    found[name] = Counts(np.zeros(BINS), top)
    return found


def peaks(weights: bytes, planes: Tensor, names: Iterable[str]) -> dict[str, Array]:
    """The largest magnitude of each channel that goes into convolutions: (C,) float32 by their names.

    weights: an fp32 ONNX file. planes: (N, 6, H, W) float32. names: of convolutions of that file.
    """
    source = {n.name: n.input[0] for n in onnx.load_from_string(weights).graph.node if n.name in set(names)}
    model = core().read_model(weights)
    model.add_outputs(list(source.values()))
    run = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found: dict[str, Array] = {}
    for part in planes.split(8):
        results = run([part.numpy()])
        for name, tensor in source.items():
            found[name] = np.maximum(found.get(name, 0), np.abs(results[tensor]).max((0, 2, 3)))
    return found


def by_percentile(seen: Counts, percentile: float) -> float:
    """The magnitude that a percentage of the values stays below."""
    share = np.cumsum(seen.counts) / seen.counts.sum()
    return (int(np.searchsorted(share, percentile / 100)) + 1) * seen.top / BINS


def by_mse(seen: Counts) -> float:
    """The largest magnitude kept, for the least square error of rounding and clipping together."""
    centre = (np.arange(BINS) + 0.5) * (seen.top / BINS)

    def error(top: float) -> float:
        step = top / LEVELS
        back = np.minimum(np.round(centre / step), LEVELS) * step
        return float((seen.counts * (back - centre) ** 2).sum())

    return min((seen.top * share for share in np.linspace(0.05, 1.0, 96)), key=error)


def by_entropy(seen: Counts) -> float:
    """The largest magnitude kept, for the least Kullback-Leibler divergence (Migacz, 2017)."""
    best, found = np.inf, BINS
    for used in range(LEVELS + 1, BINS + 1, 8):
        inside = seen.counts[:used]
        p = inside.copy()
        p[-1] += seen.counts[used:].sum()
        level = np.arange(used) * (LEVELS + 1) // used
        total = np.bincount(level, inside, LEVELS + 1)
        filled = np.bincount(level, inside > 0, LEVELS + 1)
        q = np.where(inside > 0, (total / np.maximum(filled, 1))[level], 0.0)
        p, q = ((d + 1e-9 * d.sum()) / (d + 1e-9 * d.sum()).sum() for d in (p, q))
        divergence = float((p * np.log(p / q)).sum())
        if divergence < best:
            best, found = divergence, used
    return found * seen.top / BINS


def methods(seen: Mapping[str, Counts]) -> dict[str, dict[str, float]]:
    """The steps that each calibration method finds."""
    ways: dict[str, Callable[[Counts], float]] = {"entropy": by_entropy, "MSE": by_mse}
    ways["min-max"] = lambda c: c.top
    ways |= {f"percentile {p}": functools.partial(by_percentile, percentile=p) for p in PERCENTILES}
    return {way: {name: f(c) / LEVELS for name, c in seen.items()} for way, f in ways.items()}


def calibration(tiles: Tiles, scale: int, count: int) -> Tensor:
    """Degraded planes (N,6,56,56): as in training, and some of them once more as far as a node may go.

    That is luma stretched to -0.25..1.6, and told of noise up to 0.4 and compression up to 1, in slopes.
    """
    planes = draw(tiles, scale, 56, count, Dice(7, torch.device("cpu")), Mix()).planes
    far = planes[::4].clone()
    far[:, :3] *= qualify.PEAK + 0.25
    far[:, 0] -= 0.25
    slope = torch.linspace(0, 1, 56).expand(56, 56)
    for plane, most in ((3, 0.4), (4, 0.5), (5, 1.0)):
        far[:, plane] = most * slope
        far[::2, plane] = most * slope.T
    return torch.cat((planes, far))
