"""Write a checkpoint of the filling network into the catalogue: ONNX files of fp32 and fp16, and the entry.

    python -m interneg.engines.training.export_fill fill.best.pt --catalogue engines/catalogue --pack pack.npz

The figures in the entry are measured on the pack's held tiles on the way; what was trained on is what the
checkpoint tells. Needs onnx, onnxruntime and openvino.
"""

import argparse
from pathlib import Path
from typing import Any

import torch

from interneg.engines import qualify
from interneg.engines.entry_text import toml_text
from interneg.engines.models import Kind, load_catalogue
from interneg.engines.training.export import sha256, total_steps, write_onnx
from interneg.engines.training.filler import Fill
from interneg.engines.training.filling import held_figures
from interneg.engines.training.limits import limits, shown
from interneg.engines.training.onnx_nets import Compiled, Exact, TypedGraph
from interneg.engines.training.tiles import load
from interneg.engines.typed import half, overflowing

NAME = "scratch-inpaint-fill"
CHANNELS = ["R", "G", "B"]
GOLDEN: list[Kind] = ["picture", "picture", "picture", "map"]
RANGE = "R, G, B in a perceptual encoding, -0.25..1.6, a membrane over the holes; hole 1, else 0"


def entry(onnx: Path, net: Fill, training: dict[str, Any], quality: dict[str, float]) -> dict[str, Any]:
    """The catalogue entry of the exported network."""
    planes = {"name": "planes", "dtype": "float32", "layout": "NCHW", "channels": [*CHANNELS, "hole"]}
    return {
        "name": NAME, "version": 1, "task": "scratch-inpaint", "family": "fidelity", "variant": "fill",
        "description": "Continues a picture into its holes; predicts a correction to a membrane there.",
        "licence": "Apache-2.0", "scale": 1, "window": 0, "multiple": net.multiple, "halo": net.halo,
        "parameters": sum(p.numel() for p in net.parameters()),
        "input": planes | {"range": RANGE, "golden": GOLDEN},
        "output": {"name": "correction", "dtype": "float32", "layout": "NCHW", "channels": CHANNELS},
        "weights": {"fp32": {"file": onnx.name, "sha256": sha256(onnx)}},
        "training": training,
        "quality": {name: round(value, 3) for name, value in quality.items()},
    }  # fmt: skip


def command(arguments: dict[str, Any]) -> str:
    """The training command of a checkpoint's own stage, without folders of this machine."""
    shown = ("init", "holes", "damage", "steps", "batch", "size", "lr", "lr_end", "cooldown", "ema", "seed")
    told = ((k, arguments.get(k)) for k in shown)
    options = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in told if v not in (None, "None"))
    return f"python -m interneg.engines.training.fill --pack pack.npz {options}"


def narrow(source: Path) -> tuple[Path, dict[str, Any]]:
    """Write the fp16 graph beside the fp32 one; returns its file and its limits."""
    data = source.read_bytes()
    picture = torch.from_numpy(qualify.driven(GOLDEN))[None]
    made = half(data, overflowing(data, picture[0].numpy()))
    expected = Compiled(data, Fill.multiple)(picture)[0].numpy()
    nets = Exact(made, Fill.multiple), TypedGraph(made), Compiled(made, Fill.multiple)
    figures = [qualify.compare(net(picture)[0].numpy(), expected) for net in nets]
    for found in figures:
        print(f"fp16, golden: {shown(found)}")
    target = source.with_name(f"{source.stem}-fp16.onnx")
    target.write_bytes(made)
    return target, limits("fp16", figures)


def main(argv: list[str] | None = None) -> None:
    """The command: writes the catalogue's entry and ONNX files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True, help="whose held tiles are measured on")
    parser.add_argument("--keep", type=Path, help="also write the averaged weights alone")
    args = parser.parse_args(argv)
    saved = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    kept = {k: saved[k] for k in ("args", "step", "seconds", "history", "data", "average")}
    if args.keep:
        torch.save(kept, args.keep)
    net = Fill().eval()
    net.load_state_dict(saved["average"])
    quality = held_figures(net, load(args.pack, torch.device("cpu"), ()))
    path = args.catalogue / f"{NAME}.onnx"
    write_onnx(net, path, len(GOLDEN))
    training = {
        "command": command(saved["args"]), "data": saved["data"],
        "steps": total_steps(saved), "seed": saved["args"]["seed"],
    }  # fmt: skip
    described = entry(path, net, training, quality)
    file, limit = narrow(path)
    described["weights"]["fp16"] = {"file": file.name, "sha256": sha256(file)}
    described["limits"] = {"fp16": limit}
    path.with_suffix(".toml").write_text(toml_text(described))
    load_catalogue()
    print(f"{NAME}: {quality}")


if __name__ == "__main__":
    main()
