"""Clips and pairs of known motion, made from stills, with objects that move in front, and their damage."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from interneg.frame import Pixels

FRAMES = 7
SIZE = (256, 320)

Mask = npt.NDArray[np.bool_]


def scene(
    ground: Pixels, fronts: Sequence[Pixels], speed: float, seed: int
) -> tuple[list[Pixels], list[Pixels]]:
    """A slow pan over the ground with three discs in front, and how much of each pixel the discs cover."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float32)
    drift, start = rng.uniform(-2.5, 2.5, 2).astype(np.float32), np.array([240, 200], np.float32)
    ways = [speed * np.array([np.cos(a), np.sin(a)]) for a in rng.uniform(0, 2 * np.pi, 3)]
    places = rng.uniform((60, 60), (SIZE[1] - 60, SIZE[0] - 60), (3, 2))
    frames, covers = [], []
    for t in range(FRAMES):
        u = np.float32(t - FRAMES // 2)
        picture = cv2.remap(ground, x + start[0] + u * drift[0], y + start[1] + u * drift[1], cv2.INTER_CUBIC)
        covered = np.zeros(SIZE, np.float32)
        for place, way, front in zip(places, ways, fronts, strict=False):
            dx, dy = (axis - np.float32(p + u * w) for axis, p, w in zip((x, y), place, way, strict=True))
            cover = np.clip(28.5 - np.hypot(dx, dy), 0, 1)
            disc = cv2.remap(front, dx + 128, dy + 128, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
            picture = picture + cover[..., None] * (disc - picture)
            covered = np.maximum(covered, cover)
        frames.append(np.clip(picture, 0, 1).transpose(2, 0, 1))
        covers.append(covered)
    return frames, covers


def pair(ground: Pixels, fronts: Sequence[Pixels], seed: int) -> tuple[Pixels, Pixels, Pixels, Mask]:
    """Two lumas 384x384, the motion between them, and where the first is seen in the second.

    The ground is bent smoothly by 1 px rms and shifted by up to 6 px; two discs move by up to 14.
    """
    rng = np.random.default_rng(seed)
    weights, size, margin = np.array([0.299, 0.587, 0.114], np.float32), 512, 64
    top, left = (int(rng.integers(0, s - size + 1)) for s in ground.shape[:2])
    second = ground[top : top + size, left : left + size] @ weights
    noise = rng.standard_normal((2, size, size)).astype(np.float32)
    bent = np.stack([cv2.GaussianBlur(n, (0, 0), 40) for n in noise], -1)
    truth = bent / bent.std() + rng.uniform(-6, 6, 2).astype(np.float32)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    first = cv2.remap(
        second, x + truth[..., 0], y + truth[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    second, hidden = second.copy(), np.zeros((size, size), np.bool_)
    for front in fronts[:2]:
        at, way = rng.uniform(150, 362, 2).astype(np.float32), rng.integers(-14, 15, 2).astype(np.float32)
        texture = front @ weights
        for picture, place in ((first, at), (second, at + way)):
            inside = np.hypot(x - place[0], y - place[1]) < 44
            disc = cv2.remap(texture, x - place[0] + 128, y - place[1] + 128, cv2.INTER_CUBIC)
            picture[inside] = disc[inside]
            if picture is first:
                truth[inside] = way
                hidden[inside] = False
                own = inside
            else:
                ends = inside.astype(np.uint8)
                lands = cv2.remap(ends, x + truth[..., 0], y + truth[..., 1], cv2.INTER_NEAREST)
                hidden |= (lands > 0) & ~own
    inner = np.s_[margin:-margin, margin:-margin]
    seen = ~hidden[inner]
    seen[:16], seen[-16:], seen[:, :16], seen[:, -16:] = False, False, False, False
    return first[inner], second[inner], truth[inner], seen


def damaged(first: Pixels, second: Pixels, damage: str, rng: np.random.Generator) -> list[Pixels]:
    """Two lumas with one kind of damage that restoration meets, each with its own."""
    both = [first, second]
    if damage == "flicker":
        smooth = cv2.GaussianBlur(rng.standard_normal(first.shape).astype(np.float32), (0, 0), 60)
        gain = rng.uniform(0.88, 1.12) * (1 + 0.06 * smooth / smooth.std())
        both = [first, np.maximum(second, 0) ** rng.uniform(0.9, 1.1) * gain]
    elif damage == "dirt":
        for picture in (both := [p.copy() for p in both]):
            for _ in range(40):
                x, y = (int(v) for v in rng.integers(0, first.shape[::-1]))
                cv2.circle(picture, (x, y), int(rng.integers(1, 7)), float(rng.choice([0.02, 0.98])), -1)
    elif damage != "nothing":
        sigma = 12 if damage == "grain" else int(damage.split()[1])
        noise = rng.standard_normal((2, *first.shape)).astype(np.float32)
        if damage == "grain":
            noise = np.stack([cv2.GaussianBlur(n, (0, 0), 1.0) for n in noise])
        both = [p + n * (sigma / 255 / noise.std()) for p, n in zip(both, noise, strict=True)]
    return [p.astype(np.float32) for p in both]
