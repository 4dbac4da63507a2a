"""`interneg analyse` into a folder, and renders with --analysis and --analyse: whole shots, in any chunks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.plugin.cli.analysed_shots import FRAMES, RECIPE, manifest, pictures, refused, shoot, well


def test_each_node_is_solved_after_those_before_it(analysis: Path) -> None:
    made = manifest(analysis)
    assert list(made["solved"]) == ["stabilise", "stabilise-2"]
    assert made["cuts"] == [1001]
    first, second = (json.loads((analysis / f"{n}.json").read_text())["frames"] for n in made["solved"])
    assert [*first] == [*second] == [str(n) for n in FRAMES]
    moved = [
        np.std([abs(f["correction"]["dx"]) + abs(f["correction"]["dy"]) for f in frames.values()])
        for frames in (first, second)
    ]
    assert moved[1] < moved[0] / 5, "the second one has little left to do"


def test_a_render_with_the_analysis_is_one_that_names_its_files(
    clip: str, analysis: Path, tmp_path: Path
) -> None:
    well("render", RECIPE, clip, tmp_path / "a" / "o.####.exr", "--analysis", analysis)
    recipe = tmp_path / "r.toml"
    rows = [("stabilise", 1.0), ("stabilise-2", 0.5)]
    recipe.write_text(
        "".join(
            f'[[node]]\nname = "stabilise"\nsmoothing = 2\nweave = {weave}\npath = "{analysis / name}.json"\n'
            for name, weave in rows
        )
    )
    well("render", recipe, clip, tmp_path / "b" / "o.####.exr")
    assert pictures(tmp_path / "a") == pictures(tmp_path / "b") and len(pictures(tmp_path / "a")) == 10


def test_chunks_are_the_whole(clip: str, analysis: Path, tmp_path: Path) -> None:
    """Measured in chunks, each by itself, then solved, then rendered in chunks."""
    chunks, folder = ("1001-1004", "1005-1008", "1009-1010"), tmp_path / "chunked.analysis"
    for node in ("stabilise", "stabilise-2"):
        for chunk in chunks:
            well("analyse", RECIPE, clip, folder, "--node", node, "--measure", "--frames", chunk)
        told = well("analyse", RECIPE, clip, folder, "--node", node)
        assert "10 of frames 1001-1010 up to date" in told or "frames 1001-1010 up to date" in told
        assert (folder / f"{node}.json").read_bytes() == (analysis / f"{node}.json").read_bytes()
    assert manifest(folder) == manifest(analysis)
    for chunk in chunks:
        well("render", RECIPE, clip, tmp_path / "p" / "o.####.exr", "--analysis", folder, "--frames", chunk)
    well("render", RECIPE, clip, tmp_path / "w" / "o.####.exr", "--analysis", analysis)
    assert pictures(tmp_path / "p") == pictures(tmp_path / "w")


def test_the_path_goes_to_nuke_from_a_folder_too(clip: str, own: Path, tmp_path: Path) -> None:
    told = well("analyse", RECIPE, clip, own, "--nuke", tmp_path / "a.nk")
    assert "a.nk has the path of stabilise, and not of stabilise-2" in told
    well("analyse", RECIPE, clip, tmp_path / "path.json", "--nuke", tmp_path / "b.nk")
    assert (tmp_path / "a.nk").read_text() == (tmp_path / "b.nk").read_text()
    line = refused(2, "analyse", "grain-match", clip, tmp_path / "x.analysis", "--nuke", tmp_path / "c.nk")
    assert "--nuke takes the path of stabilise" in line
    line = refused(2, "analyse", RECIPE, clip, own, "--measure", "--nuke", tmp_path / "c.nk")
    assert "--measure solves nothing" in line


@pytest.mark.slow
def test_chunks_of_all_nodes_are_the_whole(clip: str, tmp_path: Path) -> None:
    recipe = (
        "deflicker:window=2 | scratch-inpaint | stabilise:smoothing=2 | denoise-sr:noise=2,temporal=1 | "
        "grain-match:mode=add,grain=bw-200"
    )
    folder, whole, parts = tmp_path / "shot.analysis", tmp_path / "w", tmp_path / "p"
    well("render", recipe, clip, whole / "o.####.exr", "--analysis", folder, "--analyse")
    assert [*manifest(folder)["solved"]] == ["deflicker", "scratch-inpaint", "stabilise"]
    for chunk in ("1006-1010", "1001-1003", "1004-1005"):
        well("render", recipe, clip, parts / "o.####.exr", "--analysis", folder, "--frames", chunk)
    assert pictures(whole) == pictures(parts) and len(pictures(whole)) == len(FRAMES)


def test_machines_that_measure_the_same_frames_do_no_harm(clip: str, analysis: Path, tmp_path: Path) -> None:
    """Three processes at once, two of them with the same chunk, one solving meanwhile."""
    folder, recipe = tmp_path / "shot.analysis", "stabilise:smoothing=2"
    well("analyse", recipe, clip, tmp_path / "alone.analysis")
    command = [sys.executable, "-m", "interneg.plugin.cli", "analyse", recipe, clip, str(folder)]
    chunk = ["--measure", "--frames", "1001-1006"]
    running = [subprocess.Popen([*command, *more], stdout=subprocess.DEVNULL) for more in (chunk, chunk, [])]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    files = [(f / "stabilise.json").read_bytes() for f in (folder, tmp_path / "alone.analysis")]
    assert files[0] == files[1]
    assert not [*folder.rglob("*.tmp*")]


def test_the_curves_are_drawn(clip: str, own: Path, tmp_path: Path) -> None:
    """One for each way of each node, before and after, with a line at the cut."""
    plain, cut = tmp_path / "plain.svg", tmp_path / "cut.svg"
    well("analyse", RECIPE, clip, own, "--plot", plain)
    made = manifest(own)
    made["cuts"] = [1001, 1006]
    (own / "analysis.json").write_text(json.dumps(made))
    well("analyse", RECIPE, clip, own, "--plot", cut)
    marks = [plot.read_text().count("stroke: #888888") for plot in (plain, cut)]
    axes = [plot.read_text().count('<g id="axes_') for plot in (plain, cut)]
    assert axes == [16, 16]
    assert marks == [0, 16], "a line at the cut"
    assert "solved" in plain.read_text()
    line = refused(6, "analyse", RECIPE, clip, own, "--plot", plain)
    assert "plain.svg exists" in line
    line = refused(2, "analyse", RECIPE, clip, own, "--plot", tmp_path / "x.jpg")
    assert ".png or a .svg" in line


def test_every_frame_between_is_measured(clip: str, tmp_path: Path) -> None:
    for name, frames in (("steps", "1001-1009x2"), ("all", "1001-1009")):
        well("analyse", "stabilise:smoothing=2", clip, tmp_path / f"{name}.analysis", "--frames", frames)
        well("analyse", "stabilise:smoothing=2", clip, tmp_path / f"{name}.json", "--frames", frames)
    found = {p.read_text() for p in (*tmp_path.glob("*.json"), *tmp_path.glob("*/stabilise.json"))}
    assert len(found) == 1


@pytest.mark.parametrize("count", [1, 2])
def test_shots_of_one_frame_and_of_two(tmp_path: Path, count: int) -> None:
    clip = shoot(tmp_path / "in", 1, range(1001, 1001 + count))
    well("render", RECIPE, clip, tmp_path / "o" / "o.####.exr", "--analyse")
    assert len(pictures(tmp_path / "o")) == count
