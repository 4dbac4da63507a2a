"""Two makers of grain held against each other: `python -m interneg.engines.training.grain_rival FOLDER`.

FOLDER holds stills of film in 8 bits. For each still with enough flat areas, and for each simulated plate,
prints a row of a table for filtered noise, one for noise with the plate's spectrum in every direction instead
of its mean over all, and one for a small network trained adversarially on the plate:
mean distance of the radial spectrum, Kullback-Leibler distance of the histogram, the share of patches that a
classifier takes for what they are, and processor seconds for a channel of 1080p. The network has seen the
areas that it is judged on, and noise is filtered to their spectrum. docs/decisions/0016 has the outcome.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from interneg.engines.training.grain_told import Areas, Judge, all_grains, crop, told_apart
from interneg.frame import Pixels
from interneg.grain.synthesis import Grain

_CHANNELS, _NOISE = 24, 4
_STEPS, _BATCH, _PATCH = 1500, 32, 32
# Pixels around its result that the network looks at.
_HALO = 4
_SEEDS = 2


class Maker(nn.Module):
    """White noise to grain: three convolutions, 7,800 multiplications a pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(_NOISE, _CHANNELS, 5), nn.LeakyReLU(0.2),
            nn.Conv2d(_CHANNELS, _CHANNELS, 3), nn.LeakyReLU(0.2),
            nn.Conv2d(_CHANNELS, 1, 3),
        )  # fmt: skip

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        """(N, 4, H + 8, W + 8) to (N, 1, H, W)."""
        return self.body(noise)

    def field(self, height: int, width: int, seed: int) -> Pixels:
        """(1, H, W) float32 with a deviation of 1."""
        torch.manual_seed(seed)
        with torch.no_grad():
            found = self(torch.randn(1, _NOISE, height + 2 * _HALO, width + 2 * _HALO))[0].numpy()
        return np.asarray((found - found.mean()) / found.std(), np.float32)


def trained(grains: Areas, seed: int = 0, steps: int = _STEPS) -> Maker:
    """A network trained against a judge that sees patches of the plate's grain (hinge loss)."""
    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    there = torch.from_numpy(grains.there[:, :1] / grains.there.std()).float()
    maker, judge = Maker(), Judge(1, 1)
    rules = [
        torch.optim.Adam(n.parameters(), rate, betas=(0.5, 0.99))
        for n, rate in ((maker, 1e-3), (judge, 1e-3))
    ]
    falling = [torch.optim.lr_scheduler.CosineAnnealingLR(r, steps) for r in rules]
    for _ in range(steps):
        made = maker(torch.randn(_BATCH, _NOISE, _PATCH + 2 * _HALO, _PATCH + 2 * _HALO))
        real = torch.stack([crop(there, dice) for _ in range(_BATCH)])
        loss = (1 - judge(real)).relu().mean() + (1 + judge(made.detach())).relu().mean()
        rules[1].zero_grad()
        loss.backward()
        rules[1].step()
        rules[0].zero_grad()
        (-judge(made).mean()).backward()
        rules[0].step()
        for rate in falling:
            rate.step()
    return maker.eval()


def spectrum(there: Pixels, made: Pixels) -> float:
    """The mean distance in dB of radial spectra of areas, (N, C, S, S), over 0.02 to 0.5 cycles per pixel."""
    size = there.shape[-1]
    axis, line = np.fft.fftfreq(size), np.hanning(size)
    rings = np.rint(np.hypot(axis[:, None], axis[None, :]) * size).astype(np.int64).ravel()
    found = []
    for areas in (there, made):
        power = np.square(np.abs(np.fft.fft2(areas / areas.std() * np.outer(line, line)))).mean((0, 1))
        found.append((np.bincount(rings, power.ravel()) / np.bincount(rings))[2 : size // 2 + 1])
    return float(np.abs(10 * np.log10(found[1] / found[0])).mean())


def histogram(there: Pixels, made: Pixels) -> float:
    """Kullback-Leibler distance, in nats, of areas' values, any shape, in fifths of the plate's deviation."""
    edges = np.linspace(-4, 4, 41) * there.std()
    # Half a count in each: what was never drawn is not impossible.
    p, q = ((np.histogram(a, edges)[0] + 0.5) / (a.size + 20) for a in (there, made))
    return float((p * np.log(p / q)).sum())


def _row(grains: Areas, name: str, made: Callable[[int], Pixels], seconds: float | None) -> str:
    areas = made(1)
    told = [told_apart(grains.there, made(1 + s), s) for s in range(_SEEDS)]
    shares = f"{100 * np.mean(told):.0f} % ({100 * max(told):.0f} %)"
    figures = f"{spectrum(grains.there, areas):.2f} dB | {histogram(grains.there, areas):.4f} | {shares}"
    spent = "" if seconds is None else f"{seconds:.3f} s"
    return f"| {grains.name} | {name} | {figures} | {spent} |"


def _directed(grains: Areas, seed: int) -> Pixels:
    """The plate's areas with noise that has their spectrum in every direction: what Gaussian noise can do."""
    import cv2

    frames, height, width = grains.clean.shape
    size = grains.there.shape[-1]
    line = np.hanning(size + 1)[:-1]
    power = np.square(np.abs(np.fft.fft2(grains.there * np.outer(line, line)))).mean((0, 1))
    kernel = np.fft.fftshift(np.fft.ifft2(np.sqrt(power)).real).astype(np.float32)[1:, 1:]
    noise = np.random.default_rng(seed).standard_normal((frames, height, width), dtype=np.float32)
    field = np.stack([cv2.filter2D(f, -1, kernel, borderType=cv2.BORDER_REFLECT) for f in noise])
    return grains.seen(field / field.std())


def _networks(grains: Areas, maker: Maker, seed: int) -> Pixels:
    """The plate's areas with the network's grain."""
    frames, height, width = grains.clean.shape
    fields = [maker.field(height, width, seed=seed * frames + f) for f in range(frames)]
    return grains.seen(np.concatenate(fields))


def _spent(run: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Hold filtered noise against an adversarial network.")
    parser.add_argument("folder", type=Path, help="stills of film, PNG of 8 bits")
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    print("| plate | maker | spectrum | histogram | told apart, mean (worst) | a channel of 1080p |")
    print("|---|---|---|---|---|---|")
    for grains in all_grains(folder):
        grain = Grain.of(grains.profile, 1.0)
        spent = _spent(partial(grain.field, 1080, 1920, seed=1, frame=1))
        print(_row(grains, "filtered noise", grains.filtered, spent), flush=True)
        print(_row(grains, "noise, all directions", partial(_directed, grains), None), flush=True)
        maker = trained(grains)
        spent = _spent(partial(maker.field, 1080, 1920, seed=1))
        print(_row(grains, "network", partial(_networks, grains, maker), spent), flush=True)


if __name__ == "__main__":
    main()
