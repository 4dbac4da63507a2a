"""GrainMatch in a host: the plate at its Reference input, over the frames that the knobs ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interneg.grain.profile_file import text
from interneg.grain.stocks import stock
from interneg.nodes.grain_match import GrainMatch
from tests.pictures import picture
from tests.plugin.ofx.expected import expected
from tests.plugin.ofx.host import NUKE_LIKE, Host
from tests.plugin.ofx.ofx_images import Picture
from tests.plugin.ofx.ofx_objects import Plate
from tests.plugin.ofx.plates import clip

pytestmark = pytest.mark.hosted

NODE, TIME = "org.interneg.GrainMatch", 1003


def plate(sigma: float) -> Plate:
    """Five opaque frames of a still scene with grain."""
    clean = np.asarray(0.3 + 0.4 * picture(96, 128), np.float32).transpose(1, 2, 0)
    frames = {}
    for number in range(1001, 1006):
        grain = np.random.default_rng(number).normal(0, sigma, clean.shape)
        whole = np.concatenate([clean + grain, np.ones((96, 128, 1))], 2)
        frames[number] = Picture(np.ascontiguousarray(whole, np.float32))
    return Plate.of(frames)


@pytest.mark.parametrize("temporal", [0, 1])
def test_grain_is_removed_and_restored_as_in_batch(bundle: Path, runtime: Path, temporal: int) -> None:
    source = plate(0.03)
    node = GrainMatch(grain="colour-500", temporal=temporal)
    with Host(bundle) as host:
        instance = host.create(NODE, source)
        instance.set("grain", "colour-500")
        instance.set("temporal", temporal)
        clean = {n: instance.render(n) for n in range(1001, 1006)}
        np.testing.assert_array_equal(clean[TIME].pixels, expected(node, TIME, source).pixels)
        comp = host.create(NODE, Plate.of(clean), Reference=source)
        for knob, value in (("mode", "restore"), ("grain", "colour-500"), ("temporal", temporal)):
            comp.set(knob, value)
        given = source.at(TIME)
        assert given is not None
        np.testing.assert_array_equal(comp.render(TIME).pixels, given.pixels)


def test_with_a_profile_no_other_frames_are_missed(bundle: Path, runtime: Path, tmp_path: Path) -> None:
    """In a host that gives one frame at a time."""
    source, profile = clip(1001, 1004), tmp_path / "plate.grain.toml"
    profile.write_text(text(stock("colour-500")))
    with Host(bundle, replace(NUKE_LIKE, temporal=False)) as host:
        instance = host.create(NODE, source)
        instance.set("grain", "colour-500")
        instance.set("temporal", 1)
        instance.render(1002)
        assert instance.message and "1 before it and 1 after" in instance.message
        instance.set("grain", "auto")
        instance.set("profile", str(profile))
        instance.set("temporal", 0)
        instance.render(1002)
        assert instance.message is None


def test_a_stock_needs_no_other_input(bundle: Path, runtime: Path) -> None:
    source = clip(1001, 1004)
    with Host(bundle) as host:
        instance = host.create(NODE, source)
        instance.set("mode", "add")
        instance.set("grain", "colour-200")
        shown = instance.render(1002)
        node = GrainMatch(mode="add", grain="colour-200")
        np.testing.assert_array_equal(shown.pixels, expected(node, 1002, source).pixels)
