from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.colour import Colour, WorkingSpace
from interneg.errors import InputError
from interneg.frame import Frame, Pixels, Window
from interneg.memo import Memo
from interneg.motion.flow import Flow, flow, moved
from interneg.node import Context, View

VIDEO = "sRGB Encoded Rec.709 (sRGB)"


def texture(height: int = 96, width: int = 128, seed: int = 0) -> Pixels:
    """Soft structure of many sizes, 0.2..0.8."""
    rng = np.random.default_rng(seed)
    sum_of = np.zeros((height, width), np.float32)
    for sigma in (2.0, 5.0, 12.0):
        part = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), sigma)
        sum_of += part / part.std()
    return np.asarray(0.5 + 0.3 * sum_of / np.abs(sum_of).max(), np.float32)


def shifted(plane: Pixels, x: float, y: float) -> Pixels:
    """The plane moved right and down."""
    height, width = plane.shape
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return np.asarray(
        cv2.warpAffine(plane, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    )


def view(colour: Colour, *planes: Pixels, centre: int = 0, memo: Memo | None = None) -> View:
    frames = tuple(Frame.of(p[None], colour_space=VIDEO, number=i) for i, p in enumerate(planes))
    return View(Window(frames, centre), WorkingSpace.LOG_Y, Context(colour, None, memo or Memo(64)))  # type: ignore[arg-type]


def inside(found: Flow) -> Pixels:
    return found.field[16:-16, 16:-16].reshape(-1, 2)


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (3.0, -2.0), (1.5, 0.5), (-11.0, 4.0)])
def test_a_shift_is_found(colour: Colour, x: float, y: float) -> None:
    first = texture()
    seen = view(colour, first, shifted(first, x, y))
    there, back = flow(seen, 0, 1), flow(seen, 1, 0)
    np.testing.assert_allclose(np.median(inside(there), 0), (x, y), atol=0.1)
    np.testing.assert_allclose(np.median(inside(back), 0), (-x, -y), atol=0.1)
    assert np.abs(inside(there) - (x, y)).mean() < 0.25
    assert there.confidence[16:-16, 16:-16].mean() > 0.9


def test_a_whip_pan_is_followed(colour: Colour) -> None:
    large = texture(180, 640, seed=4)
    pan = [np.ascontiguousarray(large[:, 100 * n : 100 * n + 320]) for n in range(3)]
    for first, second in ((0, 1), (1, 2)):
        found = flow(view(colour, *pan), first, second)
        kept = found.confidence > 0.5
        assert kept[8:-8, 108:-8].mean() > 0.9
        np.testing.assert_allclose(np.median(found.field[kept], 0), (-100, 0), atol=0.2)


def test_what_flies_past_does_not_carry_the_picture_along(colour: Colour) -> None:
    still, flying = texture(180, 320), texture(180, 320, seed=7)
    pair = [still.copy(), still.copy()]
    pair[0][40:140, 40:140], pair[1][40:140, 100:200] = (flying[40:140, 40:140],) * 2
    found = flow(view(colour, *pair), 0, 1)
    assert np.abs(found.field[150:, 16:-16]).mean() < 0.1


@pytest.mark.parametrize("level", [1, 2])
def test_a_level_reduces_the_field_and_keeps_the_unit(colour: Colour, level: int) -> None:
    first = texture(145, 211)
    found = flow(view(colour, first, shifted(first, 6, -4)), 0, 1, level)
    size = (-(-145 // 2**level), -(-211 // 2**level))
    assert found.field.shape == (*size, 2) and found.confidence.shape == size and found.level == level
    np.testing.assert_allclose(np.median(found.field.reshape(-1, 2), 0), (6, -4), atol=0.5)


def test_flicker_is_no_motion(colour: Colour) -> None:
    first = texture()
    y, x = np.mgrid[0:96, 0:128].astype(np.float32)
    second = (first**1.08 * (0.85 + 0.1 * x / 128 - 0.05 * y / 96)).astype(np.float32)
    found = flow(view(colour, first, second), 0, 1)
    assert np.abs(inside(found)).mean() < 0.1


def test_noise_moves_little(colour: Colour) -> None:
    rng, first = np.random.default_rng(3), texture()
    pair = [p + rng.normal(0, 15 / 255, p.shape).astype(np.float32) for p in (first, shifted(first, 4, 2))]
    found = flow(view(colour, *pair), 0, 1)
    assert np.abs(inside(found) - (4, 2)).mean() < 0.5


def test_under_dirt_the_motion_is_that_around(colour: Colour) -> None:
    first = texture()
    second = shifted(first, 4, 2)
    dirty, dirt = first.copy(), np.zeros((96, 128), np.uint8)
    for x, y in ((30, 40), (60, 30), (90, 60)):
        cv2.circle(dirt, (x, y), 8, 1, -1)
    dirty[dirt > 0] = 0.02
    found = flow(view(colour, dirty, second), 0, 1)
    assert np.abs(found.field[dirt > 0] - (4, 2)).mean() < 1.3


def test_what_is_covered_or_leaves_is_not_confident(colour: Colour) -> None:
    back = texture(seed=1)
    first, second = back.copy(), back.copy()
    first[24:72, 24:72] = second[24:72, 34:82] = texture(seed=2)[:48, :48]
    found = flow(view(colour, first, second), 0, 1)
    assert found.confidence[28:68, 73:81].mean() < 0.4  # behind the square in the second frame
    assert found.confidence[28:68, 28:68].mean() > 0.9
    assert found.confidence[:20].mean() > 0.9
    gone = flow(view(colour, back, shifted(back, 20, 0)), 0, 1)
    assert gone.confidence[16:-16, -12:].mean() < 0.1


@pytest.mark.parametrize("size", [(1, 1), (15, 64), (7, 5)])
def test_a_small_picture_has_no_motion(colour: Colour, size: tuple[int, int]) -> None:
    found = flow(view(colour, texture()[: size[0], : size[1]], texture(seed=1)[: size[0], : size[1]]), 0, 1)
    assert found.field.shape == (*size, 2)
    assert not found.field.any() and not found.confidence.any()


@pytest.mark.parametrize("value", [0.0, 1.0, 0.4])
def test_a_flat_picture_has_no_motion(colour: Colour, value: float) -> None:
    flat = np.full((40, 50), value, np.float32)
    for pair in ((flat, flat), (flat, texture(40, 50)), (texture(40, 50), flat)):
        found = flow(view(colour, *pair), 0, 1)
        assert not found.field.any() and not found.confidence.any()


def test_highlights_and_negatives_keep_the_field_finite(colour: Colour) -> None:
    first = texture()
    first[20:30, 20:30], first[50:60, 50:60] = 1e4, -100
    found = flow(view(colour, first, shifted(first, 2, 0)), 0, 1)
    assert np.isfinite(found.field).all() and np.isfinite(found.confidence).all()


def test_it_is_measured_once_per_pair_whatever_the_window(colour: Colour) -> None:
    clip, memo = [shifted(texture(), 2 * i, i) for i in range(3)], Memo(64)
    first = flow(view(colour, *clip, centre=0, memo=memo), 0, 1)
    again = flow(view(colour, *clip, centre=1, memo=memo), -1, 0)
    assert again is first
    fresh = flow(view(colour, *clip, centre=1), -1, 0)
    np.testing.assert_array_equal(fresh.field, first.field)
    np.testing.assert_array_equal(fresh.confidence, first.confidence)


def test_it_does_not_depend_on_the_number_of_threads(colour: Colour) -> None:
    first = texture(200, 320)
    second, threads, found = shifted(first, 5, 3), cv2.getNumThreads(), []
    try:
        for count in (1, 2, 5):
            cv2.setNumThreads(count)
            found.append(flow(view(colour, first, second), 0, 1))
    finally:
        cv2.setNumThreads(threads)
    for other in found[1:]:
        np.testing.assert_array_equal(other.field, found[0].field)
        np.testing.assert_array_equal(other.confidence, found[0].confidence)


def test_frames_of_different_size_are_refused(colour: Colour) -> None:
    with pytest.raises(InputError, match="frame 0 is 128x96, frame 1 is 64x96"):
        flow(view(colour, texture(), texture(96, 64)), 0, 1)


def test_moved_brings_the_second_frame_onto_the_first(colour: Colour) -> None:
    first = texture()
    second = shifted(first, 3, 1)
    back = moved(second, np.broadcast_to(np.array([3, 1], np.float32), (96, 128, 2)))
    np.testing.assert_allclose(back[8:-8, 8:-8], first[8:-8, 8:-8], atol=1e-5)
