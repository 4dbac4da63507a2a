"""Profiles to test with, and the spectrum of what they make."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels
from interneg.grain.profile import GrainProfile

CORRELATION = np.array([[1, 0.3, 0.2], [0.3, 1, 0.4], [0.2, 0.4, 1]], np.float32)


def profile(corners: tuple[float, ...] = (0.1, 0.15, 0.2), pixels: int = 2048) -> GrainProfile:
    """Grain with sharp edges; corners: of each channel's spectrum, in cycles per pixel of a scan of 2048."""
    width = 24.9
    frequencies = np.linspace(0, np.sqrt(0.5) * pixels / width, 64, dtype=np.float32)
    power = np.stack([(1 + (frequencies * width / 2048 / corner) ** 2) ** -1.5 for corner in corners])
    levels = np.repeat(np.linspace(0.09, 0.67, 14, dtype=np.float32)[None], len(corners), 0)
    sigmas = 0.01 + 0.02 * (levels - 0.3) ** 2
    channels = ("R", "G", "B") if len(corners) == 3 else ("Y",)
    correlation = CORRELATION if len(corners) == 3 else np.ones((1, 1), np.float32)
    return GrainProfile(
        "toy",
        "film",
        channels,
        levels,
        sigmas,
        frequencies,
        power.astype(np.float32),
        correlation,
        0.0,
        width,
        pixels,
    )


def rings(planes: Pixels) -> tuple[Pixels, Pixels]:
    """Frequencies in cycles per pixel, 0.02 to 0.5, and the mean power of each ring, (C, B)."""
    size = planes.shape[-1]
    power = np.abs(np.fft.fft2(planes)) ** 2 / size**2
    axis = np.fft.fftfreq(size)
    bins = np.rint(np.hypot(axis[:, None], axis[None, :]) * 64).astype(np.int64).ravel()
    found = np.array([np.bincount(bins, p.ravel()) / np.bincount(bins) for p in power])
    return (np.arange(2, 33) / 64).astype(np.float32), found[:, 2:33].astype(np.float32)
