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
import tomllib
from pathlib import Path
from typing import Any

import torch
from torch import nn

from interneg.engines import qualify, speeds
from interneg.engines.entry_text import toml_text
from interneg.engines.models import Precision, load_catalogue
from interneg.engines.store import Figures
from interneg.engines.training import evaluate, gains
from interneg.engines.training.calibrate import calibration, counted, methods, peaks
from interneg.engines.training.export import sha256
from interneg.engines.training.limits import LIMITS, limits, shown, worse, worst
from interneg.engines.training.onnx_nets import Compiled, Exact, TypedGraph
from interneg.engines.training.qdq import equalised, inner, quantised
from interneg.engines.training.temporal import Alone
from interneg.engines.training.tiles import load
from interneg.engines.training.trial import Trial, choose, held, luma_psnr
from interneg.engines.typed import half, overflowing


def main() -> None:
    """The command: adds fp16 and INT8 weights to a catalogue entry."""
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
    over_time = int(entry["window"]) > 0
    known = torch.from_numpy(qualify.golden(len(entry["input"]["channels"])))[None]
    limit = args.limit or LIMITS[entry["variant"]]
    source = (args.catalogue / entry["weights"]["fp32"]["file"]).read_bytes()
    wanted = args.precisions.split(",")
    if over_time and "int8" in wanted:
        parser.error(f"{args.model} sees windows, and calibration has none: name --precisions fp16")
    for precision in wanted:
        entry["weights"].pop(precision, None)
        entry.get("limits", {}).pop(precision, None)
        entry["quality"] = {k: v for k, v in entry["quality"].items() if not k.endswith(f" {precision}")}
    entry.setdefault("limits", {})

    def of_one_frame(net: nn.Module) -> nn.Module:
        return Alone(net) if over_time else net

    def public(net: nn.Module, quick: bool = False) -> dict[str, float]:
        return evaluate.public_figures(of_one_frame(net), [scale], args.set5, args.bsd68, quick)

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
    expected = Compiled(source, multiple, args.threads)(known)[0].numpy()

    def figures(data: bytes) -> list[Figures]:
        nets = Exact(data, multiple, args.threads), TypedGraph(data), Compiled(data, multiple, args.threads)
        return [qualify.compare(net(known)[0].numpy(), expected) for net in nets]

    if "fp16" in wanted:
        keep = overflowing(source, known[0].numpy())
        narrow = half(source, keep)
        add("fp16", narrow, figures(narrow), public(Compiled(narrow, multiple, args.threads)))
        print(f"fp32 islands: {', '.join(keep) or 'none needed'}")
    if "int8" in wanted:
        first = public(Exact(source, multiple, args.threads), quick=True)
        tiles = load(args.pack, torch.device("cpu"), (scale,))
        names = inner(source)
        planes = calibration(tiles, scale, args.samples)
        equal = equalised(source, peaks(source, planes, names))
        pairs = held(tiles, scale)
        trial = Trial(
            source, equal, multiple, known, lambda net, n: luma_psnr(net, pairs[::n], scale), args.threads
        )
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
