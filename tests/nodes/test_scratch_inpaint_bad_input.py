"""Scratch-Inpaint on what no shot should be: tiny, torn, repeated, empty; a right result or a clear error."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.frame import Frame, Pixels
from interneg.nodes.scratch_inpaint import ScratchInpaint
from tests.damage import FRAMES, HEIGHT, MIDDLE, SPOTS, WIDTH, Render, dirty, disc, scene, scratched

SIZES = [(1, 1), (3, 5), (5, 3), (1, 60), (60, 1), (16, 16), (127, 31)]
NODES = {
    "plain": ScratchInpaint(),
    "eager": ScratchInpaint(bright=1, dark=1, scratches=1, grow=20, feather=20),
    "add": ScratchInpaint(matte="add"),
    "replace": ScratchInpaint(matte="replace"),
    "protect": ScratchInpaint(matte="protect"),
    "listed": ScratchInpaint(defects_list="d.json"),
    **{view: ScratchInpaint(view=view) for view in ("over plate", "matte", "changed")},
}


@pytest.fixture
def render(colour: Colour) -> Render:
    return Render(colour)


def forced(height: int, width: int) -> str:
    """A list of defects with dirt and a scratch in the middle of every frame."""
    dirt = ", ".join(f'"{n}": [{{"box": [{width // 2}, {height // 2}, 1, 1]}}]' for n in range(1, FRAMES + 1))
    scratch = f'{{"sign": "dark", "width": 1, "columns": {{"1": {width // 2}}}, "forced": true, "last": 9}}'
    return (
        f'{{"format": "interneg defects 1", "size": [{width}, {height}], "dirt": {{{dirt}}}, '
        f'"scratches": [{scratch}]}}'
    )


@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("size", SIZES)
def test_tiny_pictures(render: Render, size: tuple[int, int], name: str) -> None:
    rng = np.random.default_rng(1)
    clip = (0.5 + rng.normal(0, 0.02, (FRAMES, 3, *size))).astype(np.float32)
    clip[MIDDLE, :, size[0] // 2, size[1] // 2] = 0.02
    for covers, count in product((0.0, 1.0, 0.4), (FRAMES, 2, 1)):
        painted = Frame.of(np.full((1, *size), covers, np.float32), "A")
        number = min(MIDDLE + 1, count)
        files = {"d.json": forced(*size)}
        made = render(clip[:count], NODES[name], number=number, matte=painted, files=files).pixels
        assert made.shape == (3, *size)
        assert np.isfinite(made).all()
        if name in ("add", "replace", "protect") and covers == (1.0 if name == "protect" else 0.0):
            plain = clip[number - 1] if name != "add" else render(clip[:count], number=number).pixels
            np.testing.assert_array_equal(made, plain)


def test_frames_that_were_dropped_and_repeated_leave_what_is_clean(render: Render) -> None:
    clip = scene(9)
    for kept in ([0, 1, 5, 6, 7], [0, 0, 1, 1, 2], [3, 3, 3, 3, 3], [0, 1, 2, 7, 8]):
        shot = clip[kept]
        for number in (2, 3, 4):
            np.testing.assert_array_equal(
                render(shot, number=number).pixels, shot[number - 1], err_msg=str(kept)
            )


def test_dirt_beside_a_dropped_frame_is_still_found(render: Render) -> None:
    clean = scene(9)[[0, 1, 3, 4, 5]]
    given = clean.copy()
    given[MIDDLE][:, disc(60, 50, 5)] = 0.02
    made = render(given).pixels
    assert np.abs(made - clean[MIDDLE])[:, disc(60, 50, 5)].mean() < 12 / 255


@pytest.mark.parametrize("stand_in", [(0, 0, 2, 2, 4), (0, 2, 2, 2, 4), (0, 0, 2, 4, 4)])
def test_dirt_between_frames_that_are_missing_is_still_found(
    render: Render, stand_in: tuple[int, ...]
) -> None:
    """What is missing before and after has a neighbour in its place, as the rule *hold* has it."""
    clean = scene()
    given, where = dirty(clean)
    given = given[list(stand_in)]
    made = render(given).pixels
    assert np.abs(made - clean[MIDDLE])[:, where].mean() < 12 / 255
    assert (made == given[MIDDLE]).all(axis=0)[~where].mean() > 0.95


def test_dirt_in_a_frame_that_is_repeated_is_listed_in_both(render: Render) -> None:
    given, _ = dirty(scene())
    given[MIDDLE + 1] = given[MIDDLE]
    mattes = [
        render(given, ScratchInpaint(defects=True), number=n).pixels[3] for n in (MIDDLE + 1, MIDDLE + 2)
    ]
    for spot in SPOTS:
        assert all(m[disc(*spot)].mean() > 0.9 for m in mattes), spot


def _nothing(clip: Pixels) -> None:
    clip[:] = 0


def _white(clip: Pixels) -> None:
    clip[:] = 1


def _all_nan(clip: Pixels) -> None:
    clip[MIDDLE] = np.nan


def _around_nan(clip: Pixels) -> None:
    clip[MIDDLE - 1] = np.nan
    clip[MIDDLE + 1] = np.inf


def _still(clip: Pixels) -> None:
    clip[:] = clip[0]


BAD = {"black": _nothing, "white": _white, "NaN": _all_nan, "NaN around": _around_nan, "still": _still}


@pytest.mark.parametrize("name", BAD)
def test_what_has_nothing_to_find_stays_bit_for_bit(render: Render, name: str) -> None:
    clip = scene()
    BAD[name](clip)
    for node in (NODES["plain"], replace(NODES["plain"], scratches=1.0)):
        np.testing.assert_array_equal(render(clip, node).pixels, clip[MIDDLE])


@pytest.mark.parametrize("name", BAD)
def test_a_hole_is_filled_with_what_is_finite(render: Render, name: str) -> None:
    clip = scene()
    BAD[name](clip)
    hole = disc(60, 60, 10)
    painted = Frame.of(hole[None].astype(np.float32), "A")
    made = render(clip, ScratchInpaint(matte="replace"), matte=painted).pixels
    np.testing.assert_array_equal(made[:, ~hole], clip[MIDDLE][:, ~hole])
    bad = ~np.isfinite(clip[MIDDLE])
    np.testing.assert_array_equal(np.isfinite(made), ~bad)  # NaN stays, as in every node


def test_values_below_0_and_far_above_1_survive(render: Render) -> None:
    given, _ = dirty(scene())
    given[:, :, 104:124, 20:60] *= 40
    given[:, :, 104:124, 80:120] -= 0.9
    beyond = np.zeros((HEIGHT, WIDTH), bool)
    beyond[104:124, 20:60] = beyond[104:124, 80:120] = True
    made = render(given).pixels
    assert (made[:, beyond] < 0).any() and (made[:, beyond] > 10).any()
    assert (made == given[MIDDLE]).all(axis=0)[beyond].mean() > 0.9
    hole = disc(42, 114, 4)
    painted = Frame.of(hole[None].astype(np.float32), "A")
    made = render(given, ScratchInpaint(matte="replace"), matte=painted).pixels
    assert made[:, hole].min() > 5


def test_a_scratch_and_dirt_in_every_frame_at_one_place_stay(render: Render) -> None:
    clip = np.repeat(scene(1), FRAMES, 0)
    clip += np.random.default_rng(0).normal(0, 0.004, clip.shape).astype(np.float32)
    clip[:, :, disc(64, 48, 4)] = 0.05
    clip[:, :, :, 30:32] = 0.95
    np.testing.assert_array_equal(render(clip).pixels, clip[MIDDLE])


def test_a_cut_in_every_frame_with_a_matte_fills_from_the_frame_itself(render: Render) -> None:
    clip, hole = scene(), disc(60, 60, 6)
    painted = Frame.of(hole[None].astype(np.float32), "A")
    cuts: Any = range(1, FRAMES + 1)
    made = render(clip, ScratchInpaint(matte="replace"), matte=painted, cuts=cuts).pixels
    alone = render(clip[MIDDLE : MIDDLE + 1], ScratchInpaint(matte="replace"), 1, matte=painted).pixels
    np.testing.assert_array_equal(made, alone)
    assert (made != clip[MIDDLE])[:, hole].mean() > 0.9


def test_what_is_left_of_a_scratched_picture_is_no_lower_than_one_band(render: Render) -> None:
    given = scratched(scene())[0][:, :, : HEIGHT // 2]
    made = render(given, ScratchInpaint(defects=True)).pixels
    assert not made[4].any()  # too low to tell a scratch by; the page says so
    assert made.shape == (5, HEIGHT // 2, WIDTH)
