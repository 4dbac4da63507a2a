"""Average two checkpoints: a run that was too short keeps its gain, and loses most of its noise.

    python -m interneg.engines.training.average standard lite-x2.pt standard-x2.pt --out averaged.pt

The second is what training made of the first. Weights that the first lacks count as they are at the start
where that is zero, and are the second's otherwise. (Weight averaging: Izmailov et al., 2018.)
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor

from interneg.engines.training.networks import adopt, build


def average(
    network: str, scales: list[int], first: dict[str, Tensor], second: dict[str, Tensor], share: float
) -> dict[str, Tensor]:
    """`share` (0..1) of the second's weights and the rest of the first's, by name, each of its own shape."""
    start = build(network, scales)
    adopt(start, first)
    begun = start.state_dict()
    return {
        name: torch.lerp(begun[name], weights, share) if name in first or not begun[name].any() else weights
        for name, weights in second.items()
    }


def main() -> None:
    """The command: writes a checkpoint that lies between two."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("network", choices=["lite", "standard"])
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the second checkpoint")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    first, second = (torch.load(p, map_location="cpu", weights_only=True) for p in (args.first, args.second))
    scales = [int(s) for s in second["args"]["scales"].split(",")]
    mixed = average(args.network, scales, first["average"], second["average"], args.share)
    kept = {key: second[key] for key in ("args", "step", "history")}
    kept["data"] = list(dict.fromkeys([*first.get("data", []), *second.get("data", [])]))
    torch.save({**kept, "average": mixed, "averaged": args.share}, args.out)


if __name__ == "__main__":
    main()
