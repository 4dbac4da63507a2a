"""Damage to train the finder on, frame by frame: pieces and outlines of real damage, and what is drawn.

Pictures are (H, W) float32 luma, 0..1, encoded as video. Real pieces are those of FilmDamageSimulator (MIT),
a tar of folders by kind. A quarter of them, by the hash of their names, is held out for measuring.
"""

import hashlib
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from interneg.engines.training.find_scans import AnnotatedScan, part_of, patch, read_scans

Image = npt.NDArray[np.float32]

KINDS = {
    "dirt": 3.0, "spots": 3.0, "smut": 2.0, "lint": 2.0, "hair-short": 2.0, "hair": 1.5, "scratches": 3.5,
    "stain": 1.0, "dots": 1.0, "sprinkles": 0.5,
}  # fmt: skip
"""Kinds of real pieces, and how often each is laid."""

_HELD = 4
_SMALL, _LARGE = 60, 180


def held_out(name: str) -> bool:
    """Whether a piece, or a clip, is kept for measuring: one in four, by the hash of its name."""
    return hashlib.sha256(Path(name).name.encode()).digest()[0] % _HELD == 0


def read_pieces(archive: Path, held: bool) -> dict[str, list[npt.NDArray[np.uint8]]]:
    """How opaque the pieces of each kind are, (400, 400) uint8: those held out, or the others."""
    found: dict[str, list[npt.NDArray[np.uint8]]] = {kind: [] for kind in KINDS}
    with tarfile.open(archive) as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            kind = Path(member.name).parent.name
            if kind not in KINDS or not member.name.endswith(".png") or held_out(member.name) != held:
                continue
            file = tar.extractfile(member)
            assert file is not None
            codes = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_GRAYSCALE)
            found[kind].append(np.asarray(codes, np.uint8))
    return found


@dataclass(frozen=True)
class Real:
    """Real damage: how opaque pieces are, (400, 400) uint8 each, by kind; and what scans have."""

    pieces: dict[str, list[npt.NDArray[np.uint8]]]
    scans: list[AnnotatedScan]


def read_real(archive: Path, held: bool) -> Real:
    """The pieces and scans that are held out, or the others."""
    return Real(read_pieces(archive, held), read_scans(archive, held))


@dataclass
class Layer:
    """Damage of one frame as it is laid on: the picture, and how opaque dirt and scratches are, (H, W)."""

    picture: Image
    dirt: Image
    scratch: Image

    def lay(self, alpha: Image, level: float | Image, y: int, x: int, scratch: bool) -> None:
        """Lay a patch of damage, (h, w) of opacity, with its corner at y and x; beyond the edge it is cut."""
        height, width = self.picture.shape
        top, left = max(0, -y), max(0, -x)
        alpha = alpha[top : height - y, left : width - x]
        if not alpha.size:
            return
        box = np.s_[y + top : y + top + alpha.shape[0], x + left : x + left + alpha.shape[1]]
        if isinstance(level, np.ndarray):
            level = level[top : height - y, left : width - x]
        self.picture[box] += alpha * (np.float32(1) * level - self.picture[box])
        into = self.scratch if scratch else self.dirt
        np.maximum(into[box], alpha, out=into[box])


def _level(rng: np.random.Generator) -> float:
    if rng.random() < 0.7:
        return float(rng.uniform(0.0, 0.15) if rng.random() < 0.5 else rng.uniform(0.8, 1))
    return float(rng.uniform(0, 1))


def piece(layer: Layer, pieces: dict[str, list[npt.NDArray[np.uint8]]], rng: np.random.Generator) -> None:
    """Lay one real piece on, turned and sized at random, dark or bright. pieces: (S, S) uint8, by kind."""
    names = list(KINDS)
    weights = np.array([KINDS[n] for n in names])
    kind = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    codes = pieces[kind][int(rng.integers(len(pieces[kind])))]
    side = int(rng.uniform(_SMALL, _LARGE)) if rng.random() < 0.5 else 100
    alpha = cv2.resize(codes, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    alpha = np.rot90(alpha, int(rng.integers(4)))
    alpha = alpha[:, ::-1] if rng.random() < 0.5 else alpha
    if rng.random() < 0.3:
        alpha = np.clip(alpha * rng.uniform(0.5, 2.5), 0, 1).astype(np.float32)
    height, width = layer.picture.shape
    y, x = (int(rng.integers(-side // 2, size - side // 2)) for size in (height, width))
    layer.lay(np.ascontiguousarray(alpha), _level(rng), y, x, kind == "scratches")


def spot(layer: Layer, rng: np.random.Generator, at: tuple[float, float] | None = None) -> None:
    """A drawn spot of 1 to 14 pixels' radius, its outline uneven, opaque to 50 % or more.

    at: row and column of its middle; anywhere by default.
    """
    radius, opacity = float(np.exp(rng.uniform(0, np.log(14)))), rng.uniform(0.5, 1)
    angles, squash, turn = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0.4, 1), rng.uniform(0, np.pi)
    reach = int(1.6 * radius) + 4
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    rows, columns = rows + rng.uniform(-0.5, 0.5), columns + rng.uniform(-0.5, 0.5)
    along, across = columns * np.cos(turn) + rows * np.sin(turn), rows * np.cos(turn) - columns * np.sin(turn)
    uneven = rng.uniform(0, 0.5)
    edge = radius * (
        1 + sum(uneven / k * np.sin(k * np.arctan2(across, along) + a) for k, a in enumerate(angles, 2)) / 2
    )
    away = np.hypot(along, across / squash)
    alpha = opacity * np.clip(edge - away + 0.5, 0, 1)
    alpha = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), float(rng.uniform(0.35, 1.2)))
    height, width = layer.picture.shape
    level: float | Image = _level(rng)
    if rng.random() < 0.2:
        level = np.float32(level) + rng.normal(0, 0.08, alpha.shape).astype(np.float32)
    y, x = int(rng.integers(-reach, height - reach)), int(rng.integers(-reach, width - reach))
    if at is not None:
        y, x = (round(middle) - reach for middle in at)
    layer.lay(alpha, level, y, x, False)


def hair(layer: Layer, rng: np.random.Generator) -> None:
    """A drawn hair: a bent line of 1 to 3 pixels' width."""
    height, width = layer.picture.shape
    steps, turn = int(rng.uniform(15, 160)), rng.uniform(0, 2 * np.pi)
    at, points = np.array([rng.uniform(0, width), rng.uniform(0, height)]), []
    bend = rng.normal(0, 0.04)
    for _ in range(steps):
        points.append(at.copy())
        turn += bend + rng.normal(0, 0.06)
        at += [np.cos(turn), np.sin(turn)]
    fine = np.zeros((4 * height, 4 * width), np.uint8)
    cv2.polylines(fine, [np.rint(4 * np.array(points)).astype(np.int32)], False, 255, int(rng.uniform(4, 11)))
    alpha = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    layer.lay(
        cv2.GaussianBlur(alpha, (0, 0), 0.5) * np.float32(rng.uniform(0.5, 1)), _level(rng), 0, 0, False
    )


def streak(layer: Layer, rng: np.random.Generator) -> None:
    """A drawn scratch of one frame, nearly straight: 40 to 700 pixels by 1 to 8, most level or upright."""
    height, width = layer.picture.shape
    length, wide = np.exp(rng.uniform(np.log((40, 1)), np.log((700, 8))))
    turn = rng.integers(4) * np.pi / 2 + rng.normal(0, 0.06) if rng.random() < 0.6 else rng.uniform(0, np.pi)
    along = np.linspace(-0.5, 0.5, 9)
    bent = rng.normal(0, 0.02) * (4 * along**2 - 1)
    way = np.array([np.cos(turn), np.sin(turn)])
    points = rng.uniform((0, 0), (width, height)) + length * (
        along[:, None] * way + bent[:, None] * np.array([-way[1], way[0]])
    )
    fine = np.zeros((4 * height, 4 * width), np.uint8)
    cv2.polylines(fine, [np.rint(4 * points).astype(np.int32)], False, 255, max(1, round(4 * wide)))
    alpha = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    uneven = cv2.resize(rng.normal(1, rng.uniform(0, 0.3), (8, 8)).astype(np.float32), (width, height))
    alpha = np.clip(alpha * uneven, 0, 1) * np.float32(rng.uniform(0.35, 1))
    layer.lay(cv2.GaussianBlur(alpha, (0, 0), float(rng.uniform(0.4, 1))), _level(rng), 0, 0, True)


class Line:
    """A scratch that stays over frames: nearly upright, 1 to 4 pixels wide, translucent, wandering."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int]) -> None:
        self.x, self.slope = rng.uniform(0, size[1]), rng.uniform(-1, 1) / 50
        self.wide, self.cover = rng.uniform(0.6, 3.2), rng.uniform(0.15, 0.9)
        self.level, self.wanders = float(rng.choice([0.05, 0.95])), rng.uniform(0, 1.5)

    def draw(self, layer: Layer, rng: np.random.Generator) -> None:
        """Lay it on the next frame, where it has wandered to."""
        height, width = layer.picture.shape
        self.x += rng.normal(0, self.wanders)
        rows = np.arange(height, dtype=np.float32)
        rough = cv2.GaussianBlur(rng.normal(size=(height, 1)).astype(np.float32), (1, 61), 0, sigmaY=12)[:, 0]
        uneven = np.clip(1 + rng.uniform(0, 0.5) * rough / max(rough.std(), 1e-6), 0, 1.3)
        at = self.x + self.slope * (rows - height / 2)
        away = np.abs(np.arange(width, dtype=np.float32) - at[:, None])
        shape = np.clip((self.wide + 1) / 2 - away, 0, 1)
        alpha = np.clip(self.cover * uneven[:, None] * shape, 0, 1).astype(np.float32)
        layer.lay(alpha, self.level, 0, 0, True)


@dataclass(frozen=True)
class _Dirty:
    """How a clip is dirty as a scan is: which, how large, how much of it; dark (-1), bright (1) or both."""

    scan: AnnotatedScan
    scale: float
    share: float
    signs: tuple[int, ...]

    def lay(self, layer: Layer, rng: np.random.Generator) -> None:
        """Lay another part of the scan on."""
        size = (layer.picture.shape[0], layer.picture.shape[1])
        for kind, outline in part_of(self.scan, size, rng, self.scale):
            if rng.random() < self.share:
                alpha, top, left = patch(outline, float(rng.uniform(0.4, 0.9)))
                plain = rng.random() < 0.8
                level = rng.uniform(0, 0.15) if int(rng.choice(self.signs)) < 0 else rng.uniform(0.8, 1)
                alpha = np.float32(rng.uniform(0.4, 1)) * alpha
                layer.lay(alpha, float(level if plain else rng.uniform(0, 1)), top, left, kind == "scratches")


def damaged(clip: Sequence[Image], real: Real, rng: np.random.Generator) -> list[Layer]:
    """The clip, (H, W) float32 each, with damage of its own in each frame, and scratches that stay.

    One clip in eight has no damage, one in six a piece now and then, and of the others a third what lies on
    a part of a scan.
    """
    roll = rng.random()
    some = np.exp(rng.uniform(-3.5, -1)) if roll < 0.3 else rng.uniform(0.3, 2)
    amount = 0.0 if roll < 0.125 else float(some)
    lines = [Line(rng, (clip[0].shape[0], clip[0].shape[1])) for _ in range(int(rng.choice([0, 1, 2])))]
    dirty = None
    if roll >= 0.3 and real.scans and rng.random() < 0.35:
        scan, signs = real.scans[int(rng.integers(len(real.scans)))], ((-1,), (1,), (-1, 1), (-1, 1))
        share = float(np.exp(rng.uniform(-1.6, 0)))
        dirty = _Dirty(scan, float(rng.uniform(0.7, 1.5)), share, signs[int(rng.integers(4))])
        amount *= 0.3
    made = []
    for clean in clip:
        layer = Layer(clean.copy(), np.zeros_like(clean), np.zeros_like(clean))
        for _ in range(rng.poisson(4 * amount)):
            spot(layer, rng)
        for _ in range(rng.poisson(2.5 * amount)):
            piece(layer, real.pieces, rng)
        for _ in range(rng.poisson(0.3 * amount)):
            hair(layer, rng)
        for _ in range(rng.poisson(0.4 * amount)):
            streak(layer, rng)
        if dirty is not None:
            dirty.lay(layer, rng)
        for line in lines if amount else ():
            line.draw(layer, rng)
        made.append(layer)
    return made
