from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.errors import InputError, KnobError, UsageError
from interneg.frame import Pixels
from interneg.graph import needed
from interneg.knobs import knobs_of
from interneg.metrics.golden import compare
from interneg.motion import path_file
from interneg.motion.similarity import Motion
from interneg.nodes.stabilise import Stabilise
from tests.steadied import (
    HEIGHT,
    WIDTH,
    WORLD,
    clip,
    corrections,
    gate,
    graph,
    left_over,
    rendered,
    rms,
    shot,
)


def test_unpremultiply_is_no_knob_of_it() -> None:
    assert "unpremultiply" not in knobs_of(Stabilise)


def test_weave_on_a_pan_goes_and_the_pan_stays(colour: Colour, pan: Pixels) -> None:
    moves = corrections(Stabilise(), clip(pan), colour)
    left, was = left_over(moves, gate()), gate()[:, :2]
    inner = slice(6, -6)
    assert rms(np.diff(left[inner], axis=0)) < 0.08 * rms(np.diff(was[inner], axis=0))
    assert rms(left) < 1.2
    turned = [np.degrees(np.angle(m.turn)) for m in moves] + gate()[:, 2]
    assert rms(np.diff(turned[inner])) < 0.15 * rms(np.diff(gate()[inner, 2]))


def test_a_weave_of_one_half_removes_half(colour: Colour, pan: Pixels) -> None:
    whole, half = (corrections(Stabilise(weave=w), clip(pan), colour) for w in (1, 0.5))
    np.testing.assert_allclose([m.shift for m in half], [m.shift / 2 for m in whole], rtol=1e-6)
    np.testing.assert_allclose([m.turn**2 for m in half], [m.turn for m in whole], rtol=1e-9)


def test_a_steady_pan_is_left_alone(colour: Colour) -> None:
    moves = corrections(Stabilise(), clip(shot(np.zeros((16, 3)), speed=2.3)), colour)
    assert max(abs(m.shift) for m in moves) < 0.1
    assert max(abs(m.turn - 1) for m in moves) < 3e-4


def test_a_still_clip_is_left_bit_for_bit(colour: Colour) -> None:
    source = clip([shot(np.zeros((1, 3)))[0]] * 5)
    for node in (Stabilise(), Stabilise(warp=1), Stabilise(edges="fill"), Stabilise(edges="crop")):
        for made, number in zip(rendered(node, source, colour), source.numbers, strict=True):
            np.testing.assert_array_equal(made.pixels, source.frame(number).pixels)


def test_what_moves_in_front_does_not_drag_the_picture_along(colour: Colour) -> None:
    def walker(picture: Pixels, k: int) -> None:
        x, y = 10 + 4 * k, 40 + round(8 * np.sin(k))
        picture[y : y + 50, x : x + 50] = WORLD[:50, :50]

    still = np.zeros((20, 3))
    moves = corrections(Stabilise(), clip(shot(still, extra=walker)), colour)
    assert max(abs(m.shift) for m in moves) < 0.12


def bent(count: int) -> list[Pixels]:
    """A still scene, its frames bent smoothly, each by a field of its own."""
    rng, (plain,) = np.random.default_rng(4), shot(np.zeros((1, 3)))
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    frames = []
    for _ in range(count):
        a, b = rng.normal(0, 1.2, 2)
        u, v = np.float32(a) * np.cos(2 * np.pi * x / WIDTH), np.float32(b) * np.cos(2 * np.pi * y / HEIGHT)
        frames.append(np.stack([cv2.remap(p, x - u, y - v, cv2.INTER_LANCZOS4) for p in plain]))
    return frames


def test_warp_is_straightened(colour: Colour) -> None:
    frames = bent(16)
    inner = np.s_[:, :, 12:-12, 12:-12]
    made = np.array([f.pixels for f in rendered(Stabilise(warp=1), clip(frames), colour)])
    rigid = np.array([f.pixels for f in rendered(Stabilise(), clip(frames), colour)])
    assert rms(np.diff(made[inner], axis=0)) < 0.4 * rms(np.diff(rigid[inner], axis=0))


def test_an_anamorphic_plate_is_turned_as_it_is_seen(colour: Colour) -> None:
    shaken = np.random.default_rng(8).normal(0, (0, 0, 0.5), (12, 3))
    pictures = shot(shaken, aspect=2.0)
    node, inner, left = Stabilise(lock=True, lock_frames=(1001,)), np.s_[:, :, 12:-12, 12:-12], {}
    for aspect in (1.0, 2.0):
        source = clip(pictures, pixel_aspect=aspect)
        made = np.array([f.pixels for f in rendered(node, source, colour)])
        left[aspect] = rms(np.std(made[inner], axis=0)) / rms(np.std(pictures[inner], axis=0))
        turned = np.degrees([np.angle(m.turn) for m in corrections(node, source, colour)]) + shaken[:, 2]
    assert np.std(turned) < 0.02 * np.std(shaken[:, 2])
    assert left[2.0] < 0.3 and left[2.0] < 0.5 * left[1.0], left


@pytest.mark.parametrize("aspect", [0.0, -1.0, np.nan, np.inf])
def test_a_pixel_aspect_that_cannot_be_is_refused(colour: Colour, aspect: float) -> None:
    source = clip(shot(gate(2)), pixel_aspect=aspect)
    with pytest.raises(InputError, match=rf"frame 100\d has a pixel aspect of {aspect}, expected"):
        graph(Stabilise(), source, colour).render(1001)


@pytest.mark.parametrize(("edges", "aspect"), [("reveal", 1.0), ("fill", 2.0)])
def test_a_render_by_the_path_file_is_the_render_without_it(
    colour: Colour, pan: Pixels, edges: str, aspect: float
) -> None:
    source = clip(pan[:10], pixel_aspect=aspect)
    found: dict[int, Any] = {}

    class Watched(Stabilise):
        def process(self, view: Any) -> Pixels:
            found[view.window.frame.number] = self.solve(view)
            return super().process(view)

    rendered(Watched(smoothing=4, warp=1), source, colour)
    moves, bends = ({n: getattr(s, part) for n, s in found.items()} for part in ("motion", "bend"))
    text = path_file.text((HEIGHT, WIDTH), moves, moves, aspect, bends).encode()
    node = Stabilise(smoothing=4, edges=edges, weave=0.7, warp=0.6)
    plain = rendered(node, source, colour)
    made = rendered(replace(node, path="p.json"), source, colour, context={"read": lambda path: text})
    for frame, other in zip(plain, made, strict=True):
        np.testing.assert_array_equal(frame.pixels, other.pixels)


def test_lock_holds_each_shot_on_its_own_frame(colour: Colour) -> None:
    shaken = gate(20)
    pictures = np.concatenate([shot(shaken[:10]), 1.02 - shot(shaken[10:])])
    node = Stabilise(lock=True, lock_frames=(1004, 1011))
    moves = corrections(node, clip(pictures), colour, cuts=[1011])
    at = left_over(moves, shaken)
    assert np.abs(at[:10] - at[3]).max() < 0.15 and np.abs(at[10:] - at[10]).max() < 0.15
    assert moves[3] == Motion() == moves[10]
    assert node.anchors(1001) == node.anchors(1010) == (1004,) and node.anchors(1020) == (1011,)


def test_what_lock_needs_is_known_and_said(colour: Colour) -> None:
    source = clip(shot(gate(4)))
    with pytest.raises(KnobError, match="lock_frames"):
        graph(Stabilise(lock=True), source, colour).render(1002)
    with pytest.raises(UsageError, match=r"looks at frame 990, which is not in the clip \(1001-1004\)"):
        graph(Stabilise(lock=True, lock_frames=(990,)), source, colour).render(1002)
    assert 500 in needed([Stabilise(lock=True, lock_frames=(500,))], 1001)


def test_a_box_is_all_that_is_looked_at(colour: Colour) -> None:
    shaken = gate(16)
    pictures = shot(shaken)
    others = shot(np.random.default_rng(9).normal(0, 2, (16, 3)))
    pictures[:, :, :, 80:] = others[:, :, :, 80:]  # something else goes on in the other half
    node = Stabilise(box_left=4, box_top=4, box_right=76, box_bottom=116)
    moves = corrections(node, clip(pictures), colour)
    assert all(m.turn == 1 for m in moves)
    left = left_over(moves, shaken)
    assert rms(np.diff(left, axis=0)) < 0.2 * rms(np.diff(shaken[:, :2], axis=0))


@pytest.mark.parametrize("box", [(10, 10, 5, 50), (0, 0, 161, 50), (0, 0, 20, 0)])
def test_a_box_that_is_none_is_refused(colour: Colour, box: tuple[int, ...]) -> None:
    knobs: dict[str, Any] = dict(zip(("box_left", "box_top", "box_right", "box_bottom"), box, strict=True))
    with pytest.raises(KnobError, match="the box of stabilise"):
        graph(Stabilise(**knobs), clip(shot(gate(3))), colour).render(1002)


def test_a_path_file_is_followed(colour: Colour) -> None:
    source = clip(shot(np.zeros((4, 3))))
    moves = {n: Motion(1, complex(n - 1001, 0)) for n in source.numbers}
    text = path_file.text((HEIGHT, WIDTH), moves, moves)
    read = {"read": lambda path: text.encode() if path == "p.json" else b""}
    made = rendered(Stabilise(path="p.json"), source, colour, context=read)
    for k, frame in enumerate(made):
        expected = source.frame(1001).pixels[:, :, : WIDTH - k]
        np.testing.assert_allclose(frame.pixels[:, :, k:], expected, atol=1e-5)
    edited = json.loads(text)
    edited["frames"]["1002"]["correction"]["dx"] = 9
    read["read"] = lambda path: json.dumps(edited).encode()
    again = graph(Stabilise(path="p.json"), source, colour, context=read).render(1002)
    np.testing.assert_allclose(again.pixels[:, :, 9:], source.frame(1001).pixels[:, :, :-9], atol=1e-5)
    del edited["frames"]["1003"]
    with pytest.raises(
        InputError, match=r"p\.json has no frame 1003, it has 1001-1002,1004: analyse that frame"
    ):
        graph(Stabilise(path="p.json"), source, colour, context=read).render(1003)


def test_golden(colour: Colour, goldens: Path, pan: Pixels, request: pytest.FixtureRequest) -> None:
    made = graph(Stabilise(smoothing=5, warp=1, edges="fill"), clip(pan), colour).render(1010)
    out = made.pixels[:, 30:78, :64]
    path = goldens / "stabilise.npy"
    if request.config.getoption("--regenerate-goldens"):
        np.save(path, out.astype(np.float16))
    assert not compare(np.load(path).astype(np.float32), out).failure(max=0.02, mean=2e-3)
