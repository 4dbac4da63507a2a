"""Train one network: its trunk and heads together, or fine-tune some of its scales.

    python -m interneg.engines.training.train lite --pack pack.npz --out lite.pt --steps 60000
    python -m interneg.engines.training.train lite --pack pack.npz --out lite-x2.pt --init lite.pt --scales 2

Runs on two CPU cores or fills a GPU: data and degradations live on the device. An interrupted run goes
on with the same command and ``--resume``; a checkpoint carries its arguments, optimiser and dice.
"""

import argparse
import signal
import time
from pathlib import Path

import torch
from torch import Tensor

from interneg.engines.training import windowed
from interneg.engines.training.degrade import Mix
from interneg.engines.training.losses import CHROMA_WEIGHT
from interneg.engines.training.networks import NETWORKS
from interneg.engines.training.run import Run, rate
from interneg.engines.training.tiles import load


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Arguments of a run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("network", choices=list(NETWORKS))
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
    add("--cooldown", type=int, default=0, help="last steps, in which lr falls to lr-end; 0: all of them")
    add("--ema", type=float, default=0.998)
    add("--knee", type=float, default=1e-3, help="the loss is squared below this difference, absolute above")
    add("--colour", type=float, default=CHROMA_WEIGHT, help="what Cb and Cr count together against Y")
    add("--clean", type=float, default=Mix.clean, help="share of clean protocol samples")
    add("--noisy", type=float, default=Mix.noisy, help="share of Gaussian noise samples")
    add("--coded", type=float, default=Mix.coded, help="share of real codec samples")
    add("--soft", type=float, default=Mix.soft, help="share of the noisy samples whose noise is soft")
    add(
        "--clipped",
        type=float,
        default=Mix.clipped,
        help="share of the noisy samples clipped as cameras clip",
    )
    add("--edges", type=float, default=Mix.edges, help="share of drawn edges")
    add("--gradients", type=float, default=Mix.gradients, help="share of gradients told of noise")
    add("--pairs", type=int, default=0, help="of each batch, so many pairs of consecutive frames")
    add("--coherence", type=float, default=0.2, help="weight of how much the results of a pair differ")
    add("--windows", type=Path, help="pack of windows (windows.py), for a network over time")
    add("--single", type=int, default=2, help="of each batch with windows, so many frames alone")
    add("--seed", type=int, default=0)
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--threads", type=int, default=0)
    add("--bf16", action="store_true", help="bf16 autocast (worth it on a GPU; slower on a CPU)")
    add("--compile", action="store_true", help="torch.compile (worth it on a GPU)")
    add("--save-every", type=int, default=3000)
    add("--check-every", type=int, default=3000)
    add("--check-minutes", type=float, help="check by the clock instead of by steps")
    add("--best-by", help="figure by which the best averaged weights are kept, in OUT.best.pt")
    add("--log", type=Path, help="file to which each check appends a line of JSON")
    add("--set5", type=Path, help="folder of Set5, to report its figures while training")
    add("--bsd68", type=Path, help="folder of BSD68, to report its figures while training")
    args = parser.parse_args(argv)
    if (args.size + 8) % 16:
        parser.error(f"--size {args.size}: size + 8 must be a multiple of 16 (40, 56, 72, 120)")
    if not 0 <= 2 * args.pairs < args.batch:
        parser.error(
            f"--pairs {args.pairs}: two frames each must leave room for others in --batch {args.batch}"
        )
    if (args.network == "temporal") != bool(args.windows) or (args.windows and args.scales != "1"):
        parser.error("--windows PACK and --scales 1 go with the network temporal, and with no other")
    if args.windows and (args.pairs or not 0 < args.single < args.batch):
        parser.error(
            f"--single {args.single}: between 1 and --batch {args.batch}, and no --pairs with --windows"
        )
    return args


def main(argv: list[str] | None = None) -> None:
    """The command: trains from where its checkpoint stands, and writes it now and then."""
    args = parse(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    device = torch.device(args.device)
    windows = windowed.load(args.windows, device) if args.windows else None
    run = Run(args, load(args.pack, device, (1,) if windows else (1, 2, 4)), windows)
    count = sum(p.numel() for p in run.net.parameters())
    print(
        f"{args.network}: {count} training parameters, {len(run.tiles.train)} tiles, from step {run.step}",
        flush=True,
    )
    before = signal.signal(signal.SIGTERM, run.stop)
    try:
        train(run, args)
    finally:
        signal.signal(signal.SIGTERM, before)


def train(run: Run, args: argparse.Namespace) -> None:
    """Take the steps that are left, and tell, save and check on the way."""
    losses: dict[int, list[Tensor]] = {s: [] for s in run.scales}
    began, first, checked = time.monotonic(), run.step, time.monotonic()
    while run.step < args.steps and not run.stopped:
        scale, loss = run.advance()
        losses[scale].append(loss)
        last = run.step == args.steps
        if run.step % 500 == 0 or last:
            mean = " ".join(f"x{s} {torch.stack(v).mean():.5f}" for s, v in losses.items() if v)
            pace = (run.step - first) / (time.monotonic() - began)
            now = rate(run.step, args, run.begun)
            print(f"step {run.step} lr {now:.2e} loss {mean} {pace:.1f}/s", flush=True)
            losses = {s: [] for s in run.scales}
        minutes = (time.monotonic() - checked) / 60
        due = minutes > args.check_minutes if args.check_minutes else run.step % args.check_every == 0
        if due or last or run.stopped or run.step % args.save_every == 0:
            run.save()
        if due or last:
            run.check()
            checked = time.monotonic()


if __name__ == "__main__":
    main()
