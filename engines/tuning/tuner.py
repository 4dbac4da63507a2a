"""The training itself: steps by the clock, figures of held-out parts, an end where nothing is gained."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from interneg.engines.training.dice import Dice
from interneg.engines.training.losses import restoration_loss
from interneg.engines.training.networks import restore
from interneg.engines.training.run import optimisers
from interneg.engines.tuning.samples import Samples, figure
from interneg.engines.tuning.start import network

_CHECKS = 24
"""How often the held-out parts are looked at in the whole time."""

_RARELY = 8
"""How many times as long as a look takes the training goes on between two."""

_GAIN, _PATIENCE, _FIRST = 0.01, 6, 8
"""dB below which nothing is gained, over so many checks, once there were so many."""

_FULL, _COOL = 0.7, 0.45
"""The share of the time at the full rate, and that of the time so far in which it then falls."""

_LEAST, _WARM, _KEPT, _KNEE = 0.005, 50, 0.998, 0.02
_COLOUR = 2.0
"""What Cb and Cr count together against Y: as much as in PSNR over R, G and B, which chooses the weights."""

_LONGEST_STEP = 60.0
"""Seconds: what a step takes beyond that, the machine slept."""


@dataclass(frozen=True)
class Plan:
    """How to train. seconds: for all of it. rate: of learning, at its highest.

    batch, size: crops of each step, and their pixels a side. ordinary: see `Samples.draw`.
    """

    network: str
    scale: int
    seconds: float
    rate: float
    batch: int
    size: int
    ordinary: float = 0.1
    seed: int = 0
    bf16: bool = False

    @classmethod
    def usual(cls, network: str, scale: int, seconds: float, bf16: bool, gpu: bool, most: int) -> Plan:
        """What suits a network. most: pixels that a crop may have a side.

        Raises nothing; standard forgets at the rate that lite learns at (engines/training/README.md).
        """
        size = min(72 if scale == 1 else 40, most // 2 * 2)
        rate = 1.5e-3 if network == "lite" else 4e-4
        return cls(network, scale, seconds, rate, 32 if gpu else 8, size, bf16=bf16)


class Standing(NamedTuple):
    """How a training stands.

    seconds: spent. left: at most until its end. before, now, best: PSNR in dB of the held-out parts.
    cooling: whether the rate falls, after which it ends.
    """

    seconds: float
    left: float
    before: float
    now: float
    best: float
    cooling: bool


class Tuner:
    """A training: its network and averaged weights, optimisers, dice, and the best weights so far."""

    def __init__(
        self, plan: Plan, weights: Mapping[str, Tensor], train: Samples, held: Samples, device: torch.device
    ) -> None:
        self.plan, self.device, self._train, self._held = plan, device, train, held
        self.net = network(plan.network, plan.scale, weights).to(device)
        self.net = self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = network(plan.network, plan.scale, weights).to(device)
        self._optimisers = optimisers(self.net, plan.rate)
        self._dice = Dice(plan.seed, device)
        self.step, self.seconds = 0, 0.0
        self.before = figure(self.average, held)
        self.figures: list[tuple[float, float]] = []
        self.best, self.best_weights = self.before, _copied(self.average)
        self._cooling: float | None = None

    @property
    def state(self) -> dict[str, Any]:
        """All that is needed to go on."""
        return {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [o.state_dict() for o in self._optimisers],
            "dice": self._dice.state(),
            "step": self.step,
            "seconds": self.seconds,
            "before": self.before,
            "figures": self.figures,
            "best": self.best,
            "best_weights": self.best_weights,
            "cooling": self._cooling,
            "whole": self.plan.seconds,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from the state of the same training, which may have had another time."""
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        host, local = state["dice"]
        self._dice.restore((host.cpu(), local.cpu()))
        self.step, self.seconds, self.before = state["step"], state["seconds"], state["before"]
        self.figures, self._cooling = list(state["figures"]), state["cooling"]
        self.best, self.best_weights = state["best"], state["best_weights"]
        if self.plan.seconds > state["whole"]:  # with more time the rate need not fall yet
            self._cooling = None

    def run(
        self,
        report: Callable[[Standing], None],
        stopped: Callable[[], bool] = lambda: False,
        save: Callable[[], None] = lambda: None,
        tick: Callable[[float, float], None] = lambda seconds, end: None,
    ) -> bool:
        """Train to the end. Returns False where it was stopped before.

        report: told of each look at the held-out parts. stopped: asked after each step. save: called after
        each look, and where it was stopped. tick: after each step, with the seconds spent and those at the
        end.
        """
        every = self.plan.seconds / _CHECKS
        checked = self.seconds
        while self.seconds < self.end:
            self._advance()
            tick(self.seconds, self.end)
            if stopped():
                save()
                return False
            if self.seconds - checked >= every or self.seconds >= self.end:
                began = self.seconds
                self._timed(self._check)
                every = max(every, _RARELY * (self.seconds - began))
                report(self._standing())
                checked = self.seconds
                save()
        return True

    @property
    def end(self) -> float:
        """The seconds at which it ends, as far as is known."""
        most = self.plan.seconds
        return most if self._cooling is None else min(most, self._cooling * (1 + _COOL))

    def _standing(self) -> Standing:
        now = self.figures[-1][1]
        left = max(0.0, self.end - self.seconds)
        return Standing(self.seconds, left, self.before, now, self.best, self._cooling is not None)

    def _check(self) -> None:
        now = figure(self.average, self._held)
        self.figures.append((self.seconds, now))
        if now > self.best:
            self.best, self.best_weights = now, _copied(self.average)
        if self._cooling is None and (self.seconds >= _FULL * self.plan.seconds or self._stands_still()):
            self._cooling = self.seconds

    def _stands_still(self) -> bool:
        found = [self.before, *(value for _, value in self.figures)]
        if len(found) <= _FIRST:
            return False
        return max(found[-_PATIENCE:]) < max(found[:-_PATIENCE]) + _GAIN

    def _rate(self) -> float:
        rate = self.plan.rate * min(1.0, (self.step + 1) / _WARM)
        if self._cooling is None:
            return rate
        done = (self.seconds - self._cooling) / max(self.end - self._cooling, 1e-6)
        return rate * (1 + (_LEAST - 1) * min(done, 1.0))

    def _timed(self, work: Callable[[], None]) -> None:
        began = time.monotonic()
        work()
        self.seconds += min(time.monotonic() - began, _LONGEST_STEP)

    def _advance(self) -> None:
        self._timed(self._descend)
        self.step += 1

    def _descend(self) -> None:
        plan = self.plan
        batch = self._train.draw(plan.size, plan.batch, plan.ordinary, self._dice)
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self._rate()
        planes = batch.planes.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=plan.bf16):
            result = restore(self.net, planes, plan.scale)
        loss = restoration_loss(result.float(), batch.target, knee=_KNEE, colour=_COLOUR)
        self.net.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self._optimisers:
            optimiser.step()
        keep = min(_KEPT, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.net.parameters()), 1 - keep)


def _copied(net: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
