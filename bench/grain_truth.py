"""Grain of known truth, laid on pictures by a Fourier transform: not by the generator that is measured."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels
from interneg.grain.profile import GrainProfile


def truth_of(
    grain: GrainProfile, clean: Pixels, levels: Pixels, sigmas: Pixels, rng: np.random.Generator
) -> Pixels:
    """Grain of a profile at the pitch of its scan, by a Fourier transform of white noise."""
    height, width = clean.shape[1:]
    rows = np.linalg.cholesky(grain.correlation.astype(np.float64) + 1e-6 * np.eye(len(grain.correlation)))
    white = np.einsum("cd,dyx->cyx", rows, rng.normal(size=clean.shape))
    radii = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    made = np.empty_like(clean)
    for c in range(len(clean)):
        power = np.interp(radii, *grain.per_pixel(c, 96))
        field = np.fft.irfft2(np.fft.rfft2(white[c]) * np.sqrt(power), s=(height, width))
        made[c] = field * np.interp(clean[c], levels[c], sigmas[c])
    return made
