"""Pieces of real film damage (FilmDamageSimulator, MIT) laid on clean pictures, kind by kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from bench.dirt import Image
from interneg.engines.training.find_damage import read_pieces

KINDS = ("spots", "dirt", "smut", "lint", "hair-short", "hair", "scratches", "stain")
"""The elements' own names; dots and sprinkles are clouds of specks below a pixel at this size."""

COUNT = 8
SIDE = 100
"""Elements are scans of 400 pixels' side, reduced to this: what 4K film has at the size of the clips."""


def read(archive: Path, kind: str, held: bool) -> list[Image]:
    """How opaque a kind's elements are, (SIDE, SIDE) float32, 0..1: those held out from training, or not."""
    codes = read_pieces(archive, held)[kind]
    return [cv2.resize(c, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255 for c in codes]


def laid(clip: Sequence[Image], elements: Sequence[Image], seed: int) -> tuple[list[Image], list[Image]]:
    """The clip with COUNT elements in each frame, turned at random, half of them dark and half bright.

    Returns the frames, of 8 bits, and how opaque the damage of each is, (H, W) float32.
    """
    rng = np.random.default_rng(seed)
    frames, covers = [], []
    for clean in clip:
        height, width = clean.shape[:2]
        picture, cover = clean.copy(), np.zeros((height, width), np.float32)
        for _ in range(COUNT):
            element = elements[int(rng.integers(len(elements)))]
            turned = np.rot90(element, int(rng.integers(4)))
            y, x = (int(rng.integers(0, size - SIDE)) for size in (height, width))
            box = np.s_[y : y + SIDE, x : x + SIDE]
            level = rng.uniform(0.02, 0.12) if rng.random() < 0.5 else rng.uniform(0.8, 1)
            picture[box] += turned[..., None] * (np.float32(level) - picture[box])
            np.maximum(cover[box], turned, out=cover[box])
        frames.append(np.rint(255 * np.clip(picture, 0, 1)).astype(np.float32) / np.float32(255))
        covers.append(cover)
    return frames, covers


def near(mask: npt.NDArray[np.bool_], pixels: int) -> npt.NDArray[np.bool_]:
    """The mask, and what lies within so many pixels of it."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1,) * 2)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)
