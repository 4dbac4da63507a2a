"""Train the network that finds damage.

    python -m interneg.engines.training.find pack held find.pt --minutes 50 --seed 1

One thread; in bf16 where the processor computes it. Resumes where the checkpoint is; before there is one it
begins from the weights of --start, an ONNX file that `find_export` wrote. The rate falls along half a cosine
over --minutes. Every three minutes it prints the loss and, on the windows held out, precision
and recall of pixels.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor
from torch.nn import functional as F

from interneg.engines.training.find_net import WIDTHS, Find
from interneg.engines.training.find_pack import truth_of
from interneg.engines.training.networks import adopt

Floats = npt.NDArray[np.float32]

_AVERAGED = 0.998
_RIM, _CUT = 16, 0.5
# Of what is trained on so much is white noise, in which nothing is damaged: no plate looks so, but what
# answers that with doubt answers differently in each precision.
_NOISE = 0.03
# In the planes' order: those that change their sign with the picture's, and the ones of before and after.
_SIGNED = [1, 2, 3, 4, 9]
_REVERSED = [0, 2, 1, 4, 3, 6, 5, 7, 8, 9]


class Parts:
    """Windows of a pack, read from its files as crops of them are asked for."""

    def __init__(self, folder: Path) -> None:
        self.files = sorted(p for p in folder.glob("*.planes.npy") if "unfinished" not in p.name)
        if not self.files:
            raise ValueError(f"{folder} has no windows: make them with find_pack")
        self.planes = [np.load(p, mmap_mode="r") for p in self.files]
        self.truth = [np.load(truth_of(p), mmap_mode="r") for p in self.files]

    def crop(self, rng: np.random.Generator, size: int) -> tuple[Floats, Floats]:
        """One crop at random: planes (10, size, size) and what is covered (2, size, size).

        Some are mirrored, upside down, backwards in time, or negative.
        """
        part = int(rng.integers(len(self.files)))
        window = int(rng.integers(len(self.planes[part])))
        height, width = self.planes[part].shape[2:]
        y, x = int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))
        box = np.s_[window, :, y : y + size, x : x + size]
        seen = self.planes[part][box].astype(np.float32)
        truth = self.truth[part][box].astype(np.float32) / np.float32(255)
        if rng.random() < 0.5:
            seen = seen[_REVERSED]
        if rng.random() < 0.5:
            seen[_SIGNED] *= -1
            seen[0] = 1 - seen[0]
        for axis in (1, 2):
            if rng.random() < 0.5:
                seen, truth = np.flip(seen, axis), np.flip(truth, axis)
        return seen, truth

    def noise(self, rng: np.random.Generator, size: int) -> tuple[Floats, Floats]:
        """White noise (10, size, size), 0..1, and that nothing is covered in it, (2, size, size)."""
        kinds = self.planes[0].shape[1], self.truth[0].shape[1]
        return rng.random((kinds[0], size, size), np.float32), np.zeros((kinds[1], size, size), np.float32)

    def batch(
        self, rng: np.random.Generator, count: int, size: int, noise: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        """Crops (N, 10, size, size), a share of them noise, and what is covered (N, 2, size, size)."""
        kinds = [self.noise if noise and rng.random() < noise else self.crop for _ in range(count)]
        crops = [kind(rng, size) for kind in kinds]
        planes, truth = (torch.from_numpy(np.stack([c[k] for c in crops])) for k in (0, 1))
        return planes.contiguous(memory_format=torch.channels_last), truth


def loss_of(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy of (N, 2, H, W), away from the rims of the crops, beyond which nothing is seen."""
    inner = np.s_[..., _RIM:-_RIM, _RIM:-_RIM]
    return F.binary_cross_entropy_with_logits(logits[inner], truth[inner])


def held_figures(net: Find, held: Parts) -> dict[str, float]:
    """Loss, precision and recall of pixels by kind, and of either kind, on every third held window."""
    sums, losses = np.zeros((3, 3)), []
    net.eval()
    with torch.inference_mode():
        for planes, truth in zip(held.planes, held.truth, strict=True):
            x = torch.from_numpy(planes[::3].astype(np.float32)).contiguous(memory_format=torch.channels_last)
            t = torch.from_numpy(truth[::3].astype(np.float32) / 255)
            logits = net.logits(x)
            losses.append(float(F.binary_cross_entropy_with_logits(logits, t)))
            found, true = (logits > 0).numpy(), (t > _CUT).numpy()
            for k in range(3):
                f, r = (v[:, k] if k < 2 else v.any(1) for v in (found, true))
                sums[k] += (f & r).sum(), f.sum(), r.sum()
    net.train()
    figures = {"loss": float(np.mean(losses))}
    for name, (both, found_, true_) in zip(("dirt", "scratch", "either"), sums, strict=True):
        figures[f"{name} precision"] = float(both / max(found_, 1))
        figures[f"{name} recall"] = float(both / max(true_, 1))
    return figures


def has_bf16() -> bool:
    """Whether the processor computes in bf16 by itself."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and "AVX512_BF16" in str(_flags()).upper()


def weights_of(path: Path) -> dict[str, Tensor]:
    """The weights by name, float32 of any shape, of an ONNX file that `find_export` wrote."""
    held = onnx.load(path).graph.initializer
    return {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy()) for w in held}


def _flags() -> str:
    facts = Path("/proc/cpuinfo")
    return facts.read_text() if facts.exists() else ""


def main(argv: list[str] | None = None) -> None:
    """The command: trains for so many minutes and keeps the checkpoint."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pack", type=Path)
    parser.add_argument("held", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument(
        "--start", type=Path, help="weights to begin from, of a network no wider: ONNX in fp32"
    )
    parser.add_argument("--widths", type=int, nargs=3, default=WIDTHS, help="channels; see find_net")
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=112)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    net = Find(args.widths)
    if args.start is not None and not args.checkpoint.exists():
        adopt(net, weights_of(args.start))
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=1e-4)
    average = {k: v.clone() for k, v in net.state_dict().items()}
    step, spent = 0, 0.0
    if args.checkpoint.exists():
        saved = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
        net.load_state_dict(saved["weights"])
        optimiser.load_state_dict(saved["optimiser"])
        average, step, spent = saved["average"], saved["step"], saved["spent"]
    parts, held, judge = Parts(args.pack), Parts(args.held), Find(args.widths)
    half = has_bf16()
    losses: list[float] = []
    last = time.monotonic()
    noted = spent
    while spent < 60 * args.minutes:
        rng = np.random.default_rng((args.seed, step))
        share = min(spent / (60 * args.minutes), 1)
        rate = float(args.lr * min(1, (step + 1) / 200) * (0.5 + 0.5 * np.cos(np.pi * share)) + 1e-6)
        for group in optimiser.param_groups:
            group["lr"] = rate
        planes, truth = parts.batch(rng, args.batch, args.size, _NOISE)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = net.logits(planes)
        loss = loss_of(logits.float(), truth)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        step += 1
        keep = min(_AVERAGED, step / (step + 10))
        for name, value in net.state_dict().items():
            average[name].lerp_(value, 1 - keep)
        now = time.monotonic()
        spent, last = spent + now - last, now
        if spent - noted >= 180 or spent >= 60 * args.minutes:
            noted = spent
            judge.load_state_dict(average)
            figures = held_figures(judge, held)
            told = ", ".join(f"{k} {v:.4f}" for k, v in figures.items())
            print(
                f"{spent / 60:.1f} min, step {step}, loss {np.mean(losses):.4f}; held out: {told}", flush=True
            )
            losses.clear()
            _save(args, net, optimiser, average, step, spent, figures)
            # The pack may have grown; judging is no training.
            parts, last = Parts(args.pack), time.monotonic()


def _save(
    args: argparse.Namespace,
    net: Find,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor],
    step: int,
    spent: float,
    figures: dict[str, float],
) -> None:
    kept: dict[str, Any] = {
        "weights": net.state_dict(), "optimiser": optimiser.state_dict(), "average": average, "step": step,
        "spent": spent, "seed": args.seed, "figures": figures,
        "widths": list(args.widths),
        "options": f"--minutes {args.minutes:g} --batch {args.batch} --size {args.size} --lr {args.lr:g} "
        f"--seed {args.seed}" + (f" --start {args.start.name}" if args.start else ""),
    }  # fmt: skip
    unfinished = args.checkpoint.with_suffix(".unfinished")
    torch.save(kept, unfinished)
    unfinished.replace(args.checkpoint)


if __name__ == "__main__":
    main()
