"""Analyses that cannot be made or do not fit the render: one error that says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from interneg.frame import Frame
from interneg.io.image_writer import write_image
from tests.plugin.cli.analysed_shots import RECIPE, refused, shoot, well


def test_a_mask_before_a_node_is_part_of_its_analysis(clip: str, tmp_path: Path) -> None:
    mask, out, folder = tmp_path / "mask.exr", tmp_path / "o" / "o.####.exr", tmp_path / "shot.analysis"
    for value in (0.0, 1.0):
        frame = Frame.of(np.full((1, 120, 160), value, np.float32), ("Y",), depth=("float",))
        write_image(mask, frame, attributes={}, warn=lambda kind, sentence: None)
        if not folder.exists():
            well("analyse", RECIPE, clip, folder, "--mask", mask)
            well("render", RECIPE, clip, out, "--analysis", folder, "--mask", mask)
        for given in (["--mask", mask], []) if value else ([],):
            line = refused(3, "render", RECIPE, clip, out, "--analysis", folder, *given)
            assert "another mask, matte or reference before stabilise-2" in line
    frames = json.loads((folder / "stabilise-2.json").read_text())["frames"]
    assert max(abs(f["motion"]["dx"]) for f in frames.values()) > 0.5, "the mask left the first one nothing"


def test_a_folder_of_something_else_is_left_alone(clip: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("mine")
    assert "holds no analysis" in refused(6, "analyse", "stabilise", clip, tmp_path / "mine")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["a.txt"]
    out = tmp_path / "o" / "o.####.exr"
    line = refused(3, "render", "stabilise", clip, out, "--analysis", tmp_path / "mine")
    assert "holds no analysis: name another one" in line
    file = tmp_path / "mine" / "a.txt"
    assert "name the folder" in refused(3, "render", "stabilise", clip, out, "--analysis", file)


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut off": (lambda f: _change(f, lambda t: t[: len(t) // 2]), "was cut off"),
    "empty": (lambda f: _change(f, lambda t: ""), "was cut off"),
    "no analysis": (lambda f: _change(f, lambda t: "[1, 2]"), "no analysis"),
    "of a later version": (
        lambda f: _change(f, lambda t: t.replace("interneg analysis 1", "interneg analysis 7")),
        "another version of Interneg",
    ),
    "nonsense": (lambda f: _change(f, lambda t: t.replace('"cuts": [', '"cuts": ["x",')), "no analysis"),
    "a number as text": (
        lambda f: _change(f, lambda t: t.replace('"cuts": [', '"cuts": ["1002",')),
        "no analysis",
    ),
    "an entry twice": (
        lambda f: _change(f, lambda t: t.replace('"cuts": [', '"events": {"deflicker": {}}, "cuts": [')),
        'has "events" twice',
    ),
    "a file gone": (lambda f: (f / "stabilise.json").unlink(), "stabilise.json is gone"),
    "a solution of nonsense": (
        lambda f: _change(f, lambda t: "{}", "stabilise-2.json"),
        "stabilise-2.json is no file as",
    ),
    "no manifest": (lambda f: (f / "analysis.json").unlink(), "is not solved yet"),
}


def _change(folder: Path, change: Callable[[str], str], name: str = "analysis.json") -> None:
    path = folder / name
    path.write_text(change(path.read_text()))


@pytest.mark.parametrize("how", BAD)
def test_a_spoilt_analysis_is_one_error(clip: str, own: Path, tmp_path: Path, how: str) -> None:
    spoil, said = BAD[how]
    spoil(own)
    line = refused(3, "render", RECIPE, clip, tmp_path / "o" / "o.####.exr", "--analysis", own)
    assert said in line, line
    assert not [*(tmp_path / "o").glob("*.exr")]


def test_an_analysis_of_something_else_is_one_error(analysis: Path, clip: str, tmp_path: Path) -> None:
    out = tmp_path / "o" / "o.####.exr"
    other = shoot(tmp_path / "other", 3)
    line = refused(3, "render", RECIPE, other, out, "--analysis", analysis)
    assert "of another clip" in line and "p.####.exr" in line
    longer = shoot(tmp_path / "longer", 1, range(1001, 1015))
    line = refused(3, "render", RECIPE, longer, out, "--analysis", analysis)
    assert "has frames 1001-1010, and not 1011-1014" in line
    changed = RECIPE.replace("smoothing=2", "smoothing=5", 1)
    line = refused(3, "render", changed, clip, out, "--analysis", analysis)
    assert "stabilise.smoothing = 2, now it is 5" in line
    line = refused(3, "render", "denoise-sr:noise=2 | " + RECIPE, clip, out, "--analysis", analysis)
    assert "the recipe has denoise-sr | stabilise" in line
    line = refused(3, "render", RECIPE, clip, out, "--analysis", analysis, "--input-space", "ACEScg")
    assert "input space 'ACEScg'" in line
    line = refused(3, "render", RECIPE, clip, out, "--analysis", tmp_path / "none")
    assert "is not there" in line
    line = refused(2, "render", "denoise-sr", clip, out, "--analysis", analysis)
    assert "nothing to analyse" in line


def test_what_cannot_be_done_is_said(clip: str, tmp_path: Path) -> None:
    folder = tmp_path / "shot.analysis"
    line = refused(2, "analyse", RECIPE, clip, folder, "--node", "stabilise-2", "--measure")
    assert "stabilise-2 comes after stabilise, which is not solved yet" in line
    line = refused(2, "analyse", RECIPE, clip, folder, "--node", "stabilize")
    assert "did you mean 'stabilise'" in line
    line = refused(2, "analyse", "stabilise", clip, tmp_path / "path.json", "--measure")
    assert "needs a folder" in line
    (tmp_path / "file.analysis").write_text("mine")
    line = refused(6, "analyse", "stabilise", clip, tmp_path / "file.analysis")
    assert "is a file" in line and (tmp_path / "file.analysis").read_text() == "mine"
    line = refused(2, "analyse", "denoise-sr", clip, folder)
    assert "nothing to analyse" in line
    told = well("analyse", RECIPE, clip, folder, "--measure")
    assert "stabilise-2 comes after stabilise, which is not solved yet: solve that first" in told
