"""Denoise-SR with a model of the user's own: the node's promises hold around it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engine import CORRECTED, Traits
from interneg.errors import KnobError
from interneg.frame import Frame, Pixels, Window
from interneg.graph import FrameList, Graph
from interneg.memo import Memo
from interneg.node import Context
from interneg.nodes import NODES
from interneg.resize import cubic, reduce

DenoiseSR = NODES["denoise-sr"]


class Guest:
    """A model of 4x that draws a fine pattern over its picture. As a source, it is every model."""

    name = identity = "guest"
    scale = 4

    def __init__(self, **traits: object) -> None:
        self.traits = Traits(**{"makes": "picture", "takes": ("R", "G", "B")} | traits)  # type: ignore[arg-type]

    def open(self, model: str) -> Guest:
        return self

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        large = np.stack([cubic(p, self.scale) for p in planes[:3]])
        columns = np.indices(large.shape[1:])[1]
        return np.asarray(large + 0.1 * (columns // 4 % 2) - 0.05, np.float32)


def frame(number: int = 1, **facts: object) -> Frame:
    pixels = np.random.default_rng(number).uniform(0.1, 0.7, (3, 20, 24)).astype(np.float32)
    return Frame.of(pixels, "RGB", colour_space="sRGB Encoded Rec.709 (sRGB)", number=number, **facts)


def context(colour: Colour, guest: Guest) -> Context:
    return Context(colour, guest, Memo(64))


def rendered(colour: Colour, guest: Guest, **knobs: object) -> Frame:
    node = DenoiseSR.with_knobs({"model": "guest", "noise": 0, **knobs})
    return node.render(Window((frame(),), 0), context(colour, guest))


def test_the_picture_is_the_models_at_each_scale(colour: Colour) -> None:
    guest, pixels = Guest(), frame().pixels
    made = guest.run(np.clip(pixels, 0, 1))
    for scale in (1, 2, 4):
        got = rendered(colour, guest, scale=scale).pixels
        wanted = np.stack([reduce(p, 4 // scale) for p in made])
        np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_strength_0_and_a_mask_of_0_are_the_input_bit_for_bit(colour: Colour) -> None:
    guest = Guest()
    np.testing.assert_array_equal(rendered(colour, guest, strength=0).pixels, frame().pixels)
    mask = Frame.of(np.zeros((1, 20, 24), np.float32), "A", colour_space="data", number=1)
    node = DenoiseSR.with_knobs({"model": "guest", "noise": 0})
    done = node.render(Window((frame(),), 0), context(colour, guest), mask)
    np.testing.assert_array_equal(done.pixels, frame().pixels)


def test_highlights_and_negatives_survive(colour: Colour) -> None:
    source = frame()
    pixels = source.pixels.copy()
    pixels[:, 4:7, 4:7], pixels[:, 12:15, 4:7] = 30.0, -0.5
    source = dataclasses.replace(source, pixels=pixels, colour_space=colour.resolve("scene_linear"))
    node = DenoiseSR.with_knobs({"model": "guest", "noise": 0})
    done = node.render(Window((source,), 0), context(colour, Guest())).pixels
    assert done[:, 5, 5].min() > 20
    assert done[:, 13, 5].max() < -0.2


def test_a_perceptual_model_is_locked_to_its_input_unless_unlocked(colour: Colour) -> None:
    """Of drawn stripes of one input pixel's width nothing is left in the picture that is reduced again."""
    given = frame().pixels
    away = {}
    for name, guest, knobs in (
        ("plain", Guest(), {}),
        ("locked", Guest(perceptual=True), {}),
        ("unlocked", Guest(perceptual=True), {"unlock": True}),
    ):
        made = rendered(colour, guest, scale=4, **knobs).pixels
        away[name] = float(np.abs(np.stack([reduce(p, 4) for p in made]) - given).mean())
    assert away["plain"] == away["unlocked"] > 0.02
    assert away["locked"] < away["plain"] / 4


def test_what_a_perceptual_model_draws_is_told_in_deviations_of_the_noise(colour: Colour) -> None:
    facts = {"scale": 4, "synthesis": True, "unlock": True, "noise": 10}
    plain = rendered(colour, Guest(), **facts)
    drawn = rendered(colour, Guest(perceptual=True), **facts)
    np.testing.assert_array_equal(plain.pixels[:3], drawn.pixels[:3])
    sigma = 10 / 255 * 0.6687  # as luma shows it
    np.testing.assert_allclose(drawn.pixels[3], plain.pixels[3] / sigma, rtol=0.02)


def test_what_a_model_cannot_be_used_for_is_refused(colour: Colour) -> None:
    with pytest.raises(KnobError, match="it makes no picture"):
        rendered(colour, Guest(makes="correction"))
    pooled = Guest(everywhere=("GlobalAveragePool",))
    rendered(colour, pooled)
    node = DenoiseSR.with_knobs({"model": "guest", "temporal": 1})
    graph = Graph([node], FrameList(map(frame, range(3))), context(colour, pooled))
    with pytest.raises(KnobError, match=r"whole picture at once \(GlobalAveragePool\).* set temporal to 0"):
        graph.render(1)
    small = Guest()
    small.scale = 2
    with pytest.raises(KnobError, match="set scale to at most 2"):
        rendered(colour, small, scale=4)


def test_noise_0_is_the_input_for_a_model_that_is_told_of_it(colour: Colour) -> None:
    told = Guest(takes=("R", "G", "B", "sigma"))
    np.testing.assert_allclose(rendered(colour, told).pixels, frame().pixels, atol=1e-6)
    assert np.abs(rendered(colour, told, noise=10).pixels - frame().pixels).max() > 0.01


def test_over_time_it_sees_the_average_of_the_frames(colour: Colour) -> None:
    still = [dataclasses.replace(frame(), number=n) for n in range(3)]
    node = DenoiseSR.with_knobs({"model": "guest", "temporal": 1, "noise": 10})
    assert node.models == ("guest", "denoise-sr-lite-x1")

    class Both(Guest):
        def open(self, model: str) -> Guest:
            return self if model == "guest" else Lite()  # type: ignore[return-value]

    class Lite:
        name = identity = "lite"
        scale = 1

        def run(self, planes: Pixels, border: int | None = None) -> Pixels:
            return np.zeros((3, *planes.shape[1:]), np.float32)

    done = Graph([node], FrameList(still), context(colour, Both())).render(1)
    wanted = np.stack([reduce(p, 4) for p in Guest().run(np.clip(frame().pixels, 0, 1))])
    np.testing.assert_allclose(done.pixels, wanted, atol=2e-3)


class Trained(Guest):
    """A model that was trained on a user's plates: adds what it is told of the noise to luma."""

    scale = 1

    def __init__(self) -> None:
        super().__init__(makes="correction", takes=CORRECTED)
        self.seen: list[Pixels] = []

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        self.seen.append(planes.copy())
        return np.stack([planes[3] + np.float32(0.05), *np.zeros_like(planes[:2])])


def test_a_trained_model_runs_whatever_is_told_and_is_told_no_compression(colour: Colour) -> None:
    guest = Trained()
    for noise, deblock in ((0, 0.0), (0, 0.5), (10, 0.5)):
        got = rendered(colour, guest, noise=noise, deblock=deblock).pixels
        sigma = 0.6686 * noise / 255
        np.testing.assert_allclose(got, frame().pixels + 0.05 + sigma, atol=2e-4)
        assert not guest.seen[-1][5].any()
    with pytest.raises(KnobError, match="makes no picture of a picture"):
        rendered(colour, Guest(makes="correction", takes=("R", "G", "B")))
