"""The memory that a task asks for."""

from __future__ import annotations

from interneg.nodes import NODES
from interneg.plugin.farm.needs import PER_PIXEL, memory_of
from interneg.plugin.machine.sizes import GIB
from interneg.recipe import Recipe

HD = (1920, 1080)


def asked(line: str, size: tuple[int, int] = HD) -> float:
    return memory_of(Recipe.from_line(line, NODES).nodes, *size) / GIB


def test_every_node_was_measured() -> None:
    ours = {name for name, node in NODES.items() if node.__module__.startswith("interneg.nodes")}
    assert set(PER_PIXEL) == ours


def test_it_is_in_quarters_of_a_gib_and_grows_with_nodes_and_pixels() -> None:
    one, two = asked("deflicker"), asked("deflicker | stabilise")
    assert (one * 4).is_integer() and (two * 4).is_integer()
    assert one < two < asked("deflicker | stabilise", (3840, 2160))
    assert two < asked("deflicker | stabilise | denoise-sr:scale=2")


def test_nodes_without_effect_ask_for_nothing() -> None:
    assert asked("deflicker | stabilise:strength=0") == asked("deflicker")


def test_a_node_of_somebody_else_asks_for_as_much_as_the_largest() -> None:
    most = max(PER_PIXEL, key=lambda name: PER_PIXEL[name])
    other = NODES[min(PER_PIXEL, key=lambda name: PER_PIXEL[name])]()
    object.__setattr__(other, "name", "of-somebody")
    assert memory_of([other], *HD) / GIB == asked(most)
