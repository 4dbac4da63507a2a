"""How fast a model runs on this machine in several precisions, and which of them bands a gradient."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing

import numpy as np

from interneg.engines.models import Precision
from interneg.engines.network import Network
from interneg.engines.qualify import golden
from interneg.errors import EngineError
from interneg.frame import Pixels

log = logging.getLogger("interneg.engines")

RULE = 3
"""Raised when what is measured, or how a precision is chosen by it, changes: machines then measure again."""

EVEN = 0.5 / 1023
"""How far a precision may be off on a clean ramp in plane 0: half a code of 10 bits, so that none is seen to
repeat or to be left out."""

TIE = 1.1
"""How many times as fast a precision has to be to come before a more exact one."""

_ROUNDS = 4
_ENOUGH = 1.0
"""Seconds after which a large model, whose times vary little, is not measured again."""
_SIZE = 128
_RAMP = (64, 256)
_MARGIN = 16


def ramp(channels: Sequence[str]) -> Pixels:
    """A clean ramp from 0 to 1 in luma, or in R, G, B, told of noise of 0.01 (upper half) and 0.03 (lower).

    channels: as the catalogue names them: of several frames, all show the ramp. Of a plane of holes the
    middle half of the columns is one. Returns (C, 64, 256) float32; what is none of these is 0.
    """
    height, width = _RAMP
    planes = np.zeros((len(channels), height, width), np.float32)
    for plane, words in zip(planes, map(str.split, channels), strict=True):
        if "sigma" in words:
            plane[: height // 2], plane[height // 2 :] = 0.01, 0.03
        elif "hole" in words:
            plane[:, width // 4 : -width // 4] = 1
        elif {"Y", "R", "G", "B"} & set(words) and "apart" not in words:
            plane[:] = np.linspace(0, 1, width, dtype=np.float32)
    return planes


def measure(
    load: Callable[[Precision], Network],
    precisions: Iterable[Precision],
    channels: Sequence[str],
    corrects: bool = True,
) -> tuple[dict[Precision, float], dict[Precision, str]]:
    """Load a model in each precision, fp32 first, and time those that band no gradient.

    load: gives a qualified network of one thread; raises EngineError. channels: of its input. corrects:
    whether its output is added to a picture; else there is no gradient to band. Returns the processor time
    of one small picture by precision, and for the others why they are not timed.
    Raises what `load` does for fp32, which the others are held against, and what `Network.infer` does.
    """
    refused: dict[Precision, str] = {}
    networks: dict[Precision, Network] = {}
    exact: Pixels | None = None
    with ExitStack() as opened:
        for precision in precisions:
            try:
                network = opened.enter_context(closing(load(precision)))
            except EngineError as error:
                if exact is None:
                    raise
                log.info("%s", error)
                refused[precision] = "does not qualify"
                continue
            result = _on_ramp(network, channels) if corrects else np.zeros(1, np.float32)
            exact = result if exact is None else exact
            off = float(np.abs(result - exact).max())
            if off <= EVEN:  # NaN is not
                networks[precision] = network
            else:
                refused[precision] = f"would move a smooth gradient by {off:.2g} (limit {EVEN:.2g})"
        return seconds(networks, len(channels)), refused


def _on_ramp(network: Network, channels: Sequence[str]) -> Pixels:
    """What a network makes of plane 0 of the ramp, without its border: what lies beyond is black to it."""
    out = np.empty(network.output_shape(*_RAMP), np.float32)
    network.infer(ramp(channels), out)
    border = _MARGIN * out.shape[1] // _RAMP[0]
    return out[0, border:-border, border:-border]


def seconds(networks: Mapping[Precision, Network], channels: int) -> dict[Precision, float]:
    """Processor time that each network takes for one small picture, the best of several rounds in turns.

    A machine that is busy with other things slows the clock on the wall, not the time its processor spends.
    """
    planes = golden(channels, _SIZE)
    outs = {p: np.empty(n.output_shape(*planes.shape[1:]), np.float32) for p, n in networks.items()}
    best = dict.fromkeys(networks, float("inf"))
    began = time.process_time()
    for turn in range(_ROUNDS):
        for precision, network in networks.items():
            start = time.process_time()
            network.infer(planes, outs[precision])
            if turn:  # in the first it is compiled
                best[precision] = min(best[precision], time.process_time() - start)
        if turn > 1 and time.process_time() - began > _ENOUGH:
            break
    return best


def fastest(spent: Mapping[Precision, float]) -> Precision:
    """The precision that takes the least time, of those in `spent`, which stand there the most exact first.

    Where a more exact one takes no more than a tenth longer it is that, so that the noise of a measurement
    decides nothing.
    """
    least = min(spent.values())
    return next(precision for precision, time_taken in spent.items() if time_taken <= TIE * least)
