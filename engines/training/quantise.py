"""Write a model's typed graphs, fp16 and INT8, into its catalogue entry, and measure what they lose.

    python -m interneg.engines.training.quantise denoise-sr-lite-x2 --catalogue engines/catalogue \
        --pack pack.npz --set5 DIR --bsd68 DIR

Both are made from the entry's fp32 file. INT8 is explicit Q/DQ in front of convolutions: symmetric (what
TensorRT takes; OpenVINO and ONNX Runtime run the same file), one step per output channel for weights and one
per tensor for what goes in, found by the calibration method that does best on held tiles. The first and the
last convolution stay in fp16 (design: residuals in fp32), and so do, most sensitive first, as many others as
it takes to lose no more than ``--limit`` dB and to qualify. Needs onnx, onnxruntime and openvino.
"""

import argparse
import functools
import statistics
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import openvino as ov
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

from interneg.engines import qualify
from interneg.engines.models import Precision, load_catalogue
from interneg.engines.runtimes.torch import _OPERATORS
from interneg.engines.store import Figures
from interneg.engines.training import evaluate
from interneg.engines.training.checks import psnr
from interneg.engines.training.colour import rgb_to_ycc
from interneg.engines.training.degrade import Dice, Mix, draw
from interneg.engines.training.export import sha256, toml_text
from interneg.engines.training.networks import restore
from interneg.engines.training.tiles import Tiles, load
from interneg.engines.typed import half, overflowing

Array = NDArray[np.float32]
Steps = Mapping[str, float]
"""Step of what goes into a convolution, by the convolution's name; those without one stay above INT8."""

Pairs = list[tuple[Tensor, Tensor]]
"""Planes (1,6,H,W) and their clean luma (1,1,s*H,s*W)."""
LEVELS = 127
BINS = 2048
PERCENTILES = (99.9, 99.99, 99.999)
LIMITS = {"lite": 0.05, "standard": 0.1}
"""dB that INT8 may lose on the public figures."""
MARGINS: Mapping[Precision, float] = {"fp16": 4.0, "int8": 2.0}
"""How many times the measured error a qualification allows: devices sum in other orders, or in fp16."""
GOLDEN = torch.from_numpy(qualify.golden(6))[None]
_SMALLEST = 2.0**-14


class Exact(nn.Module):
    """An ONNX file run by ONNX Runtime, in the place of a network.

    It computes INT8 graphs as they are written on every CPU; OpenVINO's kernels for those without VNNI do not
    (7 dB on the golden input of lite at 2x).
    """

    def __init__(self, weights: bytes, multiple: int, threads: int = 0) -> None:
        super().__init__()
        self.multiple = multiple
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def forward(self, planes: Tensor, scale: int = 1) -> Tensor:
        return torch.from_numpy(self._session.run(None, {self._input: planes.contiguous().numpy()})[0])


class Compiled(nn.Module):
    """An ONNX file run by OpenVINO, in the place of a network."""

    def __init__(self, weights: bytes, multiple: int, threads: int = 0) -> None:
        super().__init__()
        self.multiple = multiple
        settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "EXECUTION_MODE_HINT": "PERFORMANCE"}
        settings |= {"INFERENCE_NUM_THREADS": threads} if threads else {}
        core = ov.Core()
        self._request = core.compile_model(core.read_model(weights), "CPU", settings).create_infer_request()

    def forward(self, planes: Tensor, scale: int = 1) -> Tensor:
        return torch.from_numpy(self._request.infer([planes.numpy()])[0].copy())


class Typed(nn.Module):
    """An ONNX file run operator by operator in the types that it declares, each result rounded to its type.

    What a GPU computes but for the order of its sums, which are in fp32.
    """

    def __init__(self, weights: bytes) -> None:
        super().__init__()
        self.graph = onnx.load_from_string(weights).graph
        self.known = {
            c.name: torch.from_numpy(np.array(numpy_helper.to_array(c))) for c in self.graph.initializer
        }

    def forward(self, planes: Tensor, scale: int = 1) -> Tensor:
        values = dict(self.known) | {self.graph.input[0].name: planes}
        for node in self.graph.node:
            facts = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            values[node.output[0]] = _computed(node.op_type, facts, [values.get(name) for name in node.input])
        return values[self.graph.output[0].name]


def _computed(kind: str, facts: Mapping[str, Any], inputs: list[Any]) -> Tensor:
    if kind == "Constant":
        return torch.from_numpy(np.array(numpy_helper.to_array(facts["value"])))
    if kind == "Cast":
        return inputs[0].to({1: torch.float32, 10: torch.float16}[facts["to"]])
    if kind in ("QuantizeLinear", "DequantizeLinear"):
        x, step = inputs[0].float(), inputs[1].float()
        step = step.reshape([-1] + [1] * (x.ndim - 1 - facts.get("axis", 1))) if step.numel() > 1 else step
        if kind == "QuantizeLinear":
            return torch.round(x / step).clamp(-128, 127).to(torch.int8)
        return (x * step).to(inputs[1].dtype)
    narrow = any(x is not None and x.dtype == torch.float16 for x in inputs)
    result = _OPERATORS[kind](
        facts, *(x.float() if x is not None and narrow and x.is_floating_point() else x for x in inputs)
    )
    return result.half() if narrow and result.is_floating_point() else result


def inner(weights: bytes) -> list[str]:
    """The convolutions that may be INT8: all but the first and the last, in the graph's order."""
    return [node.name for node in onnx.load_from_string(weights).graph.node if node.op_type == "Conv"][1:-1]


def rounded(weight: Array) -> tuple[NDArray[np.int8], Array]:
    """int8 weights (O,I,h,w) and the step (O,) of each output channel, the one with the least square error.

    Steps are fp16 numbers, so that the fp16 graph holds the same ones, and none so small that fp16 blurs it.
    """
    peak = np.abs(weight).max((1, 2, 3))
    best, steps = np.full(len(weight), np.inf), np.ones(len(weight), np.float32)
    for share in np.linspace(0.6, 1.0, 21):
        step = _representable(peak * share / LEVELS)
        wide = step[:, None, None, None]
        error = ((np.clip(np.round(weight / wide), -LEVELS, LEVELS) * wide - weight) ** 2).sum((1, 2, 3))
        steps, best = np.where(error < best, step, steps), np.minimum(error, best)
    return np.clip(np.round(weight / steps[:, None, None, None]), -LEVELS, LEVELS).astype(np.int8), steps


def _representable(step: Any) -> Array:
    return np.asarray(np.maximum(step, _SMALLEST), np.float16).astype(np.float32)


def quantised(weights: bytes, steps: Steps) -> bytes:
    """The INT8 graph of an fp32 file: Q/DQ in front of the convolutions that have a step, fp16 elsewhere."""
    model = onnx.load_from_string(weights)
    graph = model.graph
    constants = {c.name: c for c in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.name in steps:
            source, weight = node.input[:2]
            at = {
                part: f"{node.name}/{part}"
                for part in ("step", "zero", "q", "dq", "w", "w_step", "w_zero", "w_dq")
            }
            small, channel_steps = rounded(numpy_helper.to_array(constants[weight]))
            graph.initializer.remove(constants[weight])
            for part, value in {
                "step": _representable(steps[node.name]), "zero": np.int8(0), "w": small,
                "w_step": channel_steps, "w_zero": np.zeros(len(small), np.int8),
            }.items():  # fmt: skip
                graph.initializer.append(numpy_helper.from_array(np.asarray(value), at[part]))
            for kind, inputs, part, facts in (
                ("QuantizeLinear", (source, at["step"], at["zero"]), "q", {}),
                ("DequantizeLinear", (at["q"], at["step"], at["zero"]), "dq", {}),
                ("DequantizeLinear", (at["w"], at["w_step"], at["w_zero"]), "w_dq", {"axis": 0}),
            ):
                nodes.append(helper.make_node(kind, inputs, [at[part]], name=at[part], **facts))
            node.input[0], node.input[1] = at["dq"], at["w_dq"]
        nodes.append(node)
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(nodes)
    return half(model.SerializeToString())


@dataclass
class Counts:
    """How often which magnitude goes into a convolution: counts (BINS,) over 0..top."""

    counts: NDArray[np.float64]
    top: float


def counted(weights: bytes, planes: Tensor, names: Iterable[str]) -> dict[str, Counts]:
    """The magnitudes that go into convolutions on planes (N,6,H,W), in two passes over them."""
    graph = onnx.load_from_string(weights).graph
    source = {node.name: node.input[0] for node in graph.node if node.name in set(names)}
    model = ov.Core().read_model(weights)
    model.add_outputs(list(source.values()))
    run = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
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


def held(tiles: Tiles, scale: int, count: int = 8) -> Pairs:
    """Planes and their clean luma out of held tiles, as the public sets: clean; at 1x with noise."""
    pairs = []
    noise = torch.Generator().manual_seed(0)
    for number, tile in enumerate(tiles.held[:: max(len(tiles.held) // count, 1)][:count].tolist()):
        full = rgb_to_ycc(tiles.full[1][tile][None].permute(0, 3, 1, 2).float() / 255)
        small = rgb_to_ycc(tiles.full[scale][tile][None].permute(0, 3, 1, 2).float() / 255)
        sigma = (15 / 255, 25 / 255, 50 / 255)[number % 3] if scale == 1 else 0.0
        small[:, 1:] *= scale > 1
        small[:, :1] += sigma * torch.randn(small[:, :1].shape, generator=noise)
        pairs.append((evaluate.conditioned(small, sigma), full[:, :1]))
    return pairs


def luma_psnr(net: nn.Module, pairs: Pairs, scale: int) -> float:
    """Mean PSNR-Y over pairs of planes and clean luma."""
    results = ((restore(net, planes, scale)[:, :1].clamp(0, 1), clean) for planes, clean in pairs)
    return statistics.mean(psnr(result, clean, scale) for result, clean in results)


def equalised(weights: bytes, seen: Mapping[str, Array], share: float = 0.6) -> bytes:
    """The same function with channels of like magnitude, so that one step suits them all.

    seen: the largest magnitude of each input channel, by convolution. A channel is divided by a factor in all
    convolutions that make it and multiplied by it in all that take it; that passes through ReLU and sums, and
    channels that anything else touches stay. (Nagel et al., 2019; share: SmoothQuant, Xiao et al., 2022.)
    """
    model = onnx.load_from_string(weights)
    graph = model.graph
    constants = {c.name: np.array(numpy_helper.to_array(c)) for c in graph.initializer}
    joined: dict[str, str] = {}

    def root(tensor: str) -> str:
        while joined.setdefault(tensor, tensor) != tensor:
            tensor = joined[tensor]
        return tensor

    fixed = {value.name for value in (*graph.input, *graph.output)}
    for node in graph.node:
        if node.op_type == "Relu" or (node.op_type == "Add" and not constants.keys() & set(node.input)):
            for tensor in node.input:
                joined[root(tensor)] = root(node.output[0])
        elif node.op_type not in ("Conv", "Constant"):
            fixed |= {*node.input, *node.output}
    fixed = {root(tensor) for tensor in fixed}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    for group in dict.fromkeys(root(node.input[0]) for node in convolutions if node.name in seen):
        makers = [node for node in convolutions if root(node.output[0]) == group]
        takers = [node for node in convolutions if root(node.input[0]) == group]
        depthwise = any(constants[node.input[1]].shape[1] == 1 for node in takers)
        if group in fixed or not makers or depthwise or any(len(node.input) < 3 for node in makers):
            continue
        reach = np.max([seen[node.name] for node in takers if node.name in seen], 0)
        weight = np.max([np.abs(constants[node.input[1]]).max((0, 2, 3)) for node in takers], 0)
        factor = np.maximum(reach, 1e-4) ** share / np.maximum(weight, 1e-5) ** (1 - share)
        factor = (factor / np.exp(np.log(factor).mean())).clip(1 / 16, 16).astype(np.float32)
        for node in makers:
            constants[node.input[1]] /= factor[:, None, None, None]
            constants[node.input[2]] /= factor
        for node in takers:
            constants[node.input[1]] *= factor[None, :, None, None]
    for constant in graph.initializer:
        constant.CopyFrom(numpy_helper.from_array(constants[constant.name], constant.name))
    data: bytes = model.SerializeToString(deterministic=True)
    return data


class Trial:
    """How INT8 graphs of one model do on held tiles and on the golden input."""

    def __init__(
        self, source: bytes, equal: bytes, multiple: int, pairs: Pairs, scale: int, threads: int
    ) -> None:
        self.equal, self.multiple, self.pairs = equal, multiple, pairs
        self.scale, self.threads = scale, threads
        plain = self.compiled(source)
        self.before, self.expected = luma_psnr(plain, pairs, scale), plain(GOLDEN)[0].numpy()

    def compiled(self, weights: bytes) -> Exact:
        return Exact(weights, self.multiple, self.threads)

    def lost(self, steps: Steps) -> tuple[float, Figures]:
        """dB lost on the held tiles, and the golden input's figures."""
        net = self.compiled(quantised(self.equal, steps))
        figures = qualify.compare(net(GOLDEN)[0].numpy(), self.expected)
        return self.before - luma_psnr(net, self.pairs, self.scale), figures


def worse(lost: float, figures: Figures, limit: float) -> float:
    """How a trial stands to what is allowed: above 1 it is too bad. A seventh is left to other devices."""
    most = qualify.LIMITS["int8"]
    ratios = [getattr(figures, name) / getattr(most, name) for name in ("maximum", "p999", "mean")]
    ratios.append(10 ** ((most.psnr - figures.psnr) / 20))
    return max(lost / limit, 1.15 * max(ratios))


def shown(figures: Figures) -> str:
    """Largest, 99.9 % and mean error, and PSNR."""
    errors = " / ".join(f"{value:.2g}" for value in (figures.maximum, figures.p999, figures.mean))
    return f"{errors}, {figures.psnr:.1f} dB"


def limits(precision: Precision, found: Iterable[Figures]) -> dict[str, Any]:
    """The limits of an entry: the measured figures with a margin, where that is tighter than the default."""
    found, margin, most = list(found), MARGINS[precision], qualify.LIMITS[precision]
    errors = {
        name: min(getattr(most, name), float(f"{margin * max(getattr(f, name) for f in found):.2g}"))
        for name in ("maximum", "p999", "mean")
    }
    least = max(most.psnr, round(min(f.psnr for f in found) - 20 * np.log10(margin), 1))
    return {**errors, "psnr": float(least), "nans": 0}


def peaks(weights: bytes, planes: Tensor, names: Iterable[str]) -> dict[str, Array]:
    """The largest magnitude of each channel that goes into convolutions."""
    source = {n.name: n.input[0] for n in onnx.load_from_string(weights).graph.node if n.name in set(names)}
    model = ov.Core().read_model(weights)
    model.add_outputs(list(source.values()))
    run = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found: dict[str, Array] = {}
    for part in planes.split(8):
        results = run([part.numpy()])
        for name, tensor in source.items():
            found[name] = np.maximum(found.get(name, 0), np.abs(results[tensor]).max((0, 2, 3)))
    return found


def choose(
    trial: Trial, seen: Mapping[str, Counts], limit: float
) -> tuple[str, list[tuple[float, dict[str, float]]]]:
    """The best calibration method, and its steps without the most sensitive layers: 0 layers, 1, 2, ...

    Each with how it stands to the limits.
    """
    scores = {}
    for way, steps in methods(seen).items():
        lost, figures = trial.lost(steps)
        scores[way] = worse(lost, figures, limit), steps
        print(f"{way}: {lost:.3f} dB lost on held tiles; golden {shown(figures)}", flush=True)
    way = min(scores, key=lambda w: scores[w][0])
    score, steps = scores[way]
    tried = [(score, steps)]
    if score > 0.8:
        alone = {name: worse(*trial.lost({name: step}), limit) for name, step in steps.items()}
        order = sorted(alone, key=lambda name: -alone[name])
        for name in order:
            print(f"  {name} alone: {alone[name]:.2f} of the limits", flush=True)
        stride = max(len(order) // 12, 1)
        for count in range(stride, len(order), stride):
            fewer = {name: step for name, step in steps.items() if name not in order[:count]}
            tried.append((worse(*trial.lost(fewer), limit), fewer))
            print(f"  without {count}: {tried[-1][0]:.2f} of the limits", flush=True)
            if tried[-1][0] < 0.7:
                break
    return way, tried


def faster(source: bytes, other: bytes, multiple: int) -> float:
    """How many times faster than fp32 OpenVINO runs another file: one thread, processor time, in turns."""
    nets = [Compiled(weights, multiple, 1) for weights in (source, other)]
    planes = torch.rand(1, 6, 256, 384)
    spent: list[list[float]] = [[], []]
    for turn in range(8):
        for net, times in zip(nets, spent, strict=True):
            start = time.process_time()
            net(planes)
            if turn:
                times.append(time.process_time() - start)
    return min(spent[0]) / min(spent[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--set5", type=Path)
    parser.add_argument("--bsd68", type=Path)
    parser.add_argument("--precisions", default="fp16,int8")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--limit", type=float, help="dB that INT8 may lose: 0.05 for lite, 0.1 for standard")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    described = args.catalogue / f"{args.model}.toml"
    entry: dict[str, Any] = tomllib.loads(described.read_text())
    scale, multiple = int(entry["scale"]), int(entry["multiple"])
    limit = args.limit or LIMITS[entry["variant"]]
    source = (args.catalogue / entry["weights"]["fp32"]["file"]).read_bytes()
    wanted = args.precisions.split(",")
    for precision in wanted:
        entry["weights"].pop(precision, None)
        entry.get("limits", {}).pop(precision, None)
        entry["quality"] = {k: v for k, v in entry["quality"].items() if not k.endswith(f" {precision}")}
    entry.setdefault("limits", {})

    def public(net: nn.Module, quick: bool = False) -> dict[str, float]:
        return evaluate.public_figures(net, [scale], args.set5, args.bsd68, quick)

    def add(precision: Precision, data: bytes, figures: list[Figures], quality: dict[str, float]) -> None:
        target = args.catalogue / f"{args.model}-{precision}.onnx"
        target.write_bytes(data)
        entry["weights"][precision] = {"file": target.name, "sha256": sha256(target)}
        entry["quality"] |= {f"{name} {precision}": round(value, 3) for name, value in quality.items()}
        entry["limits"][precision] = limits(precision, figures)
        lost = max(before[name] - value for name, value in quality.items())
        values = ", ".join(f"{value:.2f}" for value in quality.values())
        worst = shown(max(figures, key=lambda f: f.maximum))
        print(f"| {args.model} | {precision} | {values} | {lost:.3f} | {worst} |", flush=True)

    # Export measured these, of the same weights in torch.
    before = {k: v for k, v in entry["quality"].items() if not k.endswith((" fp16", " int8"))}
    expected = Compiled(source, multiple, args.threads)(GOLDEN)[0].numpy()

    def figures(data: bytes) -> list[Figures]:
        nets = Exact(data, multiple, args.threads), Typed(data)
        return [qualify.compare(net(GOLDEN)[0].numpy(), expected) for net in nets]

    if "fp16" in wanted:
        keep = overflowing(source, GOLDEN[0].numpy())
        narrow = half(source, keep)
        add("fp16", narrow, figures(narrow), public(Compiled(narrow, multiple, args.threads)))
        print(f"fp32 islands: {', '.join(keep) or 'none needed'}")
    if "int8" in wanted:
        first = public(Exact(source, multiple, args.threads), quick=True)
        tiles = load(args.pack, torch.device("cpu"), (scale,))
        names = inner(source)
        planes = calibration(tiles, scale, args.samples)
        equal = equalised(source, peaks(source, planes, names))
        trial = Trial(source, equal, multiple, held(tiles, scale), scale, args.threads)
        way, tried = choose(trial, counted(equal, planes, names), limit)
        for score, steps in tried:
            if score > 1:
                continue
            data = quantised(equal, steps)
            net, found = Exact(data, multiple, args.threads), figures(data)
            lost = max(first[name] - value for name, value in public(net, quick=True).items())
            bad = [reason for f in found for reason in qualify.failures(f, qualify.LIMITS["int8"])]
            print(f"{way}, {len(steps)} of {len(names)} layers in INT8: {lost:.3f} dB lost {bad}", flush=True)
            if lost <= limit and not bad:
                add("int8", data, found, public(net))
                above = [name for name in names if name not in steps]
                print(f"{way}; in fp16: the first, the last, {', '.join(above) or 'no other'}")
                here = qualify.compare(Compiled(data, multiple)(GOLDEN)[0].numpy(), expected)
                print(f"on OpenVINO here: golden {shown(here)}")
                print(f"{faster(source, data, multiple):.2f}x as fast as fp32 on OpenVINO, one thread")
                break
        else:
            print(f"{args.model}: no INT8 graph is within the limits; none is written")
    if not entry["limits"]:
        del entry["limits"]
    described.write_text(toml_text(entry))
    load_catalogue()


if __name__ == "__main__":
    main()
