"""Deflicker on moving water and on foliage: whole shots and windows, beside FFmpeg's filter at its best size.

The flicker is that of `whole_flicker`.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

import cv2
import numpy as np

from bench.damage import read_member
from bench.deflicker import ffmpeg
from bench.flicker import Clip, psnr, removed
from bench.table import Row, at_least
from bench.whole_flicker import ALIKE, SEEDS, SIZES, both, flickering, local_part

RESTLESS = {"moving water": "davis480_blackswan", "foliage": "davis480_bmx-trees"}
"""A swan on a river, whose water fills most of the picture; twigs past which the camera is whipped."""


def rows(archive: Path) -> Iterator[Row]:
    """Measure on clips that lie in an archive in pieces; nothing where it is not there."""
    if archive.is_file():
        for what, name in RESTLESS.items():
            yield from _restless(what, _pieces(archive, name))


def _restless(where: str, clip: Clip) -> Iterator[Row]:
    """On moving water, and on foliage."""
    found: dict[str, list[tuple[float, float]]] = {"whole shot": [], "window": [], "FFmpeg": []}
    for alike, seed in product(ALIKE, range(SEEDS)):
        damaged = flickering(clip, alike, seed)
        theirs = max((ffmpeg(damaged, size) for size in SIZES), key=lambda c: psnr(clip, c))
        for kind, made in zip(found, (*both(damaged), theirs), strict=True):
            found[kind].append((removed(clip, damaged, made), local_part(clip, damaged, made)))
    for kind, goal in (("whole shot", 60), ("window", 50)):
        share, local = np.array(found[kind]).T
        what = f"flicker on {where}, {kind}:"
        yield Row(f"{what} removed (worst {share.min():.1f})", "", f"{share.mean():.1f} %", None)
        yield at_least(f"{what} local part removed (worst {local.min():.1f})", goal, local.mean(), "%")
    share, local = np.mean(found["FFmpeg"], axis=0)
    yield Row(
        f"flicker on {where}, FFmpeg's deflicker at its best size: removed; local part", "",
        f"{share:.1f} %; {local:.1f} %", None,
    )  # fmt: skip


def _pieces(archive: Path, name: str) -> Clip:
    """The longest stretch of a clip that lies in the archive in pieces of some frames each: luma.

    Returns (T, H, W) float32 0..1. Pieces belong together where they follow each other and show the same part
    of the picture: elsewhere there would be a cut.
    """
    with tarfile.open(archive) as tar:
        index = json.loads(read_member(tar, "index.json"))
        of = sorted((row for row in index["clips"] if row[2] == name), key=lambda row: row[3])
        stretches = [of[:1]]
        for before, row in pairwise(of):
            if row[3] != before[3] + index["frames"] or row[4:7] != before[4:7]:
                stretches.append([])
            stretches[-1].append(row)
        longest = max(stretches, key=len)
        files = [f"{row[0]}/{frame:02}.jpg" for row in longest for frame in range(index["frames"])]
        data = [np.frombuffer(read_member(tar, file), np.uint8) for file in files]
    read = (cv2.imdecode(piece, cv2.IMREAD_GRAYSCALE) for piece in data)
    return np.asarray(np.stack([np.asarray(p, np.float32) for p in read]) / 255, np.float32)
