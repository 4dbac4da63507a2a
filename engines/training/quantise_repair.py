"""Write the INT8 graph of one of Scratch-Inpaint's networks into its catalogue entry, and what it loses.

    python -m interneg.engines.training.quantise_repair scratch-inpaint-find --catalogue engines/catalogue \
        --pack pack --held held
    python -m interneg.engines.training.quantise_repair scratch-inpaint-fill --catalogue engines/catalogue \
        --pack pack.npz --damage damage.tar

Packs are those that the network is trained with: windows of `find_pack`, tiles of `pack`. How the graph is
made, and which layers stay in fp16, is as in `quantise`. What is lost is measured on what is held out: for
the one that finds, dB of the square error of its answer (Brier, Verification of Forecasts, 1950); for the one
that fills, dB of PSNR in the holes. Needs onnx, onnxruntime and openvino.
"""

import argparse
import statistics
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from interneg.defects.context import FILLER
from interneg.defects.detector import FINDER
from interneg.engines import qualify
from interneg.engines.entry_text import toml_text
from interneg.engines.models import load_catalogue
from interneg.engines.speeds import ramp
from interneg.engines.training import gains
from interneg.engines.training.calibrate import counted, methods, peaks
from interneg.engines.training.dice import Dice
from interneg.engines.training.export import sha256
from interneg.engines.training.filling import held_samples
from interneg.engines.training.find import Parts
from interneg.engines.training.hidden import hide
from interneg.engines.training.holes import covers, elements
from interneg.engines.training.limits import limits, shown, worse, worst
from interneg.engines.training.onnx_nets import Bfloat16, Compiled, Exact, TypedGraph
from interneg.engines.training.qdq import equalised, inner, quantised
from interneg.engines.training.tiles import load
from interneg.engines.training.trial import Measure, Trial, choose

LOST = "held lost int8"
"""What the entry calls the dB that are lost."""

_SIZE, _SEED, _COVERS = 96, 7, 300
# A node gives the filling network codes as far as these.
_LOWEST, _HIGHEST = -0.25, qualify.PEAK
# Each third window of a held part is looked at, as in training.
_EVERY = 3
# How much of the rim of a gradient is left out, and how many times as much may be lost in bf16.
_RIM, _EVEN = 16, 1.25


def finding(args: argparse.Namespace) -> tuple[Tensor, Measure]:
    """Planes to calibrate with, (N,10,96,96), and how near its answer comes to the truth on held windows."""
    planes, _ = Parts(args.pack).batch(np.random.default_rng(_SEED), args.samples, _SIZE)
    held = Parts(args.held)

    def measure(net: nn.Module, every: int) -> list[float]:
        reached = []
        for seen, truth in list(zip(held.planes, held.truth, strict=True))[::every]:
            answer = net(torch.from_numpy(seen[::_EVERY].astype(np.float32)))
            wrong = answer - torch.from_numpy(truth[::_EVERY].astype(np.float32) / 255)
            reached.append(-10 * float(wrong.square().mean().log10()))
        return reached

    return planes.contiguous(), measure


def filling(args: argparse.Namespace) -> tuple[Tensor, Measure]:
    """Planes to calibrate with, (N,4,96,96), and the PSNR in the holes of held tiles."""
    tiles = load(args.pack, torch.device("cpu"), ())
    hidden = torch.from_numpy(covers(_COVERS, _SIZE, elements(args.damage), _SEED))
    planes = hide(tiles, hidden, args.samples, Dice(_SEED, torch.device("cpu")), soft=True).planes
    far = planes[::4].clone()
    far[:, :3] = _LOWEST + (_HIGHEST - _LOWEST) * far[:, :3]
    held = [
        (picture[k : k + 1], gap[k : k + 1], seen[k : k + 1])
        for picture, gap, seen in held_samples(tiles)
        for k in range(len(picture))
    ]

    def measure(net: nn.Module, every: int) -> list[float]:
        reached = []
        for picture, gap, seen in held[::every]:
            made = (seen[:, :3] + gap * net(seen)).clamp(0, 1)
            wrong = (made - picture)[gap.expand_as(picture) > 0]
            reached.append(-10 * float(wrong.square().mean().log10()))
        return reached

    return torch.cat((planes, far)), measure


SOURCES: dict[str, Callable[[argparse.Namespace], tuple[Tensor, Measure]]] = {
    FINDER: finding,
    FILLER: filling,
}


def even(source: bytes, data: bytes, multiple: int, channels: Sequence[str]) -> bool:
    """Whether bf16 beside INT8 takes no more from a gradient than INT8 in fp32 does, by a quarter."""
    planes = torch.from_numpy(ramp(channels))[None]
    nets = Exact(source, multiple), Exact(data, multiple), Bfloat16(data)
    expected, *made = (net(planes)[0, 0].numpy() for net in nets)
    whole, coarse = (np.abs(m - expected)[_RIM:-_RIM, _RIM:-_RIM] for m in made)
    return bool(coarse.mean() < _EVEN * whole.mean() and coarse.max() < _EVEN * whole.max())


def main(argv: list[str] | None = None) -> None:
    """The command: adds INT8 weights to a catalogue entry, where a graph is within the limits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", choices=SOURCES)
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True, help="what to calibrate with")
    parser.add_argument("--held", type=Path, help="windows that were held out, for the one that finds")
    parser.add_argument("--damage", type=Path, help="archive of damage elements, for the one that fills")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--limit", type=float, default=0.05, help="dB that INT8 may lose")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args(argv)
    if args.model == FINDER and args.held is None:
        parser.error(f"{FINDER} is measured on windows that were held out: name them by --held")
    if args.threads:
        torch.set_num_threads(args.threads)
    described = args.catalogue / f"{args.model}.toml"
    entry: dict[str, Any] = tomllib.loads(described.read_text())
    target = args.catalogue / f"{args.model}-int8.onnx"
    entry["weights"].pop("int8", None)
    entry["limits"].pop("int8", None)
    entry["quality"].pop(LOST, None)
    target.unlink(missing_ok=True)
    multiple, kinds = int(entry["multiple"]), entry["input"]["golden"]
    channels = entry["input"]["channels"]
    golden = torch.from_numpy(qualify.driven(kinds))[None]
    source = (args.catalogue / entry["weights"]["fp32"]["file"]).read_bytes()
    planes, measure = SOURCES[args.model](args)
    names = inner(source)
    equal = equalised(source, peaks(source, planes, names))
    trial = Trial(source, equal, multiple, golden, measure, args.threads)
    expected = Compiled(source, multiple, args.threads)(golden)[0].numpy()
    for score, way, steps in choose(trial, methods(counted(equal, planes, names)), args.limit):
        if score > 1:
            continue
        # At most one layer more stays in fp16, so that gradients are as even in bf16.
        fewer = (steps, *({n: s for n, s in steps.items() if n != left} for left in steps))
        graphs = ((some, quantised(equal, some)) for some in fewer)
        steps, data = next((g for g in graphs if even(source, g[1], multiple, channels)), ({}, b""))
        if not data:
            print(f"{way}: in bf16 beside INT8 a gradient loses more; left out")
            continue
        nets = Exact(data, multiple, args.threads), TypedGraph(data), Compiled(data, multiple, args.threads)
        found = [qualify.compare(net(golden)[0].numpy(), expected) for net in nets]
        lost = statistics.mean(trial.before) - statistics.mean(measure(nets[0], 1))
        print(f"{way}, {len(steps)} of {len(names)} layers in INT8: {lost:.3f} dB lost; golden", end=" ")
        print(" | ".join(map(shown, found)), flush=True)
        if worse(lost, worst(found), args.limit) > 1:
            continue
        target.write_bytes(data)
        entry["weights"]["int8"] = {"file": target.name, "sha256": sha256(target)}
        entry["quality"][LOST] = round(lost, 3)
        entry["limits"]["int8"] = limits("int8", found)
        above = [name for name in names if name not in steps]
        print(f"in fp16: the first, the last, {', '.join(above) or 'no other'}")
        spent = gains.seconds(source, data, multiple, len(kinds))
        over = (f"{t / spent['int8']:.2f}x {name}" for name, t in spent.items() if name != "int8")
        print(f"as fast as {', '.join(over)} on OpenVINO here, one thread")
        break
    else:
        print(f"{args.model}: no INT8 graph is within the limits; none is written")
    described.write_text(toml_text(entry))
    load_catalogue()


if __name__ == "__main__":
    main()
