from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.errors import InputError
from interneg.frame import Frame, Pixels, Window
from interneg.graph import Graph
from interneg.memo import Memo
from interneg.metrics.golden import compare
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


@pytest.fixture
def render(colour: Colour) -> Render:
    return Render(colour)


def test_dirt_goes_and_the_rest_is_the_input_bit_for_bit(render: Render) -> None:
    clean = scene()
    given, where = dirty(clean)
    frame = render(given, ScratchInpaint(defects=True))
    made, matte = frame.pixels[:3], frame.pixels[3]
    assert frame.channels == ("R", "G", "B", "defects.dirt", "defects.scratch")
    for spot in SPOTS:
        assert np.abs(made - clean[MIDDLE])[:, disc(*spot)].mean() < 12 / 255, spot
    assert (matte[where] > 0.9).all()
    assert 0 < matte.mean() < 4 * where.mean()
    np.testing.assert_array_equal(made[:, matte == 0], given[MIDDLE][:, matte == 0])


def test_repairs_have_the_grain_of_what_is_around(render: Render) -> None:
    clean, where = scene(grain=0.03), np.zeros((HEIGHT, WIDTH), bool)
    given = clean.copy()
    for x, y in product((20, 64, 108), (24, 72)):
        where |= disc(x, y, 6)
        given[MIDDLE][:, disc(x, y, 7)] = 0.02
    made = render(given).pixels

    def roughness(picture: Pixels) -> float:
        fine = [p - cv2.blur(p, (3, 3)) for p in np.ascontiguousarray(picture)]
        return float(np.var([f[where] for f in fine]))

    assert 0.8 < roughness(made) / roughness(clean[MIDDLE]) < 1.25
    assert np.abs(made - clean[MIDDLE])[:, where].mean() < 2 * 0.03


def test_bright_and_dark_dirt_are_found_separately(render: Render) -> None:
    given, _ = dirty(scene())
    only = {
        k: render(given, ScratchInpaint.with_knobs({"defects": True, k: 0.0})).pixels[3]
        for k in ("bright", "dark")
    }
    for spot, level in SPOTS.items():
        off, on = ("bright", "dark") if level > 0.5 else ("dark", "bright")
        assert only[off][disc(*spot)].max() == 0
        assert only[on][disc(*spot)].min() > 0.9


def test_what_is_larger_than_largest_stays(render: Render) -> None:
    given, _ = dirty(scene())
    matte = render(given, ScratchInpaint(defects=True, largest=9)).pixels[3]
    assert matte[disc(90, 60, 6)].max() == 0
    assert matte[disc(30, 30, 3)].min() > 0.9


def test_grow_and_feather_widen_the_matte(render: Render) -> None:
    given, _ = dirty(scene())

    def matte(**knobs: float) -> Pixels:
        return render(given, ScratchInpaint.with_knobs({"defects": True, **knobs})).pixels[3]

    hard, grown, soft = matte(grow=0, feather=0), matte(grow=4, feather=0), matte(grow=0, feather=4)
    assert set(np.unique(hard)) == {0, 1}
    assert ((hard == 1) <= (grown == 1)).all() and grown.sum() > 1.5 * hard.sum()
    np.testing.assert_array_equal(soft == 1, hard == 1)
    assert ((soft > 0) & (soft < 1)).sum() > 50


def test_views_show_what_they_say(render: Render) -> None:
    given, _ = dirty(scene())
    result = render(given, ScratchInpaint(defects=True)).pixels
    shown = {v: render(given, ScratchInpaint(view=v)).pixels for v in ("matte", "over plate", "changed")}
    np.testing.assert_array_equal(shown["matte"], [result[3], result[4], np.zeros_like(result[3])])
    clear = result[3] == 0
    np.testing.assert_array_equal(shown["over plate"][:, clear], given[MIDDLE][:, clear])
    assert (shown["over plate"] - given[MIDDLE])[0][result[3] == 1].mean() > 0.1
    expected = 0.5 + 4 * (result[:3] - given[MIDDLE])
    np.testing.assert_allclose(shown["changed"], expected, atol=2e-3)


def test_a_ball_that_flies_stays(render: Render) -> None:
    clip = scene(grain=0.004)
    for t, picture in enumerate(clip):
        picture[:, disc(24 + 14 * t, 60 - 6 * t, 4)] = 0.95
    np.testing.assert_array_equal(render(clip).pixels, clip[MIDDLE])


def test_snow_that_falls_stays_and_dirt_in_it_goes(render: Render) -> None:
    rng, snow = np.random.default_rng(4), np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    clip = scene(grain=0.004)
    flakes = rng.uniform((0, 0, 1.3, 5), (WIDTH, HEIGHT, 2.2, 9), (40, 4))
    for t, picture in enumerate(clip):
        for x, y, radius, speed in flakes:
            snow[t] |= disc(x + t, (y + speed * t) % HEIGHT, radius)
        picture[:, snow[t]] = 0.95
    where = disc(60, 70, 6)
    clip[MIDDLE][:, where] = 0.02
    changed = np.abs(render(clip).pixels - clip[MIDDLE]).max(0) > 0.02
    assert changed[where].mean() > 0.9
    assert changed[snow[MIDDLE] & ~where].mean() < 0.15


def test_what_is_in_every_frame_at_the_same_place_is_no_dirt(render: Render) -> None:
    clip = scene(grain=0.004)
    clip[:, :, disc(64, 48, 4)] = 0.05
    still = np.repeat(clip[:1], FRAMES, 0) + np.random.default_rng(0).normal(0, 0.004, clip.shape)
    still = still.astype(np.float32)
    np.testing.assert_array_equal(render(still).pixels, still[MIDDLE])


def test_dirt_where_the_frame_before_is_damaged_too(render: Render) -> None:
    clean = scene()
    given = clean.copy()
    given[MIDDLE][:, disc(60, 50, 5)] = 0.02
    given[MIDDLE - 1][:, disc(65, 51, 5)] = 0.95
    made = render(given).pixels
    assert np.abs(made - clean[MIDDLE])[:, disc(60, 50, 5)].mean() < 12 / 255


def test_a_repeated_frame_does_not_hide_its_dirt(render: Render) -> None:
    given, _ = dirty(clean := scene())
    given[MIDDLE + 1] = given[MIDDLE]
    made = render(given).pixels
    for spot in SPOTS:
        assert np.abs(made - clean[MIDDLE])[:, disc(*spot)].mean() < 12 / 255, spot


@pytest.mark.parametrize("number", [1, FRAMES])
def test_dirt_in_the_first_and_the_last_frame(render: Render, number: int) -> None:
    clean = scene()
    given = clean.copy()
    given[number - 1][:, disc(60, 50, 5)] = 0.02
    made = render(given, number=number).pixels
    assert np.abs(made - clean[number - 1])[:, disc(60, 50, 5)].mean() < 12 / 255


def houses(width: int = 240, height: int = 200) -> Pixels:
    """A slow pan along dark houses with lit windows before a bright sky, under fine grain, (T, 3, H, W)."""
    rng, x = np.random.default_rng(0), 0
    large = np.full((height, width + FRAMES), 0.8, np.float32)
    while x < large.shape[1]:
        wide, top = int(rng.integers(6, 30)), int(rng.integers(40, 110))
        large[top:, x : x + wide] = rng.uniform(0.05, 0.3)
        for row, column in product(range(top + 4, height - 6, 9), range(x + 2, x + wide - 3, 7)):
            large[row : row + 4, column : column + 3] = rng.uniform(0.2, 0.8)
        x += wide
    clip = [large[:, t : t + width] + rng.normal(0, 0.004, (height, width)) for t in range(FRAMES)]
    return np.repeat(np.stack(clip)[:, None], 3, 1).astype(np.float32)


@pytest.mark.parametrize(("shaken", "veil"), [(7, 0.1), (7, 0.25), (13, 0.25)])
def test_a_blurred_veiled_frame_among_sharp_ones_stays(render: Render, shaken: int, veil: float) -> None:
    clip = houses()
    smeared = cv2.blur(np.ascontiguousarray(clip[MIDDLE].transpose(1, 2, 0)), (1, shaken)).transpose(2, 0, 1)
    clip[MIDDLE] = veil + (1 - 1.3 * veil) * smeared
    np.testing.assert_array_equal(render(clip).pixels, clip[MIDDLE])


@pytest.mark.parametrize("count", [1, 2])
def test_shots_of_one_and_two_frames_stay_as_they_are(render: Render, count: int) -> None:
    given, _ = dirty(scene())
    shot = given[MIDDLE : MIDDLE + count]
    told: list[str] = []
    made = render(shot, number=1, tell=lambda node, sentence: told.append(sentence)).pixels
    np.testing.assert_array_equal(made, shot[0])
    assert ["no dirt is looked for in frame 1, " in sentence for sentence in told] == [True]
    render(
        shot,
        ScratchInpaint(matte="replace"),
        number=1,
        matte=Frame.of(shot[0]),
        tell=lambda *t: told.append(""),
    )
    render(given, number=1, tell=lambda *words: told.append(""))
    assert len(told) == 1


def test_a_cut_at_every_frame_leaves_every_frame(render: Render) -> None:
    given, _ = dirty(scene())
    made = render(given, cuts=range(1, FRAMES + 1)).pixels
    np.testing.assert_array_equal(made, given[MIDDLE])


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_black_and_white_frames_stay_and_do_no_harm(render: Render, level: float) -> None:
    clip = scene()
    clip[MIDDLE - 1] = level
    np.testing.assert_array_equal(render(clip).pixels, clip[MIDDLE])
    np.testing.assert_array_equal(render(clip, number=MIDDLE).pixels, clip[MIDDLE - 1])


def test_a_patch_of_nan_beside_dirt_stays_and_is_no_donor(render: Render) -> None:
    given, where = dirty(clean := scene())
    given[MIDDLE][:, 28:32, 36:40] = np.nan
    given[MIDDLE + 1][:, 20:40, 20:40] = np.nan
    made = render(given).pixels
    bad = np.isnan(given[MIDDLE])
    np.testing.assert_array_equal(np.isnan(made), bad)
    assert np.abs(made - clean[MIDDLE])[:, where & ~bad[0]].mean() < 12 / 255


@pytest.mark.parametrize(("level", "cover"), [(0.95, 0.5), (0.05, 0.5), (0.95, 1.0)])
def test_a_scratch_goes_and_the_rest_is_the_input_bit_for_bit(
    render: Render, level: float, cover: float
) -> None:
    clean = scene()
    given, where = scratched(clean, level, cover)
    frame = render(given, ScratchInpaint(defects=True, grow=1))
    made, dirt, scratch = frame.pixels[:3], frame.pixels[3], frame.pixels[4]
    assert np.abs(made - clean[MIDDLE])[:, where].mean() < 8 / 255
    assert scratch[where].mean() > 0.9 and scratch.mean() < 3.5 * where.mean()
    untouched = np.maximum(dirt, scratch) == 0
    np.testing.assert_array_equal(made[:, untouched], given[MIDDLE][:, untouched])
    off = render(given, ScratchInpaint(defects=True, scratches=0, bright=0, dark=0)).pixels
    np.testing.assert_array_equal(off[:3], given[MIDDLE])


def test_a_faint_scratch_needs_more_sensitivity(render: Render) -> None:
    given, where = scratched(scene(grain=0.02), cover=0.08)
    low, high = (render(given, ScratchInpaint(defects=True, scratches=s)).pixels[4] for s in (0.1, 1.0))
    assert low.max() == 0 and high[where].mean() > 0.5


def test_a_line_in_one_frame_alone_is_no_scratch(render: Render) -> None:
    clean = scene()
    given, _ = scratched(clean)
    alone = clean.copy()
    alone[MIDDLE] = given[MIDDLE]
    assert render(alone, ScratchInpaint(defects=True)).pixels[4].max() == 0


def test_dirt_across_a_scratch_goes_with_it(render: Render) -> None:
    clean = scene()
    given, _ = scratched(clean)
    given[MIDDLE][:, disc(62, 40, 5)] = 0.02
    made = render(given).pixels
    assert np.abs(made - clean[MIDDLE])[:, disc(62, 40, 5)].mean() < 12 / 255


def test_a_grey_picture_is_treated_alike(render: Render) -> None:
    given, where = dirty(clean := scene())
    made = render(given[:, 1:2], ScratchInpaint()).pixels
    assert made.shape == (1, HEIGHT, WIDTH)
    assert np.abs(made - clean[MIDDLE][1:2])[:, where].mean() < 12 / 255


def test_frames_of_another_size_are_refused(colour: Colour) -> None:
    pictures = [p[:, : HEIGHT - 9 * (n == 3)] for n, p in enumerate(scene())]
    frames = tuple(Frame.of(p, colour_space="ACEScg", number=n) for n, p in enumerate(pictures))
    context = Context(colour, engines(), Memo(20))
    with pytest.raises(InputError, match="within a shot all frames have one size"):
        ScratchInpaint().render(Window(frames, MIDDLE), context)


def test_a_frame_without_colour_among_others_is_refused(render: Render) -> None:
    clip, _ = dirty(scene())
    mixed = [*clip]
    mixed[MIDDLE + 1] = clip[MIDDLE + 1][:1]
    with pytest.raises(InputError, match="has 1 colour channels, frame 3 has 3"):
        render(mixed)


def test_a_channel_that_is_there_already_is_refused(colour: Colour) -> None:
    space = colour.resolve("texture_paint")
    pixels = np.concatenate([scene(1)[0], np.zeros((1, HEIGHT, WIDTH), np.float32)])
    frame = Frame.of(pixels, ("R", "G", "B", "defects.dirt"), number=1, colour_space=space)
    context = Context(colour, engines(), Memo(20))
    with pytest.raises(InputError, match=r"already has a channel 'defects\.dirt'"):
        Graph([ScratchInpaint(defects=True)], Clip([frame]), context).render(1)


def test_golden_picture(render: Render, goldens: Path, request: pytest.FixtureRequest) -> None:
    given, _ = dirty(scene())
    made = render(given, ScratchInpaint(defects=True)).pixels
    path = goldens / "scratch_inpaint.npy"
    if request.config.getoption("--regenerate-goldens"):
        np.save(path, made.astype(np.float16))
    assert not compare(np.load(path).astype(np.float32), made).failure(max=2e-2, mean=5e-4)


def test_strength_mixes_and_the_version_is_stated(render: Render) -> None:
    given, where = dirty(scene())
    full = render(given).pixels
    half = render(given, replace(ScratchInpaint(), strength=0.5)).pixels
    np.testing.assert_allclose(half[:, where], (full + given[MIDDLE])[:, where] / 2, atol=1e-5)
