"""Stabilise on shots that are short, cut, black, grey or gappy, and in chunks of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.frame import Box, Frame, Pixels, Window
from interneg.motion.similarity import Motion
from interneg.node import Context
from interneg.nodes.stabilise import Stabilise
from tests.steadied import (
    COUNT,
    HEIGHT,
    SCENE,
    WIDTH,
    clip,
    corrections,
    gate,
    graph,
    left_over,
    numbered,
    observed,
    rendered,
    rms,
    shot,
)


@pytest.mark.parametrize("node", [Stabilise(smoothing=4), Stabilise(smoothing=3, warp=1, edges="fill")])
@pytest.mark.slow
def test_chunks_any_order_and_threads_are_the_whole_bit_for_bit(
    colour: Colour, node: Stabilise, pan: Pixels
) -> None:
    source = clip(pan)
    whole = {f.number: f.pixels.tobytes() for f in rendered(node, source, colour, cuts=None)}
    for first in range(1001, 1001 + COUNT, 10):
        made = graph(node, source, colour, cuts=None)
        for number in range(first, min(first + 10, 1001 + COUNT)):
            assert made.render(number).pixels.tobytes() == whole[number]
    made = graph(node, source, colour, cuts=None)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda n: made.render(n).pixels.tobytes(), reversed(source.numbers))
    assert list(found) == list(reversed(whole.values()))


@pytest.mark.parametrize("count", [1, 2])
def test_short_shots_are_left_as_they_are(colour: Colour, count: int) -> None:
    source = clip(shot(gate(count)))
    for made in rendered(Stabilise(warp=1, edges="fill"), source, colour):
        assert rms(made.pixels - source.frame(made.number).pixels) < 1e-3


def test_a_clip_with_a_cut_in_every_frame_is_left_as_it_is(colour: Colour) -> None:
    source = clip(shot(gate(6)))
    for made in rendered(Stabilise(), source, colour, cuts=list(source.numbers)):
        np.testing.assert_array_equal(made.pixels, source.frame(made.number).pixels)


@pytest.mark.parametrize("level", [0.0, 1.0, 50.0])
@pytest.mark.parametrize("grain", [0.0, 0.005])
def test_frames_without_a_picture_stay_where_they_are(colour: Colour, level: float, grain: float) -> None:
    rng = np.random.default_rng(2)
    pictures = level + rng.normal(0, grain, (6, 3, HEIGHT, WIDTH)).astype(np.float32)
    source = clip(pictures.astype(np.float32))
    for made in rendered(Stabilise(warp=1), source, colour):
        np.testing.assert_allclose(made.pixels, source.frame(made.number).pixels, atol=0.02 + 0.02 * level)
    assert all(m == Motion() for m in corrections(Stabilise(), source, colour))


@pytest.mark.parametrize("flash", ["white", "black", "other"])
def test_a_pan_goes_on_through_frames_that_have_nothing_in_common_with_it(colour: Colour, flash: str) -> None:
    pictures = shot(gate(16) / 4, speed=3.0)
    for k in (6, 7):
        pictures[k] = {
            "white": np.float32(4),
            "black": np.float32(0),
            "other": pictures[15 - k][:, ::-1, ::-1],
        }[flash]
    node = Stabilise(smoothing=5)
    made = observed(node, clip(pictures), colour)
    ways = [frame.motion.shift.real for frame in made]
    assert ways[6] == ways[8] == pytest.approx(-3, abs=0.8)
    moved = [abs(frame.correction.shift) for frame in made]
    assert max(moved) < 2.5


def test_duplicate_and_dropped_frames_do_no_harm(colour: Colour) -> None:
    shaken = gate(20)
    pictures = shot(shaken, speed=1.0)
    pictures[7] = pictures[6]  # a duplicate
    kept = [k for k in range(20) if k not in (12, 13)]
    moves = corrections(Stabilise(), clip(pictures[kept]), colour)
    shaken[7] = shaken[6] - (1, 0, 0)
    left = left_over(moves, shaken[kept])
    assert rms(left[5:-5]) < 1.5


def test_a_data_window_of_another_size_within_the_shot_is_no_motion(colour: Colour) -> None:
    (still,) = shot(np.zeros((1, 3)))
    frames = [Frame.of(still, colour_space=SCENE)] * 6
    low = Box(0, 8, WIDTH, HEIGHT)
    frames[3] = Frame.of(
        still[:, 8:], colour_space=SCENE, data_window=low, display_window=Box(0, 0, 160, 120)
    )
    made = rendered(Stabilise(smoothing=2), numbered(frames), colour)
    assert [f.data_window for f in made] == [f.data_window for f in frames]
    assert max(abs(m.shift) for m in corrections(Stabilise(smoothing=2), numbered(frames), colour)) < 0.2


def test_grey_pictures_and_small_ones(colour: Colour, context: Context) -> None:
    grey = clip(shot(gate(9))[:, :1], ("Y",))
    moves = corrections(Stabilise(), grey, colour)
    assert rms(np.diff(left_over(moves, gate(9)), axis=0)) < 0.6 * rms(np.diff(gate(9)[:, :2], axis=0))
    tiny = Frame.of(np.ones((3, 2, 3)), colour_space=SCENE)
    made = Stabilise(warp=1, edges="crop").render(Window((tiny, replace(tiny, number=1)), 0), context)
    np.testing.assert_array_equal(made.pixels, tiny.pixels)
