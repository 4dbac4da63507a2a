"""Damage in the shapes, sizes and places annotated on real scans of film (FilmDamageSimulator, MIT)."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from bench.dirt import Image

KINDS = {"dirt": ("Dirt", "Dust"), "hair": ("Short hair", "Long hair"), "scratches": ("Scratch",)}
"""What is annotated as what."""

SCALE = 0.5
"""Scans are some 4,900 pixels wide; this is film at 2K."""

_SOFT = 0.6


@dataclass(frozen=True)
class Scan:
    """What is annotated on one scan, at SCALE: outlines by kind, (N, 2), x and y in pixels; width, height."""

    outlines: dict[str, list[npt.NDArray[np.float64]]]
    size: tuple[int, int]


def read(archive: Path, held: bool) -> list[Scan]:
    """The scans with even numbers, which are held out, or the others; but those with few pieces."""
    scans = []
    with tarfile.open(archive) as tar:
        names = [m.name for m in tar.getmembers() if Path(m.name).match("scan_annotations/*.json")]
        for name in sorted(names):
            number = int(Path(name).stem.split("(")[1].rstrip(")"))
            file = tar.extractfile(name)
            if file is None or (number % 2 == 0) != held:
                continue
            outlines: dict[str, list[npt.NDArray[np.float64]]] = {kind: [] for kind in KINDS}
            for piece in json.load(file).values():
                points = SCALE * np.array([(p["x"], p["y"]) for p in piece["points"]], np.float64)
                kind = next((k for k, labels in KINDS.items() if piece["label"]["name"] in labels), None)
                if kind is not None and len(points) > 2:
                    outlines[kind].append(points)
            every = np.concatenate([o for of in outlines.values() for o in of])
            width, height = (int(v) + 1 for v in every.max(axis=0))
            if sum(map(len, outlines.values())) > 200:
                scans.append(Scan(outlines, (width, height)))
    return scans


def laid(clip: Sequence[Image], scan: Scan, seed: int) -> tuple[list[Image], list[dict[str, Image]]]:
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
    left, top = (int(v) - 3 for v in outline.min(axis=0))
    right, bottom = (int(v) + 4 for v in outline.max(axis=0))
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        return
    fine = np.zeros((4 * (bottom - top), 4 * (right - left)), np.uint8)
    cv2.fillPoly(fine, [np.int32(np.rint(4 * (outline - (left, top))))], 255)
    alpha = cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(alpha.astype(np.float32) * np.float32(opaque / 255), (0, 0), _SOFT)
    soft = soft[max(0, -top) : height - top, max(0, -left) : width - left]
    box = np.s_[max(0, top) : bottom, max(0, left) : right]
    picture[box] += soft[..., None] * (np.float32(level) - picture[box])
    np.maximum(cover[box], soft, out=cover[box])
