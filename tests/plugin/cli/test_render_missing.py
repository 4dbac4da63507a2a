"""Frames that are missing: all named before the work, or held or left out as asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from interneg.io import open_clip
from tests.plugin.cli.renders import COPY, Plate, failed, render, written


def test_all_missing_frames_are_named_before_the_work(plate: Plate, out: str) -> None:
    pattern = plate([1, 2, 4, 7, 8])
    failed(3, r"3 frames missing: 3,5-6; there are 1-2,4,7-8", COPY, pattern, out)
    failed(3, r"2 frames missing: 3,5", COPY, pattern, out, "--frames", "1-5,7-8")
    assert not Path(out).parent.exists()


@pytest.mark.parametrize("rule", ["error", "hold", "skip"])
@pytest.mark.parametrize(
    ("frames", "beyond"), [("1004-1016", "1007-1016"), ("1000,1002", "1000"), ("-3--1", "-3--1")]
)
def test_frames_beyond_the_ends_are_no_gaps(
    plate: Plate, out: str, rule: str, frames: str, beyond: str
) -> None:
    says = f"has frames 1001-1006; --frames {frames} asks for {beyond} beyond its ends"
    failed(3, says, COPY, plate(), out, "--frames", frames, "--missing", rule)
    assert not Path(out).parent.exists()


def test_missing_frames_may_be_held(plate: Plate, out: str) -> None:
    pattern = plate([1, 2, 5])
    made = render(COPY, pattern, out, "--missing", "hold", "--frames", "1-5")
    assert made.exit_code == 0, made.output
    assert "2 frames missing: 3-4" in made.stderr
    source, frames = open_clip(pattern), written(out)
    for number, shown in {1: 1, 2: 2, 3: 2, 4: 2, 5: 5}.items():
        np.testing.assert_array_equal(frames[number].pixels, source.read(shown).pixels)
    plate([4])
    assert "1 frame written" in render(COPY, pattern, out, "--missing", "hold").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_broken_link_is_held_or_left_out(plate: Plate, out: str) -> None:
    pattern = plate([1, 2, 4])
    source = open_clip(pattern)
    path = source.path_of(2)
    assert path is not None
    path.with_name(path.name.replace("2", "3")).symlink_to("gone")
    failed(3, "3", COPY, pattern, out)
    assert render(COPY, pattern, out, "--missing", "hold").exit_code == 0
    np.testing.assert_array_equal(written(out)[3].pixels, source.read(2).pixels)
    assert (
        "1 left out"
        in render(COPY, pattern, str(Path(out).parent / "skip.####.exr"), "--missing", "skip").stdout
    )


def test_missing_frames_may_be_left_out(plate: Plate, out: str) -> None:
    made = render(COPY, plate([1, 2, 5]), out, "--missing", "skip")
    assert made.exit_code == 0, made.output
    assert "3 frames written" in made.stdout
    assert "2 left out" in made.stdout
    assert list(written(out)) == [1, 2, 5]


def test_a_gap_in_a_folder_is_held(plate: Plate, out: str) -> None:
    folder = Path(plate(range(1, 5))).parent
    (gone,) = (p for p in folder.iterdir() if p.stem.endswith("0003"))
    gone.unlink()
    made = render(COPY, folder, out, "--missing", "hold")
    assert made.exit_code == 0, made.stderr
    assert "4 frames written" in made.stdout
