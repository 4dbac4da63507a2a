"""Short clean clips to learn time from: filmed ones, and stills that move, with things that pass before them.

A clip is a list of (H, W, 3) float32 frames, R'G'B' of 0..1.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from interneg.frame import Pixels
from interneg.io.image_reader import read_rgb8

FRAMES = 5
"""Of a clip that is made here, where no other number is asked for."""
_SIDE = 208
_IMAGES = {".png", ".webp", ".jpg", ".jpeg", ".tif", ".tiff"}


def folders(roots: Sequence[Path]) -> list[Path]:
    """The folders with five and more pictures in and below `roots`, in order of their names."""
    found = {p.parent for root in roots for p in root.rglob("*") if p.suffix.lower() in _IMAGES}
    return sorted(f for f in found if len(_pictures(f)) >= FRAMES)


def _pictures(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in _IMAGES)


def picture(path: Path) -> Pixels:
    """A picture of 8 bits, (H, W, 3)."""
    return np.asarray(read_rgb8(path) / np.float32(255), np.float32)


def filmed(folder: Path) -> list[Pixels]:
    """The frames of a folder, (H, W, 3) float32, 0..1, in order of their names."""
    return [picture(p) for p in _pictures(folder)]


def stills(roots: Sequence[Path]) -> list[Path]:
    """The pictures in and below `roots`, in order of their names."""
    return sorted(p for root in roots for p in root.rglob("*") if p.suffix.lower() in _IMAGES)


def brightened(clip: Sequence[Pixels], dice: np.random.Generator) -> list[Pixels]:
    """The clip, (H, W, 3) float32, at an exposure at which its brightest parts are white, as skies are."""
    top = max(float(np.quantile(frame, 0.9)) for frame in clip)
    gain = np.float32(min(dice.uniform(0.95, 1.35) / max(top, 0.2), 3.0))
    return [np.minimum(frame * gain, 1).astype(np.float32) for frame in clip]


def drifting(pictures: Sequence[Pixels], dice: np.random.Generator, count: int = FRAMES) -> list[Pixels]:
    """A still under a camera that pans, turns and zooms, and parts of others that cross it.

    pictures: (256, 256, 3) float32 each, the first the ground. Moves are of parts of pixels up to several in
    each frame. Returns `count` frames, (208, 208, 3).
    """
    pan = dice.normal(0, 1, 2) * dice.choice([0.15, 0.6, 1.5, 4.0])
    turn, zoom = dice.normal(0, 0.003) * (dice.random() < 0.5), dice.normal(0, 0.004) * (dice.random() < 0.5)
    things = [_Thing(picture, dice) for picture in pictures[1:]]
    frames = []
    for t in range(count):
        at = t - count // 2
        ground = _placed(pictures[0], np.clip(pan * at, -18, 18), turn * at, 1 + zoom * at)
        for thing in things:
            thing.put_on(ground, at)
        frames.append(np.clip(ground, 0, 1))
    return frames


def sky(pictures: Sequence[Pixels], dice: np.random.Generator) -> list[Pixels]:
    """A smooth gradient that reaches white somewhere, and what crosses it; (208, 208, 3) each."""
    y, x = np.mgrid[0:256, 0:256].astype(np.float32) / 256
    angle = dice.uniform(0, 2 * np.pi)
    slope = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
    slope = (slope - slope.min()) / np.ptp(slope)
    top, fall = np.float32(dice.uniform(0.85, 1.1)), dice.uniform(0.02, 0.35, 3).astype(np.float32)
    clouds = cv2.resize(
        dice.normal(0, 1, (6, 6)).astype(np.float32), (256, 256), interpolation=cv2.INTER_CUBIC
    )
    level = slope + np.float32(dice.uniform(0, 0.3)) * clouds
    return drifting([np.clip(top - level[..., None] * fall, 0, 1), *pictures[1:]], dice)


class _Thing:
    """A textured shape with a soft edge that moves in a straight line of its own and turns."""

    def __init__(self, picture: Pixels, dice: np.random.Generator) -> None:
        side = int(dice.integers(24, 112))
        top, left = dice.integers(0, 256 - side, 2)
        self.texture = picture[top : top + side, left : left + side]
        coarse = cv2.resize(
            dice.normal(0, 1, (5, 5)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC
        )
        y, x = np.mgrid[0:side, 0:side].astype(np.float32) * np.float32(2 / side) - 1
        inside = cv2.GaussianBlur(((np.hypot(x, y) + 0.35 * coarse) < 0.75).astype(np.float32), (0, 0), 0.8)
        inside[[0, -1]] = 0
        inside[:, [0, -1]] = 0
        self.cover = inside
        self.start = dice.uniform(20, _SIDE - 20, 2)
        self.speed = dice.normal(0, 1, 2) * dice.choice([0.5, 3.0, 9.0])
        self.turn = dice.normal(0, 0.04)

    def put_on(self, ground: Pixels, at: int) -> None:
        """Draw it over (208, 208, 3) as it is `at` frames after the middle one, in place."""
        side = len(self.cover)
        matrix = cv2.getRotationMatrix2D((side / 2, side / 2), np.degrees(self.turn * at), 1.0)
        matrix[:, 2] += self.start + self.speed * at - side / 2
        size = (_SIDE, _SIDE)
        over = cv2.warpAffine(
            self.texture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        cover = cv2.warpAffine(self.cover, matrix, size)[..., None]
        ground += cover * (over - ground)


def _placed(picture: Pixels, shift: Pixels, turn: float, zoom: float) -> Pixels:
    """The middle of a (256, 256, 3) picture, moved, turned and enlarged: (208, 208, 3)."""
    matrix = cv2.getRotationMatrix2D((128, 128), np.degrees(turn), zoom)
    matrix[:, 2] += shift - (256 - _SIDE) / 2
    moved = cv2.warpAffine(
        picture, matrix, (_SIDE, _SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(moved, np.float32)
