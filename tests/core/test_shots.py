from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.frame import Frame, Pixels
from interneg.memo import Memo
from interneg.shots import LOOK, Shots

HEIGHT, WIDTH = 72, 128


def scene(seed: int, at: int = 0) -> Pixels:
    """A picture with objects of many sizes, scene-linear, panned by `at` pixels, with its own grain."""
    rng = np.random.default_rng(seed)
    picture = sum(
        cv2.resize(
            rng.uniform(0, a, (n, 2 * n)).astype(np.float32),
            (WIDTH + 64, HEIGHT),
            interpolation=cv2.INTER_CUBIC,
        )
        for n, a in ((3, 0.8), (6, 0.4), (18, 0.2))
    )
    grain = np.random.default_rng(1000 * seed + at).normal(0, 0.02, (3, HEIGHT, WIDTH))
    return np.maximum(picture[None, :, at : at + WIDTH] + grain, 0).astype(np.float32)


def shots(
    frames: Sequence[Pixels], cuts: list[int] | None = None, numbers: Sequence[int] | None = None
) -> Shots:
    numbers = numbers or range(1001, 1001 + len(frames))
    made = {n: Frame.of(p, number=n) for n, p in zip(numbers, frames, strict=True)}
    return Shots(list(numbers), made.__getitem__, Memo(256), cuts)


def starts(found: Shots, count: int) -> list[int]:
    return [i for i in range(count) if found.starts(i)]


def take(seed: int, count: int, speed: int = 2) -> list[Pixels]:
    return [scene(seed, speed * i) for i in range(count)]


BLACK = np.zeros((3, HEIGHT, WIDTH), np.float32)
WHITE = np.full((3, HEIGHT, WIDTH), 6.0, np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_hard_cuts_are_found_and_pans_are_not(seed: int) -> None:
    frames = take(seed, 7) + take(seed + 50, 5) + take(seed + 90, 9)
    assert starts(shots(frames), 21) == [0, 7, 12]


def outdoors(seed: int) -> Pixels:
    """A picture like many others: a bright sky above dark ground, with things of its own in front."""
    rng = np.random.default_rng(seed)
    picture = np.repeat(np.linspace(1.2, 0.3, HEIGHT)[:, None], WIDTH, 1)
    for _ in range(14):
        centre, axes = rng.uniform((0, 0), (WIDTH, HEIGHT)), rng.uniform(4, 26, 2)
        shape = (*map(int, centre),), (*map(int, axes),), float(rng.uniform(0, 180)), 0, 360
        cv2.ellipse(picture, *shape, float(rng.uniform(0.05, 1.2)), -1)
    return np.repeat(picture[None], 3, 0).astype(np.float32)


def test_a_cut_in_every_frame_is_found_between_pictures_that_are_laid_out_alike() -> None:
    found = shots([outdoors(seed) for seed in range(60)])
    assert len(starts(found, 60)) >= 58


def test_a_cut_in_every_frame_is_found_where_pictures_come_back() -> None:
    order = [0, 1, 2, 0, 3, 1, 4, 2, 0, 3, 4, 1, 3, 2, 4, 0, 1, 3]
    frames = [scene(10 + 7 * shown, k % 7) for k, shown in enumerate(order)]
    assert starts(shots(frames), len(frames)) == list(range(len(frames)))


@pytest.mark.parametrize("length", [2, 3])
def test_a_flash_that_is_another_in_each_frame_is_no_cut(length: int) -> None:
    frames = take(1, 16)
    for i in range(6, 6 + length):
        frames[i] = scene(70 + i)
    assert starts(shots(frames), 16) == [0]


def test_a_whip_pan_is_no_cut() -> None:
    frames = take(3, 6, speed=10)  # an eighth of the picture's width from frame to frame
    assert starts(shots(frames), 6) == [0]


def test_photographs_in_a_row_are_a_cut_each() -> None:
    folder = Path(__file__).parents[3] / "shared/data/dev/BSD68"
    if not folder.is_dir():
        pytest.skip("the photographs of BSD68 are not here")
    pictures = [cv2.imread(str(p)) for p in sorted(folder.glob("*.png"))]
    found = shots([p.transpose(2, 0, 1).astype(np.float32) / 255 for p in pictures if p is not None])
    assert len(starts(found, len(pictures))) >= len(pictures) - 3


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("kind", ["white", "bright", "other"])
def test_a_flash_is_no_cut(length: int, kind: str) -> None:
    frames = take(1, 16)
    for i in range(6, 6 + length):
        frames[i] = {"white": WHITE, "bright": frames[i] * 8 + 2, "other": scene(70, i)}[kind]
    assert starts(shots(frames), 16) == [0]


def test_what_stays_longer_than_a_flash_is_a_shot() -> None:
    frames = take(1, 6) + take(70, LOOK + 1) + take(1, 6)
    assert starts(shots(frames), len(frames)) == [0, 6, 6 + LOOK + 1]


@pytest.mark.parametrize("length", [8, 24])
def test_fades_are_no_cuts(length: int) -> None:
    down = [p * np.float32(1 - (i + 1) / length) for i, p in enumerate(take(2, length, 1))]
    up = [p * np.float32((i + 1) / length) for i, p in enumerate(take(3, length, 1))]
    assert starts(shots([*down, *[BLACK] * 6, *up]), 2 * length + 6) == [0]


def test_a_dissolve_is_no_cut() -> None:
    a, b = take(4, 24, 1), take(5, 24, 1)
    mixed = [
        x * np.float32(1 - i / 23) + y * np.float32(i / 23) for i, (x, y) in enumerate(zip(a, b, strict=True))
    ]
    assert starts(shots(mixed), 24) == [0]


def test_a_cut_to_black_and_back_is_two_cuts() -> None:
    frames = take(6, 6) + [BLACK] * 6 + take(7, 6)
    assert starts(shots(frames), 18) == [0, 6, 12]


def test_grey_pictures_odd_numbers_and_nan_are_looked_at_too() -> None:
    frames = [p[:1] for p in take(8, 5) + take(9, 5)]
    frames[2] = frames[2].copy()
    frames[2][0, 0, 0], frames[2][0, 5, 5] = np.nan, np.inf
    numbers = [1, 2, 3, 5, 8, 9, 10, 11, 12, 20]
    assert starts(shots(frames, numbers=numbers), 10) == [0, 5]
    assert starts(shots([np.ones((3, 1, 1), np.float32)] * 2), 2) == [0]


def test_a_window_ends_at_its_shot() -> None:
    found = shots(take(1, 4) + take(60, 4))
    assert found.window(3, 2, 2) == [1, 2, 3, 3, 3]
    assert found.window(4, 2, 2) == [4, 4, 4, 5, 6]
    assert found.window(0, 3, 1) == [0, 0, 0, 0, 1]
    assert found.window(7, 0, 2) == [7, 7, 7]


def test_a_list_overrides_detection_and_a_cut_on_a_missing_frame_counts_at_the_next() -> None:
    found = shots(take(1, 6), cuts=[1003, 1006, 4000], numbers=[1001, 1002, 1004, 1005, 1007, 1008])
    assert starts(found, 6) == [0, 2, 4]
    assert starts(shots(take(1, 3) + take(60, 3), cuts=[]), 6) == [0]


def test_two_clips_that_share_measurements_have_their_own_cuts() -> None:
    memo = Memo(256)
    results = []
    for frames in (take(1, 6) + take(60, 6), take(1, 12)):
        made = {i: Frame.of(p, number=i) for i, p in enumerate(frames)}
        results.append(starts(Shots(range(12), made.__getitem__, memo), 12))
    assert results == [[0, 6], [0]]
