"""What is no damage, laid on clean clips: fast small things, rain, sparkle, lamps, words; and how film looks.

Pictures are (H, W) float32 luma, 0..1, encoded as video; every function changes and returns copies.
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from interneg.engines.training.find_movers import cords, movers

Image = npt.NDArray[np.float32]


def _blob(picture: Image, x: float, y: float, radius: float, level: float, soft: float = 0.6) -> None:
    reach = int(radius + 4 * soft) + 2
    height, width = picture.shape
    top, left = max(0, int(y) - reach), max(0, int(x) - reach)
    box = np.s_[top : max(top, min(height, int(y) + reach)), left : max(left, min(width, int(x) + reach))]
    rows, columns = np.mgrid[box].astype(np.float32)
    alpha = np.clip((radius - np.hypot(columns - x, rows - y)) / (2 * soft) + 0.5, 0, 1)
    picture[box] += alpha * (np.float32(level) - picture[box])


def flying(clip: list[Image], rng: np.random.Generator) -> None:
    """Balls, birds and confetti that fly faster than they are large."""
    height, width = clip[0].shape
    for _ in range(int(rng.integers(1, 12))):
        radius, level = rng.uniform(1, 6), rng.uniform(0, 1)
        at, speed = np.array([rng.uniform(0, width), rng.uniform(0, height)]), rng.normal(0, 8, 2)
        fall = rng.uniform(-0.5, 1.5)
        at -= speed * len(clip) / 2
        for picture in clip:
            _blob(picture, at[0], at[1], radius, level, rng.uniform(0.4, 1.2))
            at += speed
            speed[1] += fall


def rain(clip: list[Image], rng: np.random.Generator) -> None:
    """Many slanted, translucent streaks, in new places in each frame."""
    height, width = clip[0].shape
    turn, length, cover = rng.normal(0, 0.25), rng.uniform(8, 40), rng.uniform(0.1, 0.5)
    count = int(rng.uniform(60, 250))
    for picture in clip:
        fine = np.zeros((2 * height, 2 * width), np.uint8)
        for _ in range(count):
            x, y = rng.uniform(0, 2 * width), rng.uniform(0, 2 * height)
            end = (int(x + 2 * length * np.sin(turn)), int(y + 2 * length * np.cos(turn)))
            cv2.line(fine, (int(x), int(y)), end, int(rng.uniform(80, 255)), int(rng.integers(1, 4)))
        alpha = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        picture += np.float32(cover) * alpha * (np.float32(0.9) - picture)


def sparkle(clip: list[Image], rng: np.random.Generator) -> None:
    """Small bright glints, many of them, in one part of the picture, new in each frame."""
    height, width = clip[0].shape
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    spread = rng.uniform(15, 60, 2)
    for picture in clip:
        for _ in range(int(rng.uniform(25, 90))):
            place = rng.normal((x, y), spread)
            _blob(
                picture, place[0], place[1], rng.uniform(0.5, 2.5), rng.uniform(0.7, 1), rng.uniform(0.4, 1)
            )


def lamps(clip: list[Image], rng: np.random.Generator) -> None:
    """Lamps with a glow that blink."""
    height, width = clip[0].shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(1.5, 6)
        glow = np.exp(-np.hypot(columns - x, rows - y) / np.float32(radius * rng.uniform(2, 5)))
        on = rng.random(len(clip)) < 0.5
        for picture, lit in zip(clip, on, strict=True):
            if lit:
                picture += np.float32(rng.uniform(0.2, 0.6)) * glow * (1 - picture)
            _blob(picture, x, y, radius, 0.98 if lit else 0.3, 0.8)


def flash(clip: list[Image], rng: np.random.Generator) -> None:
    """A flash that lights a part of the picture in one frame."""
    height, width = clip[0].shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    where = np.hypot(columns - rng.uniform(0, width), rows - rng.uniform(0, height))
    light = np.exp(-np.square(where / rng.uniform(20, 150))) * rng.uniform(0.2, 0.9)
    picture = clip[int(rng.integers(len(clip)))]
    picture += light.astype(np.float32) * (1 - picture)


def lettering(clip: list[Image], rng: np.random.Generator) -> None:
    """Words that appear, or go."""
    height, width = clip[0].shape
    first = int(rng.integers(len(clip)))
    shown = range(first, len(clip)) if rng.random() < 0.5 else range(first)
    fine = np.zeros((2 * height, 2 * width), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        word = "".join(chr(int(c)) for c in rng.integers(65, 91, int(rng.integers(2, 9))))
        place = (int(rng.uniform(0, 1.6 * width)), int(rng.uniform(20, 2 * height)))
        cv2.putText(
            fine, word, place, int(rng.integers(0, 5)), rng.uniform(0.6, 3), 255, int(rng.integers(2, 7))
        )
    alpha = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    level = np.float32(rng.choice([0.02, 0.98]))
    for t in shown:
        clip[t] += alpha * (level - clip[t])


def _fine(picture: Image) -> npt.NDArray[np.uint8]:
    return np.zeros((4 * picture.shape[0], 4 * picture.shape[1]), np.uint8)


def _lay(picture: Image, fine: npt.NDArray[np.uint8], opaque: float, level: float) -> None:
    """Lay what was drawn at four times the size, (4 H, 4 W), 0..255, over a picture."""
    alpha = cv2.resize(fine, picture.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    picture += np.float32(opaque) * alpha * (np.float32(level) - picture)


def wings(clip: list[Image], rng: np.random.Generator) -> None:
    """Birds that beat their wings, or glide, and fly much the same way: bent strokes, some with bodies."""
    height, width = clip[0].shape
    count, elbows, body = int(rng.integers(1, 14)), rng.random() < 0.5, rng.random() < 0.4
    sizes, thick = rng.uniform(3, 12) * rng.uniform(0.7, 1.4, count), rng.uniform(0.8, 3)
    cover = rng.uniform(0.6, 1)
    level = rng.uniform(0, 0.25) if rng.random() < 0.7 else rng.uniform(0.7, 1)
    at, speeds = rng.uniform((0, 0), (width, height), (count, 2)), rng.normal(0, 1, (count, 2))
    speeds += rng.normal(0, 6, 2)
    phases, beat = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.8, 2.5) * (rng.random() < 0.85)
    for t, picture in enumerate(clip):
        fine = _fine(picture)
        for middle, phase, size in zip(at + speeds * (t - len(clip) / 2), phases, sizes, strict=True):
            lift, late = (0.8 * size * np.sin(phase + beat * t - lag) for lag in (0, 0.9))
            half = [(size, -lift)] if not elbows else [(0.5 * size, -0.6 * lift), (size, -late)]
            points = middle + np.array([*((-x, y) for x, y in reversed(half)), (0, 0), *half])
            cv2.polylines(fine, [np.int32(np.rint(4 * points))], False, 255, max(1, round(4 * thick)))
            if body:
                ends = np.int32(np.rint(4 * middle + size * np.array([[-1.4, -0.2], [1.4, 0.2]])))
                cv2.polylines(fine, [ends], False, 255, round(6 * thick))
        _lay(picture, fine, cover, level)


def paper(clip: list[Image], rng: np.random.Generator) -> None:
    """Scraps of paper that fall and turn."""
    height, width = clip[0].shape
    count = int(rng.integers(15, 50))
    scraps = rng.uniform((0, 0, 2, -4, 3), (width, height, 6, 4, 12), (count, 5))
    turns = rng.uniform((0, 0, 0.1), (np.pi, np.pi, 1), (count, 3))
    for t, picture in enumerate(clip):
        for (x, y, size, across, down), (turn, spin, level) in zip(scraps, turns, strict=True):
            angle = turn + spin * t
            way = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            corners = size / 2 * np.array([[1, 0.6], [1, -0.6], [-1, -0.6], [-1, 0.6]]) @ way
            fine = _fine(picture)
            corners += (x + across * t, (y + down * t) % height)
            cv2.fillPoly(fine, [np.int32(np.rint(4 * corners))], 255)
            _lay(picture, fine, 1.0, level)


def burst(clip: list[Image], rng: np.random.Generator) -> None:
    """A shot is fired, or a lamp lights up, in the middle frame: a bright core that lights what is around."""
    height, width = clip[0].shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    picture = clip[len(clip) // 2]
    for _ in range(int(rng.integers(1, 3))):
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(5, 24)
        away, around = np.hypot(columns - x, rows - y), np.arctan2(rows - y, columns - x)
        rays, depth = int(rng.integers(2, 8)), rng.uniform(0, 0.5)
        core = np.clip(radius * (1 - depth * (1 - np.cos(rays * around)) / 2) - away, 0, 3) / 3
        light = np.maximum(core, rng.uniform(0.2, 0.7) * np.exp(-away / np.float32(rng.uniform(8, 40))))
        picture += light.astype(np.float32) * (np.float32(rng.uniform(0.85, 1)) - picture)


def falling(clip: list[Image], rng: np.random.Generator) -> None:
    """Rain that is seen to fall: each streak is farther down in the next frame."""
    height, width = clip[0].shape
    drops = rng.uniform((0, 0, 8), (width, height, 32), (int(rng.integers(40, 150)), 3))
    slant, step, cover = rng.normal(0, 0.2), rng.uniform(0.7, 2.5), rng.uniform(0.15, 0.5)
    for t, picture in enumerate(clip):
        fine = _fine(picture)
        for x, y, length in drops:
            top = (y + step * length * t) % height
            end = int(4 * (x + slant * length)), int(4 * (top + length))
            cv2.line(fine, (int(4 * x), int(4 * top)), end, 255, int(rng.integers(3, 7)))
        _lay(picture, fine, cover, 0.9)


def glints(clip: list[Image], rng: np.random.Generator) -> None:
    """Glints, new in each frame, on what is brightest in the lower half."""
    for picture in clip:
        lower = picture.copy()
        lower[: len(lower) // 2] = 0
        places = np.argwhere(lower >= np.quantile(lower, 0.95))
        for y, x in places[rng.choice(len(places), int(rng.integers(15, 50)))]:
            _blob(picture, x, y, rng.uniform(0.7, 2), 0.97, 0.4)


THINGS: tuple[Callable[[list[Image], np.random.Generator], None], ...] = (
    flying, flying, rain, sparkle, lamps, flash, lettering, lettering, lettering,
    wings, wings, wings, paper, paper, burst, burst, burst, falling, falling, glints, glints,
    *[movers] * 8, cords, cords, cords, cords,
)  # fmt: skip
"""All that is no damage, some of it more than once: it is laid on more often."""


def distracted(clip: list[Image], rng: np.random.Generator) -> list[Image]:
    """The clip, in half of all with something that is no damage laid on."""
    made = [p.copy() for p in clip]
    if rng.random() < 0.5:
        THINGS[int(rng.integers(len(THINGS)))](made, rng)
    return made


def shot(clip: list[Image], rng: np.random.Generator) -> list[Image]:
    """The clip as old film was shot: weave, flicker, frames that are blurred and veiled, grain."""
    weave, flicker, grain = rng.choice([0, 0.3, 1.2]), rng.choice([0, 0.02, 0.07]), rng.uniform(0, 0.035)
    tone, odd = float(np.exp(rng.normal(0, 0.3))), rng.random() < 0.35
    blur = rng.uniform(0.35, 0.8)
    made = []
    for picture in clip:
        at = np.array([[1, 0, rng.normal(0, 1) * weave], [0, 1, rng.normal(0, 1) * weave]])
        size = picture.shape[::-1]
        done = picture if not weave else cv2.warpAffine(picture, at, size, borderMode=cv2.BORDER_REFLECT)
        if odd and rng.random() < 0.3:
            done = _odd(np.asarray(done, np.float32), rng)
        lit = np.clip(done, 0, 1) ** np.float32(tone) * np.float32(1 + rng.normal(0, 1) * flicker)
        if rng.random() < 0.5:
            slope = cv2.resize(rng.normal(0, flicker, (2, 2)).astype(np.float32), size)
            lit = np.asarray(lit * (1 + slope), np.float32)
        noise = cv2.GaussianBlur(rng.normal(0, 1, picture.shape).astype(np.float32), (0, 0), blur)
        lit = lit + np.float32(grain) * noise / noise.std() * np.sqrt(np.clip(lit, 0.1, 1))
        made.append(np.asarray(lit, np.float32))
    return made


def _odd(picture: Image, rng: np.random.Generator) -> Image:
    """A frame that was shaken or out of focus, and veiled."""
    kind = int(rng.integers(3))
    if kind == 0:
        picture = np.asarray(cv2.blur(picture, (1, 2 * int(rng.integers(2, 8)) + 1)), np.float32)
    elif kind == 1:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(1, 4))), np.float32)
    else:
        down, across = int(rng.integers(-8, 9)), int(rng.integers(-3, 4))
        picture = np.asarray((picture + np.roll(picture, (down, across), (0, 1))) / 2, np.float32)
    veil = rng.uniform(0, 0.3)
    return np.asarray(veil + (1 - 1.2 * veil) * picture, np.float32)


def scanned(picture: Image, rng: np.random.Generator, quality: int) -> Image:
    """The frame as it is delivered: 8 bits, JPEG of a quality where this is not 0."""
    codes = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    if quality:
        coded = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        codes = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return codes.astype(np.float32) / np.float32(255)
