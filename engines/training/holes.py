"""Holes to fill in training: patches at a high ratio, drawn blobs and hairs, and pieces of real damage."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Cover = NDArray[np.uint8]

KINDS = ("spots", "dirt", "smut", "lint", "hair-short", "hair", "scratches", "stain")
"""The elements of real damage that are read, by their own names."""

_SIDES = (40, 200)
"""Elements are scans of 400 pixels' side, reduced to something between these."""


def elements(archive: Path | None) -> list[Cover]:
    """How opaque the elements of an archive are, (H, W) uint8 each; none without an archive."""
    if archive is None:
        return []
    with tarfile.open(archive) as tar:
        names = sorted(
            m for m in tar.getnames() if m.removeprefix("./").split("/")[0] in KINDS and m.endswith(".png")
        )
        files = [tar.extractfile(name) for name in names]
        codes = [cv2.imdecode(np.frombuffer(f.read(), np.uint8), cv2.IMREAD_GRAYSCALE) for f in files if f]
    return [np.asarray(code, np.uint8) for code in codes]


def covers(count: int, size: int, real: list[Cover], seed: int) -> Cover:
    """How opaque damage is, (count, size, size) uint8: with soft borders, of drawn and of real shapes."""
    rng = np.random.default_rng(seed)
    made = np.zeros((count, size, size), np.uint8)
    for cover in made:
        most = rng.uniform(0.04, 0.35)
        for _ in range(40):
            kind = rng.random()
            if kind < 0.5:
                _blob(rng, cover)
            elif kind < 0.7 or not real:
                _hair(rng, cover)
            else:
                _element(rng, cover, real)
            if (cover > 25).mean() > most:
                break
    return made


def patches(count: int, size: int, seed: int) -> Cover:
    """Random patches at a high ratio, (count, size, size) uint8, 0 or 255: a masked autoencoder's."""
    rng = np.random.default_rng(seed)
    made = np.zeros((count, size, size), np.uint8)
    for cover in made:
        side = int(rng.choice([4, 8, 8, 12, 16]))
        cells = rng.random((-(-size // side) + 1,) * 2) < rng.uniform(0.3, 0.75)
        whole = np.kron(cells, np.full((side, side), 255)).astype(np.uint8)
        y, x = rng.integers(0, side, 2)
        cover[:] = whole[y : y + size, x : x + size]
    return made


def _blob(rng: np.random.Generator, cover: Cover) -> None:
    """A spot of 1.5 to 20 pixels' radius, its outline uneven, its border soft."""
    size = len(cover)
    radius = float(np.exp(rng.uniform(np.log(1.5), np.log(20))))
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    edge = 1 + sum(rng.uniform(0, 0.35) / k * np.sin(k * angles + rng.uniform(0, 7)) for k in range(2, 7))
    stretch, turn = rng.uniform(0.6, 1), rng.uniform(0, np.pi)
    x, y = radius * edge * np.cos(angles), radius * edge * np.sin(angles) * stretch
    at = rng.uniform(0, size, 2)
    points = np.stack(
        (at[0] + x * np.cos(turn) - y * np.sin(turn), at[1] + x * np.sin(turn) + y * np.cos(turn)), 1
    )
    _drawn(
        rng, cover, lambda canvas: cv2.fillPoly(canvas, [np.int32(np.rint(16 * points))], 255, cv2.LINE_AA, 4)
    )


def _hair(rng: np.random.Generator, cover: Cover) -> None:
    """A curved line of 1 to 6 pixels' width, or a nearly upright one through the whole."""
    size = len(cover)
    width = int(np.exp(rng.uniform(0, np.log(6.5))))
    if rng.random() < 0.4:
        x, lean = rng.uniform(0, size), rng.uniform(-0.05, 0.05)
        points = np.array([[x, -4.0], [x + lean * size, size + 4.0]])
    else:
        steps = int(rng.integers(8, 30))
        way = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, rng.uniform(0.05, 0.5), steps))
        points = rng.uniform(0, size, 2) + np.cumsum(4 * np.stack((np.cos(way), np.sin(way)), 1), 0)
    line = [np.int32(np.rint(16 * points))]
    _drawn(rng, cover, lambda canvas: cv2.polylines(canvas, line, False, 255, width, cv2.LINE_AA, 4))


def _element(rng: np.random.Generator, cover: Cover, real: list[Cover]) -> None:
    """A piece of real damage, reduced, turned, and laid so that some of it is seen."""
    size, element = len(cover), real[int(rng.integers(len(real)))]
    side = int(rng.integers(*_SIDES))
    small = np.rot90(cv2.resize(element, (side, side), interpolation=cv2.INTER_AREA), int(rng.integers(4)))
    places = np.argwhere(small > 60)
    if not len(places):
        return
    y, x = places[int(rng.integers(len(places)))] - rng.integers(size // 4, 3 * size // 4, 2)
    rows, columns = np.clip(np.arange(size) + y, -1, side), np.clip(np.arange(size) + x, -1, side)
    padded = np.pad(small, 1)
    np.maximum(cover, padded[rows[:, None] + 1, columns + 1], out=cover)


def _drawn(rng: np.random.Generator, cover: Cover, draw: Callable[[Cover], object]) -> None:
    canvas = np.zeros_like(cover)
    draw(canvas)
    canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.3, 1.2)), np.uint8)
    np.maximum(cover, canvas, out=cover)
