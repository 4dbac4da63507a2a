"""A training run: network, averaged weights, optimisers and dice, and its checkpoints."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from interneg.engines.training import checks, windowed
from interneg.engines.training.batch import Batch
from interneg.engines.training.degrade import MARGIN, Mix, draw
from interneg.engines.training.dice import Dice
from interneg.engines.training.losses import incoherence, restoration_loss
from interneg.engines.training.muon import Muon
from interneg.engines.training.networks import adopt, build, restore
from interneg.engines.training.pairs import draw_pairs
from interneg.engines.training.temporal import alone
from interneg.engines.training.tiles import Tiles
from interneg.engines.training.windowed import Windows
from interneg.publish import replacing

Checkpoint = dict[str, Any]
_LONGEST_STEP = 60.0
"""Seconds: what a step takes beyond that, the run was paused."""


def rate(step: int, args: argparse.Namespace, begun: int = 0) -> float:
    """Learning rate of a step: linear warm-up, lr, and linearly to lr_end over the last ``cooldown`` steps.

    begun: the step at which the optimisers began; from there the rate warms up once more.
    """
    warm = min(1.0, (step - begun + 1) / args.warmup) if args.warmup else 1.0
    fall = min(args.cooldown or args.steps, args.steps - args.warmup)
    done = (step - (args.steps - fall)) / max(fall, 1)
    return float(warm * (args.lr + (args.lr_end - args.lr) * min(max(done, 0.0), 1.0)))


def optimisers(net: nn.Module, lr: float) -> list[torch.optim.Optimizer]:
    """Muon for the kernels between a network's first and last convolution, AdamW for all else."""
    hidden = [
        weights
        for name, weights in net.named_parameters()
        if weights.ndim == 4 and weights.shape[1] > 1 and name not in net.outer  # type: ignore[operator]
    ]
    known = {id(w) for w in hidden}
    rest = [w for w in net.parameters() if id(w) not in known]
    return [
        Muon(hidden, lr),
        torch.optim.AdamW(rest, lr=lr, weight_decay=0.0, betas=(0.9, 0.99), fused=True),
    ]


def save_whole(state: Checkpoint, path: Path) -> None:
    """Write a checkpoint whole or not at all. Raises OutputError where it cannot be written."""
    with replacing(path) as temporary:
        torch.save(state, temporary)


class Run:
    """A training run: network, averaged weights, optimiser, dice, the step reached and how long it took."""

    def __init__(self, args: argparse.Namespace, tiles: Tiles, windows: Windows | None = None) -> None:
        torch.manual_seed(args.seed)
        self.args, self.tiles, self.windows = args, tiles, windows
        self.device = torch.device(args.device)
        self.scales = [int(s) for s in args.scales.split(",")]
        self.mix = Mix(
            clean=args.clean, noisy=args.noisy, coded=args.coded, edges=args.edges, soft=args.soft,
            clipped=args.clipped, gradients=args.gradients,
        )  # fmt: skip
        self.net = build(args.network, self.scales).to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = build(args.network, self.scales).to(self.device)
        self.step = self.begun = 0
        self.seconds = 0.0
        self.stopped = False
        self.history: list[Checkpoint] = []
        self.data = list(dict.fromkeys([*tiles.data, *(windows.data if windows else ())]))
        if args.init:
            begun = torch.load(args.init, map_location=self.device, weights_only=True)
            adopt(self.net, begun["average"])
            self.data = list(dict.fromkeys([*begun.get("data", []), *self.data]))
            self.history = [*begun.get("history", []), {"steps": begun["step"], "args": begun["args"]}]
        self.average.load_state_dict(self.net.state_dict())
        self.optimisers = optimisers(self.net, args.lr)
        self.dice = Dice(args.seed, self.device)
        self.forward: nn.Module = torch.compile(self.net) if args.compile else self.net  # type: ignore[assignment]
        if args.resume and args.out.exists():
            self.restore(torch.load(args.out, map_location=self.device, weights_only=True))

    def restore(self, saved: Checkpoint) -> None:
        """Go on from a checkpoint of this very run; of averaged weights alone, with optimisers begun anew."""
        self.net.load_state_dict(saved.get("net", saved["average"]))
        self.average.load_state_dict(saved["average"])
        self.step, self.history = saved["step"], saved["history"]
        self.seconds = saved.get("seconds", 0.0)
        self.data = list(dict.fromkeys([*saved.get("data", []), *self.data]))
        if "optimisers" not in saved:
            self.dice = Dice(self.args.seed + self.step, self.device)
            self.begun = self.step
            return
        for optimiser, state in zip(self.optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        host, local = saved["dice"]
        self.dice.restore((host.cpu(), local.cpu()))

    def _weights(self) -> Checkpoint:
        """The averaged weights, and how they came about."""
        return {
            "args": {k: v.name if isinstance(v, Path) else v for k, v in vars(self.args).items()},
            "step": self.step,
            "seconds": self.seconds,
            "history": self.history,
            "data": self.data,
            "average": self.average.state_dict(),
        }

    def save(self) -> None:
        """Write the checkpoint whole: a temporary file, then a rename."""
        state = self._weights() | {
            "net": self.net.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers],
            "dice": self.dice.state(),
        }
        save_whole(state, self.args.out)

    def stop(self, *_: object) -> None:
        """End after this step: what a signal handler calls."""
        self.stopped = True

    def check(self) -> None:
        """Print the figures of the averaged weights, append them to the log, and keep the weights if best."""
        args = self.args
        found = checks.figures(self.average, self.tiles, self.scales, args.set5, args.bsd68)
        found |= windowed.figures(self.average, self.windows) if self.windows else {}
        print("  " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()), flush=True)
        if args.best_by:
            best = args.out.with_suffix(".best.pt")
            kept = torch.load(best, weights_only=True)["figure"] if best.exists() else float("-inf")
            if found[args.best_by] > kept:
                save_whole(self._weights() | {"figure": found[args.best_by]}, best)
        if args.log:
            line = {"time": int(time.time()), "step": self.step, "seconds": self.seconds, "figures": found}
            with args.log.open("a") as log:
                log.write(json.dumps(line) + "\n")

    def advance(self) -> tuple[int, Tensor]:
        """One step: draw a scale and a batch, descend, average. Returns the scale and the loss, shape ()."""
        args, began = self.args, time.monotonic()
        scale = self.scales[self.dice.whole(len(self.scales))]
        frames = 2 * args.pairs
        alike = args.single if self.windows else args.batch - frames
        batch = draw(self.tiles, scale, args.size, alike, self.dice, self.mix)
        if self.windows:
            batch.planes = alone(batch.planes)
            batch = Batch.of([batch, windowed.draw(self.windows, args.size, args.batch - alike, self.dice)])
        if args.pairs:
            pairs = draw_pairs(self.tiles, scale, args.size, args.pairs, self.dice, self.mix)
            batch = Batch.of([batch, pairs.batch])
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate(self.step, args, self.begun)
        planes = batch.planes.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=args.bf16):
            result = restore(self.forward, planes, scale)
        borders = batch.borders if scale == 1 else None
        loss = restoration_loss(
            result.float(), batch.target, borders, batch.drawn, batch.smooth, args.knee, args.colour
        )
        if args.pairs:
            share = args.coherence * frames / args.batch
            loss = loss + share * incoherence(
                result.float()[-frames:], pairs.move, MARGIN * scale, args.knee, args.colour
            )
        self.net.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self.optimisers:
            optimiser.step()
        keep = min(args.ema, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.net.parameters()), 1 - keep)
        self.step += 1
        self.seconds += min(time.monotonic() - began, _LONGEST_STEP)
        return scale, loss.detach()
