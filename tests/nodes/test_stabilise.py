from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engine import NoEngines
from interneg.errors import InputError, KnobError, UsageError
from interneg.frame import Box, Frame, Pixels, Window
from interneg.graph import FrameList, Graph, needed
from interneg.knobs import knobs_of
from interneg.memo import Memo
from interneg.metrics.golden import compare
from interneg.motion import path_file
from interneg.motion.similarity import Motion, points
from interneg.node import Context
from interneg.nodes.stabilise import Stabilise

SCENE = "ACEScg"
HEIGHT, WIDTH, COUNT = 120, 160, 24
EDGES = ("hold", "mirror", "reveal", "crop", "fill")


def numbered(frames: Sequence[Frame]) -> FrameList:
    """Frames by number, from 1001 on."""
    return FrameList(replace(f, number=n) for n, f in enumerate(frames, 1001))


def world() -> Pixels:
    """A large picture (H, W, 3) with detail of several sizes, 0.02..1."""
    rng = np.random.default_rng(7)
    total = np.zeros((400, 500, 3), np.float32)
    for sigma, share in ((1.2, 0.5), (3, 1), (10, 2), (30, 3)):
        noise = cv2.GaussianBlur(rng.normal(size=total.shape).astype(np.float32), (0, 0), sigma)
        total += share * noise / noise.std()
    return np.asarray(0.02 + 0.98 / (1 + np.exp(-0.5 * total)), np.float32)


WORLD = world()


def gate(count: int = COUNT) -> np.ndarray:
    """x, y and degrees."""
    return np.random.default_rng(3).normal(0, (2, 2, 0.15), (count, 3))


def shot(shaken: np.ndarray, speed: float = 0.0, extra: Any = None, aspect: float = 1.0) -> Pixels:
    """(N, C, H, W): the world as the camera that pans at `speed` sees it, moved by the gate."""
    made = []
    for k, (dx, dy, degrees) in enumerate(shaken):
        z = points(HEIGHT, WIDTH, (HEIGHT, aspect * WIDTH))
        at = (z - complex(dx, dy)) * np.exp(-1j * np.radians(degrees)) + speed * k + complex(250, 200)
        picture = cv2.remap(WORLD, at.real.astype(np.float32), at.imag.astype(np.float32), cv2.INTER_LANCZOS4)
        if extra is not None:
            extra(picture, k)
        made.append(picture.transpose(2, 0, 1))
    return np.ascontiguousarray(made, np.float32)


def clip(
    pictures: Sequence[Pixels] | Pixels, channels: Sequence[str] = ("R", "G", "B"), **facts: Any
) -> FrameList:
    return numbered([Frame.of(p, tuple(channels), colour_space=SCENE, **facts) for p in pictures])


def graph(node: Any, source: FrameList, colour: Colour, **facts: Any) -> Graph:
    context = Context(colour, NoEngines(), Memo(400), **facts.pop("context", {}))
    return Graph([node], source, context, cuts=facts.pop("cuts", []), **facts)


def rendered(node: Stabilise, source: FrameList, colour: Colour, **facts: Any) -> list[Frame]:
    made = graph(node, source, colour, **facts)
    return [made.render(n) for n in source.numbers]


def rms(values: Any) -> float:
    return float(np.sqrt(np.mean(np.square(np.abs(values)))))


def corrections(node: Stabilise, source: FrameList, colour: Colour, **facts: Any) -> list[Motion]:
    """What each frame is moved by."""
    found: dict[int, Motion] = {}

    class Watched(Stabilise):
        def process(self, view: Any) -> Pixels:
            found[view.window.frame.number] = self.solve(view).motion
            return super().process(view)

    rendered(Watched.with_knobs(node.knobs), source, colour, **facts)
    return [found[n] for n in source.numbers]


def left_over(moves: Sequence[Motion], shaken: np.ndarray) -> np.ndarray:
    """x and y that the middle of each frame is still off by, (N, 2), and what it was."""
    at = [m(np.array([complex(dx, dy)]))[0] for m, (dx, dy, _) in zip(moves, shaken, strict=True)]
    return np.stack([np.real(at), np.imag(at)], 1)


def test_unpremultiply_is_no_knob_of_it() -> None:
    assert "unpremultiply" not in knobs_of(Stabilise)


@pytest.fixture(scope="module")
def pan() -> Pixels:
    return shot(gate(), speed=1.5)


def test_weave_on_a_pan_goes_and_the_pan_stays(colour: Colour, pan: Pixels) -> None:
    moves = corrections(Stabilise(), clip(pan), colour)
    left, was = left_over(moves, gate()), gate()[:, :2]
    inner = slice(6, -6)
    assert rms(np.diff(left[inner], axis=0)) < 0.08 * rms(np.diff(was[inner], axis=0))
    assert rms(left) < 1.2
    turned = [np.degrees(np.angle(m.turn)) for m in moves] + gate()[:, 2]
    assert rms(np.diff(turned[inner])) < 0.15 * rms(np.diff(gate()[inner, 2]))


def test_a_weave_of_one_half_removes_half(colour: Colour, pan: Pixels) -> None:
    whole, half = (corrections(Stabilise(weave=w), clip(pan), colour) for w in (1, 0.5))
    np.testing.assert_allclose([m.shift for m in half], [m.shift / 2 for m in whole], rtol=1e-6)
    np.testing.assert_allclose([m.turn**2 for m in half], [m.turn for m in whole], rtol=1e-9)


def test_a_steady_pan_is_left_alone(colour: Colour) -> None:
    moves = corrections(Stabilise(), clip(shot(np.zeros((16, 3)), speed=2.3)), colour)
    assert max(abs(m.shift) for m in moves) < 0.1
    assert max(abs(m.turn - 1) for m in moves) < 3e-4


def test_a_still_clip_is_left_bit_for_bit(colour: Colour) -> None:
    source = clip([shot(np.zeros((1, 3)))[0]] * 5)
    for node in (Stabilise(), Stabilise(warp=1), Stabilise(edges="fill"), Stabilise(edges="crop")):
        for made, number in zip(rendered(node, source, colour), source.numbers, strict=True):
            np.testing.assert_array_equal(made.pixels, source.frame(number).pixels)


def test_what_moves_in_front_does_not_drag_the_picture_along(colour: Colour) -> None:
    def walker(picture: Pixels, k: int) -> None:
        x, y = 10 + 4 * k, 40 + round(8 * np.sin(k))
        picture[y : y + 50, x : x + 50] = WORLD[:50, :50]

    still = np.zeros((20, 3))
    moves = corrections(Stabilise(), clip(shot(still, extra=walker)), colour)
    assert max(abs(m.shift) for m in moves) < 0.12


def bent(count: int) -> list[Pixels]:
    """A still scene, its frames bent smoothly, each by a field of its own."""
    rng, (plain,) = np.random.default_rng(4), shot(np.zeros((1, 3)))
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    frames = []
    for _ in range(count):
        a, b = rng.normal(0, 1.2, 2)
        u, v = np.float32(a) * np.cos(2 * np.pi * x / WIDTH), np.float32(b) * np.cos(2 * np.pi * y / HEIGHT)
        frames.append(np.stack([cv2.remap(p, x - u, y - v, cv2.INTER_LANCZOS4) for p in plain]))
    return frames


def test_warp_is_straightened(colour: Colour) -> None:
    frames = bent(16)
    inner = np.s_[:, :, 12:-12, 12:-12]
    made = np.array([f.pixels for f in rendered(Stabilise(warp=1), clip(frames), colour)])
    rigid = np.array([f.pixels for f in rendered(Stabilise(), clip(frames), colour)])
    assert rms(np.diff(made[inner], axis=0)) < 0.4 * rms(np.diff(rigid[inner], axis=0))


def test_an_anamorphic_plate_is_turned_as_it_is_seen(colour: Colour) -> None:
    shaken = np.random.default_rng(8).normal(0, (0, 0, 0.5), (12, 3))
    pictures = shot(shaken, aspect=2.0)
    node, inner, left = Stabilise(lock=True, lock_frames=(1001,)), np.s_[:, :, 12:-12, 12:-12], {}
    for aspect in (1.0, 2.0):
        source = clip(pictures, pixel_aspect=aspect)
        made = np.array([f.pixels for f in rendered(node, source, colour)])
        left[aspect] = rms(np.std(made[inner], axis=0)) / rms(np.std(pictures[inner], axis=0))
        turned = np.degrees([np.angle(m.turn) for m in corrections(node, source, colour)]) + shaken[:, 2]
    assert np.std(turned) < 0.02 * np.std(shaken[:, 2])
    assert left[2.0] < 0.3 and left[2.0] < 0.5 * left[1.0], left


@pytest.mark.parametrize("aspect", [0.0, -1.0, np.nan, np.inf])
def test_a_pixel_aspect_that_cannot_be_is_refused(colour: Colour, aspect: float) -> None:
    source = clip(shot(gate(2)), pixel_aspect=aspect)
    with pytest.raises(InputError, match=rf"frame 100\d has a pixel aspect of {aspect}, expected"):
        graph(Stabilise(), source, colour).render(1001)


@pytest.mark.parametrize(("edges", "aspect"), [("reveal", 1.0), ("fill", 2.0)])
def test_a_render_by_the_path_file_is_the_render_without_it(
    colour: Colour, pan: Pixels, edges: str, aspect: float
) -> None:
    source = clip(pan[:10], pixel_aspect=aspect)
    found: dict[int, Any] = {}

    class Watched(Stabilise):
        def process(self, view: Any) -> Pixels:
            found[view.window.frame.number] = self.solve(view)
            return super().process(view)

    rendered(Watched(smoothing=4, warp=1), source, colour)
    moves, bends = ({n: getattr(s, part) for n, s in found.items()} for part in ("motion", "bend"))
    text = path_file.text((HEIGHT, WIDTH), moves, moves, aspect, bends).encode()
    node = Stabilise(smoothing=4, edges=edges, weave=0.7, warp=0.6)
    plain = rendered(node, source, colour)
    made = rendered(replace(node, path="p.json"), source, colour, context={"read": lambda path: text})
    for frame, other in zip(plain, made, strict=True):
        np.testing.assert_array_equal(frame.pixels, other.pixels)


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


def test_lock_holds_each_shot_on_its_own_frame(colour: Colour) -> None:
    shaken = gate(20)
    pictures = np.concatenate([shot(shaken[:10]), 1.02 - shot(shaken[10:])])
    node = Stabilise(lock=True, lock_frames=(1004, 1011))
    moves = corrections(node, clip(pictures), colour, cuts=[1011])
    at = left_over(moves, shaken)
    assert np.abs(at[:10] - at[3]).max() < 0.15 and np.abs(at[10:] - at[10]).max() < 0.15
    assert moves[3] == Motion() == moves[10]
    assert node.anchors(1001) == node.anchors(1010) == (1004,) and node.anchors(1020) == (1011,)


def test_what_lock_needs_is_known_and_said(colour: Colour) -> None:
    source = clip(shot(gate(4)))
    with pytest.raises(KnobError, match="lock_frames"):
        graph(Stabilise(lock=True), source, colour).render(1002)
    with pytest.raises(UsageError, match=r"looks at frame 990, which is not in the clip \(1001-1004\)"):
        graph(Stabilise(lock=True, lock_frames=(990,)), source, colour).render(1002)
    assert 500 in needed([Stabilise(lock=True, lock_frames=(500,))], 1001)


def test_a_box_is_all_that_is_looked_at(colour: Colour) -> None:
    shaken = gate(16)
    pictures = shot(shaken)
    others = shot(np.random.default_rng(9).normal(0, 2, (16, 3)))
    pictures[:, :, :, 80:] = others[:, :, :, 80:]  # something else goes on in the other half
    node = Stabilise(box_left=4, box_top=4, box_right=76, box_bottom=116)
    moves = corrections(node, clip(pictures), colour)
    assert all(m.turn == 1 for m in moves)
    left = left_over(moves, shaken)
    assert rms(np.diff(left, axis=0)) < 0.2 * rms(np.diff(shaken[:, :2], axis=0))


@pytest.mark.parametrize("box", [(10, 10, 5, 50), (0, 0, 161, 50), (0, 0, 20, 0)])
def test_a_box_that_is_none_is_refused(colour: Colour, box: tuple[int, ...]) -> None:
    knobs: dict[str, Any] = dict(zip(("box_left", "box_top", "box_right", "box_bottom"), box, strict=True))
    with pytest.raises(KnobError, match="the box of stabilise"):
        graph(Stabilise(**knobs), clip(shot(gate(3))), colour).render(1002)


def test_a_path_file_is_followed(colour: Colour) -> None:
    source = clip(shot(np.zeros((4, 3))))
    moves = {n: Motion(1, complex(n - 1001, 0)) for n in source.numbers}
    text = path_file.text((HEIGHT, WIDTH), moves, moves)
    read = {"read": lambda path: text.encode() if path == "p.json" else b""}
    made = rendered(Stabilise(path="p.json"), source, colour, context=read)
    for k, frame in enumerate(made):
        expected = source.frame(1001).pixels[:, :, : WIDTH - k]
        np.testing.assert_allclose(frame.pixels[:, :, k:], expected, atol=1e-5)
    edited = json.loads(text)
    edited["frames"]["1002"]["correction"]["dx"] = 9
    read["read"] = lambda path: json.dumps(edited).encode()
    again = graph(Stabilise(path="p.json"), source, colour, context=read).render(1002)
    np.testing.assert_allclose(again.pixels[:, :, 9:], source.frame(1001).pixels[:, :, :-9], atol=1e-5)
    del edited["frames"]["1003"]
    with pytest.raises(InputError, match=r"p\.json has no frame 1003, it has 1001-1004"):
        graph(Stabilise(path="p.json"), source, colour, context=read).render(1003)


@pytest.mark.parametrize("node", [Stabilise(smoothing=4), Stabilise(smoothing=3, warp=1, edges="fill")])
@pytest.mark.slow
def test_chunks_any_order_and_threads_are_the_whole_bit_for_bit(
    colour: Colour, node: Stabilise, pan: Pixels
) -> None:
    source = clip(pan)
    whole = {f.number: f.pixels.tobytes() for f in rendered(node, source, colour, cuts=None)}
    for first in range(1001, 1001 + COUNT, 10):
        made = graph(node, source, colour, cuts=None)
        for number in range(first, min(first + 10, 1001 + COUNT)):
            assert made.render(number).pixels.tobytes() == whole[number]
    made = graph(node, source, colour, cuts=None)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda n: made.render(n).pixels.tobytes(), reversed(source.numbers))
    assert list(found) == list(reversed(whole.values()))


def test_golden(colour: Colour, goldens: Path, pan: Pixels, request: pytest.FixtureRequest) -> None:
    made = graph(Stabilise(smoothing=5, warp=1, edges="fill"), clip(pan), colour).render(1010)
    out = made.pixels[:, 30:78, :64]
    path = goldens / "stabilise.npy"
    if request.config.getoption("--regenerate-goldens"):
        np.save(path, out.astype(np.float16))
    assert not compare(np.load(path).astype(np.float32), out).failure(max=0.02, mean=2e-3)


@pytest.mark.parametrize("count", [1, 2])
def test_short_shots_are_left_as_they_are(colour: Colour, count: int) -> None:
    source = clip(shot(gate(count)))
    for made in rendered(Stabilise(warp=1, edges="fill"), source, colour):
        assert rms(made.pixels - source.frame(made.number).pixels) < 1e-3


def test_a_clip_with_a_cut_in_every_frame_is_left_as_it_is(colour: Colour) -> None:
    source = clip(shot(gate(6)))
    for made in rendered(Stabilise(), source, colour, cuts=list(source.numbers)):
        np.testing.assert_array_equal(made.pixels, source.frame(made.number).pixels)


@pytest.mark.parametrize("level", [0.0, 1.0, 50.0])
@pytest.mark.parametrize("grain", [0.0, 0.005])
def test_frames_without_a_picture_stay_where_they_are(colour: Colour, level: float, grain: float) -> None:
    rng = np.random.default_rng(2)
    pictures = level + rng.normal(0, grain, (6, 3, HEIGHT, WIDTH)).astype(np.float32)
    source = clip(pictures.astype(np.float32))
    for made in rendered(Stabilise(warp=1), source, colour):
        np.testing.assert_allclose(made.pixels, source.frame(made.number).pixels, atol=0.02 + 0.02 * level)
    assert all(m == Motion() for m in corrections(Stabilise(), source, colour))


def test_duplicate_and_dropped_frames_do_no_harm(colour: Colour) -> None:
    shaken = gate(20)
    pictures = shot(shaken, speed=1.0)
    pictures[7] = pictures[6]  # a duplicate
    kept = [k for k in range(20) if k not in (12, 13)]
    moves = corrections(Stabilise(), clip(pictures[kept]), colour)
    shaken[7] = shaken[6] - (1, 0, 0)
    left = left_over(moves, shaken[kept])
    assert rms(left[5:-5]) < 1.5


def test_a_data_window_of_another_size_within_the_shot_is_no_motion(colour: Colour) -> None:
    (still,) = shot(np.zeros((1, 3)))
    frames = [Frame.of(still, colour_space=SCENE)] * 6
    low = Box(0, 8, WIDTH, HEIGHT)
    frames[3] = Frame.of(
        still[:, 8:], colour_space=SCENE, data_window=low, display_window=Box(0, 0, 160, 120)
    )
    made = rendered(Stabilise(smoothing=2), numbered(frames), colour)
    assert [f.data_window for f in made] == [f.data_window for f in frames]
    assert max(abs(m.shift) for m in corrections(Stabilise(smoothing=2), numbered(frames), colour)) < 0.2


def test_grey_pictures_and_small_ones(colour: Colour, context: Context) -> None:
    grey = clip(shot(gate(9))[:, :1], ("Y",))
    moves = corrections(Stabilise(), grey, colour)
    assert rms(np.diff(left_over(moves, gate(9)), axis=0)) < 0.6 * rms(np.diff(gate(9)[:, :2], axis=0))
    tiny = Frame.of(np.ones((3, 2, 3)), colour_space=SCENE)
    made = Stabilise(warp=1, edges="crop").render(Window((tiny, replace(tiny, number=1)), 0), context)
    np.testing.assert_array_equal(made.pixels, tiny.pixels)


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
