from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.curve import Curve, Key
from interneg.engine import NoEngines
from interneg.errors import InputError, KnobError
from interneg.frame import Box, Frame, Pixels, Window
from interneg.memo import Memo
from interneg.node import Context
from interneg.resize import enlarge
from tests.toys import Cubic, Shift

SPACE = "ACEScg"
LAYERED = ("id", "R", "G", "B", "A", "Z", "spec.R", "spec.G", "spec.B", "motion.x", "motion.y", "crypto00.R")


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour()


@pytest.fixture
def context(colour: Colour) -> Context:
    return Context(colour, NoEngines(), Memo(64))


def frame(channels: tuple[str, ...] = ("R", "G", "B"), seed: int = 0, **facts: Any) -> Frame:
    pixels = np.random.default_rng(seed).uniform(0.01, 1, (len(channels), 9, 13)).astype(np.float32)
    return Frame.of(pixels, channels, **{"colour_space": SPACE, "number": 1001, **facts})


def plane(made: Frame, name: str) -> Pixels:
    return made.pixels[made.channels.index(name)]


def alone(made: Frame) -> Window:
    return Window((made,), 0)


def test_strength_0_is_the_frame_itself(context: Context) -> None:
    source = frame(("data",))
    assert Cubic(strength=0).render(alone(source), context) is source


def test_strength_mixes_with_the_input(temporal_mean: Any, context: Context) -> None:
    source = frame()
    full = temporal_mean(radius=0, gain=3).render(alone(source), context)
    half = temporal_mean(radius=0, gain=3, strength=0.5).render(alone(source), context)
    np.testing.assert_allclose(full.pixels, 3 * source.pixels, rtol=1e-6)
    np.testing.assert_allclose(half.pixels, 2 * source.pixels, rtol=1e-6)


def test_values_far_outside_0_to_1_are_kept(temporal_mean: Any, context: Context) -> None:
    values = np.array([-10, -0.01, 0, 1e-4, 1, 65504, 1e6], np.float32)
    source = Frame.of(np.broadcast_to(values, (3, 2, 7)), colour_space=SPACE)
    made = temporal_mean(radius=0, gain=2).render(alone(source), context)
    np.testing.assert_allclose(made.pixels, np.broadcast_to(2 * values, (3, 2, 7)), rtol=1e-6)


@pytest.mark.parametrize("channels", [("Y",), ("A", "M")])
def test_a_mask_limits_the_result_and_is_exact_at_its_ends(
    temporal_mean: Any, context: Context, channels: tuple[str, ...]
) -> None:
    source, node = frame(), temporal_mean(radius=0, gain=3)
    amount = np.zeros((len(channels), 9, 13), np.float32)
    amount[0, :, 4:8], amount[0, :, 8:10], amount[0, 0, 0] = 1, 0.25, np.nan
    made = node.render(alone(source), context, Frame.of(amount, channels))
    full = node.render(alone(source), context)
    np.testing.assert_array_equal(made.pixels[:, :, :4], source.pixels[:, :, :4])
    np.testing.assert_array_equal(made.pixels[:, :, 10:], source.pixels[:, :, 10:])
    np.testing.assert_array_equal(made.pixels[:, :, 4:8], full.pixels[:, :, 4:8])
    np.testing.assert_allclose(made.pixels[:, :, 8:10], 1.5 * source.pixels[:, :, 8:10], rtol=1e-6)


def test_a_mask_of_another_size_is_refused(temporal_mean: Any, context: Context) -> None:
    with pytest.raises(InputError, match="mask of frame 1001 is 4x3, the picture 13x9"):
        temporal_mean().render(Window((frame(),) * 7, 3), context, Frame.of(np.ones((1, 3, 4))))


def test_outside_the_mask_of_an_enlarging_node_is_the_plain_enlargement(context: Context) -> None:
    source = frame()
    mask = Frame.of(np.zeros((1, 9, 13)))
    made = Cubic().render(alone(source), context, mask)
    expected = enlarge(source.pixels, 2)
    np.testing.assert_allclose(made.pixels, expected, atol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_inf_stay_in_their_pixel_and_are_told_once(
    temporal_mean: Any, context: Context, value: float, caplog: pytest.LogCaptureFixture
) -> None:
    clean = frame()
    pixels = clean.pixels.copy()
    pixels[1, 4, 6] = value
    broken = clean.with_pixels(pixels)
    with caplog.at_level(logging.WARNING, "interneg"):
        made = temporal_mean(radius=1).render(Window((clean, broken, clean), 1), context)
    np.testing.assert_array_equal(made.pixels[:, 4, 6], pixels[:, 4, 6])
    assert np.isfinite(np.delete(made.pixels.reshape(3, -1), 4 * 13 + 6, axis=1)).all()
    assert [r.getMessage() for r in caplog.records] == [
        "frame 1001: 1 pixels are NaN or inf and stay as they are"
    ]


def test_nan_beside_the_frame_in_time_does_not_reach_it(temporal_mean: Any, context: Context) -> None:
    clean = frame()
    pixels = clean.pixels.copy()
    pixels[:, 2:5, 3:9] = np.nan
    made = temporal_mean(radius=1).render(Window((clean.with_pixels(pixels), clean, clean), 1), context)
    assert np.isfinite(made.pixels).all()


def test_nan_fills_its_own_block_when_enlarged(context: Context) -> None:
    source = frame()
    pixels = source.pixels.copy()
    pixels[0, 4, 6] = np.nan
    made = Cubic().render(alone(source.with_pixels(pixels)), context)
    assert np.argwhere(~np.isfinite(made.pixels[0])).tolist() == [[8, 12], [8, 13], [9, 12], [9, 13]]
    np.testing.assert_array_equal(made.pixels[1, 8:10, 12:14], np.full((2, 2), pixels[1, 4, 6]))


def test_twelve_channels_keep_their_order_and_only_colour_is_treated(
    temporal_mean: Any, context: Context
) -> None:
    source = frame(LAYERED, depth=("uint32",) + ("half",) * 11, metadata={"smpte:TimeCode": "01:00:00:00"})
    made = temporal_mean(radius=0, gain=2).render(alone(source), context)
    assert (made.channels, made.depth, made.metadata) == (source.channels, source.depth, source.metadata)
    for name in LAYERED:
        wanted = plane(source, name) * (2 if name in "RGB" else 1)
        np.testing.assert_allclose(plane(made, name), wanted, rtol=1e-6, err_msg=name)
        if name not in "RGB":
            np.testing.assert_array_equal(plane(made, name), plane(source, name), err_msg=name)


def test_colour_channels_may_lie_apart(temporal_mean: Any, context: Context) -> None:
    source = frame(("B", "Z", "R", "A", "G"))
    made = temporal_mean(radius=0, gain=2).render(alone(source), context)
    for name in "BRG":
        np.testing.assert_allclose(plane(made, name), 2 * plane(source, name), rtol=1e-6)
    for name in "ZA":
        np.testing.assert_array_equal(plane(made, name), plane(source, name))


def test_an_enlarging_node_takes_windows_layers_and_parts_along(context: Context) -> None:
    part = frame(
        ("left.R", "left.A"), seed=5, data_window=Box(1, 1, 14, 10), display_window=Box(0, 0, 15, 11)
    )
    source = frame(
        ("R", "G", "B", "A"), data_window=Box(-2, -1, 11, 8), display_window=Box(0, 0, 9, 7), parts=(part,)
    )
    made = Cubic().render(alone(source), context)
    assert made.pixels.shape == (4, 18, 26)
    assert made.data_window == Box(-4, -2, 22, 16)
    assert made.display_window == Box(0, 0, 18, 14)
    assert made.parts[0].pixels.shape == (2, 18, 26)
    assert made.parts[0].data_window == Box(2, 2, 28, 20)
    assert made.parts[0].display_window == Box(0, 0, 30, 22)


def test_parts_come_through_untouched_at_one_size(temporal_mean: Any, context: Context) -> None:
    part = frame(("left.R",), seed=5)
    made = temporal_mean(radius=0).render(alone(frame(parts=(part,))), context)
    assert made.parts == (part,)


@pytest.mark.parametrize("size", [(1, 1), (7, 5)])
def test_small_and_grey_pictures(temporal_mean: Any, context: Context, size: tuple[int, int]) -> None:
    source = Frame.of(np.full((1, *size), 0.25), colour_space=SPACE)
    made = temporal_mean(radius=2, gain=2).render(Window((source,) * 5, 2), context)
    np.testing.assert_allclose(made.pixels, 0.5, rtol=1e-6)


def test_a_frame_without_a_picture_is_refused(temporal_mean: Any, context: Context) -> None:
    with pytest.raises(
        InputError, match="frame 1001 has no picture to treat: temporal-mean needs R, G, B or Y, not Z"
    ):
        temporal_mean(radius=0).render(alone(frame(("Z",))), context)


def test_knobs_are_checked_whichever_way_a_node_is_made(temporal_mean: Any) -> None:
    assert temporal_mean.with_knobs({"radius": "2", "gain": 1}).knobs == {
        **temporal_mean().knobs,
        "radius": 2,
        "gain": 1.0,
    }
    for wrong in ({"radius": 9}, {"strength": -0.1}, {"gain": "loud"}):
        with pytest.raises(KnobError, match=f"knob 'temporal-mean.{next(iter(wrong))}' is"):
            temporal_mean(**wrong)


def test_a_measurement_is_made_once_per_frame_content(temporal_mean: Any, context: Context) -> None:
    frames = [frame(seed=i) for i in range(6)]
    node = temporal_mean(radius=1)
    for i in range(1, 5):
        node.render(Window(tuple(frames[i - 1 : i + 2]), 1), context)
    assert len(temporal_mean.measured) == 6
    node.render(Window((frames[2].with_pixels(frames[2].pixels.copy()),) * 3, 1), context)
    assert len(temporal_mean.measured) == 6


def test_a_node_that_moves_pixels_moves_alpha_and_nan_along_and_is_not_mixed(context: Context) -> None:
    given = frame(("R", "G", "B", "A"))
    pixels = given.pixels.copy()
    pixels[1, 4, 6] = np.nan
    given = given.with_pixels(pixels)
    half = Shift(strength=0.5).render(Window((given,), 0), context)
    assert np.allclose(half.pixels, np.roll(pixels, 2, axis=-1), rtol=1e-5, equal_nan=True)
    assert "unpremultiply" not in Shift().knobs


def test_a_masked_move_leaves_what_the_mask_keeps(context: Context) -> None:
    given = frame(("R", "G", "B", "A"))
    mask = np.zeros((1, 9, 13), np.float32)
    mask[:, :, 7:] = 1
    made = Shift().render(Window((given,), 0), context, Frame.of(mask))
    assert np.array_equal(made.pixels[:3, :, :7], given.pixels[:3, :, :7])
    assert np.allclose(made.pixels[..., 7:], given.pixels[..., 3:9], rtol=1e-5)


def test_a_strength_that_comes_to_0_is_refused_where_the_size_would_change() -> None:
    node = Cubic.with_knobs({"strength": {"1": 0.0, "9": 1.0}})
    assert node.at(2).knobs["strength"] == 0.125
    with pytest.raises(KnobError, match="strength is 0 in frame 1, which would be smaller than the others"):
        node.at(1)


def test_a_curve_that_leaves_its_limits_is_refused_there(temporal_mean: Any) -> None:
    node = temporal_mean(strength=Curve((Key(1, 0.5, (9.0, 0.0)), Key(5, 1.0))))
    assert node.at(1).strength == 0.5
    with pytest.raises(KnobError, match=r"temporal-mean\.strength' is a number from 0 to 1, not "):
        node.at(2)
