"""The depth that `interneg render` writes: as it was asked for, and none that the format lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.cli.renders import COPY, Plate, failed, render, written


@pytest.mark.parametrize(
    ("name", "depth", "stored"),
    [
        ("made.####.exr", "float", "float"),
        ("made.####.dpx", "uint10", "uint10"),
        ("made.####.tif", "uint16", "uint16"),
        ("made.####.png", "uint8", "uint8"),
    ],
)
def test_the_depth_that_was_asked_for(
    plate: Plate, tmp_path: Path, name: str, depth: str, stored: str
) -> None:
    pattern, out = plate([1]), str(tmp_path / "out" / name)
    made = render(COPY, pattern, out, "--depth", depth)
    assert made.exit_code == 0, made.output
    assert written(out)[1].depth == (stored,) * 3
    assert "1 up to date" in render(COPY, pattern, out, "--depth", depth).stdout


@pytest.mark.parametrize(("name", "depth"), [("made.mkv", "uint16"), ("made.mp4", "uint10")])
def test_the_depth_of_a_movie(plate: Plate, tmp_path: Path, name: str, depth: str) -> None:
    pattern, out = plate([1, 2], suffix=".png", depth=("uint8",) * 3), str(tmp_path / "out" / name)
    made = render(COPY, pattern, out, "--depth", depth)
    assert made.exit_code == 0, made.output
    assert written(out)[1].depth == (depth,) * 3


def test_another_depth_renders_again_and_spares_layers(plate: Plate, out: str, tmp_path: Path) -> None:
    pattern = plate([1], channels=12, depth=("half",) * 4 + ("float",) * 8)
    assert render(COPY, pattern, out).exit_code == 0
    recipe = tmp_path / "float.toml"
    recipe.write_text('[output]\ndepth = "float"\n[[node]]\nname = "denoise-sr"\nstrength = 0.0\n')
    assert "1 frame written" in render(recipe, pattern, out).stdout
    assert written(out)[1].depth == ("float",) * 12
    assert "1 frame written" in render(recipe, pattern, out, "--depth", "half").stdout
    assert written(out)[1].depth == ("half",) * 4 + ("float",) * 8


@pytest.mark.parametrize(
    ("name", "depth", "says"),
    [
        ("made.####.exr", "uint16", "OpenEXR cannot store uint16; possible are .*half, float"),
        ("made.####.dpx", "half", "DPX cannot store half; possible are uint8, uint10, uint12, uint16"),
        ("made.mov", "uint16", "movies of this type cannot store uint16; possible are uint10"),
    ],
)
def test_a_depth_that_the_format_lacks_is_refused(
    plate: Plate, tmp_path: Path, name: str, depth: str, says: str
) -> None:
    failed(2, says, COPY, plate([1]), tmp_path / "out" / name, "--depth", depth)
    assert not (tmp_path / "out").exists()
