"""`interneg analyse` into a folder, and renders with --analysis and --analyse: whole shots, in any chunks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest
from typer.testing import CliRunner

from interneg.frame import Frame
from interneg.io.image_writer import write_image
from interneg.plugin.cli.main import app

RECIPE = "stabilise:smoothing=2 | denoise-sr:strength=0 | stabilise:smoothing=2,weave=0.5"
FRAMES = range(1001, 1011)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def well(*arguments: object) -> str:
    done = run(*arguments)
    assert done.exit_code == 0, done.output + done.stderr
    return str(done.output)


def refused(code: int, *arguments: object) -> str:
    """The one line of an error."""
    done = run(*arguments)
    assert done.exit_code == code, done.output + done.stderr
    return str(done.stderr.strip().splitlines()[-1])


def shoot(folder: Path, seed: int, numbers: range = FRAMES, size: tuple[int, int] = (120, 160)) -> str:
    """A still scene that weaves."""
    rng = np.random.default_rng(seed)
    height, width = size
    scales = [
        cv2.GaussianBlur(rng.normal(0, s, (height + 20, width + 20, 3)), (0, 0), s) for s in (1.5, 4, 12)
    ]
    scene = np.asarray(0.5 + 0.2 * np.sum(scales, 0), np.float32)
    folder.mkdir(exist_ok=True)
    for number in numbers:
        x, y = rng.integers(0, 6, 2)
        picture = scene[y : y + height, x : x + width].transpose(2, 0, 1)
        frame = Frame.of(picture, depth=("float",) * 3, number=number)
        write_image(folder / f"p.{number}.exr", frame, attributes={}, warn=lambda kind, sentence: None)
    return str(folder / "p.####.exr")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    return shoot(tmp_path_factory.mktemp("clip"), 1)


@pytest.fixture(scope="module")
def analysis(clip: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of the clip. It is not to be changed."""
    folder = tmp_path_factory.mktemp("analyses") / "shot.analysis"
    well("analyse", RECIPE, clip, folder)
    return folder


@pytest.fixture
def own(analysis: Path, tmp_path: Path) -> Path:
    """A copy of it to be changed."""
    import shutil

    return Path(shutil.copytree(analysis, tmp_path / "shot.analysis"))


def pictures(folder: Path) -> dict[str, bytes]:
    """Of each file its pixels."""
    found = {path.name: oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT) for path in folder.glob("*.exr")}
    return {name: picture.tobytes() for name, picture in found.items() if picture is not None}


def manifest(folder: Path) -> Any:
    return json.loads((folder / "analysis.json").read_text())


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


def test_nothing_is_measured_twice(clip: str, own: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in (own / "measured").rglob("*.*")}
    told = well("analyse", RECIPE, clip, own)
    assert "analysed" not in told
    assert {p: p.stat().st_mtime_ns for p in (own / "measured").rglob("*.*")} == before


def test_a_frame_that_changed_is_measured_again_with_those_that_see_it(tmp_path: Path) -> None:
    clip, folder = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis"
    recipe = "stabilise:smoothing=2"
    well("analyse", recipe, clip, folder)
    before = {p.name: p.read_bytes() for p in (folder / "measured" / "stabilise").iterdir()}
    shoot(tmp_path / "in", 1, range(1001, 1002))  # the first as it is
    other = shoot(tmp_path / "other", 5, range(1010, 1011))
    (tmp_path / "in" / "p.1010.exr").write_bytes(Path(other.replace("####", "1010")).read_bytes())
    line = refused(3, "render", recipe, clip, tmp_path / "o" / "o.####.exr", "--analysis", folder)
    assert "frame 1010" in line and "changed since" in line and "interneg analyse" in line
    well("analyse", recipe, clip, folder)
    after = {p.name: p.read_bytes() for p in (folder / "measured" / "stabilise").iterdir()}
    again = {name for name in before if before[name] != after[name]}
    assert "1010.msgpack" in again and "1001.msgpack" not in again
    well("render", recipe, clip, tmp_path / "o" / "o.####.exr", "--analysis", folder)


def test_a_damaged_record_is_measured_again(clip: str, own: Path) -> None:
    record = own / "measured" / "stabilise" / "1004.msgpack"
    whole = record.read_bytes()
    for damaged in (b"", whole[:-9], whole[: len(whole) // 2] + bytes(len(whole) // 2)):
        record.write_bytes(damaged)
        well("analyse", RECIPE, clip, own)
        assert record.read_bytes() == whole


def test_edits_are_kept_and_followed(clip: str, own: Path, tmp_path: Path) -> None:
    path = own / "stabilise.json"
    data = json.loads(path.read_text())
    data["frames"]["1004"]["correction"] = {"dx": 5, "dy": 0, "rotation": 0, "scale": 1}
    path.write_text(json.dumps(data))
    assert "changed by hand and stays" in well("analyse", RECIPE, clip, own)
    assert json.loads(path.read_text()) == data
    one = "--set", "stabilise.weave=1"
    well("render", RECIPE, clip, tmp_path / "o" / "o.####.exr", "--analysis", own, "--frames", "1004")
    well("render", "stabilise:smoothing=2", clip, tmp_path / "x" / "o.####.exr", *one, "--analyse")
    assert (tmp_path / "x" / "o.analysis" / "stabilise.json").is_file()


def test_edits_are_not_lost_where_the_shot_changed(tmp_path: Path) -> None:
    clip, folder = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis"
    well("analyse", "stabilise:smoothing=2", clip, folder)
    path = folder / "stabilise.json"
    path.write_text(path.read_text().replace('"scale": 1.0', '"scale": 1.01', 1))
    edited = path.read_text()
    shoot(tmp_path / "in", 9)
    line = refused(6, "analyse", "stabilise:smoothing=2", clip, folder)
    assert "stabilise.json was changed by hand" in line and "--overwrite" in line
    assert path.read_text() == edited
    well("analyse", "stabilise:smoothing=2", clip, folder, "--overwrite")
    assert path.read_text() != edited


def test_cuts_that_a_person_changes_hold(clip: str, own: Path, tmp_path: Path) -> None:
    made = manifest(own)
    made["cuts"] = [1001, 1006]
    (own / "analysis.json").write_text(json.dumps(made))
    well("analyse", RECIPE, clip, own)
    assert manifest(own)["cuts"] == [1001, 1006] and manifest(own)["found"] == [1001]
    motions = json.loads((own / "stabilise.json").read_text())["frames"]
    assert motions["1006"]["motion"] == {"dx": 0, "dy": 0, "rotation": 0, "scale": 1}
    given = tmp_path / "cuts.txt"
    given.write_text("1001 1006\n")
    well("analyse", RECIPE, clip, tmp_path / "given.analysis", "--cuts", given)
    assert (tmp_path / "given.analysis" / "stabilise.json").read_text() == (
        own / "stabilise.json"
    ).read_text()


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
    assert axes == [8, 8]
    assert marks == [0, 8], "a line at the cut"
    assert "solved" in plain.read_text()
    line = refused(6, "analyse", RECIPE, clip, own, "--plot", plain)
    assert "plain.svg exists" in line
    line = refused(2, "analyse", RECIPE, clip, own, "--plot", tmp_path / "x.jpg")
    assert ".png or a .svg" in line


def test_cuts_of_a_short_shot_can_be_changed(tmp_path: Path) -> None:
    """Windows that see all of a shot, and more."""
    clip, folder = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis"
    well("analyse", "stabilise", clip, folder)
    made = manifest(folder)
    made["cuts"] = [1001, 1006]
    (folder / "analysis.json").write_text(json.dumps(made))
    line = refused(3, "render", "stabilise", clip, tmp_path / "o" / "o.####.exr", "--analysis", folder)
    assert "solved with cuts at 1001, and now they are others" in line
    well("analyse", "stabilise", clip, folder)
    cuts = tmp_path / "cuts.txt"
    cuts.write_text("1001 1006\n")
    well("analyse", "stabilise", clip, tmp_path / "given.analysis", "--cuts", cuts)
    assert (tmp_path / "given.analysis" / "stabilise.json").read_text() == (
        folder / "stabilise.json"
    ).read_text()


def test_given_cuts_hold_for_the_render_and_the_next_analysis(clip: str, tmp_path: Path) -> None:
    cuts, other, folder = tmp_path / "cuts.txt", tmp_path / "other.txt", tmp_path / "shot.analysis"
    cuts.write_text("1001 1006\n")
    other.write_text("1001 1004\n")
    recipe = "stabilise:smoothing=2,edges=fill"
    well("analyse", recipe, clip, folder, "--cuts", cuts)
    well("analyse", recipe, clip, folder)
    assert manifest(folder)["cuts"] == [1001, 1006]
    well("render", recipe, clip, tmp_path / "a" / "o.####.exr", "--analysis", folder)
    well("render", recipe, clip, tmp_path / "b" / "o.####.exr", "--analysis", folder, "--cuts", cuts)
    assert pictures(tmp_path / "a") == pictures(tmp_path / "b")
    out = tmp_path / "c" / "o.####.exr"
    assert "now they are others" in refused(
        3, "render", recipe, clip, out, "--analysis", folder, "--cuts", other
    )


def test_that_there_is_no_cut_can_be_given(clip: str, tmp_path: Path) -> None:
    """Of a range that begins within the shot, so that no shot starts in it."""
    cuts, folder = tmp_path / "cuts.txt", tmp_path / "shot.analysis"
    cuts.write_text("1001\n")
    for given in (["--cuts", cuts], []):
        well("analyse", "stabilise:smoothing=2", clip, folder, "--frames", "1004-1008", *given)
        made = manifest(folder)
        assert made["given"] and made["cuts"] == made["found"] == []


def test_every_frame_between_is_measured(clip: str, tmp_path: Path) -> None:
    for name, frames in (("steps", "1001-1009x2"), ("all", "1001-1009")):
        well("analyse", "stabilise:smoothing=2", clip, tmp_path / f"{name}.analysis", "--frames", frames)
        well("analyse", "stabilise:smoothing=2", clip, tmp_path / f"{name}.json", "--frames", frames)
    found = {p.read_text() for p in (*tmp_path.glob("*.json"), *tmp_path.glob("*/stabilise.json"))}
    assert len(found) == 1


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


def test_what_a_lost_manifest_leaves_is_taken_up(clip: str, own: Path) -> None:
    before = manifest(own)
    (own / "analysis.json").unlink()
    assert "analysed" not in well("analyse", RECIPE, clip, own)
    assert manifest(own) == before


def test_an_edited_path_is_the_one_that_nuke_gets(clip: str, own: Path, tmp_path: Path) -> None:
    path = own / "stabilise.json"
    data = json.loads(path.read_text())
    data["frames"]["1004"]["correction"] = {"dx": 9, "dy": 0, "rotation": 0, "scale": 1}
    path.write_text(json.dumps(data))
    well("analyse", RECIPE, clip, own, "--nuke", tmp_path / "a.nk")
    assert "x1004 9" in (tmp_path / "a.nk").read_text()


def test_a_folder_of_something_else_is_left_alone(clip: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("mine")
    assert "holds no analysis" in refused(6, "analyse", "stabilise", clip, tmp_path / "mine")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["a.txt"]
    out = tmp_path / "o" / "o.####.exr"
    assert "is not there" in refused(3, "render", "stabilise", clip, out, "--analysis", tmp_path / "mine")
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
    "a file gone": (lambda f: (f / "stabilise.json").unlink(), "stabilise.json is gone"),
    "a solution of nonsense": (
        lambda f: _change(f, lambda t: "{}", "stabilise-2.json"),
        "stabilise-2.json is no path file",
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


@pytest.mark.parametrize("count", [1, 2])
def test_shots_of_one_frame_and_of_two(tmp_path: Path, count: int) -> None:
    clip = shoot(tmp_path / "in", 1, range(1001, 1001 + count))
    well("render", RECIPE, clip, tmp_path / "o" / "o.####.exr", "--analyse")
    assert len(pictures(tmp_path / "o")) == count


def test_a_cut_in_every_frame(clip: str, tmp_path: Path) -> None:
    """Each frame is a shot of its own, which does not move."""
    cuts = tmp_path / "cuts.txt"
    cuts.write_text(" ".join(map(str, FRAMES)))
    well("render", RECIPE, clip, tmp_path / "o" / "o.####.exr", "--analyse", "--cuts", cuts)
    made, plates = pictures(tmp_path / "o"), pictures(Path(clip).parent)
    assert len(made) == len(FRAMES)
    for name, picture in made.items():
        plate = plates[name.replace("o.", "p.")]
        found, expected = (np.frombuffer(p, np.float32) for p in (picture, plate))
        np.testing.assert_allclose(found, expected, atol=1e-6)
