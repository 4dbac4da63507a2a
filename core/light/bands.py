"""Rows that are brighter or darker than their neighbours: bands of rolling shutters and of telecine."""

from __future__ import annotations

import numpy as np

from interneg.frame import Double, Pixels

_ROUNDS = 6
_OUTLIER = 2.5
_FINEST = 0.1
_QUIET = 0.002
_DOUBT = 0.005


def camera(motion: Pixels, confidence: Pixels) -> Pixels:
    """The affine motion that most of a flow follows, (h, w, 2) float32, in its unit.

    motion: (h, w, 2) float32, x and y in pixels of its own size, finite; confidence: (h, w) float32, 0..1.
    Least squares, in which samples that disagree lose their weight (Geman and McClure, 1985).
    """
    height, width = confidence.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].reshape(2, -1)
    model = np.stack([np.ones(y.size), y, x])
    weight, seen = confidence.ravel() + 1e-6, motion.reshape(-1, 2).astype(np.float64)
    found = np.median(seen, axis=0)[None] * [[1.0], [0.0], [0.0]]
    for _ in range(_ROUNDS):
        apart = np.hypot(*(seen - np.einsum("ij,ik->jk", model, found)).T)
        scale = max(1.4826 * float(np.median(apart)), _FINEST)
        trusted = weight / np.square(1 + np.square(apart / (_OUTLIER * scale)))
        # Not by BLAS, whose sums may depend on how many threads are free.
        normal = np.einsum("ij,kj->ik", model * trusted, model) + 1e-9 * np.eye(3)
        found = np.linalg.solve(normal, np.einsum("ij,jk->ik", model * trusted, seen))
    return np.asarray(np.einsum("ij,ik->jk", model, found).reshape(motion.shape), np.float32)


def row_means(rest: Double, weight: Double, down: Pixels) -> Double:
    """The mean of each row, (h,) float64, near 0 where little is known.

    rest: (h, w) float32, what is averaged, in any unit, finite; weight: (h, w), 0 and above, how much each
    sample counts. Returns the unit of rest. down: (h, w) float32, how many rows lower the second sample of
    each lies; it tells of the row half way. Outliers of a row lose their weight.
    """
    height, width = rest.shape
    at = np.clip(np.rint(np.arange(height)[:, None] + 0.5 * down), 0, height - 1).astype(np.intp).ravel()
    rest, weight = rest.ravel(), weight.ravel()
    doubt = _DOUBT * width * weight.mean() + 1e-12
    trusted, rows = weight, np.zeros(height)
    for _ in range(_ROUNDS):
        rows = np.bincount(at, trusted * rest, height) / (np.bincount(at, trusted, height) + doubt)
        apart = np.abs(rest - rows[at])
        scale = max(1.4826 * float(np.median(apart)), _QUIET)
        trusted = weight / np.square(1 + np.square(apart / (_OUTLIER * scale)))
    return np.asarray(rows, np.float64)
