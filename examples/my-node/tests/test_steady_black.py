"""Run it with `pytest` in this folder; `pytest --regenerate-goldens` writes the golden picture anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from my_node.steady_black import SteadyBlack

from interneg.colour import Colour
from interneg.engine import NoEngines
from interneg.frame import Frame, Pixels, Window
from interneg.memo import Memo
from interneg.metrics.golden import compare
from interneg.node import Context

GOLDEN = Path(__file__).with_name("goldens") / "steady_black.npy"


def shot(count: int = 9) -> list[Frame]:
    """A still picture whose black level moves by up to 0.05, for each channel apart."""
    picture = np.random.default_rng(1).uniform(0.02, 1, (3, 24, 32))
    lifts = np.random.default_rng(2).uniform(-0.05, 0.05, (count, 3, 1, 1))
    return [Frame.of(picture + lift, colour_space="ACEScg", number=n) for n, lift in enumerate(lifts)]


def render(node: SteadyBlack, frames: list[Frame], centre: int) -> Pixels:
    context = Context(Colour(), NoEngines(), Memo(64))
    before, after = node.reach
    return node.render(Window(tuple(frames[centre - before : centre + after + 1]), before), context).pixels


def test_black_is_held_still() -> None:
    frames, node = shot(), SteadyBlack(window=2)
    before = [np.percentile(f.pixels, 1, axis=(1, 2)) for f in frames[2:7]]
    after = [np.percentile(render(node, frames, n), 1, axis=(1, 2)) for n in range(2, 7)]
    assert np.std(after, axis=0).max() < 0.6 * np.std(before, axis=0).max()


def test_the_tint_is_kept_without_colour() -> None:
    frames = shot()
    moved = render(SteadyBlack(window=2, colour=False), frames, 4) - frames[4].pixels
    assert np.ptp(moved) < 1e-5 and abs(moved.mean()) > 1e-4


def test_golden(request: pytest.FixtureRequest) -> None:
    made = render(SteadyBlack(), shot(), 4)
    if request.config.getoption("--regenerate-goldens", default=False):
        np.save(GOLDEN, made.astype(np.float16))
    assert not compare(np.load(GOLDEN).astype(np.float32), made).failure(max=2e-3, mean=3e-4)
