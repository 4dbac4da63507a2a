"""Habits of hosts that were met: what they leave out, ignore, or have in a way of their own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.frame import Frame
from interneg.io.image_reader import read_image
from interneg.io.image_writer import write_image
from interneg.motion.path_file import text
from interneg.motion.similarity import Motion
from tests.plugin.ofx.expected import expected, part
from tests.plugin.ofx.host import NUKE_LIKE, OLD_HOST, Host
from tests.plugin.ofx.ofx_images import Picture
from tests.plugin.ofx.ofx_objects import Plate, RenderFailed
from tests.plugin.ofx.plates import clip
from tests.toys import Doubled, EveryKnob, FromAnchor, WindowMean

pytestmark = pytest.mark.hosted

MEAN, ANCHOR, EVERY = "org.interneg.WindowMean", "org.interneg.FromAnchor", "org.interneg.EveryKnob"
DOUBLED, STABILISE = "org.interneg.Doubled", "org.interneg.Stabilise"
ALONE = replace(NUKE_LIKE, temporal=False)
"""As MLT: it gives one frame at a time."""


@pytest.mark.parametrize("how", ["printf", "blank", "format"])
@pytest.mark.parametrize("profile", [NUKE_LIKE, OLD_HOST], ids=["persistent", "window"])
def test_a_message_is_whole_where_the_host_prints_its_format_alone(
    bundle: Path, runtime: Path, profile: Any, how: str
) -> None:
    with Host(bundle, replace(profile, messages=how)) as host:
        instance = host.create(EVERY, clip(), depth="float")
        instance.set("input_space", "no %s space at 100 %")
        with pytest.raises(RenderFailed):
            instance.render(1005)
        shown = instance.message or instance.messages[-1]
        space = "no %%s space at 100 %%" if how == "format" else "no %s space at 100 %"
        assert f": '{space}' is no colour space" in shown, shown


def alone(source: Plate, time: float) -> Plate:
    """The clip as a host without temporal access shows it."""
    shown = source.at(time)
    assert shown is not None
    return Plate({time: shown}, (time, time))


def test_a_node_says_what_it_lacks_in_a_host_that_gives_one_frame(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle, ALONE) as host:
        instance = host.create(MEAN, source)
        shown = instance.render(1005)
        wanted = expected(WindowMean(), 1005, alone(source, 1005)).pixels
        np.testing.assert_array_equal(shown.pixels, wanted)
        assert instance.declared["Source"] == [(1005, 1005)]
        assert instance.message and "3 before it and 3 after" in instance.message
        assert "interneg render" in instance.message
        instance.set("radius", 0)
        instance.render(1005)
        assert instance.message is None


def test_a_window_tells_it_once_where_messages_do_not_stay(bundle: Path, runtime: Path) -> None:
    with Host(bundle, replace(OLD_HOST, temporal=False, depths=("float",))) as host:
        messages = []
        for _ in range(2):
            instance = host.create(MEAN, clip())
            for time in (1004, 1005):
                instance.render(time)
            messages += instance.messages
        assert len(messages) == 1 and "one frame at a time" in messages[0]


def test_a_frame_from_afar_cannot_be_had_in_a_host_that_gives_one(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle, ALONE) as host:
        instance = host.create(ANCHOR, source)
        instance.set("frames", "1003")
        wanted = expected(FromAnchor(frames=(1003,)), 1003, source).pixels
        np.testing.assert_array_equal(instance.render(1003).pixels, wanted)
        with pytest.raises(RenderFailed, match=r"gives one frame at a time, .* frame 1003"):
            instance.render(1005)


def test_stabilise_follows_a_path_file_in_a_host_that_gives_one_frame(
    bundle: Path, runtime: Path, tmp_path: Path
) -> None:
    source, still = clip(height=24, width=32), {n: Motion() for n in range(1001, 1013)}
    path = tmp_path / "path.json"
    path.write_text(text((24, 32), still, {n: Motion(shift=3 + 0.5j) for n in still}))
    shown = {}
    for profile in (NUKE_LIKE, ALONE):
        with Host(bundle, profile) as host:
            instance = host.create(STABILISE, source)
            instance.set("path", str(path))
            shown[profile] = instance.render(1005).pixels
            assert instance.message is None
            instance.set("edges", "crop")
            instance.render(1005)
            assert (instance.message is not None) == (profile is ALONE)
    np.testing.assert_array_equal(shown[ALONE], shown[NUKE_LIKE])
    given = source.at(1005)
    assert given is not None and np.abs(shown[ALONE] - given.pixels).max() > 0.1


@pytest.mark.parametrize("place", [{}, {"x": -5, "y": -3}])
def test_a_host_that_ignores_the_larger_region_gets_the_whole_picture(
    bundle: Path, runtime: Path, place: dict[str, int]
) -> None:
    source = clip(**place)
    with Host(bundle, replace(NUKE_LIKE, keeps_size=True)) as host:
        instance = host.create(DOUBLED, source, size=(16, 12))
        shown = instance.render(1005)
    assert shown.bounds == source.picture.bounds
    large = expected(Doubled(), 1005, source, size=(16, 12)).pixels
    blocks = large.reshape(12, 2, 16, 2, 4).mean(axis=(1, 3), dtype=np.float32)
    np.testing.assert_allclose(shown.pixels[..., :3], blocks[..., :3], rtol=1e-6)


def test_a_tile_as_large_as_the_source_is_no_result_of_that_size(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle, replace(NUKE_LIKE, whole_output=False)) as host:
        shown = host.create(DOUBLED, source).render(1005, window=source.picture.bounds)
    wanted = expected(Doubled(), 1005, source)
    np.testing.assert_array_equal(shown.pixels, part(wanted, shown.bounds))


@pytest.mark.parametrize("space", ["", "  "])
def test_an_empty_input_space_is_the_default(bundle: Path, runtime: Path, space: str) -> None:
    source = clip()
    with Host(bundle) as host:
        instance = host.create(EVERY, source)
        instance.set("input_space", space)
        shown = instance.render(1005).pixels
    np.testing.assert_array_equal(shown, expected(EveryKnob(), 1005, source).pixels)


@pytest.mark.parametrize(
    "refused",
    [("String",), ("Choice",), ("Boolean",), ("Integer", "Double"), ("PushButton", "Page")],
    ids=" and ".join,
)
def test_knobs_that_a_host_has_no_parameters_for_have_their_defaults(
    bundle: Path, runtime: Path, refused: tuple[str, ...]
) -> None:
    source = clip()
    with Host(bundle, replace(NUKE_LIKE, refuses=refused)) as host:
        for identifier, node in ((EVERY, EveryKnob()), (DOUBLED, Doubled()), (MEAN, WindowMean())):
            shown = host.create(identifier, source).render(1005).pixels
            np.testing.assert_array_equal(shown, expected(node, 1005, source).pixels)


@pytest.mark.parametrize(
    ("identifier", "name", "value", "says"),
    [
        (MEAN, "radius", 9, "Radius is set to 9: expected 0 to 5"),
        (MEAN, "radius", -1, "Radius is set to -1: expected 0 to 5"),
        (EVERY, "offset", 10.5, "Offset is set to 10.5: expected -10 to 10"),
        (EVERY, "offset", float("nan"), "Offset is set to nan: expected -10 to 10"),
        (EVERY, "kind", 7, "Kind is set to choice 7: expected 0 to 1, which stand for a, b"),
        (DOUBLED, "scale", 3, "Scale is set to choice 3: expected 0 to 1, which stand for 1, 2"),
    ],
)
def test_a_host_that_lets_a_knob_out_of_its_limits(
    bundle: Path, runtime: Path, identifier: str, name: str, value: float, says: str
) -> None:
    with Host(bundle) as host:
        instance = host.create(identifier, clip())
        instance.parameters[name].value = value
        with pytest.raises(RenderFailed, match=says):
            instance.render(1005)
        assert instance.message and "install" not in instance.message


def test_a_number_that_does_not_count_may_be_anything(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle) as host:
        instance = host.create(EVERY, source)
        instance.parameters["level"].value = 99.0  # beside Auto, which is ticked
        np.testing.assert_array_equal(
            instance.render(1005).pixels, expected(EveryKnob(), 1005, source).pixels
        )


def test_files_are_opened_not_saved(bundle: Path) -> None:
    """Where a file need not exist, Natron asks where to save it."""
    with Host(bundle) as host:
        told = host.plugins[STABILISE].in_context("General").parameters["path"]
        assert told["OfxParamPropStringFilePathExists"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["hold", "skip"])
def test_a_gap_is_filled_as_on_the_command_line(
    bundle: Path, runtime: Path, tmp_path: Path, missing: str
) -> None:
    rng, frames = np.random.default_rng(3), {}
    texture = rng.uniform(0.1, 0.6, (48, 64, 3))
    for number in (*range(1001, 1006), 1008, 1009, 1010, 1011, 1013):
        frames[number] = Picture((texture * rng.uniform(0.95, 1.05)).astype(np.float32))
        pixels = frames[number].pixels.transpose(2, 0, 1)
        write_image(
            tmp_path / f"in.{number}.exr",
            Frame.of(pixels, "RGB"),
            attributes={},
            warn=lambda kind, said: None,
        )
    files = [str(tmp_path / "in.####.exr"), str(tmp_path / "out.####.exr")]
    command = [sys.executable, "-m", "interneg.plugin.cli", "render", "deflicker", *files]
    told = [*command, "--input-space", "scene_linear", "--missing", missing]
    subprocess.run(told, check=True, capture_output=True)
    changes = []
    with Host(bundle) as host:
        instance = host.create("org.interneg.Deflicker", Plate.of(frames))
        for number in (1004, 1009):
            written = read_image(tmp_path / f"out.{number}.exr").pixels.transpose(1, 2, 0)
            np.testing.assert_array_equal(instance.render(number).pixels, written)
            changes.append(np.abs(written - frames[number].pixels).max())
    assert max(changes) > 1e-3
