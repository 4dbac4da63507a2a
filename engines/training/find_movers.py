"""Things that move through a clip, of any number, size, shape and way: snow, sparks, leaves, insects, cords.

Pictures are (H, W) float32 luma, 0..1, encoded as video.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Look:
    """How they are drawn: half their width as a share of their length, levels, opacity, soft rim in pixels,
    how far motion stretches them, as a share of it, and whether they have wings.
    """

    flat: float
    levels: Floats
    opaque: float
    soft: float
    stretch: float
    winged: bool


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """A size between two, small ones as often as large ones."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _draw(
    picture: Image, middle: Floats, half: tuple[float, float], turn: float, level: float, look: _Look
) -> None:
    """An ellipse, by half its length and width."""
    height, width = picture.shape
    reach = max(half) + 2 * look.soft + 2
    x0, y0 = (max(0, int(c - reach)) for c in middle)
    x1, y1 = (min(n, int(c + reach) + 1) for c, n in zip(middle, (width, height), strict=True))
    if x1 <= x0 or y1 <= y0:
        return
    y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    x, y = x - np.float32(middle[0]), y - np.float32(middle[1])
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    away = np.hypot((cos * x + sin * y) / half[0], (cos * y - sin * x) / half[1])
    cover = np.clip((1 - away) * min(half) / (2 * look.soft) + 0.5, 0, 1) * np.float32(look.opaque)
    picture[y0:y1, x0:x1] += cover * (np.float32(level) - picture[y0:y1, x0:x1])


def _paths(count: int, frames: int, size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Where each is in each frame, (frames, count, 2), x and y in pixels."""
    height, width = size
    way = rng.normal(0, 1, 2) * _between(rng, 0.5, 12)
    speeds = way + rng.normal(0, 1, (count, 2)) * np.hypot(*way) * rng.uniform(0, 1.2)
    fall = np.array([0, rng.uniform(-1, 2)]) * (rng.random() < 0.4)
    restless = _between(rng, 0.3, 5) * (rng.random() < 0.4)
    sway = rng.uniform(0, 3) * (rng.random() < 0.3)
    t = np.arange(frames) - frames // 2
    kind = rng.random()
    if kind < 0.5:
        start, born = rng.uniform((0, 0), (width, height), (count, 2)), np.zeros(count)
    else:
        # In a swarm; or out of one place, one after the other.
        place = rng.uniform((0, 0), (width, height))
        spread = rng.uniform(15, 80, 2) if kind < 0.8 else np.full(2, 2.0)
        start, born = rng.normal(place, spread, (count, 2)), rng.uniform(-8, frames, count) * (kind >= 0.8)
    age = t[:, None] - born
    at = start + speeds * age[..., None] + fall * np.square(age)[..., None]
    at += np.cumsum(rng.normal(0, restless, at.shape), axis=0)
    at[..., 0] += sway * np.sin(0.8 * t[:, None] + rng.uniform(0, 2 * np.pi, count))
    at[age < -0.5 * frames] = -1e4
    if kind < 0.5 and rng.random() < 0.5:
        at %= (width, height)
    return np.asarray(at, np.float64)


def movers(clip: list[Image], rng: np.random.Generator) -> None:
    """Up to 150 of one kind, drawn into all frames."""
    height, width = clip[0].shape
    count = round(_between(rng, 1, 150))
    at = _paths(count, len(clip), (height, width), rng)
    base = rng.uniform(0, 0.2) if rng.random() < 0.4 else rng.uniform(0.75, 1) if rng.random() < 0.7 else 0.5
    size = _between(rng, 0.7, 7)
    sizes = size * np.exp(rng.normal(0, rng.uniform(0, 0.4), count))
    look = _Look(
        rng.uniform(0.2, 1), np.clip(base + rng.normal(0, rng.uniform(0, 0.15), count), 0, 1),
        rng.uniform(0.4, 1), rng.uniform(0.4, 1.2) + size / 4 * (rng.random() < 0.2),
        rng.uniform(0, 0.5) * (rng.random() < 0.5), bool(rng.random() < 0.25),
    )  # fmt: skip
    turns, spins = rng.uniform(0, np.pi, count), rng.normal(0, 0.6, count) * (rng.random() < 0.6)
    tumbles, beat = rng.random() < 0.4, rng.uniform(0.8, 2.5)
    along = np.gradient(at, axis=0) if len(clip) > 1 else np.zeros_like(at)
    for t, picture in enumerate(clip):
        for k, (middle, long) in enumerate(zip(at[t], sizes, strict=True)):
            way = along[t, k] if np.abs(along[t, k]).max() < 100 else np.zeros(2)
            wide = long * look.flat * (0.3 + 0.7 * abs(np.sin(turns[k] + spins[k] * t)) if tumbles else 1)
            stretched, turn = long, turns[k] + spins[k] * t
            if look.stretch:
                stretched, turn = long + look.stretch * float(np.hypot(*way)), float(np.arctan2(*way[::-1]))
            _draw(picture, middle, (stretched, wide), turn, look.levels[k], look)
            for side in (-1, 1) if look.winged else ():
                lift = float(np.sin(turns[k] + beat * t))
                wing = middle + long * np.array([side * 1.2, -0.6 * lift])
                _draw(picture, wing, (1.2 * long, 0.5 * wide), -side * lift * 0.8, look.levels[k], look)


def cords(clip: list[Image], rng: np.random.Generator) -> None:
    """Up to 8 cords, wires or twigs that move, in a fan, side by side or strewn; drawn into all frames."""
    height, width = clip[0].shape
    count, kind = int(rng.integers(1, 9)), int(rng.integers(3))
    first, last = rng.uniform((0, 0), (width, height), (2, count, 2))
    if kind == 0:
        first = first[:1] + rng.normal(0, 2, (count, 2))
    elif kind == 1:
        last = last[:1] + first - first[:1]
    moves = rng.normal(0, 1, 2) * _between(rng, 0.3, 8)
    own = rng.normal(0, 1, (2, count, 2)) * _between(rng, 0.1, 3)
    sag = rng.normal(0, 0.06, count)[:, None] * (last - first)[:, ::-1] * np.array([-1, 1])
    wide, opaque = _between(rng, 0.7, 3), rng.uniform(0.3, 1)
    level = np.float32(rng.uniform(0, 0.2) if rng.random() < 0.6 else rng.uniform(0.7, 1))
    along = np.linspace(0, 1, 13)[:, None, None]
    for t, picture in enumerate(clip):
        a, b = (
            ends + t * (moves + o) + rng.normal(0, 0.3, (count, 2))
            for ends, o in zip((first, last), own, strict=True)
        )
        points = a + along * (b - a) + 4 * along * (1 - along) * sag
        fine = np.zeros((4 * height, 4 * width), np.uint8)
        lines = [np.rint(4 * points[:, k]).astype(np.int32) for k in range(count)]
        cv2.polylines(fine, lines, False, 255, max(1, round(4 * wide)))
        cover = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        cover = cv2.GaussianBlur(cover, (0, 0), 0.5) * np.float32(opaque)
        picture += cover * (level - picture)
