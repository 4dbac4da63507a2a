"""Train one network: its trunk and heads together, or fine-tune some of its scales.

    python -m interneg.engines.training.train lite --pack pack.npz --out lite.pt --steps 60000
    python -m interneg.engines.training.train lite --pack pack.npz --out lite-x2.pt --init lite.pt --scales 2

Runs on two CPU cores or fills a GPU: data and degradations live on the device. An interrupted run goes
on with the same command and ``--resume``; a checkpoint carries its arguments, optimiser and dice.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from interneg.engines.training import checks
from interneg.engines.training.degrade import MARGIN, Batch, Dice, Mix, draw
from interneg.engines.training.losses import incoherence, restoration_loss
from interneg.engines.training.muon import Muon
from interneg.engines.training.networks import build, restore
from interneg.engines.training.pairs import draw_pairs
from interneg.engines.training.tiles import Tiles, load

Checkpoint = dict[str, Any]


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Arguments of a run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("network", choices=["lite", "standard"])
    add("--pack", type=Path, required=True)
    add("--out", type=Path, required=True, help="checkpoint to write")
    add("--init", type=Path, help="checkpoint whose averaged weights to start from")
    add("--resume", action="store_true", help="go on from --out if it exists")
    add("--scales", default="1,2,4", help="scales to train, each step draws one")
    add("--steps", type=int, default=60000)
    add("--batch", type=int, default=16)
    add("--size", type=int, default=40, help="input pixels a side; size + 8 must be a multiple of 16")
    add("--lr", type=float, default=4e-3)
    add("--lr-end", type=float, default=4e-5)
    add("--warmup", type=int, default=100)
    add("--ema", type=float, default=0.998)
    add("--knee", type=float, default=1e-3, help="the loss is squared below this difference, absolute above")
    add("--clean", type=float, default=Mix.clean, help="share of clean protocol samples")
    add("--noisy", type=float, default=Mix.noisy, help="share of Gaussian noise samples")
    add("--coded", type=float, default=Mix.coded, help="share of real codec samples")
    add("--soft", type=float, default=Mix.soft, help="share of the noisy samples whose noise is soft")
    add("--edges", type=float, default=Mix.edges, help="share of drawn edges")
    add("--pairs", type=int, default=0, help="of each batch, so many pairs of consecutive frames")
    add("--coherence", type=float, default=0.2, help="weight of how much the results of a pair differ")
    add("--seed", type=int, default=0)
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--threads", type=int, default=0)
    add("--bf16", action="store_true", help="bf16 autocast (worth it on a GPU; slower on a CPU)")
    add("--compile", action="store_true", help="torch.compile (worth it on a GPU)")
    add("--save-every", type=int, default=3000)
    add("--check-every", type=int, default=3000)
    add("--set5", type=Path, help="folder of Set5, to report its figures while training")
    add("--bsd68", type=Path, help="folder of BSD68, to report its figures while training")
    args = parser.parse_args(argv)
    if (args.size + 8) % 16:
        parser.error(f"--size {args.size}: size + 8 must be a multiple of 16 (40, 56, 72, 120)")
    if not 0 <= 2 * args.pairs < args.batch:
        parser.error(
            f"--pairs {args.pairs}: two frames each must leave room for others in --batch {args.batch}"
        )
    return args


def rate(step: int, args: argparse.Namespace) -> float:
    """Learning rate of a step: linear warm-up, then linearly from lr to lr_end."""
    if step < args.warmup:
        return float(args.lr * (step + 1) / args.warmup)
    done = (step - args.warmup) / max(args.steps - args.warmup, 1)
    return float(args.lr + (args.lr_end - args.lr) * min(done, 1.0))


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


def adopt(net: nn.Module, weights: dict[str, Tensor]) -> None:
    """Start from another network's weights, as far as names and shapes are the same.

    Raises ValueError where nothing is.
    """
    own = net.state_dict()
    shared = {name: w for name, w in weights.items() if name in own and own[name].shape == w.shape}
    if not shared:
        raise ValueError(f"the checkpoint has no weights in common with {type(net).__name__}")
    net.load_state_dict(own | shared)


class Run:
    """A training run: network, averaged weights, optimiser, dice and the step reached."""

    def __init__(self, args: argparse.Namespace, tiles: Tiles) -> None:
        torch.manual_seed(args.seed)
        self.args, self.tiles = args, tiles
        self.device = torch.device(args.device)
        self.scales = [int(s) for s in args.scales.split(",")]
        self.mix = Mix(clean=args.clean, noisy=args.noisy, coded=args.coded, edges=args.edges, soft=args.soft)
        self.net = build(args.network, self.scales).to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = build(args.network, self.scales).to(self.device)
        self.step = 0
        self.history: list[Checkpoint] = []
        self.data = list(tiles.data)
        if args.init:
            begun = torch.load(args.init, map_location=self.device, weights_only=True)
            adopt(self.net, begun["average"])
            self.data = list(dict.fromkeys([*begun.get("data", []), *tiles.data]))
            self.history = [*begun.get("history", []), {"steps": begun["step"], "args": begun["args"]}]
        self.average.load_state_dict(self.net.state_dict())
        self.optimisers = optimisers(self.net, args.lr)
        self.dice = Dice(args.seed, self.device)
        self.forward: nn.Module = torch.compile(self.net) if args.compile else self.net  # type: ignore[assignment]
        if args.resume and args.out.exists():
            self.restore(torch.load(args.out, map_location=self.device, weights_only=True))

    def restore(self, saved: Checkpoint) -> None:
        """Go on from a checkpoint of this very run."""
        if "optimisers" not in saved:
            raise ValueError(
                f"{self.args.out} holds weights only; start from it with --init instead of --resume"
            )
        self.net.load_state_dict(saved["net"])
        self.average.load_state_dict(saved["average"])
        for optimiser, state in zip(self.optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        host, local = saved["dice"]
        self.dice.restore((host.cpu(), local.cpu()))
        self.step, self.history = saved["step"], saved["history"]

    def save(self) -> None:
        """Write the checkpoint whole: a temporary file, then a rename."""
        state = {
            "args": {k: v.name if isinstance(v, Path) else v for k, v in vars(self.args).items()},
            "step": self.step,
            "history": self.history,
            "data": self.data,
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers],
            "dice": self.dice.state(),
        }
        part = self.args.out.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, self.args.out)

    def advance(self) -> tuple[int, Tensor]:
        """One step: draw a scale and a batch, descend, average. Returns the scale and the loss."""
        args = self.args
        scale = self.scales[self.dice.whole(len(self.scales))]
        frames = 2 * args.pairs
        batch = draw(self.tiles, scale, args.size, args.batch - frames, self.dice, self.mix)
        if args.pairs:
            pairs = draw_pairs(self.tiles, scale, args.size, args.pairs, self.dice, self.mix)
            batch = Batch.of([batch, pairs.batch])
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate(self.step, args)
        planes = batch.planes.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=args.bf16):
            result = restore(self.forward, planes, scale)
        borders = batch.borders if scale == 1 else None
        loss = restoration_loss(result.float(), batch.target, borders, batch.drawn, args.knee)
        if args.pairs:
            share = args.coherence * frames / args.batch
            loss = loss + share * incoherence(result.float()[-frames:], pairs.move, MARGIN * scale, args.knee)
        self.net.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self.optimisers:
            optimiser.step()
        keep = min(args.ema, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.net.parameters()), 1 - keep)
        self.step += 1
        return scale, loss.detach()


def main(argv: list[str] | None = None) -> None:
    args = parse(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    run = Run(args, load(args.pack, torch.device(args.device)))
    count = sum(p.numel() for p in run.net.parameters())
    print(
        f"{args.network}: {count} training parameters, {len(run.tiles.train)} tiles, from step {run.step}",
        flush=True,
    )
    losses: dict[int, list[Tensor]] = {s: [] for s in run.scales}
    began, first = time.monotonic(), run.step
    while run.step < args.steps:
        scale, loss = run.advance()
        losses[scale].append(loss)
        last = run.step == args.steps
        if run.step % 500 == 0 or last:
            mean = " ".join(f"x{s} {torch.stack(v).mean():.5f}" for s, v in losses.items() if v)
            pace = (run.step - first) / (time.monotonic() - began)
            print(f"step {run.step} lr {rate(run.step, args):.2e} loss {mean} {pace:.1f}/s", flush=True)
            losses = {s: [] for s in run.scales}
        if run.step % args.save_every == 0 or last:
            run.save()
        if run.step % args.check_every == 0 or last:
            print(
                "  " + checks.summary(run.average, run.tiles, run.scales, args.set5, args.bsd68), flush=True
            )


if __name__ == "__main__":
    main()
