from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from interneg.defects.dirt import Spot
from interneg.defects.enlarged import Enlarged
from interneg.defects.evidence import Evidence, Neighbour
from interneg.defects.scene import flights
from interneg.frame import Pixels

SIZE = (240, 320)
OFFSETS = (-2, -1, 0, 1, 2)

Things = Sequence[tuple[float, float, float]]
"""The x, y and radius of some."""


def drawn(things: Things) -> Pixels:
    """Bright discs on grey under a little grain, (H, W)."""
    made = np.full(SIZE, 0.3, np.float32)
    for x, y, radius in things:
        cv2.circle(made, (round(16 * x), round(16 * y)), round(16 * radius), 0.7, -1, cv2.LINE_AA, 4)
    noise = np.random.default_rng(len(things)).normal(0, 0.003, SIZE)
    return np.asarray(made + noise, np.float32)


def seen(frames: Sequence[Pixels], offsets: Sequence[int] = OFFSETS) -> Evidence:
    """Frames of a camera that stands still, by their offsets."""
    none = Enlarged(np.zeros((*SIZE, 2), np.float32), SIZE)
    sure = Enlarged(np.ones(SIZE, np.float32), SIZE)
    by = dict(zip(offsets, frames, strict=True))
    around = [Neighbour(o, none, sure, by[o]) for o in sorted(by, key=abs) if o]
    flat = np.zeros(SIZE, np.float32)
    return Evidence(flat, flat, flat, 1.0, by[0], tuple(around))


def spots(frame: Pixels) -> list[Spot]:
    """All that stands out of the grey of a frame."""
    _, labels, facts, _ = cv2.connectedComponentsWithStats(np.uint8(np.abs(frame - 0.3) > 0.05))
    return [
        Spot(int(x), int(y), labels[y : y + h, x : x + w] == k)
        for k, (x, y, w, h) in enumerate(facts[1:, :4], 1)
    ]


def judged(at: Callable[[int], Things], offsets: Sequence[int] = OFFSETS) -> npt.NDArray[np.bool_]:
    """Of each spot of the middle frame, whether it belongs to the scene. at: what is there in each frame."""
    frames = [drawn(at(o)) for o in offsets]
    found = spots(frames[list(offsets).index(0)])
    assert found
    return flights(seen(frames, offsets), found).of_scene()


@pytest.mark.parametrize("offsets", [OFFSETS, (-1, 0, 1), (0, 1, 2), (-2, -1, 0), (-2, -1, 0, 1)])
def test_a_ball_that_flies_belongs_to_the_scene(offsets: tuple[int, ...]) -> None:
    assert judged(lambda t: [(160 + 17 * t, 120 - 6 * t, 4)], offsets).tolist() == [True]


def test_a_ball_that_falls_faster_and_faster_belongs_to_the_scene() -> None:
    assert judged(lambda t: [(160 + 12 * t, 120 + 5 * t + t * t, 4)]).tolist() == [True]


def test_a_dark_thing_is_followed_as_well() -> None:
    frames = [0.6 - drawn([(160 + 17 * t, 120, 4)]) for t in OFFSETS]
    assert flights(seen(frames), spots(frames[2])).of_scene().tolist() == [True]


def test_a_spot_of_one_frame_does_not() -> None:
    assert judged(lambda t: [(160, 120, 4)] if t == 0 else []).tolist() == [False]


def test_what_is_larger_in_the_frames_around_is_another_thing() -> None:
    assert judged(lambda t: [(160 + 17 * t, 120, 4 if t == 0 else 12)]).tolist() == [False]


def test_one_frame_around_tells_nothing() -> None:
    assert judged(lambda t: [(160 + 17 * t, 120, 4)], (0, 1)).tolist() == [False]


@pytest.mark.parametrize("count", [10, 30, 90])
def test_dirt_that_is_strewn_anew_is_none_of_it(count: int) -> None:
    taken = []
    for seed in range(4):
        rng = np.random.default_rng((seed, count))
        dirt = {t: rng.uniform((4, 4, 1.5), (316, 236, 4), (count, 3)).tolist() for t in OFFSETS}
        taken += judged(lambda t: dirt[t]).tolist()  # noqa: B023
    assert np.mean(taken) < 0.06


def test_rain_is_of_one_kind() -> None:
    rng = np.random.default_rng(5)
    drops = rng.uniform((0, 0, 8), (320, 240, 14), (60, 3))
    frames = []
    for t in OFFSETS:
        made = drawn([])
        for x, y, length in drops:
            down = (y + 2.5 * length * t) % 240
            ends = [(round(16 * (x + s * 0.15 * length)), round(16 * (down + s * length))) for s in (0, 1)]
            cv2.line(made, ends[0], ends[1], 0.55, 1, cv2.LINE_AA, 4)
        frames.append(made)
    assert flights(seen(frames), spots(frames[2])).of_scene().mean() > 0.85


def test_sparkle_has_a_home_and_dirt_elsewhere_has_none() -> None:
    rng = np.random.default_rng(6)
    glints = {t: rng.uniform((20, 150, 1.5), (110, 220, 2.2), (25, 3)).tolist() for t in OFFSETS}
    dirt = {t: rng.uniform((150, 10, 4), (310, 130, 6), (6, 3)).tolist() for t in OFFSETS}
    frames = [drawn([*glints[t], *dirt[t]]) for t in OFFSETS]
    found = spots(frames[2])
    belongs, water = flights(seen(frames), found).of_scene(), np.array([s.y > 140 for s in found])
    assert belongs[water].mean() > 0.7 and not belongs[~water].any()


def test_few_are_of_a_crowd_with_others_that_were_found_otherwise() -> None:
    rng = np.random.default_rng(6)
    glints = {t: rng.uniform((20, 150, 1.5), (110, 220, 2.2), (25, 3)).tolist() for t in OFFSETS}
    frames = [drawn(glints[t]) for t in OFFSETS]
    found = spots(frames[2])
    few, others = (flights(seen(frames), some) for some in (found[:3], found[3:]))
    assert not few.of_scene().any()
    joint = few.joint_with(others)
    assert joint[:3].all() and joint[3:].mean() > 0.7
