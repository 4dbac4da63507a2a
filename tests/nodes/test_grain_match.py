from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.colour import WorkingSpace
from interneg.errors import InputError
from interneg.frame import Box, Frame, Pixels, Window
from interneg.grain.profile import GrainProfile
from interneg.grain.profile_file import profile, text
from interneg.graph import FrameList, Graph
from interneg.memo import Memo
from interneg.metrics.golden import compare
from interneg.node import Context, View
from interneg.nodes.grain_match import GrainMatch
from tests.grains import film
from tests.pictures import picture, texture

VIDEO, SCENE = "sRGB Encoded Rec.709 (sRGB)", "ACEScg"
CLEAN = np.asarray(0.3 + 0.5 * picture(160, 224), np.float32)
STOCK = GrainMatch(mode="add", grain="colour-500", gate=10.3)


def frame(pixels: Pixels, number: int = 1001, **facts: Any) -> Frame:
    return Frame.of(pixels, number=number, **{"colour_space": VIDEO, **facts})


def render(node: GrainMatch, shown: Frame, context: Context, reference: Frame | None = None) -> Frame:
    before, after = node.reach
    count = before + 1 + after
    plates = () if reference is None else (reference,) * count
    return node.render(Window((shown,) * count, before, plates), context)


def with_file(context: Context, content: bytes) -> Context:
    return replace(context, read=lambda path: content)


def told(context: Context, sigma: float = 0.02) -> Context:
    return with_file(context, text(film(sigma)).encode())


TOLD = GrainMatch(profile="plate.grain.toml")


# Add.


def test_grain_is_as_strong_as_its_profile_says_at_the_level_of_the_picture(context: Context) -> None:
    grain = film(0.03)
    context = told(context, 0.03)
    for light in (0.02, 0.18, 0.8):
        flat = frame(
            np.full((3, 400, 400), light, np.float32),
            colour_space=SCENE,
            display_window=Box(0, 0, 2048, 1556),
        )
        done = render(replace(TOLD, mode="add"), flat, context).pixels
        codes = [np.log10(plane * (1 - 0.0108) + 0.0108) * 300 / 1023 for plane in done]
        for channel, found in enumerate(codes):
            level = (685 + 300 * np.log10(light * (1 - 0.0108) + 0.0108)) / 1023
            expected = np.interp(level, grain.levels[channel], grain.sigmas[channel])
            assert found.std() == pytest.approx(expected, rel=0.06)


def test_frames_and_seeds_have_grain_of_their_own_and_the_same_twice(context: Context) -> None:
    def grain(number: int, seed: int) -> Pixels:
        node = replace(STOCK, seed=seed)
        return render(node, frame(CLEAN, number), context).pixels - CLEAN

    first = grain(1001, 0)
    np.testing.assert_array_equal(first, grain(1001, 0))
    for other in (grain(1002, 0), grain(1001, 1), grain(-3, 7)):
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.05


def test_a_crop_has_the_grain_of_the_whole(context: Context) -> None:
    whole = render(STOCK, frame(CLEAN), context).pixels
    box = Box(30, 17, 130, 97)
    crop = frame(CLEAN[:, 17:97, 30:130], data_window=box, display_window=Box(0, 0, 224, 160))
    np.testing.assert_array_equal(render(STOCK, crop, context).pixels, whole[:, 17:97, 30:130])


def test_amount_and_size(context: Context) -> None:
    def grain(**knobs: Any) -> Pixels:
        done = render(replace(STOCK, gate=3.0, **knobs), frame(CLEAN), context).pixels
        return np.asarray((done - CLEAN)[1], np.float32)

    plain = grain()
    assert grain(amount=2.0).std() == pytest.approx(2 * plain.std(), rel=0.01)
    np.testing.assert_array_equal(grain(amount=0.0), 0 * plain)
    large = grain(size=3.0)
    assert large.std() == pytest.approx(plain.std(), rel=0.1)

    def smooth(of: Pixels) -> float:
        return float(np.corrcoef(of[:, 1:].ravel(), of[:, :-1].ravel())[0, 1])

    assert smooth(large) > smooth(plain) + 0.1


def test_highlights_negatives_and_grey(context: Context) -> None:
    ramp = np.concatenate([-np.geomspace(1, 1e-4, 20), np.geomspace(1e-4, 1e4, 44)]).astype(np.float32)
    shown = frame(np.tile(ramp, (3, 16, 1)), colour_space=SCENE)
    done = render(STOCK, shown, context).pixels
    assert np.isfinite(done).all() and done.max() > 3000 and done.min() < -0.5
    grey = render(STOCK, frame(CLEAN[:1]), context).pixels
    assert grey.shape == (1, 160, 224) and 0 < np.abs(grey - CLEAN[:1]).mean() < 0.1


def test_black_and_white_stock_is_grey_on_a_colour_picture(context: Context) -> None:
    grey = np.repeat(CLEAN[:1], 3, 0)
    done = render(replace(STOCK, grain="bw-500"), frame(grey), context).pixels
    assert np.ptp(done, axis=0).max() < 1e-4 and np.abs(done - grey).mean() > 1e-4


# Remove and restore.


def grainy(context: Context, sigma: float = 0.02, number: int = 1001, clean: Pixels = CLEAN) -> Frame:
    return render(replace(TOLD, mode="add"), frame(clean, number), told(context, sigma))


@pytest.mark.parametrize("stored", [0, 255, 1023, 65535])
def test_an_untouched_plate_comes_back_bit_for_bit(context: Context, stored: int) -> None:
    context, plate = told(context), grainy(context)
    clean = render(TOLD, plate, context).pixels
    assert np.abs(clean - CLEAN).mean() < 0.7 * np.abs(plate.pixels - CLEAN).mean()
    if stored:  # as files of whole numbers have it
        clean = (np.clip(np.rint(clean * stored), 0, stored) / stored).astype(np.float32)
    back = render(replace(TOLD, mode="restore"), frame(clean), context, plate)
    np.testing.assert_array_equal(back.pixels, plate.pixels)


def test_what_was_painted_over_gets_grain_and_the_rest_is_the_plate(context: Context) -> None:
    context, plate = told(context), grainy(context)
    clean = render(TOLD, plate, context).pixels
    work = clean.copy()
    work[:, 40:120, 60:160] = 0.5
    back = render(replace(TOLD, mode="restore"), frame(work), context, plate).pixels
    outside = np.ones(work.shape[1:], bool)
    outside[40:120, 60:160] = False
    np.testing.assert_array_equal(back[:, outside], plate.pixels[:, outside])
    flat = frame(np.full_like(CLEAN, 0.5))
    expected = (render(replace(TOLD, mode="add"), flat, context).pixels - flat.pixels).std()
    inside = (back - work)[:, 50:110, 70:150]
    assert inside.std() == pytest.approx(expected, rel=0.08)


def test_a_comp_that_has_nothing_of_the_plate_is_told_of(context: Context) -> None:
    said: list[str] = []
    context = replace(told(context), tell=lambda node, sentence: said.append(sentence))
    plate = grainy(context)
    render(replace(TOLD, mode="restore"), frame(1 - CLEAN), context, plate)
    assert said and "of frame 1001 is as the plate without its grain" in said[0]


def test_alpha_and_aovs_of_the_comp_stay_in_restore(context: Context) -> None:
    context, plate = told(context), grainy(context)
    clean = render(TOLD, plate, context).pixels
    depth = np.linspace(0, 9, CLEAN[0].size, dtype=np.float32).reshape(1, *CLEAN.shape[1:])
    comp = Frame.of(np.concatenate([depth, clean]), ("Z", "R", "G", "B"), number=1001, colour_space=VIDEO)
    back = render(replace(TOLD, mode="restore"), comp, context, plate)
    np.testing.assert_array_equal(back.pixels[0], depth[0])
    np.testing.assert_array_equal(back.pixels[1:], plate.pixels)


def test_what_was_removed_and_what_was_laid_on_is_an_aov(context: Context) -> None:
    context, plate = told(context), grainy(context)
    node = replace(TOLD, grain_aov=True)
    done = render(node, plate, context)
    assert done.channels == ("R", "G", "B", "grain.R", "grain.G", "grain.B")
    np.testing.assert_allclose(done.pixels[:3] - done.pixels[3:], plate.pixels, atol=1e-5)
    laid_on = render(replace(node, mode="add"), frame(CLEAN), context)
    np.testing.assert_allclose(laid_on.pixels[:3] - laid_on.pixels[3:], CLEAN, atol=1e-5)


def test_keep_leaves_its_share(context: Context) -> None:
    context, plate = told(context), grainy(context)
    clean, half = (render(replace(TOLD, keep=k), plate, context).pixels for k in (0.0, 0.5))
    np.testing.assert_allclose(half, (clean + plate.pixels) / 2, atol=1e-6)


def test_chunks_and_order_give_the_same_bits(context: Context) -> None:
    context = told(context)
    frames = [grainy(context, number=n, clean=np.roll(CLEAN, n, 2)) for n in range(4)]
    node = replace(TOLD, temporal=1)

    def graph() -> Graph:
        return Graph([node], FrameList(frames), replace(context, measurements=Memo(64)))

    one = graph()
    run = [one.render(n).pixels for n in range(4)]
    for n in (3, 0, 2):
        np.testing.assert_array_equal(graph().render(n).pixels, run[n])


# Match and measure.


def test_a_picture_gets_the_grain_of_a_reference_of_another_size(context: Context) -> None:
    plate = grainy(context, 0.04, clean=np.asarray(0.35 + 0.1 * picture(300, 400), np.float32))
    smooth = np.asarray(0.35 + 0.1 * picture(160, 224, seed=4), np.float32)
    done = render(GrainMatch(mode="add"), frame(smooth), context, plate)
    found = (done.pixels - smooth).std()
    assert 0.3 * (plate.pixels - 0.4).std() < found < 3 * (plate.pixels - 0.4).std()


def test_what_is_analysed_is_a_profile_that_the_knob_takes(context: Context) -> None:
    smooth = np.asarray(0.3 + 0.3 * picture(288, 384), np.float32)
    node = GrainMatch(gate=20.0)
    frames = [grainy(context, 0.03, number=n, clean=smooth) for n in (1, 2, 3)]
    view = View(Window(tuple(frames), 1), WorkingSpace.LOG_RGB, context)
    analysed = node.as_analysed()
    assert analysed.reach == (1, 1)
    assert GrainMatch.analysis is not None
    made = GrainMatch.analysis({2: analysed.observe(view)})
    read: GrainProfile = profile(made.text.encode(), "a")
    assert read.width == 20.0 and read.pixels == 384
    assert any("printing density" in sentence for sentence in made.report)
    assert render(TOLD, frames[1], with_file(context, made.text.encode())).pixels.shape == smooth.shape


# Bad input.


def test_a_reference_that_is_missing_or_of_another_kind_is_told_of(context: Context) -> None:
    restore = replace(TOLD, mode="restore")
    context = told(context)
    with pytest.raises(InputError, match="needs a plate as reference for frame 1001"):
        render(restore, frame(CLEAN), context)
    with pytest.raises(InputError, match="the reference is 100x160, the picture 224x160"):
        render(restore, frame(CLEAN), context, frame(CLEAN[:, :, :100]))
    with pytest.raises(InputError, match="the reference has 1 colour channel, the picture 3"):
        render(restore, frame(CLEAN), context, frame(CLEAN[:1]))
    alone = Frame.of(CLEAN[:1], ("Z",), number=1001, colour_space=VIDEO)
    with pytest.raises(InputError, match="no picture, R, G, B or Y, but Z"):
        render(restore, frame(CLEAN), context, alone)


def test_a_reference_in_another_colour_space_is_brought_into_the_comps(context: Context) -> None:
    context, plate = told(context), grainy(context)
    clean = render(TOLD, plate, context).pixels
    there = context.colour.transform(VIDEO, SCENE)
    other = frame(there(plate.pixels), colour_space=SCENE)
    back = render(replace(TOLD, mode="restore"), frame(clean), context, other)
    np.testing.assert_allclose(back.pixels, plate.pixels, atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.4])
def test_flat_and_black_plates_have_no_grain_to_remove(context: Context, value: float) -> None:
    flat = frame(np.full((3, 128, 128), value, np.float32))
    np.testing.assert_array_equal(render(GrainMatch(), flat, context).pixels, flat.pixels)


def test_a_damaged_profile_is_refused(context: Context) -> None:
    with pytest.raises(InputError, match=r"plate\.grain\.toml is no grain profile"):
        render(TOLD, frame(CLEAN), with_file(context, b"name = 3"))


@pytest.mark.parametrize("mode", ["remove", "add", "match"])
def test_the_golden_frame(mode: str, context: Context, goldens: Path, request: pytest.FixtureRequest) -> None:
    clean = np.asarray(0.2 + 0.6 * texture(96, 128, seed=5), np.float32)
    plate = grainy(context, 0.03, clean=clean)
    node = replace(TOLD, mode=mode, gate=20.0)
    if mode == "match":
        node = replace(node, profile="", grain="colour-200")
    out = render(node, plate, told(context, 0.03)).pixels
    path = goldens / f"grain_match_{mode}.npy"
    if request.config.getoption("--regenerate-goldens"):
        path.parent.mkdir(exist_ok=True)
        np.save(path, out.astype(np.float16))
    assert not compare(np.load(path).astype(np.float32), out).failure(max=2e-3, mean=3e-4)
