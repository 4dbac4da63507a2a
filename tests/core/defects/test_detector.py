from __future__ import annotations

import numpy as np
import pytest

from interneg.colour import Colour, WorkingSpace
from interneg.defects.detector import CHANNELS, FINDER, answered, planes
from interneg.defects.evidence import Evidence, evidence, neighbours
from interneg.errors import EngineError
from interneg.frame import Frame, Pixels, Window
from interneg.memo import Memo
from interneg.node import Context, View

SIZE = (48, 64)


class Told:
    """An engine that answers the same and remembers what it was given."""

    name = identity = "told"
    scale = 1

    def __init__(self) -> None:
        self.given: list[Pixels] = []
        self.opened = ""

    def open(self, model: str) -> Told:
        self.opened = model
        return self

    def run(self, given: Pixels, border: int | None = None) -> Pixels:
        self.given.append(given.copy())
        return np.stack([np.full(SIZE, 0.25, np.float32), np.full(SIZE, 0.75, np.float32)])


def shot(count: int = 5, damaged: int = 2) -> list[Pixels]:
    """Still texture under grain, (1, H, W); in one frame a bright spot and a dark column."""
    rng = np.random.default_rng(3)
    texture = np.repeat(np.repeat(rng.uniform(0.3, 0.6, (12, 16)), 4, 0), 4, 1)
    frames = [(texture + rng.normal(0, 0.004, SIZE)).astype(np.float32)[None] for _ in range(count)]
    frames[damaged][0, 20:26, 30:36] = 0.95
    frames[damaged][0, :, 50] = 0.1
    return frames


def view_of(frames: list[Pixels], centre: int, engine: Told | None = None) -> View:
    colour = Colour()
    made = tuple(
        Frame.of(p, number=n, colour_space=colour.resolve("texture_paint")) for n, p in enumerate(frames)
    )
    return View(Window(made, centre), WorkingSpace.LOG_Y, Context(colour, engine or Told(), Memo(60)))


def seen(view: View) -> Evidence:
    found = evidence(view, neighbours(view))
    assert found is not None
    return found


def test_the_planes_show_what_is_in_one_frame_alone() -> None:
    view = view_of(shot(), 2)
    given = planes(view, seen(view))
    assert given.shape == (len(CHANNELS), *SIZE) and given.dtype == np.float32
    np.testing.assert_allclose(given[0], view.planes()[0], atol=1e-6)
    for k in (1, 2, 3, 4):
        assert given[k, 22:24, 32:34].min() > 0.25, CHANNELS[k]
        assert np.abs(given[k, 30:, :25]).mean() < 0.02, CHANNELS[k]
    assert given[9, :, 50].max() < -0.5 < given[9, :, 10:20].min()


def test_a_frame_that_is_not_there_is_replaced() -> None:
    frames = shot(3, damaged=0)
    first = view_of(frames, 0)
    given = planes(first, seen(first))
    np.testing.assert_array_equal(given[1], given[2])
    np.testing.assert_array_equal(given[3], given[4])
    assert (given[1] != given[3]).any()
    alone = view_of(frames[:2], 0)
    given = planes(alone, seen(alone))
    for k in (2, 3, 4):
        np.testing.assert_array_equal(given[k], given[1])


def test_the_answer_is_of_the_network_of_the_catalogue() -> None:
    engine = Told()
    view = view_of(shot(), 2, engine)
    answer = answered(view, seen(view))
    assert engine.opened == FINDER and engine.given[0].shape == (len(CHANNELS), *SIZE)
    assert (answer.dirt == 0.25).all() and (answer.scratch == 0.75).all()


def test_without_engines_it_says_so() -> None:
    from interneg.engine import NoEngines

    view = view_of(shot(), 2)
    found = seen(view)
    bare = View(view.window, view.space, Context(view.context.colour, NoEngines(), Memo(60)))
    with pytest.raises(EngineError, match=FINDER):
        answered(bare, found)
