"""Scratch-Inpaint with mattes that come from elsewhere, and what it shows of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.errors import InputError
from interneg.frame import Frame, Pixels
from interneg.graph import Graph
from interneg.memo import Memo
from interneg.node import Context
from interneg.nodes.scratch_inpaint import ScratchInpaint
from tests.damage import (
    FRAMES,
    HEIGHT,
    MIDDLE,
    SPOTS,
    WIDTH,
    Clip,
    Render,
    dirty,
    disc,
    engines,
    scene,
    scratched,
)
from tests.toys import Doubled

DAMAGED = disc(40, 110, 5)


@pytest.fixture
def render(colour: Colour) -> Render:
    return Render(colour)


def matte(where: Any, channels: str = "A") -> Frame:
    return Frame.of(np.repeat(np.asarray(where, np.float32)[None], len(channels), 0), channels)


def grey(clip: Pixels) -> Pixels:
    """The clip with a piece in its middle frame that has the light of what is around: nothing to be found."""
    made = clip.copy()
    made[MIDDLE][:, DAMAGED] = clip[MIDDLE][:, DAMAGED].mean(axis=1, keepdims=True)
    return made


def test_a_matte_adds_to_what_is_found(render: Render) -> None:
    clean = scene()
    given = grey(dirty(clean)[0])
    plain = render(given, ScratchInpaint(bright=0.3, dark=0.3))
    adds = ScratchInpaint(bright=0.3, dark=0.3, matte="add")
    added = render(given, adds, matte=matte(DAMAGED))
    np.testing.assert_array_equal(plain.pixels[:, DAMAGED], given[MIDDLE][:, DAMAGED])
    np.testing.assert_array_equal(added.pixels[:, ~DAMAGED], plain.pixels[:, ~DAMAGED])
    before, after = (np.abs(p - clean[MIDDLE])[:, DAMAGED].mean() for p in (given[MIDDLE], added.pixels))
    assert after < before / 2 and after < 12 / 255


def test_a_matte_replaces_what_is_found(render: Render) -> None:
    given = grey(dirty(scene())[0])
    made = render(given, ScratchInpaint(matte="replace"), matte=matte(DAMAGED)).pixels
    np.testing.assert_array_equal(made[:, ~DAMAGED], given[MIDDLE][:, ~DAMAGED])
    assert (made != given[MIDDLE])[:, DAMAGED].mean() > 0.9


def test_a_matte_protects(render: Render) -> None:
    given, _ = dirty(scene())
    kept = disc(90, 60, 12)
    plain, made = (
        render(given).pixels,
        render(given, ScratchInpaint(matte="protect"), matte=matte(kept)).pixels,
    )
    np.testing.assert_array_equal(made[:, kept], given[MIDDLE][:, kept])
    np.testing.assert_array_equal(made[:, ~kept], plain[:, ~kept])
    assert (plain != made).any()


def test_a_soft_matte_mixes(render: Render) -> None:
    clean = scene()
    given = grey(clean)
    node = ScratchInpaint(matte="replace")
    whole, half = (render(given, node, matte=matte(s * DAMAGED)).pixels for s in (1.0, 102 / 255))
    wanted = given[MIDDLE] + np.float32(102 / 255) * (whole - given[MIDDLE])
    np.testing.assert_allclose(half[:, DAMAGED], wanted[:, DAMAGED], atol=1e-4)


@pytest.mark.parametrize("how", ["add", "replace", "protect"])
def test_a_matte_of_nothing(render: Render, how: str) -> None:
    given, _ = dirty(scene())
    made = render(given, ScratchInpaint(matte=how), matte=matte(np.zeros((HEIGHT, WIDTH)))).pixels
    wanted = given[MIDDLE] if how == "replace" else render(given).pixels
    np.testing.assert_array_equal(made, wanted)


@pytest.mark.parametrize("how", ["add", "replace"])
def test_a_matte_of_everything_puts_the_nearest_frame_there(render: Render, how: str) -> None:
    clip = scene()
    clip[MIDDLE] = 0
    everything = matte(np.ones((HEIGHT, WIDTH)))
    made = render(clip, ScratchInpaint(matte=how), matte=everything).pixels
    np.testing.assert_allclose(made, clip[MIDDLE - 1], atol=1e-4)
    alone = render(clip[:1], ScratchInpaint(matte=how), number=1, matte=everything).pixels
    np.testing.assert_array_equal(alone, clip[0])


def test_a_matte_of_everything_protects_everything(render: Render) -> None:
    given, _ = dirty(scene())
    made = render(given, ScratchInpaint(matte="protect"), matte=matte(np.ones((HEIGHT, WIDTH)))).pixels
    np.testing.assert_array_equal(made, given[MIDDLE])


def test_a_large_hole_is_filled_to_its_middle(render: Render) -> None:
    clean, hole = scene(), disc(64, 72, 45)
    given = clean.copy()
    given[MIDDLE][:, hole] = 0.02
    made = render(given, ScratchInpaint(matte="replace"), matte=matte(hole)).pixels
    np.testing.assert_array_equal(made[:, ~hole], given[MIDDLE][:, ~hole])
    assert np.abs(made - clean[MIDDLE])[:, hole].mean() < 8 / 255
    assert np.abs(made - clean[MIDDLE])[:, disc(64, 72, 10)].mean() < 12 / 255


def test_a_matte_that_is_not_there_or_of_another_size_is_refused(render: Render) -> None:
    with pytest.raises(InputError, match="none is there"):
        render(scene(), ScratchInpaint(matte="add"))
    with pytest.raises(InputError, match=f"is 9x9, the picture {WIDTH}x{HEIGHT}"):
        render(scene(), ScratchInpaint(matte="add"), matte=matte(np.ones((9, 9))))


def test_a_matte_counts_only_where_it_is_asked_for(render: Render) -> None:
    given, _ = dirty(scene())
    np.testing.assert_array_equal(render(given, matte=matte(DAMAGED)).pixels, render(given).pixels)


@pytest.mark.parametrize(
    ("channel", "source"), [("A", "alpha"), ("ir", "infrared"), ("scan.infrared", "infrared")]
)
@pytest.mark.parametrize("damage", ["dark", "bright"])
def test_a_channel_of_the_plate_marks_damage(render: Render, channel: str, source: str, damage: str) -> None:
    clean = scene()
    given = grey(clean)
    shown = np.full((FRAMES, 1, HEIGHT, WIDTH), 0.8, np.float32)
    shown[MIDDLE, 0, DAMAGED] = 0.2
    # Where the frame after is marked it is not taken from: what it has there is far from the truth.
    given[MIDDLE + 1][:, DAMAGED] = 0.9
    shown[MIDDLE + 1, 0, DAMAGED] = 0.2
    if damage == "bright":
        shown = 1 - shown
    plate = np.concatenate([given, shown], 1)
    node = ScratchInpaint(matte="replace", matte_from=source, damage=damage, grow=0, feather=0, defects=True)
    made = render(plate, node, channels=("R", "G", "B", channel))
    np.testing.assert_array_equal(made.pixels[3], shown[MIDDLE, 0])
    np.testing.assert_array_equal(made.pixels[4], DAMAGED)
    np.testing.assert_array_equal(made.pixels[:3, ~DAMAGED], given[MIDDLE][:, ~DAMAGED])
    assert np.abs(made.pixels[:3] - clean[MIDDLE])[:, DAMAGED].mean() < 12 / 255
    without = render(given, ScratchInpaint(matte="replace", grow=0, feather=0), matte=matte(DAMAGED))
    np.testing.assert_allclose(made.pixels[:3][:, DAMAGED], without.pixels[:, DAMAGED], atol=0.2)


def test_grow_and_feather_and_the_threshold_apply_to_a_channel(render: Render) -> None:
    shown = np.full((FRAMES, 1, HEIGHT, WIDTH), 0.8, np.float32)
    shown[:, 0, DAMAGED] = 0.4
    plate = np.concatenate([scene(), shown], 1)

    def found(**knobs: Any) -> Pixels:
        asked = {"matte": "replace", "matte_from": "alpha", "defects": True, **knobs}
        return render(plate, ScratchInpaint.with_knobs(asked), channels=tuple("RGBA")).pixels[4]

    hard = found(grow=0, feather=0)
    np.testing.assert_array_equal(hard, DAMAGED)
    assert not found(threshold=0.3).any()
    grown = found(grow=3, feather=2)
    np.testing.assert_array_equal(grown == 1, disc(40, 110, 8) & (grown == 1))
    assert (grown[disc(40, 110, 7)] == 1).all() and ((grown > 0) & (grown < 1)).any()


def test_an_alpha_that_shows_damage_divides_no_colour(render: Render) -> None:
    clean = scene()
    given = dirty(clean)[0]
    shown = np.full((FRAMES, 1, HEIGHT, WIDTH), 0.7, np.float32)
    shown[:, :, 10:20] = 0
    shown[MIDDLE, 0, DAMAGED] = 0.1
    plate = np.concatenate([given, shown], 1)
    marked = np.where(shown < 0.5, np.float32(1), 0)
    node = ScratchInpaint(matte="add", matte_from="alpha", grow=0, feather=0)
    made = render(plate, node, channels=tuple("RGBA")).pixels
    other = render(
        given, ScratchInpaint(matte="add", grow=0, feather=0), matte=matte(marked[MIDDLE, 0])
    ).pixels
    np.testing.assert_array_equal(made[3], shown[MIDDLE, 0])
    assert (made[:3] != given[MIDDLE])[:, disc(90, 60, 5)].all()
    np.testing.assert_array_equal(made[:3][:, disc(90, 60, 9)], other[:, disc(90, 60, 9)])
    clear = marked.max(axis=(0, 1)) == 0
    np.testing.assert_allclose(made[:3][:, clear], other[:, clear], atol=0.05)
    untouched = (other == given[MIDDLE]).all(axis=0) & clear
    assert untouched.mean() > 0.5
    np.testing.assert_array_equal(made[:3][:, untouched], given[MIDDLE][:, untouched])


def test_a_matte_channel_that_the_plate_lacks_is_refused(render: Render) -> None:
    for source in ("alpha", "infrared"):
        with pytest.raises(InputError, match="which the matte is to come from; it has R, G, B"):
            render(scene(), ScratchInpaint(matte="add", matte_from=source))


@pytest.mark.parametrize("kinds", ["channels", "colours"])
def test_a_matte_that_was_written_and_comes_back_gives_the_same_bits(render: Render, kinds: str) -> None:
    given, _ = dirty(scratched(scene())[0])
    plain = render(given, ScratchInpaint(defects=True))
    found = Frame.of(plain.pixels[3:], plain.channels[3:])
    if kinds == "colours":
        found = render(given, ScratchInpaint(view="matte"))
    assert plain.pixels[3].any() and plain.pixels[4].any()
    for how in ("replace", "add"):
        made = render(given, ScratchInpaint(matte=how, defects=True), matte=found)
        np.testing.assert_array_equal(made.pixels, plain.pixels)
    kept = render(given, ScratchInpaint(matte="protect"), matte=found).pixels
    sure = np.maximum(plain.pixels[3], plain.pixels[4]) == 1
    np.testing.assert_array_equal(kept[:, sure], given[MIDDLE][:, sure])


def test_the_matte_view_is_data_whatever_strength_mask_and_alpha_are(render: Render) -> None:
    given, _ = dirty(scene())
    plain = render(given, ScratchInpaint(defects=True)).pixels
    alpha = np.ones((FRAMES, 1, HEIGHT, WIDTH), np.float32)
    alpha[:, :, 120:] = 0.5
    plate = np.concatenate([given * alpha, alpha], 1)
    half = matte(np.full((HEIGHT, WIDTH), 0.3))
    made = render(plate, ScratchInpaint(view="matte", strength=0.5), channels=tuple("RGBA"), mask=half).pixels
    np.testing.assert_array_equal(made[0, :100], plain[3, :100])
    assert (made[3] == 1).all() and not made[2].any()
    damaged = plate.copy()
    damaged[MIDDLE, :3, 5, 5] = np.nan
    assert np.isfinite(render(damaged, ScratchInpaint(view="matte"), channels=tuple("RGBA")).pixels).all()


def test_a_strength_of_0_keeps_the_plate_and_the_matte(render: Render) -> None:
    given, _ = dirty(scene())
    full = render(given, ScratchInpaint(defects=True))
    none = render(given, ScratchInpaint(defects=True, strength=0))
    assert none.channels == full.channels
    np.testing.assert_array_equal(none.pixels[:3], given[MIDDLE])
    np.testing.assert_array_equal(none.pixels[3:], full.pixels[3:])
    shown, whole = (render(given, ScratchInpaint(view="matte", strength=s)).pixels for s in (0, 1))
    np.testing.assert_array_equal(shown, whole)
    np.testing.assert_array_equal(shown[0], full.pixels[3])
    np.testing.assert_array_equal(render(given, ScratchInpaint(strength=0)).pixels, given[MIDDLE])
    over = ScratchInpaint(view="over plate", defects=True, strength=0)
    np.testing.assert_array_equal(render(given, over).pixels[:3], given[MIDDLE])


def test_the_other_views_show_what_strength_and_mask_leave(render: Render) -> None:
    given, _ = dirty(scene())
    inside = np.zeros((HEIGHT, WIDTH))
    inside[:, :64] = 1
    mask, half = matte(inside), 0.5
    result = render(given, ScratchInpaint(strength=half), mask=mask).pixels
    changed = render(given, ScratchInpaint(view="changed", strength=half), mask=mask).pixels
    np.testing.assert_allclose(changed, 0.5 + 4 * (result - given[MIDDLE]), atol=2e-3)
    over = render(given, ScratchInpaint(view="over plate", strength=half), mask=mask).pixels
    np.testing.assert_array_equal(over[:, :, 64:], given[MIDDLE][:, :, 64:])
    touched, shown = ((p != given[MIDDLE]).any(axis=0) for p in (result, over))
    assert (shown[touched]).mean() > 0.95


@pytest.mark.parametrize("view", ["over plate", "matte", "changed"])
def test_a_view_is_told(render: Render, view: str) -> None:
    told: list[tuple[str, str]] = []
    given, _ = dirty(scene())
    render(given, ScratchInpaint(view=view), tell=lambda *words: told.append(words))
    assert told == [("scratch-inpaint", f"shows the view '{view}', which is to look at, not the result")]
    render(given, tell=lambda *words: told.append(words))
    assert len(told) == 1


def test_a_channel_that_no_matte_is_taken_from_is_told(render: Render) -> None:
    told: list[str] = []
    given, _ = dirty(scene())
    render(given, ScratchInpaint(matte_from="alpha"), tell=lambda node, sentence: told.append(sentence))
    assert told == ["matte is off, so alpha is not looked at: set matte to add, replace or protect"]


def test_all_of_the_spots_are_there() -> None:
    assert not (DAMAGED & np.logical_or.reduce([disc(x, y, r + 3) for x, y, r in SPOTS])).any()


def test_a_matte_is_enlarged_with_the_picture(colour: Colour) -> None:
    space, clip = colour.resolve("texture_paint"), scene()
    frames = [Frame.of(p, number=n, colour_space=space) for n, p in enumerate(clip, 1)]
    context = Context(colour, engines(), Memo(200))
    mattes = Clip([matte(DAMAGED)] * FRAMES)
    doubled, both = ([Doubled(), *n] for n in ([], [ScratchInpaint(matte="replace")]))
    plain, made = (
        Graph(nodes, Clip(frames), context, cuts=(), matte=mattes).render(MIDDLE + 1).pixels
        for nodes in (doubled, both)
    )
    large = DAMAGED.repeat(2, 0).repeat(2, 1)
    assert made.shape == (3, 2 * HEIGHT, 2 * WIDTH)
    changed = (made != plain).any(axis=0)
    assert changed[large].mean() > 0.9
    y, x = np.nonzero(changed)
    assert np.hypot(x - 81, y - 221).max() < 14  # softened at its rim by no more than it is enlarged


def test_both_eyes_have_the_matte(render: Render, colour: Colour) -> None:
    space, clip = colour.resolve("texture_paint"), scene()
    frames = [
        Frame.of(p, number=n, colour_space=space, parts=(Frame.of(p[:, :, ::-1].copy()),))
        for n, p in enumerate(clip, 1)
    ]
    context = Context(colour, engines(), Memo(200))
    nodes = [ScratchInpaint(matte="replace")]
    made = Graph(nodes, Clip(frames), context, cuts=(), matte=Clip([matte(DAMAGED)] * FRAMES)).render(
        MIDDLE + 1
    )
    given = frames[MIDDLE]
    for after, before in ((made, given), (made.parts[0], given.parts[0])):
        changed = (after.pixels != before.pixels).any(axis=0)
        assert changed[DAMAGED].mean() > 0.9 and not changed[~DAMAGED].any()
