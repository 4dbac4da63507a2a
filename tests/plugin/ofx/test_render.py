"""What the plugins render: the same, bit for bit, as the graph does in batch."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interneg.nodes.denoise_sr import DenoiseSR
from tests.plugin.ofx.expected import expected, part
from tests.plugin.ofx.host import NUKE_LIKE, Host, Profile, with_layout
from tests.plugin.ofx.ofx_images import TYPES, Picture, Rect
from tests.plugin.ofx.ofx_objects import Plate, RenderAborted, RenderFailed
from tests.plugin.ofx.plates import clip, mask, picture
from tests.toys import AddReference, Doubled, EveryKnob, FromAnchor, Waiting, WindowMean

pytestmark = pytest.mark.hosted

MEAN, REFERENCE, DOUBLED = "org.interneg.WindowMean", "org.interneg.AddReference", "org.interneg.Doubled"
EVERY, WAITING, DENOISE = "org.interneg.EveryKnob", "org.interneg.Waiting", "org.interneg.DenoiseSR"


@pytest.mark.parametrize("cut", [None, 1006])
def test_a_temporal_node_is_bit_identical(bundle: Path, runtime: Path, cut: int | None) -> None:
    source, node = clip(cut=cut), WindowMean()
    with Host(bundle) as host:
        instance = host.create(MEAN, source)
        for time in (1001, 1005, 1006, 1012):
            shown = instance.render(time)
            np.testing.assert_array_equal(shown.pixels, expected(node, time, source).pixels)


def test_exactly_the_frames_that_are_needed_are_fetched(bundle: Path, runtime: Path) -> None:
    source = clip(1001, 1030)
    with Host(bundle) as host:
        instance = host.create(MEAN, source)
        instance.render(1015)
        assert instance.declared["Source"] == [(1009, 1021)]  # 3, and 3 more for cuts
        assert sorted(instance.fetched["Source"]) == list(range(1009, 1022))
        instance.set("radius", 0)
        instance.render(1015)
        assert instance.declared["Source"] == [(1015, 1015)]
        assert instance.fetched["Source"] == [1015]
        instance.set("radius", 1)
        instance.render(1001)
        assert set(instance.fetched["Source"]) >= set(range(1001, 1006))


def test_a_frame_from_afar_is_fetched_where_a_list_of_frames_names_it(bundle: Path, runtime: Path) -> None:
    source, frames = clip(1001, 1030), (1020, 1003, 1011)
    with Host(bundle) as host:
        instance = host.create("org.interneg.FromAnchor", source)
        instance.set("frames", "1020, 1003,1011 ")
        for time, anchor in ((1001, 1003), (1003, 1003), (1010, 1003), (1011, 1011), (1030, 1020)):
            shown = instance.render(time)
            np.testing.assert_array_equal(
                shown.pixels, expected(FromAnchor(frames=frames), time, source).pixels
            )
            assert instance.declared["Source"] == [(time, time), (anchor, anchor)]
            assert set(instance.fetched["Source"]) == {time, anchor}
        instance.set("frames", "1002, 1100")
        assert instance.render(1030).pixels is not None
        instance.set("frames", "1100")
        with pytest.raises(RenderFailed, match="1100"):
            instance.render(1030)
        instance.set("frames", "")
        instance.render(1030)
        assert instance.declared["Source"] == [(1030, 1030)]


@pytest.mark.parametrize("missing", ["failed", "null"])
def test_neighbours_may_be_missing(bundle: Path, runtime: Path, missing: str) -> None:
    whole = clip()
    gaps = {t: whole.at(t) for t in (1003, 1004, 1006, 1007, 1010)}
    source = Plate(gaps, whole.range)  # type: ignore[arg-type]
    with Host(bundle, replace(NUKE_LIKE, missing=missing)) as host:
        instance = host.create(MEAN, source)
        shown = instance.render(1006)
        np.testing.assert_array_equal(shown.pixels, expected(WindowMean(), 1006, source).pixels)
        with pytest.raises(RenderFailed) as failed:
            instance.render(1005)
        assert failed.value.message


@pytest.mark.parametrize("channels", [4, 3, 1])
@pytest.mark.parametrize("layout", ["packed", "padded", "negative"])
def test_components_and_rows(bundle: Path, runtime: Path, channels: int, layout: str) -> None:
    profile = with_layout(NUKE_LIKE, padding=0 if layout == "packed" else 20, negative=layout == "negative")
    source = clip(channels=channels)
    with Host(bundle, profile) as host:
        shown = host.create(MEAN, source).render(1005)
        np.testing.assert_array_equal(shown.pixels, expected(WindowMean(), 1005, source).pixels)


@pytest.mark.parametrize("depth", ["byte", "short", "half", "float"])
@pytest.mark.parametrize("channels", [4, 3, 1])
@pytest.mark.parametrize("name", ["WindowMean", "DenoiseSR"])
def test_depths(bundle: Path, runtime: Path, depth: str, channels: int, name: str) -> None:
    node = WindowMean() if name == "WindowMean" else DenoiseSR()
    white = {"byte": 255, "short": 65535}.get(depth)
    with Host(bundle, with_layout(Profile(), padding=6, negative=True)) as host:
        source = clip(channels=channels)
        shown = host.create(f"org.interneg.{name}", source, depth=depth).render(1005)

    def stored(pixels: np.ndarray) -> np.ndarray:
        if white is None:
            return pixels.astype(TYPES[depth]).astype(np.float32)
        return np.rint(np.clip(pixels, 0, 1).astype(np.float64) * white)

    def given(time: float) -> Picture | None:
        found = source.at(time)
        if found is None:
            return None
        return replace(found, pixels=(stored(found.pixels) / (white or 1)).astype(np.float32))

    wanted = stored(expected(node, 1005, Plate(given, source.range)).pixels)
    np.testing.assert_array_equal(np.rint(shown.pixels * white) if white else shown.pixels, wanted)


@pytest.mark.parametrize("whole_output", [True, False])
def test_data_windows_and_tiles(bundle: Path, runtime: Path, whole_output: bool) -> None:
    """Data windows begin below 0, and tiles come even where they are not wanted."""
    source = clip(x=-5, y=-3)
    size = (20, 20)
    with Host(bundle, replace(NUKE_LIKE, whole_output=whole_output)) as host:
        for identifier, node in ((MEAN, WindowMean()), (EVERY, EveryKnob()), (DOUBLED, Doubled())):
            wanted = expected(node, 1005, source, size=size)
            instance = host.create(identifier, source, size=size)
            bounds = instance.bounds(1005)
            assert bounds == wanted.bounds
            np.testing.assert_array_equal(instance.render(1005).pixels, wanted.pixels)
            middle_x, middle_y = bounds.x1 + 7, bounds.y1 + 4
            for tile in (
                Rect(bounds.x1, bounds.y1, middle_x, middle_y),
                Rect(middle_x, bounds.y1, bounds.x2, middle_y),
                Rect(bounds.x1 + 1, middle_y, bounds.x2 - 2, bounds.y2),
            ):
                np.testing.assert_array_equal(instance.render(1005, window=tile).pixels, part(wanted, tile))


def test_neighbours_with_data_windows_of_their_own(bundle: Path, runtime: Path) -> None:
    frames = {t: picture(t, height=12, width=16 + t % 3, x=t % 2 - 1, y=t % 4 - 2) for t in range(1001, 1013)}
    frames[1006] = picture(1006, x=-1, y=-2)
    source = Plate.of(frames)
    now = frames[1006].bounds

    def brought(time: float) -> Picture | None:
        found = frames.get(int(time))
        if found is None:
            return None
        pixels = np.zeros((now.height, now.width, 4), np.float32)
        common = Rect(*(f(a, b) for f, a, b in zip((max, max, min, min), now, found.bounds, strict=True)))
        top, left = now.y2 - common.y2, common.x1 - now.x1
        pixels[top : top + common.height, left : left + common.width] = part(found, common)
        return Picture(pixels, now.x1, now.y1)

    wanted = expected(WindowMean(), 1006, Plate(brought, source.range), size=(16, 12))
    with Host(bundle) as host:
        shown = host.create(MEAN, source, size=(16, 12)).render(1006)
    np.testing.assert_array_equal(shown.pixels, wanted.pixels)


def test_half_scale(bundle: Path, runtime: Path) -> None:
    source = clip(x=-4, y=-2)

    def halved(time: float) -> Picture | None:
        found = source.at(time)
        return found and found.halved()

    half = Plate(halved, source.range)
    with Host(bundle) as host:
        for identifier, node in ((MEAN, WindowMean()), (DOUBLED, Doubled())):
            shown = host.create(identifier, source, size=(16, 12)).render(1005, scale=0.5)
            wanted = expected(node, 1005, half, size=(8, 6))
            assert shown.bounds == wanted.bounds
            np.testing.assert_array_equal(shown.pixels, wanted.pixels)


def test_the_region_grows_with_the_picture(bundle: Path, runtime: Path) -> None:
    source = clip(x=-5, y=-3)
    with Host(bundle) as host:
        instance = host.create(DOUBLED, source, size=(16, 12))
        assert instance.definition(1005) == (-10, -6, 22, 18)
        assert instance.regions(1005, (-10, -6, -8, -4))["Source"] == [-5, -3, 11, 9]
        instance.set("scale", "1")
        assert instance.definition(1005) == (-5, -3, 11, 9)
        instance.set("scale", "2")
        instance.set("strength", 0)
        assert instance.definition(1005) == (-5, -3, 11, 9)


def test_a_reference_plate_is_seen_over_the_nodes_window(bundle: Path, runtime: Path) -> None:
    source, plate = clip(1001, 1030), clip(1001, 1030, x=0, y=0)
    with Host(bundle) as host:
        instance = host.create(REFERENCE, source, Reference=plate)
        for time, span in ((1015, 0), (1015, 1), (1015, 2), (1001, 2), (1030, 2)):
            instance.set("span", span)
            shown = instance.render(time)
            node = AddReference(span=span)
            np.testing.assert_array_equal(shown.pixels, expected(node, time, source, reference=plate).pixels)
            if time == 1015:
                assert instance.declared["Reference"] == [(time - span, time + span)]
                assert sorted(instance.fetched["Reference"]) == list(range(time - span, time + span + 1))


def test_mask_and_reference(bundle: Path, runtime: Path) -> None:
    source, plate = clip(), clip(x=0, y=0, first=1001, last=1012, cut=1001)
    matte = mask(source)
    with Host(bundle) as host:
        instance = host.create(REFERENCE, source, Reference=plate, Mask=matte)
        instance.set("gain", 0.25)
        node = AddReference(gain=0.25)
        instance.set("use_mask", False)
        shown = instance.render(1005)
        np.testing.assert_array_equal(shown.pixels, expected(node, 1005, source, reference=plate).pixels)
        instance.set("use_mask", True)
        shown = instance.render(1005)
        wanted = expected(node, 1005, source, reference=plate, mask=matte).pixels
        np.testing.assert_array_equal(shown.pixels, wanted)
        given = source.at(1005)
        assert given is not None
        np.testing.assert_array_equal(shown.pixels[:, :4], given.pixels[:, :4])  # outside the mask
        assert (shown.pixels[:, 8:, :3] != given.pixels[:, 8:, :3]).all()

        alone = host.create(REFERENCE, source)
        np.testing.assert_array_equal(alone.render(1005).pixels, expected(node, 1005, source).pixels)


def test_strength_0_is_identity(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle) as host:
        for identifier in host.plugins:
            instance = host.create(identifier, source)
            assert instance.identity(1005) is None
            instance.set("strength", 0.0, key=1004)
            instance.set("strength", 1.0, key=1006)
            assert instance.identity(1004) == ("Source", 1004)
            assert instance.identity(1005) is None
            shown = instance.render(1004, asks=False)  # some hosts do not ask
            np.testing.assert_array_equal(shown.pixels, source.frames[1004].pixels)  # type: ignore[index]


def test_every_knob_arrives(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle) as host:
        instance = host.create(EVERY, source)
        values: dict[str, object] = {}

        def check() -> None:
            wanted = expected(EveryKnob.with_knobs(values), 1005, source).pixels
            np.testing.assert_array_equal(instance.render(1005).pixels, wanted)

        check()
        assert not instance.parameters["level"].enabled
        instance.set("level_auto", False)
        assert instance.parameters["level"].enabled
        changes = {"level": 0.3, "count": 5, "flag": True, "kind": "b", "path": 'a "b"\\ü', "offset": -1.5}
        for name, value in changes.items():
            instance.set(name, value)
            values[name] = value
            check()
        instance.set("cuts", "3, 4")
        values["cuts"] = (3, 4)
        check()
        instance.set("offset", 1.0, key=1004)
        instance.set("offset", 2.0, key=1006)
        values["offset"] = 1.5
        check()


def test_what_no_node_takes_is_told(bundle: Path, runtime: Path) -> None:
    with Host(bundle) as host:
        instance = host.create(EVERY, clip())
        instance.set("cuts", "one")
        with pytest.raises(RenderFailed) as failed:
            instance.render(1005)
        assert failed.value.message and "cuts" in failed.value.message
        instance.set("cuts", "")
        instance.render(1005)
        assert instance.message is None  # cleared by the next success
        instance.set("input_space", "no such space")
        with pytest.raises(RenderFailed) as failed:
            instance.render(1005)
        assert failed.value.message and "no such space" in failed.value.message


def test_high_values_and_alpha_come_through(bundle: Path, runtime: Path) -> None:
    pixels = picture(1).pixels.copy()
    pixels[2, 3] = (np.nan, 1e6, -1e3, 1)
    pixels[4, 5, 0] = np.inf
    source = Plate.of({1: Picture(pixels)})
    with Host(bundle) as host:
        shown = host.create(EVERY, source).render(1).pixels
    np.testing.assert_array_equal(shown, expected(EveryKnob(), 1, source).pixels)
    np.testing.assert_array_equal(shown[..., 3], pixels[..., 3])
    assert np.isnan(shown[2, 3, 0]) and shown[4, 5, 0] == np.inf
    assert np.isfinite(np.delete(shown[..., :3].reshape(-1), [(2 * 16 + 3) * 3, (4 * 16 + 5) * 3])).all()


@pytest.mark.parametrize("straight", [False, True])
def test_premultiplied_or_not(bundle: Path, runtime: Path, straight: bool) -> None:
    kind = "OfxImageAlphaUnPremultiplied" if straight else "OfxImageAlphaPremultiplied"
    source = replace(clip(), premultiplied=kind)
    with Host(bundle) as host:
        shown = host.create(DENOISE, source).render(1005)
        np.testing.assert_array_equal(shown.pixels, expected(DenoiseSR(), 1005, source).pixels)


def test_renders_from_8_threads(bundle: Path, runtime: Path) -> None:
    source = clip(1001, 1016, cut=1009)
    with Host(bundle) as host:
        instances = [host.create(MEAN, source) for _ in range(2)]
        wanted = {t: expected(WindowMean(), t, source).pixels for t in range(1001, 1017)}
        jobs = [(instances[t % 2], t) for t in wanted] * 3
        with ThreadPoolExecutor(8) as pool:
            shown = list(pool.map(lambda job: job[0].render(job[1], sequence=False), jobs))
        for (_, time), result in zip(jobs, shown, strict=True):
            np.testing.assert_array_equal(result.pixels, wanted[time])


def test_abort(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle) as host:
        instance = host.create(WAITING, source)
        instance.set("seconds", 30.0)
        instance.abort_at = 3
        with pytest.raises(RenderAborted):
            instance.render(1005)
        assert instance.message is None
        assert instance.polls >= 3
        instance.abort_at = 0
        instance.set("seconds", 0.0)
        np.testing.assert_array_equal(instance.render(1005).pixels, expected(Waiting(), 1005, source).pixels)


def test_a_picture_changed_in_place_is_seen(bundle: Path, runtime: Path) -> None:
    """Hosts give other pictures for the same time once something upstream has changed."""
    first, second = clip(), clip(cut=1001)
    with Host(bundle) as host:
        for source in (first, second, first):
            shown = host.create(MEAN, source).render(1005)
            np.testing.assert_array_equal(shown.pixels, expected(WindowMean(), 1005, source).pixels)


def test_caches_can_be_purged(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle) as host:
        instance = host.create(MEAN, source)
        instance.render(1005)
        host.purge(MEAN)
        np.testing.assert_array_equal(
            instance.render(1005).pixels, expected(WindowMean(), 1005, source).pixels
        )


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["1", "2"])
def test_the_command_line_gives_the_same(bundle: Path, runtime: Path, tmp_path: Path, scale: str) -> None:
    """Denoise-SR on files and in a host: bit-identical in float."""
    from interneg.frame import Box, Frame
    from interneg.io.image_reader import read_image
    from interneg.io.image_writer import write_image

    shown = picture(7, height=48, width=64, x=-8, y=4)
    top = 60 - shown.bounds.y2
    frame = Frame.of(
        shown.pixels.transpose(2, 0, 1), "RGBA",
        data_window=Box(-8, top, 56, top + 48), display_window=Box(0, 0, 64, 60), number=1001,
    )  # fmt: skip
    write_image(tmp_path / "in.1001.exr", frame, attributes={}, warn=lambda kind, sentence: None)
    command = [sys.executable, "-m", "interneg.plugin.cli", "render", f"denoise-sr:scale={scale}"]
    files = [str(tmp_path / "in.####.exr"), str(tmp_path / "out.####.exr")]
    alone = {n: v for n, v in os.environ.items() if n != "LD_PRELOAD"}
    told = [*command, *files, "--input-space", "scene_linear"]
    subprocess.run(told, check=True, capture_output=True, env=alone)
    written = read_image(tmp_path / "out.1001.exr")
    source = Plate.of({1001: shown})
    with Host(bundle) as host:
        instance = host.create(DENOISE, source, size=(64, 60))
        instance.set("scale", scale)
        result = instance.render(1001)
    np.testing.assert_array_equal(result.pixels.transpose(2, 0, 1), written.pixels)
    box = written.data_window
    factor = int(scale)
    assert (box.x0, 60 * factor - box.y1) == (result.x, result.y)
