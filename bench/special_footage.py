"""Footage of three kinds that Interneg's networks have not seen, clean and damaged: drawn, or made of film.

All is R'G'B' in 0..1, (H, W, 3) float32, a clip being a list of frames.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from interneg.io.recompression import through_video

Picture = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8]

SIDE = 256


class Kind(NamedTuple):
    """A kind of footage. clip: the clean frames by a seed; damage: what becomes of frames, by a seed."""

    name: str
    clip: Callable[[int, list[Picture]], list[Picture]]
    damage: Callable[[list[Picture], int], list[Codes]]


def xray(seed: int, filmed: list[Picture]) -> list[Picture]:
    """Bones, joints and a wire behind soft tissue, as a screen shows their absorption; they move slowly."""
    dice = np.random.default_rng([1, seed])
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    weave = cv2.GaussianBlur(dice.standard_normal((SIDE + 64, SIDE + 64), np.float32), (0, 0), 1.2)
    tissue = cv2.GaussianBlur(dice.standard_normal((SIDE + 64, SIDE + 64), np.float32), (0, 0), 24)
    tubes = [(dice.uniform(0, SIDE, 2), dice.uniform(0, np.pi), dice.uniform(8, 22)) for _ in range(7)]
    wire = dice.uniform(-60, 60, 4)
    frames = []
    for t in range(len(filmed)):
        thick = 0.9 + 12 * tissue[t : t + SIDE, :SIDE]
        for (cy, cx), angle, radius in tubes:
            turned = angle + 0.01 * t
            across = np.abs((x - cx) * np.sin(turned) - (y - cy - t) * np.cos(turned))
            along = (x - cx) * np.cos(turned) + (y - cy - t) * np.sin(turned)
            swollen = radius * (1 + 0.3 * np.exp(-(((np.abs(along) - 90) / 25) ** 2)))
            chord = np.sqrt(np.clip(swollen**2 - across**2, 0, None)) / 22
            shell = np.sqrt(np.clip((0.72 * swollen) ** 2 - across**2, 0, None)) / 22
            inside = np.abs(along) < 110
            spongy = 1 + 0.5 * weave[t : t + SIDE, 16 : 16 + SIDE]
            thick = thick + inside * (chord - 0.55 * shell * spongy)
        curve = 128 + wire[0] * np.sin(x / 40 + wire[1]) + wire[2] * np.sin(x / 17 + t / 9) * 0.2
        thick = thick + 0.5 * np.clip(1.6 - np.abs(y - curve), 0, 1)
        shown = 1 - np.exp(-0.7 * np.clip(thick, 0, None))
        frames.append(np.repeat(np.asarray(0.05 + 0.9 * shown, np.float32)[..., None], 3, 2))
    return frames


def line_art(seed: int, filmed: list[Picture]) -> list[Picture]:
    """Flat fills within dark outlines, hatching and small letters, drawn at four times the size."""
    dice = np.random.default_rng([2, seed])
    big = 4 * SIDE
    ground = dice.uniform(140, 255, 3)
    shapes = []
    for _ in range(11):
        count = int(dice.integers(4, 9))
        around = np.sort(dice.uniform(0, 2 * np.pi, count))
        radius = dice.uniform(80, 260, count)
        corners = np.stack([radius * np.cos(around), radius * np.sin(around)], 1)
        shapes.append((dice.uniform(0, big, 2), corners, dice.uniform(25, 255, 3), dice.uniform(-14, 14, 2)))
    words = "".join(chr(int(c)) for c in dice.integers(65, 91, 9))
    frames = []
    for t in range(len(filmed)):
        sheet = np.empty((big, big, 3), np.uint8)
        sheet[:] = ground
        for centre, corners, fill, way in shapes:
            points = np.rint(corners + centre + t * way).astype(np.int32)[None]
            cv2.fillPoly(sheet, [points], tuple(map(float, fill)), cv2.LINE_AA)
            cv2.polylines(sheet, [points], True, (15,) * 3, 7, cv2.LINE_AA)
        for k in range(14):
            start = (60 + 22 * k + 5 * t, 820)
            cv2.line(sheet, start, (start[0] + 70, 960), (25,) * 3, 4, cv2.LINE_AA)
        cv2.putText(sheet, words, (420, 940), cv2.FONT_HERSHEY_SIMPLEX, 2.2, (13,) * 3, 7, cv2.LINE_AA)
        small = cv2.resize(sheet, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        frames.append(np.asarray(small, np.float32) / np.float32(255))
    return frames


def night(seed: int, filmed: list[Picture]) -> list[Picture]:
    """A filmed clip as a camera shows a street at night: dark, with little contrast, and black lifted."""
    return [np.asarray(0.06 + 0.5 * np.power(f, 1.6), np.float32) for f in filmed]


def quanta(frames: list[Picture], seed: int) -> list[Codes]:
    """The noise of few quanta, as soft as a detector's screen, the same in R, G and B."""
    dice = np.random.default_rng([3, seed])
    found = []
    for frame in frames:
        grey = frame[..., 0]
        noise = cv2.GaussianBlur(dice.standard_normal(grey.shape, np.float32), (0, 0), 0.7) * 2.48
        seen = grey + noise * 0.075 * np.sqrt(1.1 - grey)
        found.append(np.repeat(coded(seen)[..., None], 3, 2))
    return found


def streamed(frames: list[Picture], seed: int) -> list[Codes]:
    """What H.264 at QP 36 leaves."""
    options = {"preset": "veryfast", "qp": "36"}
    return through_video([coded(f) for f in frames], "libx264", options, group=12)


def gained(frames: list[Picture], seed: int) -> list[Codes]:
    """Noise of a small sensor at high gain, coarse in colour, through H.264 at QP 26."""
    dice = np.random.default_rng([4, seed])
    found = []
    for frame in frames:
        noise = 0.03 * dice.standard_normal(frame.shape, np.float32)
        coarse = cv2.GaussianBlur(dice.standard_normal(frame.shape, np.float32), (0, 0), 2.0) * 7.1 * 0.05
        grey = coarse @ np.array([0.299, 0.587, 0.114], np.float32)
        found.append(coded(frame + noise + coarse - grey[..., None]))
    return through_video(found, "libx264", {"preset": "veryfast", "qp": "26"}, group=12)


def coded(picture: Picture) -> Codes:
    """8-bit codes."""
    return np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)


KINDS = (
    Kind("X-ray-like", xray, quanta),
    Kind("line art", line_art, streamed),
    Kind("night", night, gained),
)
