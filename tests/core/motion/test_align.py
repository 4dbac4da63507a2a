from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from interneg.colour import Colour, WorkingSpace
from interneg.errors import InputError
from interneg.frame import Frame, Pixels, Window
from interneg.memo import Memo
from interneg.motion.align import averaged
from interneg.motion.flow import Looked
from interneg.node import Context, View
from tests.pictures import texture

VIDEO = "sRGB Encoded Rec.709 (sRGB)"
SIGMA = 15
INNER = np.s_[8:-8, 8:-8]


def noisy(clean: Sequence[Pixels], seed: int = 1) -> list[Frame]:
    rng = np.random.default_rng(seed)
    return [
        Frame.of((p + rng.normal(0, SIGMA / 255, p.shape)).astype(np.float32), colour_space=VIDEO, number=i)
        for i, p in enumerate(clean, 1)
    ]


def average(colour: Colour, frames: Sequence[Frame], at: int, radius: int) -> tuple[Pixels, Pixels]:
    """The planes of LOG_Y, and the deviation that is left in luma, in code values."""
    around = (min(max(i, 0), len(frames) - 1) for i in range(at - radius, at + radius + 1))
    window = Window(tuple(frames[i] for i in around), radius)
    view = View(window, WorkingSpace.LOG_Y, Context(colour, None, Memo(64)))  # type: ignore[arg-type]
    same = np.full((1, 1), SIGMA / 255, np.float32)
    looked = Looked(
        "blurred", lambda offset: np.stack([cv2.GaussianBlur(p, (0, 0), 1) for p in view.planes(offset)])
    )
    planes, left = averaged(view, len(frames[at].pixels), lambda offset: (same, same), looked)
    return planes, 255 * left[0]


def test_a_shot_of_two_frames_uses_both_once(colour: Colour) -> None:
    _, left = average(colour, noisy([texture(64, 80)] * 2), 0, 2)
    assert left[INNER].mean() == pytest.approx(SIGMA / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("change", [0.0, 2e-4])
def test_noise_that_stands_still_is_not_taken_for_less(colour: Colour, change: float) -> None:
    (first,) = noisy([texture(96, 128)])
    frames = [replace(first, pixels=first.pixels + np.float32(change * i), number=i) for i in range(5)]
    _, left = average(colour, frames, 2, 2)
    assert left[INNER].mean() > 0.9 * SIGMA


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_neighbours_nan_is_never_used(colour: Colour, value: float) -> None:
    frames = noisy([texture(64, 80)] * 3)
    pixels = frames[2].pixels.copy()
    pixels[1, 20:30, 20:30] = value
    frames[2] = replace(frames[2], pixels=pixels)
    planes, left = average(colour, frames, 1, 1)
    assert np.isfinite(planes).all()
    np.testing.assert_allclose(left[21:29, 21:29], SIGMA / np.sqrt(2), rtol=0.25)
    np.testing.assert_allclose(left[44:56, 50:70].mean(), SIGMA / np.sqrt(3), rtol=0.15)


def test_frames_that_show_nothing_alike_leave_the_frame_and_its_noise(colour: Colour) -> None:
    frames = noisy([0.3 * texture(64, 80, seed=1), texture(64, 80), 1 - 0.3 * texture(64, 80, seed=2)])
    planes, left = average(colour, frames, 1, 1)
    alone, _ = average(colour, frames[1:2], 0, 0)
    np.testing.assert_array_equal(planes, alone)
    np.testing.assert_allclose(left, SIGMA, rtol=1e-6)


def test_frames_of_different_size_or_channels_are_refused(colour: Colour) -> None:
    frames = noisy([texture(64, 80), texture(64, 80), texture(64, 72)])
    with pytest.raises(InputError, match="frame 2 is 80x64, frame 3 is 72x64"):
        average(colour, frames, 1, 1)
    frames = noisy([texture(64, 80)[:1], texture(64, 80), texture(64, 80)])
    with pytest.raises(InputError, match="frame 1 has 1 colour channels, frame 2 has 3"):
        average(colour, frames, 1, 1)
