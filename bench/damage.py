"""Film damage of known truth: clips filmed from one large still, steady and with weave or warp."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]
Track = npt.NDArray[np.float64]

SIZE = (480, 640)
"""Height and width of the clips."""

_TILE, _SEAM = 256, 48
_ANIMALS = 5


@dataclass(frozen=True)
class Take:
    """One frame of a clip: as it should be, as it is, and where the truth lies in it.

    truth, damaged: (H, W, 3) float32, 0..1, encoded as video. field: (H, W, 2) float32; what the truth shows
    at (x, y) the damaged frame shows at (x, y) + field.
    """

    truth: Image
    damaged: Image
    field: Image


def weave(
    count: int, pixels: float = 2.0, degrees: float = 0.12, memory: float = 0.4, seed: int = 1
) -> Track:
    """Gate weave: x and y in pixels and a rotation in degrees for each frame, (count, 3).

    Each is an Ornstein-Uhlenbeck process of that standard deviation, `memory` being the time in frames after
    which its correlation has fallen to 1/e: the value of a frame is exp(-1/memory) times that of the one
    before, plus Gaussian noise.
    """
    rng, kept = np.random.default_rng(seed), np.exp(-1 / memory)
    noise = rng.normal(0, (pixels, pixels, degrees), (count, 3))
    track = [noise[0]]
    for fresh in noise[1:]:
        track.append(kept * track[-1] + np.sqrt(1 - kept**2) * fresh)
    return np.array(track)


def warp(count: int, pixels: float = 1.0, reach: float = 1 / 6, seed: int = 2) -> Iterator[Image]:
    """Buckling: a smooth field for each frame, of its own, (H, W, 2) float32 in pixels.

    White noise blurred by a Gaussian of `reach` times the width, each component of that standard deviation
    over the clip; what a similarity can follow is taken out of it.
    """
    rng = np.random.default_rng(seed)
    height, width = SIZE
    z = _grid().ravel()
    basis = np.stack([np.ones_like(z), z])
    for _ in range(count):
        noise = rng.normal(size=(height // 8 + 60, width // 8 + 60, 2)).astype(np.float32)
        sigma = reach * width / 8
        smooth = cv2.GaussianBlur(noise, (0, 0), sigma)[30:-30, 30:-30]
        smooth *= pixels * 2 * np.sqrt(np.pi) * sigma
        field = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_CUBIC)
        moved = (field[..., 0] + 1j * field[..., 1]).ravel()
        fit = np.linalg.lstsq(basis.T, moved, rcond=None)[0]
        moved = (moved - fit @ basis).reshape(height, width)
        yield np.stack([moved.real, moved.imag], -1).astype(np.float32)


def pan(count: int, distance: float = 600.0) -> Track:
    """A pan that starts and ends at rest: (count, 3), at most 2 * distance / count pixels per frame."""
    u = np.arange(count) / count
    way = distance * (u - np.sin(2 * np.pi * u) / (2 * np.pi))
    return np.stack([way - distance / 2, 0.15 * way, 0 * way], 1)


def hand_held(count: int, seed: int = 3) -> Track:
    """A camera held by hand: sway with most of its power below a cycle in two seconds, and a slow turn."""
    rng, t = np.random.default_rng(seed), np.arange(count)
    track = np.zeros((count, 3))
    for periods, sizes in (
        ((90, 140), (30, 18, 0.6)),
        ((40, 60), (5, 4, 0.15)),
        ((16, 24), (0.4, 0.4, 0.01)),
    ):
        for column, size in enumerate(sizes):
            track[:, column] += size * np.sin(2 * np.pi * (t / rng.uniform(*periods) + rng.uniform()))
    return track


def shoot(
    still: Image,
    camera: Track,
    shaken: Track,
    warps: Iterator[Image] | None = None,
    animals: Sequence[Image] = (),
) -> Iterator[Take]:
    """Film the still, one sampling per frame for truth and damaged frame each, so that both are as sharp.

    camera: where the middle of the frame lies, from that of the still, and its rotation. shaken: what the
    gate adds. animals: tiles that walk through the scene, in front of it.
    """
    z = _grid()
    for number, (at, gate) in enumerate(zip(camera, shaken, strict=True)):
        field = next(warps) if warps is not None else np.zeros((*SIZE, 2), np.float32)
        # The frame is the picture moved by the gate: it shows at z what should be at `seen`.
        seen = (z - (gate[0] + 1j * gate[1])) * np.exp(-1j * np.radians(gate[2]))
        bent = z + field[..., 0] + 1j * field[..., 1]
        shown = bent * np.exp(1j * np.radians(gate[2])) + gate[0] + 1j * gate[1] - z
        seen = _unbent(seen, field)
        pictures = []
        for points in (z, seen):
            world = points * np.exp(1j * np.radians(at[2])) + at[0] + 1j * at[1]
            picture = _sampled(still, world)
            for k, animal in enumerate(animals):
                _walk(picture, animal, world, number, k)
            pictures.append(np.clip(picture, 0, 1))
        yield Take(pictures[0], pictures[1], np.stack([shown.real, shown.imag], -1).astype(np.float32))


def still(archive: Path, columns: int = 8, rows: int = 4, first: int = 0) -> Image:
    """A large picture (H, W, 3) float32 0..1: tiles of `stills_00.tar` side by side, with soft seams."""
    tiles = _tiles(archive)[first : first + columns * rows]
    step = _TILE - _SEAM
    size = (rows * step + _SEAM, columns * step + _SEAM)
    total, weights = np.zeros((*size, 3), np.float32), np.zeros((*size, 1), np.float32)
    ramp = np.minimum(1, np.minimum(np.arange(1, _TILE + 1), np.arange(_TILE, 0, -1)) / _SEAM)
    weight = (ramp[:, None] * ramp)[..., None].astype(np.float32)
    for tile, (row, column) in zip(tiles, product(range(rows), range(columns)), strict=True):
        here = np.s_[row * step : row * step + _TILE, column * step : column * step + _TILE]
        total[here] += weight * tile
        weights[here] += weight
    return total / weights


def animals(archive: Path) -> list[Image]:
    """Tiles for `shoot`."""
    return _tiles(archive)[-_ANIMALS:]


def _tiles(archive: Path) -> list[Image]:
    """The tiles with most detail, best first."""
    with tarfile.open(archive) as tar:
        index = json.loads(read_member(tar, "index.json"))
        at = {name: i for i, name in enumerate(index["columns"])}
        listed = next(v for k, v in index.items() if isinstance(v, list) and k not in ("columns",))
        best = sorted(listed, key=lambda row: -row[at["mean_grad"]])[:60]
        return [decoded(read_member(tar, row[at["file"]])) for row in best]


def read_member(tar: tarfile.TarFile, name: str) -> bytes:
    """The content of a file in an archive. Raises KeyError where there is none of this name."""
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


def decoded(data: bytes) -> Image:
    """A coded picture as (H, W, 3) float32 RGB 0..1. Raises ValueError where it is none."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise ValueError(f"{len(data)} bytes that OpenCV reads as no picture")
    return picture.astype(np.float32) / 255


def _grid() -> npt.NDArray[np.complex128]:
    """Each pixel's place from the middle of the frame, x + iy."""
    height, width = SIZE
    x, y = np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2
    return x + 1j * y[:, None]


def _unbent(points: npt.NDArray[np.complex128], field: Image) -> npt.NDArray[np.complex128]:
    """The points q with q + field(q) = points, by fixed-point iteration."""
    middle = complex((SIZE[1] - 1) / 2, (SIZE[0] - 1) / 2)
    found = points
    for _ in range(5):
        at = found + middle
        x, y = at.real.astype(np.float32), at.imag.astype(np.float32)
        here = cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        found = points - (here[..., 0] + 1j * here[..., 1])
    return found


def _sampled(picture: Image, points: npt.NDArray[np.complex128]) -> Image:
    """The picture at points counted from its middle; mirrored beyond its edges."""
    x = (points.real + (picture.shape[1] - 1) / 2).astype(np.float32)
    y = (points.imag + (picture.shape[0] - 1) / 2).astype(np.float32)
    return cv2.remap(picture, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101)


def _walk(picture: Image, animal: Image, world: npt.NDArray[np.complex128], number: int, k: int) -> None:
    """Draw the k-th animal over the picture: an oval piece of its tile that bobs as it crosses the scene."""
    speed = (2.5 + k) * (-1) ** k
    start = complex(-speed * 45 + 90 * (k - 2), (-150, 90, -40, 150, 20)[k])
    local = world - start - complex(speed * number, 9 * np.sin(number / (3 + k)))
    radius = np.abs(local.real / 75 + 1j * local.imag / 55)
    cover = np.clip((1 - radius) * 40, 0, 1)[..., None].astype(np.float32)
    picture += cover * (_sampled(animal, local) - picture)
