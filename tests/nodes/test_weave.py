from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interneg.errors import InputError
from interneg.frame import Box, Pixels
from interneg.nodes._path import corrections, nuke, rounded, text
from interneg.nodes._resample import Kind, filled, kind_of, origin, resampled, zoom_to_fill, zoomed
from interneg.nodes._warp import spread
from interneg.nodes._weave import Motion, fit, level_of, points, stands, steadied, weights_of

SIZE = (60, 80)
BOX = Box(0, 0, 80, 60)
motions = st.builds(
    lambda s, a, x, y: Motion(s * np.exp(1j * a), complex(x, y)),
    st.floats(0.8, 1.25), st.floats(-0.3, 0.3), st.floats(-20, 20), st.floats(-20, 20),
)  # fmt: skip


@settings(deadline=None)
@given(motions, motions)
def test_motions_compose_and_turn_back(a: Motion, b: Motion) -> None:
    z = points(3, 4, SIZE)
    np.testing.assert_allclose(b.after(a)(z), b(a(z)))
    np.testing.assert_allclose(a.inverse(a(z)), z, atol=1e-9)
    np.testing.assert_allclose([a.times(1).turn, a.times(0).turn], [a.turn, 1])
    assert a.times(0).shift == 0


def test_points_are_pixel_centres_from_the_middle() -> None:
    assert points(60, 80, SIZE)[0, 0] == complex(-39.5, -29.5)
    assert points(30, 40, SIZE)[0, 0] == complex(-39, -29)


@pytest.mark.parametrize(
    ("size", "level"), [((480, 640), 0), ((1080, 1920), 1), ((2160, 4096), 2), ((1, 1), 0)]
)
def test_the_level_leaves_1024_pixels_or_fewer(size: tuple[int, int], level: int) -> None:
    assert level_of(size) == level


@pytest.mark.parametrize("reach", [1, 3, 15, 30])
@pytest.mark.parametrize("before", [0, 1, 30])
def test_the_curve_keeps_straight_paths(reach: int, before: int) -> None:
    offsets = range(-min(before, reach), reach + 1)
    weights = weights_of(offsets, reach)
    assert weights.sum() == pytest.approx(1)
    assert weights @ np.array(offsets) == pytest.approx(0, abs=1e-9)


def test_the_curve_follows_a_pan_that_gathers_speed_and_calms_weave() -> None:
    offsets = np.arange(-15, 16)
    weights = weights_of(offsets, 15)
    assert abs(weights @ (0.05 * offsets**2)) < 0.25  # 11 px at both ends
    assert np.linalg.norm(weights) < 0.3
    assert np.linalg.norm(np.diff(weights, prepend=0, append=0)) < 0.08
    end = weights_of(range(-15, 1), 15)
    assert end.max() < 0.45


def test_the_least_there_is_has_a_curve() -> None:
    assert weights_of([0], 15) == pytest.approx([1])
    np.testing.assert_allclose(weights_of([-1, 0], 15), [0, 1], atol=1e-9)
    np.testing.assert_allclose(weights_of([-1, 0, 1], 1), [1 / 3] * 3, atol=0.1)


def weave(count: int, seed: int) -> np.ndarray:
    """x + iy, 2 px each, of no memory."""
    return np.random.default_rng(seed).normal(0, 2, (count, 2)) @ [1, 1j]


@pytest.mark.parametrize("count", [16, 31])
def test_a_camera_that_moves_is_told_from_one_that_stands(count: int) -> None:
    u = np.arange(count)
    ways = {"stands": 0j * u, "pans": 0.8 * u, "starts": 0.05j * u**2}
    found = {k: np.mean([stands(way + weave(count, s)) for s in range(20)]) for k, way in ways.items()}
    assert found["stands"] > 0.6 and max(found["pans"], found["starts"]) < 0.2
    assert stands(0.02 * u + 0.01 * weave(count, 1)) < 0.01
    assert stands(0j * u) > 0.7 and stands(u[:4] + 0j) == 0


def test_where_the_camera_stands_weave_is_calmed_up_to_the_ends() -> None:
    left = []
    for seed in range(30):
        way = weave(16, seed)
        track = {o: Motion(1, place - way[-1]) for o, place in zip(range(-15, 1), way, strict=True)}
        left.append(way[-1] + steadied(track, 15).shift)
    assert np.sqrt(np.mean(np.square(np.abs(left)) / 2)) < 0.8  # a straight line leaves 1.0


def test_a_longer_curve_follows_the_camera_to_the_ends() -> None:
    offsets = np.arange(-30, 1)
    assert abs(weights_of(offsets, 30) @ (0.03 * offsets**2)) < 2  # a straight line leaves 4


def test_a_steady_path_asks_for_nothing() -> None:
    way = {o: Motion(np.exp(0.001j * o), 3.0 * o) for o in range(-5, 6)}
    for at in (-5, 0, 5):
        move = steadied(way, 5, at)
        assert abs(move.turn - 1) < 1e-6 and abs(move.shift) < 0.05


def test_a_jump_of_one_frame_is_taken_back() -> None:
    way = {o: Motion(1, -8.0 if o else 0.0) for o in range(-15, 16)}
    assert steadied(way, 15).shift.real == pytest.approx(-7.4, abs=0.3)


@settings(deadline=None)
@given(motions, st.floats(0, 0.4))
def test_the_fit_is_what_most_agree_on(truth: Motion, others: float) -> None:
    rng = np.random.default_rng(5)
    z = points(30, 40, SIZE).ravel()
    moved = truth(z) - z
    odd = rng.permutation(len(z))[: int(others * len(z))]
    moved[odd] += 12 + 9j
    found = fit(z, moved, np.ones(len(z), np.float32))
    assert found is not None
    np.testing.assert_allclose(found(z), truth(z), atol=0.05)


def test_without_trust_there_is_no_motion() -> None:
    z = points(4, 4, SIZE).ravel()
    assert fit(z, z, np.zeros(16, np.float32)) is None


def test_no_way_is_exactly_none() -> None:
    plane = np.random.default_rng(1).normal(size=(1, *SIZE)).astype(np.float32)
    at = origin(SIZE, Motion(), None, 1.0)
    for kind in Kind:
        np.testing.assert_array_equal(resampled(plane, at, kind), plane)
    assert not at.outside.any()


def test_the_origin_of_a_pixel_is_where_the_motion_comes_from() -> None:
    motion = Motion(1.02 * np.exp(0.05j), 3 - 2j)
    at = origin(SIZE, motion, None, 1.0)
    z, middle = points(*SIZE, SIZE), complex(39.5, 29.5)
    np.testing.assert_allclose(motion(at.x + 1j * at.y - middle), z, atol=1e-4)
    half = origin(SIZE, motion, None, 0.5)
    np.testing.assert_allclose(half.x - (z.real + 39.5), (at.x - (z.real + 39.5)) / 2, atol=1e-4)


def test_labels_are_never_mixed_and_nan_stays_in_its_pixel() -> None:
    plane = np.random.default_rng(1).integers(0, 9, (1, *SIZE)).astype(np.float32)
    at = origin(SIZE, Motion(np.exp(0.03j), 1.4), None, 1.0)
    assert set(np.unique(resampled(plane, at, Kind.LABEL))) <= set(range(9))
    plane[0, 30, 40] = np.nan
    assert 0 < np.isnan(resampled(plane, at)).sum() <= 2


def hard_edges() -> Pixels:
    """(1, H, W): 0.1 and 0.9, straight and aslant."""
    y, x = np.indices(SIZE)
    return np.where((x > 40) ^ (x + 2 * y > 110), 0.9, 0.1)[None].astype(np.float32)


def test_the_result_follows_the_shift_smoothly() -> None:
    made = [resampled(hard_edges(), origin(SIZE, Motion(1, k / 64), None, 1.0)) for k in range(129)]
    assert np.abs(np.diff(made, axis=0)).max() < 0.04


def lanczos(plane: Pixels, x: float, y: float) -> np.ndarray:
    """(H, W) float64: the plane as seen from (x, y) away, by the kernel itself; it repeats."""
    made = plane.astype(np.float64)
    for axis, way in ((1, x), (0, y)):
        taps = np.arange(-3, 5) + np.floor(way)
        weights = np.sinc(taps - way) * np.sinc((taps - way) / 4)
        rolled = [np.roll(made, -int(tap), axis) for tap in taps]
        made = np.tensordot(weights / weights.sum(), rolled, 1)
    return made


@pytest.mark.parametrize("way", [0.01, 0.0156, 0.265625, 0.49, -1.7])
def test_places_are_met_to_less_than_opencv_knows(way: float) -> None:
    plane = np.random.default_rng(3).normal(0.5, 0.5, SIZE)
    plane = cv2.GaussianBlur(plane, (0, 0), 1.2).astype(np.float32)
    seen = resampled(plane[None], origin(SIZE, Motion(1, complex(-way, -0.7 * way)), None, 1.0))[0]
    apart = (seen - lanczos(plane, way, 0.7 * way))[8:-8, 8:-8]
    assert np.sqrt(np.mean(apart**2)) < 3e-4  # from 7e-4 to 14e-4 at the nearest 1/32 of a pixel


def test_an_aov_that_is_a_multiple_stays_one_and_alpha_stays_within_its_range() -> None:
    plane, at = hard_edges(), origin(SIZE, Motion(np.exp(0.03j), 1.4 + 0.6j), None, 1.0)
    light = resampled(plane, at)
    assert light.max() > 0.92 and light.min() < 0.09
    np.testing.assert_allclose(resampled(3.7 * plane, at), 3.7 * light, rtol=1e-5)
    alpha = resampled((plane > 0.5).astype(np.float32), at, Kind.ALPHA)
    assert (alpha.min(), alpha.max()) == (0, 1) and np.unique(alpha).size > 20


def test_what_a_channel_holds() -> None:
    found = [kind_of(c, "half") for c in ("A", "left.A", "spec.R", "matte", "Z")]
    assert found == [Kind.ALPHA, Kind.ALPHA, Kind.LIGHT, Kind.LIGHT, Kind.LABEL]
    assert kind_of("id", "uint32") is Kind.LABEL


def test_what_is_missing_comes_from_the_nearest_frame_that_shows_it() -> None:
    at = origin(SIZE, Motion(1, 20), None, 1.0)
    way = {0: Motion(), 1: Motion(1, 6), -2: Motion(1, 30)}
    pictures = {1: np.full((1, *SIZE), 1, np.float32), -2: np.full((1, *SIZE), 2, np.float32)}
    for kind in (Kind.LABEL, Kind.ALPHA):
        made = np.zeros((1, *SIZE), np.float32)
        filled(made, at, way, pictures.__getitem__, kind)
        line = made[0, 30]
        assert (made[0, 13:-13] == line).all() and not line[34:].any()
        assert np.unique(line[:14]).tolist() == [2]
        if kind is Kind.LABEL:
            # 20 columns are missing, and one more is left out of 60 rows.
            assert np.unique(line[14:21]).tolist() == [1] and not line[21:].any()
        else:
            assert (np.diff(line[13:33]) < 0).all()


def test_what_is_filled_in_has_the_level_of_the_frame() -> None:
    scene = np.random.default_rng(2).uniform(0.2, 1, (2, *SIZE)).astype(np.float32)
    scene[:] = np.cumsum(scene, axis=2) / np.arange(1, SIZE[1] + 1)
    at = origin(SIZE, Motion(1, 8), None, 1.0)
    made = resampled(scene, at)
    gain = np.array([0.7, 1.3], np.float32)[:, None, None]
    brighter = np.concatenate([scene[:, :, :8], scene], 2)[:, :, : SIZE[1]] * gain
    filled(made, at, {0: Motion(), -1: Motion(1, 8)}, {-1: brighter}.__getitem__)
    expected = np.concatenate([scene[:, :, :8], scene], 2)[:, :, : SIZE[1]]
    np.testing.assert_allclose(made, expected, rtol=1e-4)


def test_the_dark_edge_of_the_gate_is_left_out_where_the_frame_is_moved() -> None:
    scene = np.full((1, *SIZE), 0.5, np.float32)
    gated = scene.copy()
    gated[:, 0] = 0.1
    at = origin(SIZE, Motion(1, 5j), None, 1.0)
    made = resampled(gated, at)
    filled(made, at, {0: Motion(), -1: Motion(1, 20j)}, {-1: scene}.__getitem__)
    np.testing.assert_allclose(made[:, 2:], 0.5, atol=0.03)
    assert resampled(gated, at)[0, 5].max() < 0.11
    still = origin(SIZE, Motion(), None, 1.0)
    assert not still.lacking(8).any() and at.lacking(3).sum() == 8 * SIZE[1]


def test_a_level_is_limited_and_stays_in_the_dark() -> None:
    at = origin(SIZE, Motion(1, 8), None, 1.0)
    for own, other, expected in ((1.0, 0.1, 0.2), (0.0, 0.1, 0.1), (-0.2, 0.1, 0.1)):
        made = np.full((1, *SIZE), own, np.float32)
        picture = np.full((1, *SIZE), other, np.float32)
        filled(made, at, {0: Motion(), 1: Motion(1, 8)}, {1: picture}.__getitem__)
        np.testing.assert_allclose(made[0, :, :8], expected, rtol=1e-6)
        assert (made[0, :, 24:] == np.float32(own)).all()


def test_filling_spreads_neither_nan_nor_inf() -> None:
    at = origin(SIZE, Motion(1, 8), None, 1.0)
    made = np.ones((1, *SIZE), np.float32)
    made[0, 10, 10:12] = np.nan, np.inf
    picture = np.ones((1, *SIZE), np.float32)
    picture[0, 20, 3] = np.inf
    filled(made, at, {0: Motion(), 1: Motion(1, 8)}, {1: picture}.__getitem__)
    assert np.argwhere(~np.isfinite(made[0])).tolist() == [[10, 10], [10, 11]]
    assert np.isinf(made[0, 10, 11])


def bent(warp: object) -> str:
    """A path file whose only frame is bent so."""
    data = json.loads(text(SIZE, {7: Motion()}, {7: Motion()}))
    data["frames"]["7"]["warp"] = warp
    return json.dumps(data)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"format":\n 1,,}', "p.json, line 2, is not JSON"),
        ("[]", "p.json is no path file as"),
        ('{"format": "interneg path 1", "size": [80, 60], "frames": {"x": 1}}', "frames by number"),
        ('{"format": "interneg path 1", "size": [80, 60], "frames": {"7": 1}}', "frame 7: expected a corr"),
        (bent([[1, 2], [3, 4]]), "frame 7: expected warp as rows of places"),
        (bent([[[1, 2], [3, 4]], [[1, 2]]]), "frame 7: expected warp as rows of places"),
        (bent([[[1, float("nan")]]]), "frame 7: expected warp as rows of places"),
        (bent("none"), "frame 7: expected warp as rows of places"),
    ],
)
def test_a_bad_path_file_is_named_with_what_is_wrong(content: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        corrections(content.encode(), "p.json", SIZE)


def test_the_nuke_script_says_what_is_not_in_it() -> None:
    assert 'label "weave only: no warp, crop or edges"' in nuke(BOX, BOX, {1: Motion()})


@settings(deadline=None)
@given(motions)
def test_enlarged_enough_nothing_lies_outside(motion: Motion) -> None:
    zoom = zoom_to_fill(SIZE, motion)
    assert origin(SIZE, Motion(zoom).after(motion), None, 1.0).outside.max() < 1e-3


def test_the_zoom_swells_slowly_up_to_its_limit() -> None:
    assert zoomed(Motion(), {0: 1.0, 3: 1.08}, 3, 1.5).turn == pytest.approx(1.02)
    assert zoomed(Motion(), {0: 1.0, 3: 1.08}, 3, 1.01).turn == pytest.approx(1.01)


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 9999), motions, min_size=1, max_size=4), st.sampled_from([1.0, 2.0]))
def test_a_path_file_says_what_was_written(found: dict[int, Motion], aspect: float) -> None:
    read, bends = corrections(text(SIZE, found, found, aspect).encode(), "p", SIZE, aspect)
    assert not bends and read == {n: rounded(m, aspect) for n, m in found.items()}
    assert read.keys() == found.keys()
    for number, motion in found.items():
        np.testing.assert_allclose(
            [read[number].turn, read[number].shift], [motion.turn, motion.shift], atol=3e-6
        )


def test_a_path_file_gives_a_bend_back() -> None:
    bend = np.random.default_rng(1).normal(0, 3, (2, 5, 2)).round(3).astype(np.float32)
    none = {7: Motion(), 8: Motion()}
    _, bends = corrections(text(SIZE, none, none, bends={8: bend}).encode(), "p", SIZE)
    assert list(bends) == [8]
    np.testing.assert_array_equal(bends[8], bend)


def test_a_bend_is_spread_smoothly_through_its_places() -> None:
    flat = spread(np.full((7, 7, 2), 1.5, np.float32), (480, 640))
    assert flat.shape == (30, 40, 2)
    np.testing.assert_allclose(flat, 1.5, rtol=1e-6)
    x = np.cos(np.pi * (np.arange(7) + 0.5) / 7)
    bend = np.stack([np.tile(x, (7, 1)), np.tile(2 * x, (7, 1)).T], -1).astype(np.float32)
    waves = spread(bend, (480, 640))
    np.testing.assert_allclose(waves[3, :, 0], np.cos(np.pi * (np.arange(40) + 0.5) / 40), atol=1e-6)
    np.testing.assert_allclose(waves[:, 3, 1], 2 * np.cos(np.pi * (np.arange(30) + 0.5) / 30), atol=1e-6)
    assert spread(bend, (20, 20)).shape == (7, 7, 2) and spread(bend[:1, :2], (2, 90)).shape == (1, 6, 2)


@pytest.mark.parametrize("display", [BOX, Box(-1000, -200, 920, 880), Box(10, 4, 74, 50)])
def test_an_anamorphic_correction_is_a_corner_pin_in_nuke(display: Box) -> None:
    motion = Motion(1.02 * np.exp(0.02j), 5 - 3j)
    script = nuke(BOX, display, {7: motion}, 2.0)
    assert script.startswith("CornerPin2D {")
    # Nuke: pixels from the bottom left corner of the format.
    left, bottom = -display.x0, display.y1 - 60
    assert f"from1 {{{left} {bottom}}}" in script and f"from3 {{{left + 80} {bottom + 60}}}" in script
    for k, corner in enumerate((-80 + 30j, 80 + 30j, 80 - 30j, -80 - 30j), 1):
        x, y = map(float, re.findall(rf"to{k} {{{{curve x7 (\S+)}} {{curve x7 (\S+)}}}}", script)[0])
        there = complex(motion(np.array(corner)))
        assert (x, y) == pytest.approx((left + 40 + there.real / 2, bottom + 30 - there.imag), abs=1e-5)


def test_what_turns_is_turned_as_it_is_seen() -> None:
    motion = Motion(np.exp(0.1j))
    at = origin(SIZE, motion, None, 1.0, aspect=2.0)
    seen = complex(2 * (at.x[10, 60] - 39.5), at.y[10, 60] - 29.5)
    assert abs(motion(np.array(seen)) - complex(2 * (60 - 39.5), 10 - 29.5)) < 1e-4


@pytest.mark.parametrize(
    ("data", "display"),
    [(BOX, BOX), (Box(1000, 200, 1320, 440), Box(0, 0, 1920, 1080)), (BOX, Box(-10, 20, 40, 50))],
)
def test_nuke_moves_a_point_as_the_correction_does(data: Box, display: Box) -> None:
    motion = Motion(1.1 * np.exp(1j * np.radians(10)), 5 - 3j)
    script = nuke(data, display, {7: motion})
    assert " translate {{curve x7 5.0} {curve x7 3.0}}\n" in script
    assert " rotate {{curve x7 -10.0}}\n scale {{curve x7 1.1}}\n" in script
    centre = complex(*map(float, re.findall(r" center {(\S+) (\S+)}", script)[0]))
    # Nuke: scaled and turned counter-clockwise about the centre, then shifted, from the bottom left corner of
    # the format, y upwards.
    at = complex(data.x0 + 50 - display.x0, display.y1 - (data.y0 + 50))
    there = 1.1 * np.exp(-1j * np.radians(10)) * (at - centre) + centre + complex(5, 3)
    ours = motion(np.array([complex(50 - data.width / 2, 50 - data.height / 2)]))[0]
    moved = ours - complex(50 - data.width / 2, 50 - data.height / 2)
    np.testing.assert_allclose([there.real - at.real, at.imag - there.imag], [moved.real, moved.imag])


def test_the_centre_is_that_of_the_data_window_in_the_format() -> None:
    script = nuke(Box(1000, 200, 1320, 440), Box(0, 0, 1920, 1080), {7: Motion()})
    assert " center {1160 760}\n" in script
