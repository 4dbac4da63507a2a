"""Write a model's typed graphs, fp16 and INT8, into its catalogue entry, and measure what they lose.

    python -m interneg.engines.training.quantise denoise-sr-lite-x2 --catalogue engines/catalogue \
        --pack pack.npz --set5 DIR --bsd68 DIR

Both are made from the entry's fp32 file. INT8 is explicit Q/DQ in front of convolutions: symmetric (what
TensorRT takes; OpenVINO and ONNX Runtime run the same file), one step per output channel for weights and one
per tensor for what goes in, found by the calibration method that does best on held tiles. The first and the
last convolution stay in fp16 (design: residuals in fp32), and so do, most sensitive first, as many others as
it takes to lose no more than ``--limit`` dB and to qualify on ONNX Runtime, on OpenVINO and rounded operator
by operator. Needs onnx, onnxruntime and openvino.
"""

import argparse
import statistics
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from interneg.engines import qualify, speeds
from interneg.engines.models import Precision, load_catalogue
from interneg.engines.store import Figures
from interneg.engines.training import evaluate, gains
from interneg.engines.training.calibrate import calibration, counted, methods, peaks
from interneg.engines.training.colour import rgb_to_ycc
from interneg.engines.training.export import sha256, toml_text
from interneg.engines.training.networks import restore
from interneg.engines.training.onnx_nets import Compiled, Exact, Typed
from interneg.engines.training.psnr import psnr
from interneg.engines.training.qdq import Steps, equalised, inner, quantised
from interneg.engines.training.tiles import Tiles, load
from interneg.engines.typed import half, overflowing

Pairs = list[tuple[Tensor, Tensor]]
"""Planes (1,6,H,W) and their clean luma (1,1,s*H,s*W)."""
LIMITS = {"lite": 0.05, "standard": 0.1}
"""dB that INT8 may lose on the public figures."""
MARGINS: Mapping[Precision, float] = {"fp16": 4.0, "int8": 2.0}
"""How many times the measured error a qualification allows: devices sum in other orders, or in fp16."""
GOLDEN = torch.from_numpy(qualify.golden(6))[None]


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


def luma_psnr(net: nn.Module, pairs: Pairs, scale: int) -> list[float]:
    """PSNR-Y of each pair of planes and clean luma."""
    results = ((restore(net, planes, scale)[:, :1].clamp(0, 1), clean) for planes, clean in pairs)
    return [psnr(result, clean, scale) for result, clean in results]


class Trial:
    """How INT8 graphs of one model do on held tiles and on the golden input, by ONNX Runtime."""

    def __init__(
        self, source: bytes, equal: bytes, multiple: int, pairs: Pairs, scale: int, threads: int
    ) -> None:
        self.equal, self.multiple, self.pairs = equal, multiple, pairs
        self.scale, self.threads = scale, threads
        plain = self.compiled(source)
        self.before, self.expected = luma_psnr(plain, pairs, scale), plain(GOLDEN)[0].numpy()

    def compiled(self, weights: bytes) -> Exact:
        return Exact(weights, self.multiple, self.threads)

    def lost(self, steps: Steps, every: int = 1) -> tuple[float, Figures]:
        """dB lost on every such held tile, and the golden input's figures."""
        net = self.compiled(quantised(self.equal, steps))
        figures = qualify.compare(net(GOLDEN)[0].numpy(), self.expected)
        after = luma_psnr(net, self.pairs[::every], self.scale)
        return statistics.mean(self.before[::every]) - statistics.mean(after), figures

    def score(self, steps: Steps, limit: float, every: int = 1) -> float:
        """How these steps stand to what is allowed."""
        return worse(*self.lost(steps, every), limit)


def worst(found: Iterable[Figures]) -> Figures:
    """The worst of each figure."""
    found = list(found)
    errors = {name: max(getattr(f, name) for f in found) for name in ("maximum", "p999", "mean", "nans")}
    return Figures(**errors, psnr=min(f.psnr for f in found))


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


def choose(trial: Trial, ways: Mapping[str, Steps], limit: float) -> Iterator[tuple[float, str, Steps]]:
    """Steps without the most sensitive layers, 0, 1, 2, ..., each of the best calibration method there.

    Each with how it stands to the limits, and the method; what is not asked for is not tried. Methods that do
    half as well as the best with all layers are left out from then on. Sensitivity is that at min-max steps:
    they hold the golden input, and a few layers make most of what they lose on pictures.
    """
    widest = ways["min-max"]
    alone = {name: trial.score({name: step}, limit, 4) for name, step in widest.items()}
    order = sorted(alone, key=lambda name: -alone[name])
    for name in order:
        print(f"  {name} alone: {alone[name]:.2f} of the limits", flush=True)
    for count in range(0, len(order), max(len(order) // 12, 1)):
        scores = []
        for way, steps in ways.items():
            fewer = {name: step for name, step in steps.items() if name not in order[:count]}
            lost, figures = trial.lost(fewer)
            scores.append((worse(lost, figures, limit), way, fewer))
            print(
                f"without {count}, {way}: {lost:.3f} dB lost on held tiles; golden {shown(figures)}",
                flush=True,
            )
        best = min(scores, key=lambda score: score[0])
        ways = {way: ways[way] for score, way, _ in scores if score <= 2 * best[0]}
        yield best


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
        nets = Exact(data, multiple, args.threads), Typed(data), Compiled(data, multiple, args.threads)
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
        for score, way, steps in choose(trial, methods(counted(equal, planes, names)), limit):
            if score > 1:
                continue
            data = quantised(equal, steps)
            net, found = Exact(data, multiple, args.threads), figures(data)
            lost = max(first[name] - value for name, value in public(net, quick=True).items())
            score = worse(lost, worst(found), limit)
            print(
                f"{way}, {len(steps)} of {len(names)} layers in INT8: {lost:.3f} dB lost; golden "
                f"{' | '.join(map(shown, found))}; {score:.2f} of the limits",
                flush=True,
            )
            if score <= 1:
                add("int8", data, found, public(net))
                above = [name for name in names if name not in steps]
                print(f"{way}; in fp16: the first, the last, {', '.join(above) or 'no other'}")
                print(f"on OpenVINO here: golden {shown(found[-1])}")
                off = gains.banding(source, data, multiple, scale, args.threads)
                print(f"off by {off:.2g} on a clean ramp; to be a default {speeds.EVEN:.2g} at most")
                spent = gains.seconds(source, data, multiple)
                over = (f"{t / spent['int8']:.2f}x {name}" for name, t in spent.items() if name != "int8")
                print(f"as fast as {', '.join(over)} on OpenVINO here, one thread")
                break
        else:
            print(f"{args.model}: no INT8 graph is within the limits; none is written")
    if not entry["limits"]:
        del entry["limits"]
    described.write_text(toml_text(entry))
    load_catalogue()


if __name__ == "__main__":
    main()
