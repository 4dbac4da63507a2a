"""Train the network that fills holes, as a masked autoencoder.

    python -m interneg.engines.training.fill --pack pack.npz --out a.pt --holes patches --steps 2000
    python -m interneg.engines.training.fill --pack pack.npz --out fill.pt --init a.pt --damage damage.tar

An interrupted run goes on with the same command and ``--resume``.
"""

import argparse
import json
import signal
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from interneg.engines.training.dice import Dice
from interneg.engines.training.filler import Fill
from interneg.engines.training.filling import held_figures, hole_loss
from interneg.engines.training.hidden import hide
from interneg.engines.training.holes import covers, elements, patches
from interneg.engines.training.networks import adopt
from interneg.engines.training.run import optimisers, rate, save_whole
from interneg.engines.training.tiles import Tiles, load

BEST_BY = "held ssim"
_COVERS = 3000


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Arguments of a run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--pack", type=Path, required=True)
    add("--out", type=Path, required=True, help="checkpoint to write")
    add("--init", type=Path, help="checkpoint whose averaged weights to start from")
    add("--resume", action="store_true", help="go on from --out if it exists")
    add("--holes", choices=["damage", "patches"], default="damage", help="what hides the picture")
    add("--damage", type=Path, help="archive of damage elements, beside what is drawn")
    add("--steps", type=int, default=8000)
    add("--batch", type=int, default=8)
    add("--size", type=int, default=96, help="pixels a side, a multiple of 32")
    add("--lr", type=float, default=2e-3)
    add("--lr-end", type=float, default=2e-5)
    add("--warmup", type=int, default=100)
    add("--cooldown", type=int, default=0, help="last steps, in which lr falls to lr-end; 0: all of them")
    add("--ema", type=float, default=0.998)
    add("--seed", type=int, default=0)
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--threads", type=int, default=0)
    add("--bf16", action="store_true", help="bf16 autocast: twice as fast where the processor has it")
    add("--check-every", type=int, default=1000)
    add("--log", type=Path, help="file to which each check appends a line of JSON")
    args = parser.parse_args(argv)
    if args.size % 32:
        parser.error(f"--size {args.size}: a multiple of 32 (64, 96, 128)")
    return args


class FillRun:
    """A training run: network, averaged weights, optimisers, dice, the step reached and how long it took."""

    def __init__(self, args: argparse.Namespace, tiles: Tiles) -> None:
        torch.manual_seed(args.seed)
        self.args, self.tiles, self.device = args, tiles, torch.device(args.device)
        self.net = Fill().to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = Fill().to(self.device)
        self.step, self.seconds, self.stopped = 0, 0.0, False
        self.history: list[dict[str, Any]] = []
        self.data = list(tiles.data)
        made = patches if args.holes == "patches" else None
        drawn = (
            made(_COVERS, args.size, args.seed)
            if made
            else covers(_COVERS, args.size, elements(args.damage), args.seed)
        )
        if args.damage:
            self.data.append("damage elements: FilmDamageSimulator (MIT)")
        self.covers = torch.from_numpy(drawn).to(self.device)
        if args.init:
            begun = torch.load(args.init, map_location=self.device, weights_only=True)
            adopt(self.net, begun["average"])
            self.data = list(dict.fromkeys([*begun["data"], *self.data]))
            self.history = [*begun["history"], {"steps": begun["step"], "args": begun["args"]}]
        self.average.load_state_dict(self.net.state_dict())
        self.optimisers = optimisers(self.net, args.lr)
        self.dice = Dice(args.seed, self.device)
        if args.resume and args.out.exists():
            self._restore(torch.load(args.out, map_location=self.device, weights_only=True))

    def _restore(self, saved: dict[str, Any]) -> None:
        self.net.load_state_dict(saved["net"])
        self.average.load_state_dict(saved["average"])
        self.step, self.seconds, self.history = saved["step"], saved["seconds"], saved["history"]
        for optimiser, state in zip(self.optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        host, local = saved["dice"]
        self.dice.restore((host.cpu(), local.cpu()))

    def _weights(self) -> dict[str, Any]:
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
        state = {
            "net": self.net.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers],
            "dice": self.dice.state(),
        }
        save_whole(self._weights() | state, self.args.out)

    def stop(self, *_: object) -> None:
        """End after this step: what a signal handler calls."""
        self.stopped = True

    def check(self) -> None:
        """Print the figures of the averaged weights on held tiles, log them, and keep the weights if best."""
        found = held_figures(self.average, self.tiles)
        print("  " + ", ".join(f"{name} {value:.4f}" for name, value in found.items()), flush=True)
        best = self.args.out.with_suffix(".best.pt")
        kept = torch.load(best, weights_only=True)["figure"] if best.exists() else float("-inf")
        if found[BEST_BY] > kept:
            save_whole(self._weights() | {"figure": found[BEST_BY]}, best)
        if self.args.log:
            line = {"time": int(time.time()), "step": self.step, "seconds": self.seconds, "figures": found}
            with self.args.log.open("a") as log:
                log.write(json.dumps(line) + "\n")

    def advance(self) -> Tensor:
        """One step: draw a batch, descend, average. Returns the loss, shape ()."""
        args, began = self.args, time.monotonic()
        batch = hide(self.tiles, self.covers, args.batch, self.dice, soft=args.holes == "damage")
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate(self.step, args)
        planes = batch.planes.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=args.bf16):
            correction = self.net(planes)
        loss = hole_loss(planes[:, :3] + batch.hole * correction.float(), batch.target, batch.hole)
        self.net.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self.optimisers:
            optimiser.step()
        with torch.no_grad():
            keep = min(args.ema, (self.step + 1) / (self.step + 10))
            for mean, now in zip(self.average.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(now, 1 - keep)
        self.step += 1
        self.seconds += min(time.monotonic() - began, 60.0)
        return loss.detach()


def main(argv: list[str] | None = None) -> None:
    """The command: trains from where its checkpoint stands, and writes it now and then."""
    args = parse(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    run = FillRun(args, load(args.pack, torch.device(args.device), ()))
    count = sum(p.numel() for p in run.net.parameters())
    print(f"{count} parameters, {len(run.tiles.train)} tiles, from step {run.step}", flush=True)
    before = signal.signal(signal.SIGTERM, run.stop)
    losses: list[Tensor] = []
    began, first = time.monotonic(), run.step
    try:
        while run.step < args.steps and not run.stopped:
            losses.append(run.advance())
            last = run.step == args.steps or run.stopped
            if run.step % 100 == 0 or last:
                pace = (run.step - first) / (time.monotonic() - began)
                mean = torch.stack(losses).mean()
                now = rate(run.step, args)
                print(f"step {run.step} lr {now:.2e} loss {mean:.5f} {pace:.2f}/s", flush=True)
                losses = []
            if run.step % args.check_every == 0 or last:
                run.save()
                run.check()
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    main()
