"""What a model is best told of plates: their compression, and noise beyond what is measured."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from interneg.engines.tuning.samples import Samples, figure
from interneg.engines.tuning.start import network, told
from interneg.grain.noise import white

LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""Of compression, as the knob deblock has them."""

NOISES = (0.0, 4.0, 10.0, 20.0)
"""Deviations of R, G and B each, in 8-bit code values."""


def best_told(
    name: str, scale: int, weights: Mapping[str, Tensor], samples: Samples, device: torch.device
) -> dict[str, Tensor]:
    """Weights that take for granted what restores the samples best.

    name: of the network. weights, result: by name, each of its own shape. All of `LEVELS` are tried with all
    of `NOISES`.
    """
    best, found = float("-inf"), dict(weights)
    for level in LEVELS:
        for noise in NOISES:
            luma, colour = (float(s[0, 0]) for s in white(noise / 255, 3))
            made = told(weights, (luma, colour), level)
            got = figure(network(name, scale, made).to(device), samples)
            if got > best:
                best, found = got, made
    return found
