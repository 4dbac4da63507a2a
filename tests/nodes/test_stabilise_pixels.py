"""What Stabilise does to pixels: resampling, edges, alpha and AOVs, masks, what is no number."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.frame import Box, Frame, Pixels
from interneg.graph import FrameList
from interneg.motion import path_file
from interneg.motion.similarity import Motion
from interneg.nodes.stabilise import Stabilise
from tests.steadied import (
    COUNT,
    EDGES,
    HEIGHT,
    SCENE,
    WIDTH,
    clip,
    corrections,
    gate,
    graph,
    numbered,
    rendered,
    rms,
    shot,
)


def test_a_frame_is_resampled_once_and_stays_sharp(colour: Colour, pan: Pixels) -> None:
    truth = shot(np.zeros((COUNT, 3)), speed=1.5)
    node = Stabilise(path="exact")
    exact = {
        n: Motion(np.exp(-1j * np.radians(r)), -complex(x, y) * np.exp(-1j * np.radians(r)))
        for n, (x, y, r) in zip(range(1001, 1001 + COUNT), gate(), strict=True)
    }
    text = path_file.text((HEIGHT, WIDTH), {n: Motion() for n in exact}, exact)
    made = rendered(node, clip(pan), colour, context={"read": lambda path: text.encode()})
    inner = np.s_[:, 12:-12, 12:-12]
    assert rms(made[5].pixels[inner] - truth[5][inner]) < 0.2 * rms(pan[5][inner] - truth[5][inner])


def test_highlights_and_negatives_survive_without_rings(colour: Colour) -> None:
    pictures = shot(gate(9))
    pictures[:, :, 50:70, 70:90] = 1000
    pictures[:, :, 20:30, 20:30] = -5
    for made in rendered(Stabilise(), clip(pictures), colour):
        assert made.pixels.max() > 990 and made.pixels.min() < -4.9
        assert made.pixels.min() > -7 and made.pixels.max() < 1260
        around = made.pixels[:, 76:84, 70:90]  # beyond the reach of the filter's first lobes
        assert around.min() > 0 and around.max() < 1.3


@pytest.mark.parametrize("edges", ["hold", "reveal", "fill"])
def test_thin_highlights_of_another_gamut_ring_in_no_plane_of_the_file(colour: Colour, edges: str) -> None:
    pictures = shot(gate(7))
    for k, light in enumerate(((8, 8, 8), (8, 0.5, 0.02), (0.02, 0.5, 8))):
        for picture in pictures:
            thin = np.zeros((HEIGHT, WIDTH), np.uint8)
            cv2.line(thin, (20 + 40 * k, 10), (50 + 40 * k, 110), 1)
            picture[:, thin > 0] = np.array(light, np.float32)[:, None]
    layers = np.concatenate([pictures, pictures / 2], 1)
    source = clip(layers, ("R", "G", "B", "spec.R", "spec.G", "spec.B"))
    space = colour.resolve("lin_rec709")
    source = FrameList(replace(source.frame(n), colour_space=space) for n in source.numbers)
    inner = np.s_[:, 12:-12, 12:-12]
    for made in rendered(Stabilise(edges=edges, smoothing=4), source, colour):
        seen, spec = made.pixels[:3][inner], made.pixels[3:][inner]
        assert seen.min() > 0.01 and seen.max() > 6
        np.testing.assert_allclose(spec, seen / 2, atol=1e-5)


@pytest.mark.slow
def test_outside_the_mask_pixels_are_bit_exact_and_a_full_mask_changes_nothing(
    colour: Colour, pan: Pixels
) -> None:
    class Half:
        numbers = range(1001, 1001 + COUNT)

        def __init__(self, left: float) -> None:
            amount = np.ones((1, HEIGHT, WIDTH), np.float32)
            amount[:, :, : WIDTH // 2] = left
            self._frame = Frame.of(amount)

        def frame(self, number: int) -> Frame:
            return self._frame

    source = clip(pan)
    plain = graph(Stabilise(), source, colour).render(1010).pixels
    half = graph(Stabilise(), source, colour, mask=Half(0)).render(1010).pixels
    full = graph(Stabilise(), source, colour, mask=Half(1)).render(1010).pixels
    np.testing.assert_array_equal(half[:, :, : WIDTH // 2], source.frame(1010).pixels[:, :, : WIDTH // 2])
    np.testing.assert_array_equal(half[:, :, WIDTH // 2 :], plain[:, :, WIDTH // 2 :])
    np.testing.assert_array_equal(full, plain)


@pytest.mark.parametrize("edges", EDGES)
def test_nan_moves_along_and_does_not_spread(colour: Colour, edges: str) -> None:
    pictures = shot(gate(7))
    pictures[3, 1, 50:54, 60:64] = np.nan
    pictures[2, :, 50:70, 60:90] = np.inf
    made = rendered(Stabilise(edges=edges), clip(pictures), colour)
    assert 9 <= (~np.isfinite(made[3].pixels)).sum() <= 3 * 30
    assert np.isfinite(made[4].pixels).all()


def layered(pictures: Pixels) -> FrameList:
    count = len(pictures)
    rng = np.random.default_rng(1)
    alpha = np.ones((count, 1, HEIGHT, WIDTH), np.float32)
    spec = pictures[:, :1] * 2
    ids = rng.integers(1, 2**20, (count, 1, HEIGHT, WIDTH)).astype(np.float32)
    depth = ("half", "half", "half", "half", "half", "uint32")
    planes = np.concatenate([pictures, alpha, spec, ids], 1)
    return clip(planes, ("R", "G", "B", "A", "spec.R", "objectid"), depth=depth)


@pytest.mark.parametrize("edges", EDGES)
def test_alpha_and_aovs_move_with_the_picture(colour: Colour, edges: str, pan: Pixels) -> None:
    source = layered(pan[:9])
    for made in rendered(Stabilise(edges=edges), source, colour):
        red, *_, alpha, spec, ids = made.pixels
        before = source.frame(made.number)
        assert (made.channels, made.depth, made.data_window) == (
            before.channels,
            before.depth,
            before.data_window,
        )
        np.testing.assert_allclose(spec, 2 * red, rtol=2e-5, atol=1e-6)
        assert set(np.unique(ids)) <= {
            0,
            *np.unique([f.pixels[5] for f in (before, *map(source.frame, source.numbers))]),
        }
        assert (alpha.min() < 0.5) == (edges == "reveal") and alpha.max() == 1


@pytest.mark.slow
def test_edges(colour: Colour, pan: Pixels) -> None:
    source = clip(pan)
    moves = corrections(Stabilise(), source, colour)
    made = {e: [f.pixels for f in rendered(Stabilise(edges=e), source, colour)] for e in EDGES}
    truth = shot(np.zeros((COUNT, 3)), speed=1.5)
    k = max(range(6, COUNT - 6), key=lambda i: abs(moves[i].shift.real))
    side = slice(0, 2) if moves[k].shift.real > 0 else slice(-2, None)
    strip = np.s_[:, 10:-10, side]
    assert not made["reveal"][k][strip].any()
    column = made["hold"][k][strip]
    assert np.ptp(column, axis=2).max() < np.ptp(made["mirror"][k][strip], axis=2).max()
    moved = Motion().after(moves[k])
    assert abs(moved.shift.real) > 2
    error = {e: rms(made[e][k][strip] - truth[k][strip]) for e in ("hold", "mirror", "fill")}
    assert error["fill"] < 0.6 * min(error["hold"], error["mirror"])
    inner = np.s_[:, 24:-24, 24:-24]
    np.testing.assert_array_equal(made["fill"][k][inner], made["hold"][k][inner])


def test_crop_shows_nothing_from_beyond_the_edge_within_its_limit(colour: Colour) -> None:
    pictures = shot(gate(12)) + 1
    pictures[:, :, [0, -1]] = pictures[:, :, :, [0, -1]] = 0  # a black frame around the picture
    source = clip(pictures)
    for made in rendered(Stabilise(edges="crop", zoom_limit=1.2), source, colour):
        assert made.pixels.min() > -0.3 and (made.pixels < 0.7).mean() < 0.03
    zooms = [abs(m.turn) for m in corrections(Stabilise(edges="crop", zoom_limit=1.2), source, colour)]
    assert min(zooms) > 1.01 and max(zooms) < 1.15
    assert np.abs(np.diff(zooms)).max() < 0.01
    limited = corrections(Stabilise(edges="crop", zoom_limit=1.01), source, colour)
    np.testing.assert_allclose([abs(m.turn) for m in limited], 1.01, atol=4e-3)


def test_crop_swells_and_fades_slowly_in_a_shot_longer_than_the_window(colour: Colour) -> None:
    source = clip(shot(gate() / 2, speed=1.5))
    zooms = [abs(m.turn) for m in corrections(Stabilise(edges="crop", zoom_limit=2.0), source, colour)]
    assert max(zooms) > 1.02
    assert np.abs(np.diff(zooms)).max() < 0.005


def test_further_parts_of_a_file_move_along(colour: Colour, pan: Pixels) -> None:
    frames = []
    for picture in pan[:9]:
        part = Frame.of(picture[:1], ("spec.V",), colour_space=SCENE)
        frames.append(Frame.of(picture, colour_space=SCENE, parts=(part,)))
    for made in rendered(Stabilise(), numbered(frames), colour):
        np.testing.assert_allclose(made.parts[0].pixels[0], made.pixels[0], rtol=2e-5, atol=1e-6)


def test_the_windows_of_the_file_stay(colour: Colour) -> None:
    data, display = Box(5, 6, 5 + WIDTH, 6 + HEIGHT), Box(0, 0, 200, 150)
    source = clip(shot(gate(5)), data_window=data, display_window=display)
    made = graph(Stabilise(), source, colour).render(1003)
    assert (made.data_window, made.display_window) == (data, display)
