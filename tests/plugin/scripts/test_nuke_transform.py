from __future__ import annotations

import re

import numpy as np
import pytest

from interneg.frame import Box
from interneg.motion.similarity import Motion
from interneg.plugin.scripts.nuke_transform import nuke

BOX = Box(0, 0, 80, 60)


def test_the_nuke_script_says_what_is_not_in_it() -> None:
    assert 'label "weave only: no warp, crop or edges"' in nuke(BOX, BOX, {1: Motion()})


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
