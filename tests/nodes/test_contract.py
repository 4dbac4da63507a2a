"""What holds for every node: Interneg's own, those of installed packages, and the example's.

What a node does is tested in the file of its own name.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from my_node.steady_black import SteadyBlack

from interneg.colour import WorkingSpace
from interneg.curve import Curve
from interneg.errors import InputError, KnobError
from interneg.frame import Box, Frame, Pixels, Window
from interneg.graph import Graph
from interneg.knobs import defaults_of, knobs_of
from interneg.memo import Memo
from interneg.node import Context, Node
from interneg.nodes import NODES
from interneg.plugin.ofx.nodes import catalogue

KINDS = {**NODES, SteadyBlack.name: SteadyBlack}
SPACE, HEIGHT, WIDTH = "ACEScg", 40, 56
LAYERS = ("id", "R", "G", "B", "A", "Z", "spec.R", "motion.x")


def settings_of(kind: type[Node]) -> list[Node]:
    """The node as it is, and with each value of each choice, and each switch, that needs nothing else."""
    made = [kind()]
    for name, declared in knobs_of(kind).items():
        values = {"choice": declared.choices, "bool": (False, True)}.get(declared.kind, ())
        if declared.aov or declared.group in ("Lock", "Matte"):
            continue
        made += [kind.with_knobs({name: v}) for v in values if v != getattr(kind(), name)]
    return made


def name_of(node: Node) -> str:
    """The node's name, and what is not by default in it."""
    plain = type(node)()
    return "-".join([node.name, *(f"{k}={v}" for k, v in node.knobs.items() if v != getattr(plain, k))])


EVERY = [n for kind in KINDS.values() for n in settings_of(kind)]
NODE = pytest.mark.parametrize("node", EVERY, ids=name_of)
RESULT = pytest.mark.parametrize("node", [n for n in EVERY if n.shows == "result"], ids=name_of)
KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def picture(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> Pixels:
    """Smooth and fine texture under a little noise, scene-linear, 0.02 to 1, (3, H, W)."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:height, :width]
    smooth = 0.4 + 0.2 * np.sin(x / 7.0 + np.arange(3)[:, None, None]) * np.cos(y / 5.0)
    fine = rng.uniform(-0.1, 0.1, (3, height, width))
    noise = np.random.default_rng(seed).normal(0, 0.01, fine.shape)
    return np.clip(smooth + fine + noise, 0.02, 1).astype(np.float32)


def still(node: Node, frame: Frame) -> Window:
    """The window of a frame in a shot in which nothing changes."""
    before, after = node.reach
    frames = (frame,) * (before + 1 + after)
    return Window(frames, before, frames if node.uses_reference else ())


def shaken(node: Node) -> Window:
    """The window of a frame in a shot that weaves and flickers."""
    before, after = node.reach
    frames = tuple(Clip().frame(1001 + n) for n in range(before + 1 + after))
    return Window(frames, before, frames if node.uses_reference else ())


def frame_of(pixels: Any, channels: Sequence[str] = ("R", "G", "B"), **facts: Any) -> Frame:
    return Frame.of(pixels, tuple(channels), **{"colour_space": SPACE, "number": 1001, **facts})


class Clip:
    """Eight frames that weave and flicker."""

    numbers = range(1001, 1009)

    def frame(self, number: int) -> Frame:
        light = 1 + 0.1 * np.sin(2.3 * number)
        moved = np.roll(picture(number), (number % 3, number % 2), axis=(1, 2))
        return frame_of(moved * np.float32(light), number=number)


def layered(colour: Pixels | None = None) -> Frame:
    """A frame of eight channels, colour among them, with windows that lie apart and metadata."""
    extra = np.random.default_rng(3).uniform(0.1, 1, (5, HEIGHT, WIDTH)).astype(np.float32)
    extra[0] = np.random.default_rng(4).integers(1, 9, (HEIGHT, WIDTH))
    return frame_of(
        np.concatenate([extra[:1], picture() if colour is None else colour, extra[1:]]),
        LAYERS,
        depth=("uint32", *("float",) * 7),
        data_window=Box(-2, 3, WIDTH - 2, HEIGHT + 3),
        display_window=Box(0, 0, WIDTH + 8, HEIGHT + 8),
        pixel_aspect=2.0,
        metadata={"smpte:TimeCode": "01:00:00:00"},
    )


def enlarged(planes: Any, node: Node) -> Any:
    return planes.repeat(node.enlarges, -2).repeat(node.enlarges, -1)


# Declaration.


@KIND
def test_its_facts_are_stated(kind: type[Node]) -> None:
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", kind.name)
    assert kind.label and kind.help.endswith(".") and kind.layers.endswith(".")
    assert kind.version >= 1
    assert isinstance(kind.working_space, WorkingSpace)
    assert len(inspect.getdoc(sys.modules[kind.__module__]) or "") > 100, (
        "say what it does and when to use it"
    )
    assert len(inspect.getdoc(kind) or "") > 10


@KIND
def test_every_knob_is_described_and_its_default_fits(kind: type[Node]) -> None:
    node, defaults = kind(), defaults_of(kind)
    assert {"strength", "synthesis"} <= set(knobs_of(kind))
    for name, declared in knobs_of(kind).items():
        assert re.fullmatch("[a-z][a-z0-9_]*", name)
        assert declared.label, name
        assert len(declared.help) > 20, f"say what {name} does, in a sentence of more than 20 characters"
        assert declared.help.endswith("."), f"the help of {name} is a sentence, with a full stop at its end"
        assert declared.parse(name, defaults[name]) == defaults[name] == getattr(node, name)
        assert declared.slider[0] >= declared.hard[0], name
        assert declared.slider[1] <= declared.hard[1], name
    assert kind.with_knobs(node.knobs) == node == kind.with_knobs({})


@KIND
def test_a_value_out_of_limits_is_refused_by_name(kind: type[Node]) -> None:
    for name, declared in knobs_of(kind).items():
        wrong: list[object] = {"file": [3], "frames": ["lots"]}.get(declared.kind, ["lots", "-", 1e300])  # type: ignore[assignment]
        if declared.kind in ("float", "int"):
            wrong = ["lots", *(v for v in (declared.hard[0] - 1, declared.hard[1] + 1) if np.isfinite(v))]
        if declared.others:
            wrong = ["Two words", "-"]
        for value in wrong:
            with pytest.raises(KnobError, match=rf"{kind.name}\.{name}"):
                kind.with_knobs({name: value})


@KIND
def test_a_knob_that_is_not_there_is_refused_with_the_near_one(kind: type[Node]) -> None:
    with pytest.raises(
        KnobError, match=f"node '{kind.name}' has no knob 'strenght'.*did you mean 'strength'"
    ):
        kind.with_knobs({"strenght": 1})
    with pytest.raises(FrozenInstanceError):
        kind().strength = 0.5  # type: ignore[misc]


@KIND
def test_curves_do_not_change_which_frames_and_models_it_needs(kind: type[Node]) -> None:
    curves = {
        name: {"1": declared.hard[0], "9": declared.hard[1]}
        for name, declared in knobs_of(kind).items()
        if declared.kind == "float" and declared.animatable
    }
    plain, moving = kind(), kind.with_knobs(curves)
    for fact in ("reach", "enlarges", "models"):
        assert getattr(moving, fact) == getattr(plain, fact)
    assert moving.anchors(5) == plain.anchors(5)
    assert not any(isinstance(value, Curve) for value in moving.at(5).knobs.values())


@KIND
def test_hosts_can_be_told_of_it(kind: type[Node]) -> None:
    (entry,) = catalogue([kind])["nodes"]
    names = [shown["name"] for shown in entry["knobs"]]
    assert len(names) == len(set(names)), "a button has the name of a knob"
    assert {b.knob for b in kind.buttons} <= set(knobs_of(kind))


# Rendering.


@NODE
def test_strength_0_is_the_frame_itself(node: Node, context: Context) -> None:
    frame = layered()
    made = replace(node, strength=0.0).render(still(node, frame), context)
    if node.shows == "data":  # which is no picture that the frame could stand in for
        np.testing.assert_array_equal(made.pixels, node.render(still(node, frame), context).pixels)
    else:
        assert made is frame


@RESULT
def test_a_mask_is_exact_at_its_ends_and_mixes_between(node: Node, context: Context) -> None:
    window = shaken(node)
    mask = np.zeros((1, HEIGHT, WIDTH), np.float32)
    mask[:, :20, WIDTH // 2 :], mask[:, 30:], mask[0, 0, 0] = 1, 0.5, np.nan

    def masked(values: Pixels) -> Pixels:
        return node.render(window, context, frame_of(values, ("A",))).pixels

    full, made, plain = node.render(window, context).pixels, masked(mask), masked(np.zeros_like(mask))
    out, inside, between = (enlarged(where, node)[0] for where in (~(mask > 0), mask == 1, mask == 0.5))
    np.testing.assert_array_equal(made[:, out], plain[:, out])
    np.testing.assert_array_equal(made[:, inside], full[:, inside])
    np.testing.assert_array_equal(masked(np.ones_like(mask)), full)
    if node.mixes:
        np.testing.assert_allclose(made[:, between], (plain + full)[:, between] / 2, rtol=1e-5, atol=1e-6)
    if node.enlarges == 1:
        np.testing.assert_array_equal(plain, window.frame.pixels)
    with pytest.raises(InputError, match="is 4x3, the picture 56x40"):
        masked(np.ones((1, 3, 4), np.float32))


@RESULT
def test_nan_and_inf_stay_and_do_not_spread(node: Node, context: Context) -> None:
    pixels = picture()
    pixels[0, 9, 9], pixels[1, 20, 30], pixels[2, 0, 0] = np.nan, np.inf, -np.inf
    bad = ~np.isfinite(pixels).all(axis=0)
    made = node.render(still(node, frame_of(pixels)), context).pixels
    np.testing.assert_array_equal(~np.isfinite(made).all(axis=0), enlarged(bad, node))
    np.testing.assert_array_equal(
        made[:, enlarged(bad, node)], enlarged(pixels, node)[:, enlarged(bad, node)]
    )


@NODE
def test_nan_in_the_frames_around_does_not_reach_it(node: Node, context: Context) -> None:
    clean, pixels = frame_of(picture()), picture()
    pixels[:, 5:12, 20:30] = np.nan
    window = still(node, frame_of(pixels))
    around = [*window.frames]
    around[window.centre] = clean
    made = node.render(replace(window, frames=tuple(around)), context).pixels
    assert np.isfinite(made).all()


@NODE
def test_highlights_and_negatives_survive(node: Node, context: Context) -> None:
    if getattr(node, "view", "result") != "result":
        pytest.skip("it shows something else than its result")
    ramp = np.concatenate([-np.geomspace(1, 1e-4, 20), np.geomspace(1e-4, 1e4, 44)]).astype(np.float32)
    made = node.render(still(node, frame_of(np.tile(ramp, (3, 32, 1)))), context).pixels
    assert np.isfinite(made).all()
    assert 0.8e4 < made.max() < 1.3e4, "a highlight of 10,000 comes through: a restoration does not grade"
    assert -1.3 < made.min() < -0.8, "a value of -1 comes through"


@NODE
def test_aovs_windows_and_metadata_come_through(node: Node, context: Context) -> None:
    window = still(node, layered())
    if node.mixes:  # one that moves pixels moves AOVs along
        around = shaken(node)
        frames = tuple(layered(f.pixels) for f in around.frames)
        window = replace(around, frames=frames, references=frames if around.references else ())
    given = window.frame
    before = given.pixels.copy()
    made = node.render(window, context)
    np.testing.assert_array_equal(given.pixels, before, err_msg="the input was changed")
    for fact in ("channels", "depth", "number", "pixel_aspect", "metadata", "colour_space"):
        assert getattr(made, fact) == getattr(given, fact), fact
    assert made.data_window == given.data_window.scaled(node.enlarges)
    assert made.display_window == given.display_window.scaled(node.enlarges)
    assert made.pixels.shape == (8, HEIGHT * node.enlarges, WIDTH * node.enlarges)
    for i in set(range(8)) - set(given.colour_channels):
        if LAYERS[i] == "A" and node.shows == "data":
            continue
        if node.enlarges == 1:
            np.testing.assert_array_equal(made.pixels[i], given.pixels[i], err_msg=LAYERS[i])
        units = node.enlarges if LAYERS[i] == "motion.x" else 1  # it counts pixels
        assert made.pixels[i].min() >= units * given.pixels[i].min()
        assert made.pixels[i].max() <= units * given.pixels[i].max()
    np.testing.assert_array_equal(made.pixels[0], enlarged(given.pixels[0], node), err_msg="identifiers")


@NODE
def test_synthesis_is_one_more_channel(node: Node, context: Context) -> None:
    around = shaken(node)
    frames = tuple(layered(f.pixels) for f in around.frames)
    window = replace(around, frames=frames, references=frames if around.references else ())
    made, plain = (n.render(window, context) for n in (replace(node, synthesis=True), node))
    assert made.channels == (*LAYERS, "synthesis")
    np.testing.assert_array_equal(made.pixels[:-1], plain.pixels)
    assert np.isfinite(made.pixels[-1]).all() and made.pixels[-1].min() >= 0


@NODE
def test_another_eye_is_treated_as_if_it_were_alone(node: Node, context: Context) -> None:
    other, depth = frame_of(picture(5)), frame_of(np.full((1, HEIGHT, WIDTH), 4), ("Z",))
    made = node.render(still(node, frame_of(picture(), parts=(other, depth))), context)
    alone = node.render(still(node, other), context)
    np.testing.assert_array_equal(made.parts[0].pixels, alone.pixels)
    assert (made.parts[1].pixels == 4).all()
    assert made.parts[1].pixels.shape == (1, HEIGHT * node.enlarges, WIDTH * node.enlarges)


@NODE
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (7, 5)])
@pytest.mark.parametrize("channels", [("R", "G", "B"), ("Y",)])
def test_any_size_and_grey(node: Node, context: Context, size: tuple[int, int], channels: Any) -> None:
    given = frame_of(picture(height=size[0], width=size[1])[: len(channels)], channels)
    made = node.render(still(node, given), context)
    assert made.channels == channels
    assert made.pixels.shape == (len(channels), size[0] * node.enlarges, size[1] * node.enlarges)
    assert np.isfinite(made.pixels).all()


@KIND
def test_chunks_in_any_order_are_the_whole_bit_for_bit(kind: type[Node], context: Context) -> None:
    short = {n: min(2, int(k.hard[1])) for n, k in knobs_of(kind).items() if k.unit == "frames"}
    node = kind.with_knobs(short)

    def rendered(numbers: Sequence[int]) -> dict[int, bytes]:
        graph = Graph([node], Clip(), replace(context, measurements=Memo(200)))
        return {n: graph.render(n).pixels.tobytes() for n in numbers}

    whole = rendered(Clip.numbers)
    backwards = rendered(Clip.numbers[::-1])
    chunks = rendered(Clip.numbers[:3]) | rendered(Clip.numbers[6:]) | rendered(Clip.numbers[3:6])
    assert backwards == whole
    assert chunks == whole
