"""Write a checkpoint's scales into the catalogue: one ONNX file and one TOML entry each.

    python -m interneg.engines.training.export lite lite.pt --catalogue engines/catalogue \
        --set5 DIR --bsd68 DIR [--windows PACK]

The figures in the entry are measured on the way; what was trained on is what the checkpoint tells of its
packs. ``--only-better`` leaves a scale alone whose entry already holds a better first figure.
"""

import argparse
import hashlib
import tomllib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from interneg.engines.entry_text import toml_text
from interneg.engines.training import evaluate, windowed
from interneg.engines.training.networks import NETWORKS, build

OPSET = 17
CHANNELS_OUT = ["Y", "Cb", "Cr"]
RANGE = "Y 0..1, Cb and Cr -0.5..0.5, sigmas in the same units, q 0..1 (levels.py)"
RANGE_OVER_TIME = f"{RANGE}, weights 0..1"


class OneScale(nn.Module):
    """A network with one of its heads, as it is exported: planes in, correction out."""

    def __init__(self, net: nn.Module, scale: int) -> None:
        super().__init__()
        self.net, self.scale = net, scale

    def forward(self, planes: Tensor) -> Tensor:
        """Planes float32 (N,C,H,W) to the correction, (N,3,scale*H,scale*W)."""
        correction: Tensor = self.net(planes, self.scale)
        return correction


def one_scale(network: str, weights: dict[str, Tensor], scale: int) -> OneScale:
    """A deployable network with only the head of one scale; weights by name, each of its own shape."""
    net = build(network, (scale,))
    net.load_state_dict({name: weights[name] for name in net.state_dict()})
    return OneScale(net.deployed(), scale).eval()  # type: ignore[operator]


def write_onnx(model: nn.Module, path: Path, channels: int = 6, output: str = "correction") -> None:
    """Export with free batch, height and width. channels: of the input; output: what the result is named."""
    sample = torch.rand(1, channels, 64, 64)
    axes = {"planes": {0: "n", 2: "h", 3: "w"}, output: {0: "n", 2: "sh", 3: "sw"}}
    torch.onnx.export(
        model, (sample,), str(path), input_names=["planes"], output_names=[output],
        dynamic_axes=axes, opset_version=OPSET, dynamo=False,
    )  # fmt: skip


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entry(
    network: str, scale: int, model: OneScale, onnx: Path, training: dict[str, Any], quality: dict[str, float]
) -> dict[str, Any]:
    """The catalogue entry of one exported model."""
    does = (
        "noise and compression damage"
        if scale == 1
        else f"noise and compression damage while enlarging {scale}x"
    )
    added_to = "input" if scale == 1 else "bicubic enlargement"
    channels, window = list(model.net.channels), int(model.net.window)
    if window:
        does, added_to = f"{does} from a frame, its average over time and its neighbours", "average"
    unit = RANGE_OVER_TIME if window else RANGE
    planes = {"name": "planes", "dtype": "float32", "layout": "NCHW", "channels": channels, "range": unit}
    return {
        "name": onnx.stem, "version": 1, "task": "denoise-sr", "family": "fidelity", "variant": network,
        "description": f"Removes {does}; predicts a correction to the {added_to}.",
        "licence": "Apache-2.0", "scale": scale, "window": window,
        "multiple": model.net.multiple, "halo": model.net.halo,
        "parameters": sum(p.numel() for p in model.parameters()),
        "input": planes,
        "output": {"name": "correction", "dtype": "float32", "layout": "NCHW", "channels": CHANNELS_OUT},
        "weights": {"fp32": {"file": onnx.name, "sha256": sha256(onnx)}},
        "training": training,
        "quality": {name: round(value, 3) for name, value in quality.items()},
    }  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    """The command: writes the catalogue's entry and ONNX file of each scale."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("network", choices=list(NETWORKS))
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--scales", default="1,2,4")
    parser.add_argument("--set5", type=Path)
    parser.add_argument("--bsd68", type=Path)
    parser.add_argument("--windows", type=Path, help="pack of windows, for a network over time")
    parser.add_argument("--only-better", action="store_true")
    parser.add_argument(
        "--keep", type=Path, help="also write the averaged weights alone, as a small checkpoint"
    )
    parser.add_argument(
        "--data", nargs="*", default=[], metavar="TEXT", help="what else was trained on, with its licence"
    )
    args = parser.parse_args(argv)
    saved = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    kept = {"args": saved["args"], "step": saved["step"], "average": saved["average"]}
    kept["history"] = saved.get("history", [])
    kept["data"] = list(dict.fromkeys([*saved.get("data", []), *args.data]))
    if not kept["data"]:
        parser.error(
            f"{args.checkpoint} does not tell what it was trained on: name it, with licences, by --data"
        )
    kept |= {k: saved[k] for k in ("seconds", "figure") if k in saved}
    if args.keep:
        torch.save(kept, args.keep)
    training = {
        "command": command(args.network, saved["args"]), "data": kept["data"],
        "steps": total_steps(saved), "seed": saved["args"]["seed"],
    }  # fmt: skip
    for scale in (int(s) for s in args.scales.split(",")):
        model = one_scale(args.network, saved["average"], scale)
        quality = figures(model, scale, args.set5, args.bsd68)
        if args.windows:
            pack = windowed.load(args.windows, torch.device("cpu"))
            quality |= windowed.figures(model.net, pack)
        path = args.catalogue / f"denoise-sr-{args.network}-x{scale}.onnx"
        described = path.with_suffix(".toml")
        if args.only_better and described.exists() and not better(quality, described):
            print(f"{path.stem}: kept, the entry in the catalogue is no worse")
            continue
        write_onnx(model, path, len(model.net.channels))
        described.write_text(toml_text(entry(args.network, scale, model, path, training, quality)))
        print(f"{path.stem}: {quality}")


def figures(model: OneScale, scale: int, set5: Path | None, bsd68: Path | None) -> dict[str, float]:
    """Public figures of one exported scale."""
    return evaluate.public_figures(model.net, [scale], set5, bsd68, quick=False)


def better(quality: dict[str, float], described: Path) -> bool:
    """Whether the mean of the figures beats that of an existing entry."""
    old = tomllib.loads(described.read_text())["quality"]
    shared = [name for name in quality if name in old]
    return not shared or sum(quality[n] - old[n] for n in shared) > 0


def command(network: str, arguments: dict[str, Any]) -> str:
    """The training command of a checkpoint's own stage, without folders of this machine."""
    over_time = network == "temporal"
    shown = (
        "scales",
        "steps",
        "batch",
        "size",
        "lr",
        "lr_end",
        "cooldown",
        "clean",
        "noisy",
        "coded",
        "edges",
        "gradients",
        "soft",
        "clipped",
        "knee",
        *(("single",) if over_time else ("pairs", "coherence")),
        "seed",
    )
    options = " ".join(f"--{k.replace('_', '-')} {arguments[k]}" for k in shown if k in arguments)
    start = f" --init {Path(arguments['init']).name}" if arguments.get("init") not in (None, "None") else ""
    packs = "--pack pack.npz --windows windows.npz" if over_time else "--pack pack.npz"
    return f"python -m interneg.engines.training.train {network} {packs}{start} {options}"


def total_steps(saved: dict[str, Any]) -> int:
    """Steps of this stage and of those it was started from."""
    return int(saved["step"]) + sum(int(stage["steps"]) for stage in saved.get("history", []))


if __name__ == "__main__":
    main()
