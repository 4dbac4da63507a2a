from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engine import NoEngines
from interneg.errors import InputError, UsageError
from interneg.frame import Box, Frame
from interneg.graph import Graph, handles, needed
from interneg.memo import Memo
from interneg.node import Context
from interneg.shots import LOOK

FIRST, COUNT, CUT = 1001, 18, 8


class Clip:
    """Noisy frames of two scenes, and a count of how often each was read."""

    def __init__(self, numbers: Sequence[int] = range(FIRST, FIRST + COUNT)) -> None:
        self.numbers = numbers
        self.reads: list[int] = []

    def frame(self, number: int) -> Frame:
        self.reads.append(number)
        scene = np.random.default_rng(number >= FIRST + CUT).uniform(0.1, 2, (3, 12, 20))
        noise = np.random.default_rng(number).normal(0, 0.05, (3, 12, 20))
        return Frame.of(scene + noise, colour_space="ACEScg", number=number)


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour()


def graph(
    colour: Colour, nodes: Sequence[Any], clip: Clip | None = None, size: int = 64, **facts: Any
) -> Graph:
    return Graph(nodes, clip or Clip(), Context(colour, NoEngines(), Memo(size)), **facts)


def rendered(made: Graph, numbers: Sequence[int] = range(FIRST, FIRST + COUNT)) -> dict[int, bytes]:
    return {n: made.render(n).pixels.tobytes() for n in numbers}


@pytest.fixture
def chain(temporal_mean: Any) -> list[Any]:
    return [temporal_mean(radius=3), temporal_mean(radius=1, gain=0.9, strength=0.7)]


@pytest.fixture
def whole(colour: Colour, chain: list[Any]) -> dict[int, bytes]:
    return rendered(graph(colour, chain))


@pytest.mark.parametrize("size", [1, 5, 18])
def test_chunks_are_the_whole_bit_for_bit(
    colour: Colour, chain: list[Any], whole: dict[int, bytes], size: int
) -> None:
    made: dict[int, bytes] = {}
    for first in range(FIRST, FIRST + COUNT, size):
        made |= rendered(graph(colour, chain), range(first, min(first + size, FIRST + COUNT)))
    assert made == whole


def test_a_chunk_needs_only_its_handles(colour: Colour, chain: list[Any], whole: dict[int, bytes]) -> None:
    before, after = handles(chain)
    assert (before, after) == (4 + LOOK, 4 + LOOK)
    clip = Clip()
    made = rendered(graph(colour, chain, clip), [FIRST + 9])
    assert set(clip.reads) <= set(range(FIRST + 9 - before, FIRST + 9 + after + 1))
    assert made[FIRST + 9] == whole[FIRST + 9]


def test_any_order_and_any_threads_are_the_whole(
    colour: Colour, chain: list[Any], whole: dict[int, bytes]
) -> None:
    order = list(np.random.default_rng(4).permutation(list(whole)))
    assert rendered(graph(colour, chain), [int(n) for n in order]) == whole
    made = graph(colour, chain)
    with ThreadPoolExecutor(6) as pool:
        assert (
            dict(zip(whole, pool.map(lambda n: made.render(n).pixels.tobytes(), whole), strict=True)) == whole
        )


def test_a_forgetful_memory_costs_time_and_changes_nothing(
    colour: Colour, chain: list[Any], whole: dict[int, bytes]
) -> None:
    assert rendered(graph(colour, chain, size=1)) == whole


def test_every_frame_is_read_and_measured_once(colour: Colour, temporal_mean: Any) -> None:
    clip = Clip()
    rendered(graph(colour, [temporal_mean(radius=2)], clip))
    assert sorted(clip.reads) == list(clip.numbers)
    assert len(temporal_mean.measured) == COUNT


def test_no_window_mixes_shots(colour: Colour, temporal_mean: Any) -> None:
    node = temporal_mean(radius=3)
    found, told = graph(colour, [node]), graph(colour, [node], cuts=[FIRST + CUT])
    assert rendered(found) == rendered(told)
    ignoring = rendered(graph(colour, [node], cuts=[]))
    differ = {n - FIRST for n, pixels in rendered(found).items() if ignoring[n] != pixels}
    assert differ == set(range(CUT - 3, CUT + 3))
    alone = rendered(graph(colour, [node], Clip(range(FIRST, FIRST + CUT))), range(FIRST, FIRST + CUT))
    assert alone.items() <= rendered(found).items()


def test_bypassed_nodes_are_the_input_itself(colour: Colour, temporal_mean: Any) -> None:
    clip = Clip()
    made = graph(colour, [temporal_mean(strength=0)] * 3, clip).render(FIRST + 4)
    np.testing.assert_array_equal(made.pixels, Clip().frame(FIRST + 4).pixels)
    assert clip.reads == [FIRST + 4]
    assert handles([temporal_mean(strength=0)]) == (0, 0)


class Masks:
    numbers = range(FIRST, FIRST + COUNT)

    def frame(self, number: int) -> Frame:
        amount = np.zeros((1, 12, 20), np.float32)
        amount[:, :, number - FIRST :] = 1
        return Frame.of(amount)


def test_the_mask_of_each_frame_is_its_own(colour: Colour, temporal_mean: Any) -> None:
    node = temporal_mean(radius=1)
    masked, full = graph(colour, [node], mask=Masks()), graph(colour, [node])
    for number in (FIRST, FIRST + 5, FIRST + 11):
        at = number - FIRST
        source, made, treated = (
            Clip().frame(number).pixels,
            masked.render(number).pixels,
            full.render(number).pixels,
        )
        np.testing.assert_array_equal(made[:, :, :at], source[:, :, :at])
        np.testing.assert_array_equal(made[:, :, at:], treated[:, :, at:])


class Gone(Clip):
    def frame(self, number: int) -> Frame:
        if number == FIRST + 6:
            raise InputError("frame 1007 is gone")
        return super().frame(number)


def test_a_frame_that_cannot_be_read_stops_only_those_that_see_it(colour: Colour, temporal_mean: Any) -> None:
    made = graph(colour, [temporal_mean(radius=1)], Gone(), cuts=[])
    with pytest.raises(InputError, match="1007 is gone"):
        made.render(FIRST + 5)
    assert made.render(FIRST + 4).number == FIRST + 4


def test_a_node_that_looks_at_a_reference_plate_gets_its_window(
    colour: Colour, temporal_mean: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, plate = Clip(), Clip()
    seen: list[tuple[int, list[int], list[int]]] = []
    process = temporal_mean.process

    def looking(node: Any, view: Any) -> Any:
        window = view.window
        plates, frames = ([f.number for f in some] for some in (window.references, window.frames))
        seen.append((window.reference.number, plates, frames))
        return process(node, view)

    monkeypatch.setattr(temporal_mean, "process", looking)
    monkeypatch.setattr(temporal_mean, "reference", True)
    made = Graph([temporal_mean()], clip, Context(colour, NoEngines(), Memo(64)), reference=plate)
    made.render(FIRST + 2)
    ((own, plates, frames),) = seen
    reach = len(frames) // 2
    assert own == FIRST + 2 and plates == [own + o for o in range(-reach, reach + 1)]
    assert frames == [max(n, FIRST) for n in plates] and plates[0] < FIRST


def test_a_node_gets_the_frames_that_it_asks_for_wherever_they_lie(
    colour: Colour, temporal_mean: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    process = temporal_mean.process

    def looking(node: Any, view: Any) -> Any:
        seen.extend(a.number for a in view.window.anchors)
        return process(node, view)

    monkeypatch.setattr(temporal_mean, "process", looking)
    monkeypatch.setattr(temporal_mean, "anchors", lambda node, number: (FIRST + 15,))
    graph(colour, [temporal_mean(radius=1)]).render(FIRST + 2)
    assert seen == [FIRST + 15]
    around = {FIRST + 2 + o for o in range(-1 - LOOK, 2 + LOOK)}
    assert needed([temporal_mean(radius=1)], FIRST + 2) == around | {
        FIRST + 15 + o for o in range(-LOOK, LOOK + 1)
    }
    with pytest.raises(UsageError, match=r"frame 1016, which is not in the clip \(1001-1005\)"):
        graph(colour, [temporal_mean(radius=1)], Clip(range(FIRST, FIRST + 5))).render(FIRST + 2)


def test_what_is_needed_is_the_window_with_its_handles(temporal_mean: Any) -> None:
    chain = [temporal_mean(radius=2), temporal_mean(radius=5, strength=0), temporal_mean(radius=1)]
    before, after = handles(chain)
    assert needed(chain, 50) == set(range(50 - before, 50 + after + 1))
    assert needed([temporal_mean(radius=0)], 50) == {50}


def test_every_frame_is_rendered_by_its_own_node(colour: Colour, temporal_mean: Any) -> None:
    """A curve is, in each frame, the number that it has there; and so it is in the frames of a window."""
    gains = {FIRST: 0.5, FIRST + 4: 1.5}
    moving = temporal_mean(radius=1, gain=gains, strength={FIRST + 1: 0.0, FIRST + 2: 1.0})
    made = rendered(graph(colour, [moving]))
    for number in (FIRST, FIRST + 1, FIRST + 2, FIRST + 3, FIRST + 9):
        fixed = graph(colour, [moving.at(number)])
        assert fixed.render(number).pixels.tobytes() == made[number]
    assert made[FIRST + 1] == Clip().frame(FIRST + 1).pixels.tobytes()

    class First:
        """The clip, as the first node makes it."""

        numbers = range(FIRST, FIRST + COUNT)
        made = graph(colour, [moving])

        def frame(self, number: int) -> Frame:
            return self.made.render(number)

    cuts = [FIRST + CUT]
    chain = [moving, temporal_mean(radius=2)]
    apart = graph(colour, chain[1:], First(), cuts=cuts)  # type: ignore[arg-type]
    assert rendered(graph(colour, chain, cuts=cuts)) == rendered(apart)


def test_other_frames_lie_on_the_own_ones_data_window(colour: Colour, temporal_mean: Any) -> None:
    """Frames cut out of larger ones at places that differ: the same where all show something."""
    large = Clip()
    boxes = {n: Box(x := 1 + n % 3, y := n % 2, x + 16, y + 10) for n in large.numbers}

    class CutOut(Clip):
        def frame(self, number: int) -> Frame:
            whole, box = large.frame(number), boxes[number]
            pixels = whole.pixels[:, box.y0 : box.y1, box.x0 : box.x1]
            return whole.with_pixels(pixels, data_window=box)

    class Mean(type(temporal_mean())):  # type: ignore[misc]
        """One whose weights do not depend on what lies outside."""

        def _mean(self, view: Any, offset: int) -> float:
            return 1.0

    nodes = [Mean(radius=1)]
    for number in range(FIRST + 2, FIRST + 6):
        found = graph(colour, nodes, CutOut(), cuts=[FIRST]).render(number)
        expected = graph(colour, nodes, large, cuts=[FIRST]).render(number)
        assert found.data_window == boxes[number]
        x0, y0 = 3 - boxes[number].x0, 1 - boxes[number].y0  # all frames show 3..17, 1..10
        np.testing.assert_array_equal(
            found.pixels[:, y0 : y0 + 9, x0 : x0 + 14], expected.pixels[:, 1:10, 3:17]
        )
        whole = large.frame(number).pixels
        assert not np.array_equal(found.pixels, whole[:, boxes[number].y0 : boxes[number].y1, x0 : x0 + 16])
