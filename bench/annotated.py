"""Damage in the shapes, sizes and places annotated on real scans of film (FilmDamageSimulator, MIT)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.dirt import Image
from interneg.engines.training.find_scans import KINDS, AnnotatedScan, patch


def laid(clip: Sequence[Image], scan: AnnotatedScan, seed: int) -> tuple[list[Image], list[dict[str, Image]]]:
    """The clip with what a part of the scan has, another part for each frame; half of it dark, half bright.

    Returns the frames, of 8 bits, and how opaque each kind of damage is in each, (H, W) float32.
    """
    rng = np.random.default_rng(seed)
    frames, covers = [], []
    for clean in clip:
        height, width = clean.shape[:2]
        corner = np.array(
            [rng.integers(0, max(1, s - have)) for s, have in zip(scan.size, (width, height), strict=True)]
        )
        picture, cover = clean.copy(), {kind: np.zeros((height, width), np.float32) for kind in KINDS}
        for kind, outlines in scan.outlines.items():
            for outline in outlines:
                level = rng.uniform(0.02, 0.12) if rng.random() < 0.5 else rng.uniform(0.8, 1)
                opaque = rng.uniform(0.5, 1)
                _lay(picture, cover[kind], outline - corner, float(level), float(opaque))
        frames.append(np.rint(255 * np.clip(picture, 0, 1)).astype(np.float32) / np.float32(255))
        covers.append(cover)
    return frames, covers


def _lay(picture: Image, cover: Image, outline: npt.NDArray[np.float64], level: float, opaque: float) -> None:
    height, width = cover.shape
    alpha, top, left = patch(outline)
    bottom, right = top + alpha.shape[0], left + alpha.shape[1]
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        return
    soft = np.float32(opaque) * alpha[max(0, -top) : height - top, max(0, -left) : width - left]
    box = np.s_[max(0, top) : bottom, max(0, left) : right]
    picture[box] += soft[..., None] * (np.float32(level) - picture[box])
    np.maximum(cover[box], soft, out=cover[box])
