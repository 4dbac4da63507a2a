"""Damage as annotated on real scans: outlines of dirt, hairs and scratches, as dense as they lie there.

Of FilmDamageSimulator (MIT). The scans with even numbers are held out for measuring.
"""

import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Outline = npt.NDArray[np.float64]
Patch = npt.NDArray[np.float32]

KINDS = {"dirt": ("Dirt", "Dust"), "hair": ("Short hair", "Long hair"), "scratches": ("Scratch",)}
"""What is annotated as what."""

SCALE = 0.5
"""Scans are some 4,900 pixels wide; this is film at 2K."""

_SOFT, _FEW = 0.6, 200


@dataclass(frozen=True)
class AnnotatedScan:
    """What is annotated on one scan, at SCALE: outlines by kind, (N, 2), x and y in pixels; width, height."""

    outlines: dict[str, list[Outline]]
    size: tuple[int, int]


def read_scans(archive: Path, held: bool) -> list[AnnotatedScan]:
    """The scans that are held out, or the others; without those that have few pieces."""
    scans = []
    with tarfile.open(archive) as tar:
        names = [m.name for m in tar.getmembers() if Path(m.name).match("scan_annotations/*.json")]
        for name in sorted(names):
            number = int(Path(name).stem.split("(")[1].rstrip(")"))
            file = tar.extractfile(name)
            if file is None or (number % 2 == 0) != held:
                continue
            outlines: dict[str, list[Outline]] = {kind: [] for kind in KINDS}
            for piece in json.load(file).values():
                points = SCALE * np.array([(p["x"], p["y"]) for p in piece["points"]], np.float64)
                kind = next((k for k, labels in KINDS.items() if piece["label"]["name"] in labels), None)
                if kind is not None and len(points) > 2:
                    outlines[kind].append(points)
            if sum(map(len, outlines.values())) > _FEW:
                every = np.concatenate([o for of in outlines.values() for o in of])
                width, height = (int(v) + 1 for v in every.max(axis=0))
                scans.append(AnnotatedScan(outlines, (width, height)))
    return scans


def patch(outline: Outline, soft: float = _SOFT) -> tuple[Patch, int, int]:
    """What is inside an outline, (h, w) float32, 0..1, with a soft rim; and its corner: row and column."""
    left, top = (int(v) - 3 for v in outline.min(axis=0))
    right, bottom = (int(v) + 4 for v in outline.max(axis=0))
    fine = np.zeros((4 * (bottom - top), 4 * (right - left)), np.uint8)
    cv2.fillPoly(fine, [np.int32(np.rint(4 * (outline - (left, top))))], 255)
    alpha = cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(alpha.astype(np.float32) / 255, (0, 0), soft), np.float32), top, left


def part_of(
    scan: AnnotatedScan, size: tuple[int, int], rng: np.random.Generator, scale: float
) -> Sequence[tuple[str, Outline]]:
    """The outlines, and their kinds, of a part of a scan at random, of a frame's size, (height, width)."""
    room = scale * np.array(scan.size) - size[::-1]
    corner = rng.uniform(0, np.maximum(1, room))
    made = []
    for kind, outlines in scan.outlines.items():
        for outline in outlines:
            at = scale * outline - corner
            if (at.max(axis=0) > 0).all() and (at.min(axis=0) < size[::-1]).all():
                made.append((kind, at))
    return made
