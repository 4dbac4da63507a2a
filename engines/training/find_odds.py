"""Train what weighs the facts about a candidate: how likely it is to be damage.

    python -m interneg.engines.training.find_odds damage.tar core/defects goat libby ...

Damage of known truth, and what is none, are laid on clips (see `find_examples`). Small networks learn how
likely each candidate of it is to be damage, on the windows of the first half of the seeds; and on those of
the second, as many more what the others in the frame say besides (`interneg.defects.company`), given what the
first answer. Pieces of damage that `find_damage.held_out` keeps are left out; clips to be measured on
must not be given.
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain, pairwise
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interneg.colour import Colour
from interneg.defects.odds import FAR, LAYERS, Weights, weighed
from interneg.engines.training.find_damage import read_real
from interneg.engines.training.find_examples import Examples, Finder, examples, windows
from interneg.memo import Memo
from interneg.node import Context

Floats = npt.NDArray[np.float64]

# The largest area that a candidate counts by.
_LARGE = 400
# How many networks, their hidden widths, and how they are trained.
_NETS = 9
_WIDTHS, _STEPS, _BATCH, _RATE, _DECAY, _JITTER = (32, 16), 3000, 1024, 4e-3, 0.05, 0.05


def collected(damage: Path, clips: Sequence[Path], count: int, seed: int) -> list[Examples]:
    """The examples of so many windows."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    real, colour, engines, found = read_real(damage, False), Colour(), Finder(), []
    for number, (clip, rng) in enumerate(windows(clips, count, seed), 1):
        made = examples(clip, real, Context(colour, engines, Memo(60)), rng)
        found += [] if made is None else [made]
        if number % 50 == 0:
            candidates = sum(len(f.areas) for f in found)
            print(f"seed {seed}, window {number} of {count}: {candidates} candidates", flush=True)
    return found


def learned(known: list[Floats], found: list[Examples], seed: int, steps: int = _STEPS) -> Weights:
    """The networks that are trained on what is known of the candidates of each frame, (N, F)."""
    every = np.concatenate(known)
    shares, areas = (np.concatenate([getattr(f, name) for f in found]) for name in ("shares", "areas"))
    there = np.isfinite(every).all(axis=1)
    weights = np.sqrt(np.minimum(areas, _LARGE))[there] / 5
    print(f"{there.sum()} candidates", flush=True)
    return trained(every[there], np.clip((shares[there] - 0.2) / 0.6, 0, 1), weights, seed, steps)


def trained(known: Floats, shares: Floats, weights: Floats, seed: int, steps: int = _STEPS) -> Weights:
    """Train the networks of `interneg.defects.odds`; what that module reads.

    known: facts and flights, (N, F). shares: how likely each candidate is to be damage, 0..1, and weights:
    how much it counts, (N,). Returns centre and scale, (F,), and of each layer weight, (networks, outputs,
    inputs), and bias, (networks, outputs), float32.
    """
    centre, scale = known.mean(axis=0), known.std(axis=0)
    even = np.clip((known - centre) / np.maximum(scale, 1e-6), -FAR, FAR)
    x, truth, counts = (torch.tensor(v, dtype=torch.float32) for v in (even, shares, weights))
    nets = [_trained(x, truth, counts, seed + k, steps) for k in range(_NETS)]
    made = {"centre": centre, "scale": np.maximum(scale, 1e-6)}
    for k in range(LAYERS):
        layers = [net[2 * k] for net in nets]
        made[f"weight{k}"] = np.stack([layer.weight.detach().numpy() for layer in layers])
        made[f"bias{k}"] = np.stack([layer.bias.detach().numpy() for layer in layers])
    return {name: np.asarray(values, np.float32) for name, values in made.items()}


def _trained(x: Tensor, truth: Tensor, counts: Tensor, seed: int, steps: int) -> nn.Sequential:
    """One network; its inputs are jittered a little, so that it does not learn single candidates by heart."""
    torch.manual_seed(seed)
    widths = (x.shape[1], *_WIDTHS)
    inner = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.SiLU())]
    net = nn.Sequential(*inner, nn.Linear(_WIDTHS[-1], 1))
    optimiser = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    chance = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        some = torch.randint(len(x), (_BATCH,), generator=chance)
        seen = x[some] + _JITTER * torch.randn((_BATCH, x.shape[1]), generator=chance)
        loss = F.binary_cross_entropy_with_logits(net(seen)[:, 0], truth[some], counts[some])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return net


def main(argv: list[str] | None = None) -> None:
    """The command: writes the weights."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("damage", type=Path, help="damage.tar of FilmDamageSimulator's pieces")
    parser.add_argument("weights", type=Path, help="the folder to write odds.npz and odds_in_company.npz in")
    parser.add_argument("clips", type=Path, nargs="+", help="folders of JPEG frames each")
    parser.add_argument("--windows", type=int, default=1000, help="for each of the seeds")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13, 14], help="two or more")
    parser.add_argument("--seed", type=int, default=41, help="of the networks")
    args = parser.parse_args(argv)
    if len(args.seeds) < 2:
        parser.error("--seeds: two or more are needed, as each half trains networks of its own")
    collect = partial(collected, args.damage, args.clips, args.windows)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), get_context("spawn")) as pool:
        found = list(pool.map(collect, args.seeds))
    half = len(args.seeds) // 2
    first, second = list(chain(*found[:half])), list(chain(*found[half:]))
    alone = learned([f.facts for f in first], first, args.seed)
    known = [f.beside(weighed(f.facts, alone)) for f in second]
    beside = learned(known, second, args.seed)
    for name, weights in (("odds", alone), ("odds_in_company", beside)):
        np.savez_compressed(args.weights / f"{name}.npz", allow_pickle=False, **weights)


if __name__ == "__main__":
    main()
