"""A shot analysed in a host: every frame looked at, with progress, and the file that a knob takes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from typer.testing import CliRunner

from interneg.frame import Frame
from interneg.io.image_writer import write_image
from interneg.nodes.deflicker import Deflicker
from interneg.nodes.stabilise import Stabilise
from interneg.plugin.cli.main import app
from tests.plugin.ofx.expected import expected
from tests.plugin.ofx.host import NUKE_LIKE, OLD_HOST, RESOLVE_LIKE, Host
from tests.plugin.ofx.ofx_images import Picture
from tests.plugin.ofx.ofx_objects import Plate
from tests.plugin.ofx.plates import clip

pytestmark = pytest.mark.hosted

NODE, BUTTON = "org.interneg.Stabilise", "analyse_shot"
FIRST, LAST = 1001, 1009


def shaken(seed: int = 1) -> Plate:
    """Nine frames of a still scene that weaves."""
    rng = np.random.default_rng(seed)
    still = clip(FIRST, FIRST, height=80, width=112).at(FIRST)
    assert still is not None
    frames = {}
    for number in range(FIRST, LAST + 1):
        y, x = rng.integers(0, 6, 2)
        frames[number] = Picture(np.ascontiguousarray(still.pixels[y : y + 72, x : x + 104]))
    return Plate.of(frames)


def as_files(plate: Plate, folder: Path) -> str:
    for number in range(FIRST, LAST + 1):
        shown = plate.at(number)
        assert shown is not None
        frame = Frame.of(shown.pixels.transpose(2, 0, 1), depth=("float",) * 4, number=number)
        write_image(folder / f"p.{number}.exr", frame, attributes={}, warn=lambda kind, sentence: None)
    return str(folder / "p.####.exr")


def measured(runtime: Path) -> dict[str, int]:
    """When each frame was measured."""
    return {str(p): p.stat().st_mtime_ns for p in (runtime / "data").rglob("measured/*/*.msgpack")}


@pytest.mark.parametrize(
    ("kind", "knobs", "knob", "progress"),
    [
        (Stabilise, {"smoothing": 2}, "path", True),
        (Stabilise, {"smoothing": 2}, "path", False),
        (Deflicker, {"window": 3}, "exposures", True),
    ],
)
def test_the_file_and_the_frames_are_those_of_batch(
    bundle: Path,
    runtime: Path,
    tmp_path: Path,
    kind: type[Stabilise | Deflicker],
    knobs: dict[str, int],
    knob: str,
    progress: bool,
) -> None:
    """Of `interneg analyse` into a file and into a folder, and of `interneg render --analysis`."""
    source = shaken()
    with Host(bundle, replace(NUKE_LIKE, progress=progress)) as host:
        instance = host.create(f"org.interneg.{kind.label}", source)
        for name, value in knobs.items():
            instance.set(name, value)
        assert instance.press(BUTTON, 1005)
        file = Path(instance.value(knob))
        shown = instance.render(1004)
        (message,) = instance.messages
    assert f"Frames {FIRST}-{LAST}" in message and str(file) in message
    steps = [f"{kind.label}: Analyse shot", *(pytest.approx((k + 1) / 9) for k in range(8)), "end"]
    assert host.progress == (steps if progress else [])
    recipe, plate = (
        kind.name + ":" + ",".join(f"{k}={v}" for k, v in knobs.items()),
        as_files(source, tmp_path),
    )
    for made, found in (("one.json", "one.json"), ("shot.analysis", f"shot.analysis/{kind.name}.json")):
        line = ["analyse", recipe, plate, str(tmp_path / made), "--input-space", "scene_linear"]
        done = CliRunner().invoke(app, line)
        assert done.exit_code == 0, done.output
        assert json.loads(file.read_text()) == json.loads((tmp_path / found).read_text())
        node = kind.with_knobs({**knobs, knob: str(tmp_path / found)})
        np.testing.assert_array_equal(shown.pixels, expected(node, 1004, source).pixels)
    line = [
        "render",
        recipe,
        plate,
        str(tmp_path / "o.####.exr"),
        "--analysis",
        str(tmp_path / "shot.analysis"),
    ]
    done = CliRunner().invoke(app, [*line, "--frames", "1004", "--input-space", "scene_linear"])
    assert done.exit_code == 0, done.output
    rendered = oiio.ImageBuf(str(tmp_path / "o.1004.exr")).get_pixels(oiio.FLOAT)
    np.testing.assert_array_equal(shown.pixels, rendered)


def test_a_cancelled_look_goes_on_where_it_was(bundle: Path, runtime: Path) -> None:
    with Host(bundle) as host:
        instance = host.create(NODE, shaken(3))
        host.cancels_at = 0.4
        others = measured(runtime)
        assert instance.press(BUTTON, 1005)
        assert instance.value("path") == ""
        assert "Cancelled" in instance.messages[-1]
        assert len(host.progress) == 1 + 4 + 1 and host.progress[-1] == "end"
        before = measured(runtime)
        assert len(before) == len(others) + 4
        host.cancels_at = 2.0
        assert instance.press(BUTTON, 1005)
        after = measured(runtime)
        assert len(after) == len(others) + 9 and before.items() <= after.items()
        assert Path(instance.value("path")).is_file()


def test_another_plate_is_measured_anew(bundle: Path, runtime: Path) -> None:
    with Host(bundle) as host:
        found, others = [], measured(runtime)
        for seed in (4, 5, 4):
            instance = host.create(NODE, shaken(seed))
            assert instance.press(BUTTON, 1005)
            found.append(instance.value("path"))
    assert found[0] == found[2] != found[1]
    assert len(measured(runtime)) == len(others) + 18


def test_a_button_again_takes_the_place_of_its_file(bundle: Path, runtime: Path) -> None:
    with Host(bundle) as host:
        instance, others = host.create(NODE, shaken(6)), measured(runtime)
        assert instance.press(BUTTON, 1005)
        first = instance.value("path")
        instance.set("smoothing", 1)
        assert instance.press(BUTTON, 1005)
        assert instance.value("path") != first
        assert len(measured(runtime)) == len(others) + 18


@pytest.mark.parametrize("profile", [RESOLVE_LIKE, OLD_HOST], ids=["resolve", "old"])
def test_in_other_hosts(bundle: Path, runtime: Path, profile: Any) -> None:
    with Host(bundle, profile) as host:
        instance = host.create(NODE, shaken(), depth="float")
        assert instance.press(BUTTON, 1005)
        assert Path(instance.value("path")).is_file()


def test_what_cannot_be_analysed_is_told(bundle: Path, runtime: Path) -> None:
    with Host(bundle, replace(NUKE_LIKE, temporal=False)) as host:
        instance = host.create(NODE, shaken())
        assert not instance.press(BUTTON, 1005)
        assert any("one frame at a time" in m for m in (*instance.messages, instance.message or ""))
    with Host(bundle) as host:
        instance = host.create("org.interneg.GrainMatch", shaken())
        instance.set("mode", "add")
        assert not instance.press(BUTTON, 1005)
        assert any("nothing to analyse" in m for m in (*instance.messages, instance.message or ""))
        assert host.progress[-1] == "end"
