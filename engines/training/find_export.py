"""Write the network that finds damage into the catalogue: ONNX in fp32 and fp16, and its entry.

    python -m interneg.engines.training.find_export find.pt --catalogue engines/catalogue --data TEXT ...

The figures of the entry are those of the windows held out, as the training printed them last. fp16 is kept
where its answer to the golden input is as near to the fp32 one as an entry may ask.
"""

import argparse
from pathlib import Path
from typing import Any

import torch

from interneg.defects.detector import CHANNELS, FINDER
from interneg.engines import qualify
from interneg.engines.entry_text import toml_text
from interneg.engines.models import load_catalogue
from interneg.engines.training.export import sha256, write_onnx
from interneg.engines.training.find_net import Find
from interneg.engines.training.limits import limits, shown
from interneg.engines.training.onnx_nets import Compiled, Exact, TypedGraph
from interneg.engines.typed import half, overflowing

KINDS = ("picture", *["difference"] * 4, *["map"] * 4, "difference")
"""What a qualification drives the planes with, in the order of `CHANNELS`."""

_RANGE = (
    "Y 0..1 (LOG_Y), differences and columns -1..1, confidence 0..1, unlike 0..0.8, odd 0..1.7 "
    "(interneg.defects.detector)"
)


def main(argv: list[str] | None = None) -> None:
    """The command: writes the files and the entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--data", nargs="+", required=True, metavar="TEXT", help="what was trained on")
    args = parser.parse_args(argv)
    saved = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    net = Find(saved["widths"])
    net.load_state_dict(saved["average"])
    net.eval()
    path: Path = args.catalogue / f"{FINDER}.onnx"
    write_onnx(net, path, len(CHANNELS), "covered")
    entry: dict[str, Any] = {
        "name": FINDER, "version": 1, "task": "scratch-inpaint", "family": "fidelity", "variant": "find",
        "description": "Finds dirt and scratches in a frame and what its neighbours show; tells how likely "
        "each pixel is covered visibly.",
        "licence": "Apache-2.0", "scale": 1, "window": 0, "multiple": net.multiple, "halo": net.halo,
        "parameters": sum(p.numel() for p in net.parameters()),
        "input": {
            "name": "planes", "dtype": "float32", "layout": "NCHW", "channels": list(CHANNELS),
            "range": _RANGE, "golden": list(KINDS),
        },
        "output": {
            "name": "covered", "dtype": "float32", "layout": "NCHW", "channels": ["dirt", "scratch"],
            "range": "0..1",
        },
        "weights": {"fp32": {"file": path.name, "sha256": sha256(path)}},
        "training": {
            "command": f"python -m interneg.engines.training.find pack held find.pt {saved['options']}",
            "data": args.data, "steps": saved["step"], "seed": saved["seed"],
        },
        "quality": {name: round(value, 4) for name, value in saved["figures"].items()},
    }  # fmt: skip
    source = path.read_bytes()
    planes = torch.from_numpy(qualify.driven(KINDS))[None]  # type: ignore[arg-type]
    expected = Compiled(source, net.multiple)(planes)[0].numpy()
    keep = overflowing(source, planes[0].numpy())
    narrow = half(source, keep)
    tried: list[torch.nn.Module] = [
        Exact(narrow, net.multiple),
        TypedGraph(narrow),
        Compiled(narrow, net.multiple),
    ]
    figures = [qualify.compare(run(planes)[0].numpy(), expected) for run in tried]
    print("golden answer:", expected.min(), "to", expected.max(), "mean", expected.mean())
    for found in figures:
        print("fp16:", shown(found), flush=True)
    if not any(qualify.failures(found, qualify.LIMITS["fp16"]) for found in figures):
        target = args.catalogue / f"{FINDER}-fp16.onnx"
        target.write_bytes(narrow)
        entry["weights"]["fp16"] = {"file": target.name, "sha256": sha256(target)}
        entry["limits"] = {"fp16": limits("fp16", figures)}
    path.with_suffix(".toml").write_text(toml_text(entry))
    load_catalogue()


if __name__ == "__main__":
    main()
