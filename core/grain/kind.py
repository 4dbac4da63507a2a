"""Film grain or digital noise: a small trained classifier of what was measured.

Its weights, `kind.npz`, and what it was trained and tested on, `kind.md`, are beside this file; both are made
by `python -m interneg.engines.training.grain_kind`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np

from interneg.frame import Pixels
from interneg.grain.measure import MeasuredGrain
from interneg.grain.profile import Kind

_BANDS = (0.02, 0.05, 0.08, 0.12, 0.17, 0.23, 0.3, 0.38, 0.46, 0.58, 0.7)
_COARSE = (0.02, 0.1, 0.2, 0.33, 0.5)
_PLACES = np.linspace(0, 1, 5)
_LEAST = 1e-6

Weights = Mapping[str, Pixels]


def kind_of(measured: MeasuredGrain) -> tuple[Kind, float]:
    """What the grain is taken for, and how probable film is, 0..1. What has no grain is taken for film."""
    if not measured.sigmas.any():
        return "film", 0.5
    film = float(film_probability(features(measured)[None], _weights())[0])
    return ("film" if film >= 0.5 else "digital"), film


def features(measured: MeasuredGrain) -> Pixels:
    """What the classifier sees, (F,) float32: of one channel, as if three were the same.

    The logarithms of the spectrum in bands, mean of the channels and what red and blue have more than green;
    correlations; the shape of the response from its darkest to its brightest level, and its strength; whether
    diagonal detail has more power than other detail, of all channels and of green.
    """
    power, sigmas = (np.log10(np.maximum(x, _LEAST)) for x in (measured.power, measured.sigmas))
    correlation, slant = measured.correlation, np.log10(np.maximum(measured.slant, _LEAST))
    if len(power) == 1:
        power, sigmas, correlation = (
            np.repeat(power, 3, 0),
            np.repeat(sigmas, 3, 0),
            np.ones((3, 3), np.float32),
        )
    levels = np.repeat(measured.levels, 3, 0) if len(measured.levels) == 1 else measured.levels
    red, green, blue = (_banded(measured.frequencies, p, _COARSE) for p in power)
    curves = np.stack(
        [np.interp(x[0] + _PLACES * (x[-1] - x[0]), x, s) for x, s in zip(levels, sigmas, strict=True)]
    )
    strength = curves.mean(1)
    return np.concatenate(
        [
            _banded(measured.frequencies, power.mean(0), _BANDS),
            red - green,
            blue - green,
            correlation[[0, 1, 0], [1, 2, 2]],
            [measured.over_time, float(len(measured.power) == 1)],
            curves.mean(0) - strength.mean(),
            [strength.mean(), strength[0] - strength[1], strength[2] - strength[1]],
            [levels[1, 0], levels[1, -1]],
            slant.mean(0),
            slant[len(slant) // 2],
        ]
    ).astype(np.float32)


def film_probability(seen: Pixels, weights: Weights) -> Pixels:
    """How probable film is, (N,), of features (N, F)."""
    even = np.clip((seen - weights["mean"]) / weights["spread"], -4, 4)
    hidden = np.tanh(even @ weights["first"] + weights["first_bias"])
    return np.asarray(1 / (1 + np.exp(-(hidden @ weights["second"] + weights["second_bias"]))), np.float32)


def _banded(frequencies: Pixels, values: Pixels, edges: tuple[float, ...]) -> Pixels:
    """The mean within each band."""
    fine = np.linspace(edges[0], edges[-1], 200)
    shown = np.interp(fine, frequencies, values)
    band = np.clip(np.searchsorted(edges, fine, "right") - 1, 0, len(edges) - 2)
    return np.asarray(np.bincount(band, shown) / np.bincount(band), np.float32)


@cache
def _weights() -> Weights:
    with np.load(io.BytesIO((files("interneg.grain") / "kind.npz").read_bytes())) as stored:
        return dict(stored)
