"""What is fast, small and no damage, drawn into clean clips: Scratch-Inpaint is to leave it.

Pictures are (H, W, 3) float32, 0..1, encoded as video; each function draws into all frames of a clip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from bench.dirt import Image

Clip = Sequence[Image]
Chance = np.random.Generator

_FINE = 4
"""Shapes are drawn at so many times the size."""


def _lay(picture: Image, cover: npt.NDArray[np.uint8], strength: float, level: npt.ArrayLike) -> None:
    """Lay what was drawn, (_FINE * H, _FINE * W), 0..255, over the picture."""
    height, width = picture.shape[:2]
    alpha = cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    picture += np.float32(strength) * alpha[..., None] * (np.asarray(level, np.float32) - picture)


def _canvas(picture: Image) -> npt.NDArray[np.uint8]:
    return np.zeros((_FINE * picture.shape[0], _FINE * picture.shape[1]), np.uint8)


def _at(x: float, y: float) -> tuple[int, int]:
    return round(_FINE * x), round(_FINE * y)


def rain(clip: Clip, rng: Chance) -> None:
    """Slanted streaks of 10 to 30 pixels, each twice its length farther down in the next frame."""
    height, width = clip[0].shape[:2]
    drops = rng.uniform((0, 0, 10), (width, height, 30), (200, 3))
    for t, picture in enumerate(clip):
        cover = _canvas(picture)
        for x, y, length in drops:
            y = (y + 2 * length * t) % height
            cv2.line(cover, _at(x, y), _at(x + 0.15 * length, y + length), 255, _FINE)
        _lay(picture, cover, 0.3, 0.9)


def sparkle(clip: Clip, rng: Chance) -> None:
    """Glints of a frame's length on what is bright in the lower half, as sun on water."""
    for picture in clip:
        grey = picture.mean(axis=-1)
        grey[: len(grey) // 2] = 0
        places = np.argwhere(grey >= np.quantile(grey, 0.95))
        cover = _canvas(picture)
        for y, x in places[rng.choice(len(places), 80)]:
            cv2.circle(cover, _at(x, y), round(_FINE * rng.uniform(0.7, 1.8)), 255, -1)
        _lay(picture, cover, 1.0, 0.97)


def confetti(clip: Clip, rng: Chance) -> None:
    """Paper of many colours, 2 to 5 pixels, that falls and turns."""
    height, width = clip[0].shape[:2]
    pieces = rng.uniform((0, 0, 2, -3, 4), (width, height, 5, 3, 10), (60, 5))
    colours = rng.uniform(0.1, 1, (len(pieces), 3))
    turns = rng.uniform(0, np.pi, (len(pieces), 2))
    for t, picture in enumerate(clip):
        for (x, y, size, across, down), colour, (turn, spin) in zip(pieces, colours, turns, strict=True):
            angle = turn + spin * t
            half = size / 2 * np.array([[1, 0.6], [1, -0.6], [-1, -0.6], [-1, 0.6]])
            way = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            corners = half @ way + (x + across * t, (y + down * t) % height)
            cover = _canvas(picture)
            cv2.fillPoly(cover, [np.int32(np.rint(_FINE * corners))], 255)
            _lay(picture, cover, 1.0, colour)


def ball(clip: Clip, rng: Chance) -> None:
    """A bright ball of 5 pixels' radius that flies 14 pixels a frame."""
    height, width = clip[0].shape[:2]
    x, y = rng.uniform(0.3, 0.6) * width, rng.uniform(0.3, 0.6) * height
    for t, picture in enumerate(clip):
        cover = _canvas(picture)
        cv2.circle(cover, _at(x + 13 * t, y - 6 * t + t * t), 5 * _FINE, 255, -1)
        _lay(picture, cover, 1.0, (0.95, 0.9, 0.2))


def bird(clip: Clip, rng: Chance) -> None:
    """Dark birds some 12 pixels wide that beat their wings and fly 7 pixels a frame."""
    height, width = clip[0].shape[:2]
    birds = rng.uniform((0.1, 0.05, 0), (0.8, 0.4, 6), (6, 3)) * (width, height, 1)
    for t, picture in enumerate(clip):
        cover = _canvas(picture)
        for x, y, phase in birds:
            middle = np.array([x + 7 * t, y - t])
            lift = 5 * np.sin(phase + 1.9 * t)
            points = middle + np.array([(-6, -lift), (0, 0), (6, -lift)])
            cv2.polylines(cover, [np.int32(np.rint(_FINE * points))], False, 255, 2 * _FINE)
        _lay(picture, cover, 0.9, 0.08)


def lamp(clip: Clip, rng: Chance) -> None:
    """Three lamps of 4 pixels' radius, with a glow, that light up in the middle frame alone."""
    height, width = clip[0].shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    for _ in range(3):
        x, y = rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height
        away = np.hypot(columns - x, rows - y)
        for t, picture in enumerate(clip):
            on = t == len(clip) // 2
            glow = np.exp(-away / np.float32(9)) * np.float32(0.7 if on else 0)
            body = np.clip(4.5 - away, 0, 1)
            light = np.maximum(glow, body)[..., None]
            picture += light * (np.array((1, 0.95, 0.8) if on else (0.35, 0.3, 0.25), np.float32) - picture)


def muzzle_flash(clip: Clip, rng: Chance) -> None:
    """A burst of 16 pixels' radius in the middle frame, which lights what is around."""
    height, width = clip[0].shape[:2]
    x, y = rng.uniform(0.2, 0.8) * width, rng.uniform(0.2, 0.8) * height
    picture = clip[len(clip) // 2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    away, around = np.hypot(columns - x, rows - y), np.arctan2(rows - y, columns - x)
    burst = np.clip(16 * (0.6 + 0.4 * np.cos(5 * around)) - away, 0, 3) / 3
    light = np.maximum(burst, 0.5 * np.exp(-away / np.float32(30)))[..., None]
    picture += light * (np.array((1, 0.95, 0.7), np.float32) - picture)


def lettering(clip: Clip, rng: Chance) -> None:
    """A line of small words that appears in the middle frame, and stays."""
    height, width = clip[0].shape[:2]
    x, y = rng.uniform(0.1, 0.4) * width, rng.uniform(0.3, 0.9) * height
    for picture in clip[len(clip) // 2 :]:
        cover = _canvas(picture)
        cv2.putText(
            cover, "THE END OF THE LINE", _at(x, y), cv2.FONT_HERSHEY_DUPLEX, 0.7 * _FINE, 255, 2 * _FINE
        )
        _lay(picture, cover, 1.0, 0.97)


THINGS: tuple[Callable[[Clip, Chance], None], ...] = (
    rain, sparkle, confetti, ball, bird, lamp, muzzle_flash, lettering,
)  # fmt: skip
"""All of them."""
