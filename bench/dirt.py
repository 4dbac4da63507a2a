"""Dirt and scratches of known truth, drawn over clean clips.

Pictures are (H, W, 3) float32, 0..1, encoded as video; a frame of damage is drawn anew for each frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]

TUNED, HELD_OUT = ("goat", "libby", "dance-twirl"), ("horsejump-high", "paragliding-launch", "soapbox")
SPOTS, RADII = (12, 30), (1.5, 11.0)
AREA = 480 * 854
"""The size of picture that `SPOTS` are counted for; a crop has as many per pixel."""

_CONTRAST = 25 / 255
_SEEN = 0.04


@dataclass(frozen=True)
class Damage:
    """One frame with damage. dirt, scratches: how opaque it is, (H, W) float32, 0..1.

    labels: (H, W) int32, the number of the spot or scratch at each pixel that it visibly covers, 0 for none.
    """

    clean: Image
    damaged: Image
    dirt: Image
    scratches: Image
    labels: Labels
    spots: int


def load(
    folder: Path, first: int, count: int, box: tuple[int, int, int, int] | None = None, ending: str = "jpg"
) -> list[Image]:
    """Frames of a clip. box: x, y, width and height of a crop. ending: of the files' names."""
    x, y, width, height = box or (0, 0, 1 << 20, 1 << 20)
    paths = sorted(folder.glob(f"*.{ending}"))[first : first + count]
    pictures = []
    for path in paths:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        assert picture is not None, path
        pictures.append(picture[y : y + height, x : x + width].astype(np.float32) / np.float32(255))
    return pictures


def damaged(clip: Sequence[Image], seed: int, scratches: int = 2) -> list[Damage]:
    """12 to 30 spots of dirt of 1.5 to 11 pixels' radius in each frame, and `scratches` that wander.

    A spot is dark or bright, opaque to 75 % or more, of an outline that strays by a quarter of its radius,
    and is placed where it is seen. A scratch is 1 to 3 pixels wide, covers 35 to 80 %, uneven along its
    length, leans by up to 1 in 60 and wanders by a pixel from frame to frame (standard deviation).
    """
    rng = np.random.default_rng(seed)
    height, width = clip[0].shape[:2]
    lines = [_Scratch(rng, width) for _ in range(scratches)]
    done = []
    for clean in clip:
        dirty, dirt = clean.copy(), np.zeros((height, width), np.float32)
        labels = np.zeros((height, width), np.int32)
        count = max(1, round(rng.integers(*SPOTS, endpoint=True) * height * width / AREA))
        for number in range(1, count + 1):
            _spot(rng, dirty, dirt, labels, number)
        scratched = np.zeros_like(dirt)
        for number, line in enumerate(lines, count + 1):
            line.draw(rng, dirty, scratched, labels, number)
        dirty = np.rint(255 * np.clip(dirty, 0, 1)).astype(np.float32) / np.float32(255)
        done.append(Damage(clean, dirty, dirt, scratched, labels, count))
    return done


def _spot(rng: np.random.Generator, picture: Image, dirt: Image, labels: Labels, number: int) -> None:
    height, width = dirt.shape
    radius, opacity = rng.uniform(*RADII), rng.uniform(0.75, 1)
    angles = rng.uniform(0, 2 * np.pi, 3)
    for _ in range(50):
        at = rng.uniform(0, width), rng.uniform(0, height)
        reach = int(1.4 * radius) + 4
        top, left = max(0, int(at[1]) - reach), max(0, int(at[0]) - reach)
        box = np.s_[top : int(at[1]) + reach, left : int(at[0]) + reach]
        rows, columns = np.mgrid[box].astype(np.float32)
        y, x = rows[: height - top, : width - left] - at[1], columns[: height - top, : width - left] - at[0]
        around = np.arctan2(y, x)
        edge = radius * (1 + sum(0.25 / k * np.sin(k * around + a) for k, a in enumerate(angles, 2)) / 2)
        alpha = (opacity * np.clip(edge - np.hypot(x, y) + 0.5, 0, 1)).astype(np.float32)
        alpha = cv2.GaussianBlur(alpha, (0, 0), 0.6)
        level = rng.uniform(0.02, 0.12) if rng.random() < 0.5 else rng.uniform(0.8, 1)
        inside = alpha > 0.5 * opacity
        if inside.any() and np.abs(picture[box][inside].mean() - level) > _CONTRAST / opacity:
            break
    picture[box] += alpha[..., None] * (np.float32(level) - picture[box])
    np.maximum(dirt[box], alpha, out=dirt[box])
    labels[box][alpha > _SEEN] = number


class _Scratch:
    def __init__(self, rng: np.random.Generator, width: int) -> None:
        self.x, self.slope = rng.uniform(0.08, 0.92) * width, rng.uniform(-1, 1) / 60
        self.wide, self.cover = rng.uniform(1, 3), rng.uniform(0.35, 0.8)
        self.level = rng.choice([0.05, 0.95])

    def draw(
        self, rng: np.random.Generator, picture: Image, scratched: Image, labels: Labels, number: int
    ) -> None:
        height, width = scratched.shape
        self.x = float(np.clip(self.x + rng.normal(), 4, width - 5))
        rows = np.arange(height, dtype=np.float32)
        rough = cv2.GaussianBlur(rng.normal(size=(height, 1)).astype(np.float32), (1, 61), 0, sigmaY=12)[:, 0]
        uneven = np.clip(1 + 0.25 * rough / rough.std(), 0.4, 1.25)
        at = self.x + self.slope * (rows - height / 2)
        away = np.abs(np.arange(width, dtype=np.float32) - at[:, None])
        shape = np.clip((self.wide + 1) / 2 - away, 0, 1)
        alpha = np.clip(self.cover * uneven[:, None] * shape, 0, 1).astype(np.float32)
        picture += alpha[..., None] * (np.float32(self.level) - picture)
        np.maximum(scratched, alpha, out=scratched)
        labels[(alpha > _SEEN) & (labels == 0)] = number
