"""What the worker renders is what batch renders: the same bits for the same frames."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engines.source import Engines
from interneg.frame import Frame, Pixels
from interneg.io import open_clip
from interneg.io.image_writer import write_image
from interneg.node import Node
from interneg.nodes import NODES
from interneg.plugin.batch.job import Job
from interneg.plugin.batch.render import render
from interneg.plugin.worker.renderer import Renderer
from interneg.recipe import Recipe
from tests.plugin.worker.render_requests import SPACE, Asked, draw


class Quiet:
    def start(self, total: int) -> None: ...

    def status(self, text: str) -> None: ...

    def part(self, index: int, count: int) -> None: ...

    def step(self, number: int, outcome: str) -> None: ...


@pytest.fixture
def batch(tmp_path: Path) -> Callable[..., dict[int, Pixels]]:
    """What `interneg render` makes of these frames, by number."""

    def run(node: Node, frames: dict[int, Pixels], mask: Pixels | None = None) -> dict[int, Pixels]:
        (tmp_path / "in").mkdir()
        inputs = {}
        for number, pixels in frames.items():
            frame = Frame.of(pixels.transpose(2, 0, 1), number=number)
            path = tmp_path / "in" / f"plate.{number:04d}.exr"
            write_image(path, frame, attributes={}, warn=lambda kind, sentence: None)
        if mask is not None:
            inputs["mask"] = str(tmp_path / "mask.exr")
            matte = Frame.of(mask.transpose(2, 0, 1), "A")
            write_image(Path(inputs["mask"]), matte, attributes={}, warn=lambda kind, sentence: None)
        recipe = Recipe((node,), input_space=SPACE, inputs=inputs)
        job = Job(recipe, str(tmp_path / "in"), str(tmp_path / "out" / "made.####.exr"))
        render(job, Colour(), Engines(), Quiet())
        clip = open_clip(tmp_path / "out")
        return {n: clip.read(n).pixels.transpose(1, 2, 0) for n in clip.numbers}

    return run


@pytest.mark.parametrize("knobs", [{}, {"scale": "2", "noise": 8}, {"strength": 0.5, "fidelity_lock": True}])
def test_denoise_sr_is_that_of_batch(renderer: Renderer, batch: Any, knobs: dict[str, Any]) -> None:
    frames = {1: draw(1, 120, 160)}
    made = batch(NODES["denoise-sr"].with_knobs(knobs), frames)[1]
    size = (made.shape[1], made.shape[0])
    asked = Asked("denoise-sr", knobs, frames=frames, size=size)
    assert asked.rendered(renderer).tobytes() == made.tobytes()


@pytest.mark.parametrize("digests", [False, True])
def test_windows_and_cuts_are_those_of_batch(
    with_mean: Renderer, batch: Any, temporal_mean: Any, digests: bool
) -> None:
    shots = {n: draw(n) if n < 9 else draw(n)[::-1, ::-1] * 0.5 for n in range(1, 17)}
    mask = np.random.default_rng(3).uniform(-0.2, 1.2, (24, 32, 1)).astype(np.float32)
    made = batch(temporal_mean(radius=2), shots, mask)
    for time in shots:
        # What the shell gives: the reach, three more on each side, within the clip.
        near = {n: p for n, p in shots.items() if abs(n - time) <= 5}
        asked = Asked("temporal-mean", {"radius": 2}, time, near, span=(1, 16), mask=mask, digests=digests)
        assert asked.rendered(with_mean).tobytes() == made[time].tobytes(), time


def test_what_several_windows_measure_is_measured_once(with_mean: Renderer, temporal_mean: Any) -> None:
    frames = {n: draw(n) for n in range(1, 9)}
    for time in range(3, 7):
        Asked("temporal-mean", {"radius": 2}, time, frames, digests=True).rendered(with_mean)
    assert len(temporal_mean.measured) == 8
    with_mean.forget()
    Asked("temporal-mean", {"radius": 2}, 3, frames, digests=True).rendered(with_mean)
    assert len(temporal_mean.measured) == 13


def test_frames_are_let_go_of_at_once(with_mean: Renderer) -> None:
    gc.disable()
    try:
        request, views = Asked("temporal-mean", {"radius": 2}, 3, {n: draw(n) for n in range(1, 6)}).request()
        seen = [weakref.ref(view) for view in views]
        with_mean.render(request, views, lambda: False)
        views.clear()
        assert [ref() for ref in seen] == [None] * 6
    finally:
        gc.enable()


def test_what_the_host_gives_beyond_the_window_is_there(renderer: Renderer) -> None:
    request, views = Asked("doubled", {}, 5, {5: draw(5), 40: draw(40)}, span=(1, 50)).request()
    seen: list[Frame] = []
    renderer._run(request, views, lambda: False, {}, lambda job: seen.append(job.source.frame(40)))
    assert seen[0].number == 40 and (seen[0].pixels.transpose(1, 2, 0) == draw(40)).all()


def test_equal_samples_in_another_shape_are_another_frame(with_mean: Renderer) -> None:
    pixels = draw(1)
    for shape in ((24, 32, 4), (32, 24, 4)):
        frames = {n: pixels.reshape(shape) for n in (1, 2)}
        asked = Asked("temporal-mean", {"radius": 1}, 1, frames, digests=True)
        assert np.allclose(asked.rendered(with_mean), pixels.reshape(shape), atol=1e-5)


def test_the_frame_before_stands_for_one_that_is_missing(with_mean: Renderer) -> None:
    given = {n: draw(n) for n in (2, 4, 5, 7)}
    whole = {1: given[2], 2: given[2], 3: given[2], 4: given[4], 5: given[5], 6: given[5], 7: given[7]}
    one, other = (
        Asked("temporal-mean", {"radius": 3}, 4, frames, span=(1, 7)).rendered(with_mean)
        for frames in (given, whole)
    )
    assert one.tobytes() == other.tobytes()


def test_a_time_outside_the_clip_is_rendered(with_mean: Renderer) -> None:
    asked = Asked("temporal-mean", {"radius": 1}, 9, {9: draw(3)}, span=(1, 5))
    assert np.allclose(asked.rendered(with_mean), draw(3), atol=1e-5)


def test_neighbours_are_brought_to_the_window_of_the_frame(with_mean: Renderer) -> None:
    small = draw(2, 10, 12)
    large = np.zeros((24, 32, 4), np.float32)
    large[4:14, 6:18] = small
    one = Asked("temporal-mean", {"radius": 1}, 1, {1: draw(1), 2: small}, at={2: (6, 4)}, digests=True)
    other = Asked("temporal-mean", {"radius": 1}, 1, {1: draw(1), 2: large}, digests=True)
    assert one.rendered(with_mean).tobytes() == other.rendered(with_mean).tobytes()


def test_strength_0_gives_the_input_bit_for_bit(renderer: Renderer) -> None:
    source = draw(1)
    source[0, 0] = np.nan
    made = Asked("doubled", {"strength": 0}, 1, {1: source}).rendered(renderer)
    assert made.tobytes() == source.tobytes()
