from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.node import Node
from interneg.nodes import NODES
from interneg.plugin.ofx.draw_icons import FOLDER, ICONS, draw
from interneg.plugin.ofx.nodes import icon_of


@pytest.mark.parametrize("name", ICONS)
def test_the_committed_icons_are_up_to_date(name: str) -> None:
    kept = np.asarray(cv2.imread(str(FOLDER / f"org.interneg.{name}.png"), cv2.IMREAD_UNCHANGED))
    apart = np.abs(cv2.cvtColor(kept, cv2.COLOR_BGRA2RGBA).astype(int) - draw(name)).max()
    assert apart <= 1, "run `make nodes`"
    assert kept.shape == (256, 256, 4)  # what the OpenFX specification asks for: 32 bits, square


def test_no_two_icons_look_alike() -> None:
    drawn = [draw(name).astype(float) for name in ICONS]
    for i, one in enumerate(drawn):
        for other in drawn[:i]:
            assert np.abs(one - other).mean() > 5


@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
def test_every_node_has_an_icon(node: type[Node]) -> None:
    assert icon_of(node).is_file()


def test_a_node_without_an_icon_is_shown_with_that_of_any_node(temporal_mean: type[Node]) -> None:
    assert icon_of(temporal_mean) == FOLDER / "org.interneg.Node.png"
