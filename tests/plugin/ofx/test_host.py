"""The strict host itself: it must see each fault of a plugin that is careless on purpose."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.plugin.ofx.host import NUKE_LIKE, Host, with_layout
from tests.plugin.ofx.ofx_images import Picture, Rect
from tests.plugin.ofx.ofx_objects import Plate

pytestmark = pytest.mark.hosted

HERE = Path(__file__).parent
CARELESS = "org.interneg.Careless"


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with the careless plugin."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    made = tmp_path_factory.mktemp("careless") / "Careless.ofx.bundle"
    binary = made / "Contents/Linux-x86-64/Careless.ofx"
    binary.parent.mkdir(parents=True)
    headers = HERE.parents[2] / "plugin/ofx"
    command = [compiler, "-std=c11", "-shared", "-fPIC", "-pthread", f"-I{headers}", "-o", str(binary)]
    subprocess.run([*command, str(HERE / "careless.c")], check=True)
    return made


def plate() -> Plate:
    pixels = np.random.default_rng(1).uniform(-1, 2, (6, 8, 4)).astype(np.float32)
    return Plate.of({1: Picture(pixels), 2: Picture(pixels + 1)})


@pytest.mark.parametrize("negative", [False, True])
def test_a_plugin_without_fault(careless: Path, negative: bool) -> None:
    with Host(careless, with_layout(NUKE_LIKE, padding=12, negative=negative)) as host:
        source = plate()
        instance = host.create(CARELESS, source)
        shown = instance.render(1)
        np.testing.assert_array_equal(shown.pixels, source.picture.pixels)
        part = instance.render(2, window=Rect(2, 1, 5, 4))
        np.testing.assert_array_equal(part.pixels, source.picture.pixels[2:5, 2:5] + 1)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("undeclared frame", "frames needed were"),
        ("leak", "images were not released"),
        ("double release", "is gone"),
        ("unwritten pixel", "were not written"),
        ("outside the window", "outside the render window"),
        ("beyond the rows", "beyond its rows"),
        ("source written", "source image was written"),
        ("unknown property", "there is no property"),
        ("wrong type", "is of type int"),
        ("wrong index", "index 4"),
        ("foreign thread", "runs no action"),
        ("value without time", "without a time"),
        ("set in render", "has no place"),
        ("stale handle", "is gone"),
        ("no such parameter", "there is no parameter"),
    ],
)
def test_it_sees_what_a_render_does_wrong(careless: Path, fault: str, seen: str) -> None:
    with Host(careless, with_layout(NUKE_LIKE, padding=16)) as host:
        instance = host.create(CARELESS, plate())
        instance.set("fault", fault)
        host.check()
        instance.render(1, window=Rect(1, 1, 6, 5))
        assert any(seen in sentence for sentence in host.violations), host.violations
        host.violations.clear()


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("no label", "does not set OfxPropLabel"),
        ("clip twice", "defined twice"),
        ("no hint", "has no hint"),
        ("no such choice", "has default"),
        ("default beyond", "out of order"),
        ("no display range", "needs its limits"),
        ("parameter twice", "defined twice"),
        ("Integer2D", "is of type OfxParamTypeInteger2D"),
    ],
)
def test_it_sees_what_a_description_lacks(careless: Path, fault: str, seen: str) -> None:
    os.environ["CARELESS"] = fault
    try:
        with Host(careless) as host:
            host.plugins[CARELESS].in_context("General")
            assert any(seen in sentence for sentence in host.violations), host.violations
            host.violations.clear()
    finally:
        del os.environ["CARELESS"]
