"""A grain profile for tests."""

from __future__ import annotations

import numpy as np

from interneg.grain.profile import GrainProfile


def film(sigma: float = 0.02, soft: float = 40.0) -> GrainProfile:
    """35 mm film at 2K, stronger in the middle of its response, blue coarsest.

    sigma: in the middle, in Cineon codes. soft: where red's spectrum has fallen to 1/e, in cycles per mm.
    """
    levels = np.linspace(0.09, 0.7, 16, dtype=np.float32)
    shape = 0.4 + 0.6 * np.sin(np.pi * np.linspace(0.05, 0.9, 16, dtype=np.float32))
    frequencies = np.linspace(0, 60, 40, dtype=np.float32)
    softness = np.array([[1], [0.9], [0.7]], np.float32) * np.float32(soft)
    correlation = np.array([[1, 0.3, 0.2], [0.3, 1, 0.25], [0.2, 0.25, 1]], np.float32)
    return GrainProfile(
        "a plate", "film", ("R", "G", "B"),
        np.tile(levels, (3, 1)), np.array([[1], [0.9], [1.4]], np.float32) * np.float32(sigma) * shape,
        frequencies, np.exp(-np.square(frequencies / softness)), correlation, 0.0, 24.9, 2048,
    )  # fmt: skip
