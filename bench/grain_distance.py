"""How far one grain is from another: spectrum, histogram, correlation of channels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from interneg.frame import Pixels
from interneg.grain.profile import GrainProfile

BAND = (0.02, 0.5)
"""Frequencies that are compared, in cycles a pixel."""

_BLOCK = 64


def spectrum_distance(one: Pixels, other: Pixels) -> float:
    """The mean distance, in dB, of the radial spectra of two grains, (C, H, W), over `BAND`; scaled alike."""
    a, b = _radial(one), _radial(other)
    return float(np.abs(10 * np.log10(np.maximum(a, 1e-12) / np.maximum(b, 1e-12))).mean())


def _radial(grain: Pixels) -> Pixels:
    """The power in rings of frequency within `BAND`, of each channel, its mean 1."""
    window = np.hanning(_BLOCK)[:, None] * np.hanning(_BLOCK)[None]
    height, width = grain.shape[1:]
    step = _BLOCK // 2
    blocks = [
        grain[:, y : y + _BLOCK, x : x + _BLOCK]
        for y in range(0, height - _BLOCK + 1, step)
        for x in range(0, width - _BLOCK + 1, step)
    ]
    power = np.mean(
        [np.abs(np.fft.fft2((b - b.mean((1, 2), keepdims=True)) * window)) ** 2 for b in blocks], 0
    )
    axis = np.fft.fftfreq(_BLOCK)
    radii = np.hypot(axis[:, None], axis[None])
    edges = np.linspace(*BAND, 21)
    rings = [(radii >= lo) & (radii < hi) for lo, hi in pairwise(edges)]
    found = np.array([[p[ring].mean() for ring in rings] for p in power])
    return np.asarray(found / found.mean(1, keepdims=True), np.float32)


def divergence(truth: Pixels, made: Pixels) -> float:
    """Kullback-Leibler of the histograms of evened grain, in nats."""
    edges = np.linspace(-5, 5, 81)
    p, q = (np.histogram(np.clip(g, -4.99, 4.99), edges)[0] + 0.5 for g in (truth, made))
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


def correlation_error(found: Pixels, truth: GrainProfile) -> float:
    """The largest error of the correlation of two channels, as those of the truth have it once filtered."""
    frequencies = [truth.per_pixel(c, 96) for c in range(len(truth.channels))]
    axis = np.fft.fftfreq(128)
    radii = np.hypot(axis[:, None], axis[None])
    powers = [np.interp(radii, *f) for f in frequencies]
    shared = np.array([[np.sqrt(a * b).mean() for a in powers] for b in powers])
    return float(np.abs(found - truth.correlation * shared).max())
