"""`interneg analyse`, and the renders that follow its file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest
from typer.testing import CliRunner

from interneg.errors import InputError
from interneg.frame import Frame
from interneg.io.image_writer import write_image
from interneg.nodes.stabilise import Stabilise
from interneg.plugin.cli.main import app

JUMPS = [(0, 0), (3, -1), (-2, 2), (1, 1), (-3, 0), (2, -2), (0, 1), (-1, -1)]


@pytest.fixture
def shaken(tmp_path: Path) -> str:
    """Eight frames of a still scene that jump by whole pixels."""
    rng = np.random.default_rng(1)
    scales = [cv2.GaussianBlur(rng.normal(0, s, (160, 200, 3)), (0, 0), s) for s in (1.5, 4, 12)]
    scene = np.asarray(0.5 + 0.2 * np.sum(scales, 0), np.float32)
    folder = tmp_path / "in"
    folder.mkdir()
    for number, (x, y) in enumerate(JUMPS, 1001):
        picture = scene[20 - y : 140 - y, 20 - x : 180 - x].transpose(2, 0, 1)
        frame = Frame.of(picture, depth=("float",) * 3, number=number)
        write_image(folder / f"p.{number}.exr", frame, attributes={}, warn=lambda kind, sentence: None)
    return str(folder / "p.####.exr")


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def pixels(path: Path) -> Any:
    return oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)


def test_the_file_holds_what_moved_and_what_is_done_about_it(shaken: str, tmp_path: Path) -> None:
    done = run("analyse", "stabilise", shaken, tmp_path / "p.json", "--nuke", tmp_path / "p.nk")
    assert done.exit_code == 0, done.output
    data = json.loads((tmp_path / "p.json").read_text())
    assert (data["format"], data["size"]) == ("interneg path 1", [160, 120])
    moved = [data["frames"][str(n)]["motion"] for n in range(1001, 1009)]
    np.testing.assert_allclose([(m["dx"], m["dy"]) for m in moved[1:]], np.diff(JUMPS, axis=0), atol=0.05)
    assert moved[0] == {"dx": 0, "dy": 0, "rotation": 0, "scale": 1}
    script = (tmp_path / "p.nk").read_text()
    x, y = (re.findall(r"x(\d+) (\S+)", part) for part in script.split("rotate")[0].split("} {curve"))
    for (n, dx), (_, dy) in zip(x, y, strict=True):
        correction = data["frames"][n]["correction"]
        assert (float(dx), -float(dy.rstrip("}"))) == (correction["dx"], correction["dy"])
    assert " center {80 60}" in script


def test_a_render_follows_the_file_and_an_edit_renders_that_anew(shaken: str, tmp_path: Path) -> None:
    run("analyse", "stabilise", shaken, tmp_path / "p.json")
    recipe, out = tmp_path / "r.toml", tmp_path / "out" / "o.####.exr"
    recipe.write_text('[[node]]\nname = "stabilise"\npath = "p.json"\n')
    render: Callable[[], Any] = lambda: run("render", recipe, shaken, out)  # noqa: E731
    assert "8 frames written" in render().output
    assert "8 up to date" in render().output
    part = tmp_path / "part" / "o.####.exr"
    assert run("render", recipe, shaken, part, "--frames", "1004").exit_code == 0
    whole, alone = pixels(tmp_path / "out" / "o.1004.exr"), pixels(tmp_path / "part" / "o.1004.exr")
    np.testing.assert_array_equal(whole, alone)
    data = json.loads((tmp_path / "p.json").read_text())
    data["frames"]["1004"]["correction"] = {"dx": 5, "dy": 0, "rotation": 0, "scale": 1}
    (tmp_path / "p.json").write_text(json.dumps(data))
    assert "1 frame written in" in (told := render().output) and "7 up to date" in told
    before = pixels(tmp_path / "in" / "p.1004.exr")
    np.testing.assert_allclose(pixels(tmp_path / "out" / "o.1004.exr")[:, 5:], before[:, :-5], atol=1e-5)


def test_warp_is_in_the_file_where_the_recipe_has_it(shaken: str, tmp_path: Path) -> None:
    out, stiff = tmp_path / "out" / "o.####.exr", tmp_path / "stiff" / "o.####.exr"
    for recipe, has in (("stabilise:smoothing=2", False), ("stabilise:smoothing=2,warp=0.5", True)):
        done = run("analyse", recipe, shaken, tmp_path / "p.json", "--overwrite")
        assert done.exit_code == 0, done.output
        frames = json.loads((tmp_path / "p.json").read_text())["frames"].values()
        assert {np.shape(f.get("warp")) for f in frames} == ({(7, 7, 2)} if has else {()})
        if not has:
            done = run("render", f"stabilise:path={tmp_path / 'p.json'},warp=0.5", shaken, out)
            assert done.exit_code == 3 and "made without warp" in done.output
    assert run("render", f"stabilise:path={tmp_path / 'p.json'},warp=0.5", shaken, out).exit_code == 0
    assert run("render", f"stabilise:path={tmp_path / 'p.json'}", shaken, stiff).exit_code == 0
    made, other = pixels(tmp_path / "out" / "o.1004.exr"), pixels(tmp_path / "stiff" / "o.1004.exr")
    assert np.abs(made - other).max() > 0


def test_the_path_is_that_of_the_whole_shot(shaken: str, tmp_path: Path) -> None:
    assert run("analyse", "stabilise:smoothing=2", shaken, tmp_path / "p.json").exit_code == 0
    frames = json.loads((tmp_path / "p.json").read_text())["frames"]
    moved = np.array([[frames[str(n)]["correction"][d] for d in ("dx", "dy")] for n in range(1001, 1009)])
    # The camera stood still: whatever frame jumps, all end up in one place.
    assert (moved + JUMPS).std(0).max() < 0.35
    assert (np.array(JUMPS).std(0) > 0.8).all()


def test_files_that_are_there_are_kept(shaken: str, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("mine")
    done = run("analyse", "stabilise", shaken, tmp_path / "p.json")
    assert done.exit_code == 6 and "p.json exists" in done.output
    assert (tmp_path / "p.json").read_text() == "mine"
    done = run("analyse", "stabilise", shaken, tmp_path / "p.json", "--overwrite", "--frames", "1003-1004")
    assert done.exit_code == 0
    assert list(json.loads((tmp_path / "p.json").read_text())["frames"]) == ["1003", "1004"]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (None, 3, "p.json cannot be read"),
        ("{}", 3, "is no file as"),
        (
            '{"format": "x", "size": [1, 1], "frames": {}}',
            3,
            "expected the format 'interneg path 1', not 'x'",
        ),
        (
            json.dumps(
                {
                    "format": "interneg path 1",
                    "size": [1, 1],
                    "frames": {str(n): {} for n in range(1001, 1009)},
                }
            ),
            3,
            "made for pictures of 1x1",
        ),
        (
            '{"format": "interneg path 1", "size": [160, 120], "frames": {}}',
            3,
            "has no frame 1001, it has none",
        ),
    ],
)
def test_a_bad_path_file_is_refused(
    shaken: str, tmp_path: Path, content: str | None, code: int, words: str
) -> None:
    if content is not None:
        (tmp_path / "p.json").write_text(content)
    done = run("render", f"stabilise:path={tmp_path / 'p.json'}", shaken, tmp_path / "out" / "o.####.exr")
    assert done.exit_code == code and words in done.output, done.output


def test_a_recipe_without_stabilise_is_refused(shaken: str, tmp_path: Path) -> None:
    done = run("analyse", "denoise-sr", shaken, tmp_path / "p.json")
    assert (
        done.exit_code == 2
        and "no node 'deflicker' or 'grain-match' or 'scratch-inpaint' or 'stabilise'" in done.output
    )


def test_a_path_in_the_recipe_is_no_secret(shaken: str, tmp_path: Path) -> None:
    assert run("analyse", "stabilise", shaken, tmp_path / "p.json").exit_code == 0
    follows = f"stabilise:path={tmp_path / 'p.json'}"
    done = run("analyse", follows, shaken, tmp_path / "q.json")
    assert done.exit_code == 0 and "the file that stabilise.path names is not used" in done.output
    assert run("analyse", "stabilise", shaken, tmp_path / "s.analysis").exit_code == 0
    for made in (
        run("render", follows, shaken, tmp_path / "o.####.exr", "--analysis", tmp_path / "s.analysis"),
        run("analyse", follows, shaken, tmp_path / "t.analysis"),
    ):
        assert made.exit_code == 2 and "follows a file already, with stabilise.path" in made.output


def test_warp_that_is_animated_needs_a_path_with_warp_where_it_is_above_0(
    shaken: str, tmp_path: Path
) -> None:
    assert run("analyse", "stabilise", shaken, tmp_path / "p.json").exit_code == 0
    content = (tmp_path / "p.json").read_bytes()
    node = Stabilise.with_knobs({"path": "p.json", "warp": {1004: 0.0, 1006: 1.0}})
    node.require(range(1001, 1005), lambda name: content)
    with pytest.raises(InputError, match="made without warp, or lost it for frame 1005"):
        node.require(range(1001, 1009), lambda name: content)


def test_a_name_that_is_no_files_and_no_folders_is_refused(shaken: str, tmp_path: Path) -> None:
    done = run("analyse", "stabilise", shaken, tmp_path / "path.txt")
    assert done.exit_code == 2 and "ends in .json or .toml, nor a folder" in done.output
    assert not (tmp_path / "path.txt").exists()


def test_a_lock_frame_outside_the_clip_is_refused(shaken: str, tmp_path: Path) -> None:
    done = run("render", "stabilise:lock,lock_frames=900", shaken, tmp_path / "out" / "o.####.exr")
    assert done.exit_code == 2 and "frame 900, which is not in the clip" in done.output


@pytest.mark.parametrize("missing", ["hold", "skip"])
def test_a_gap_in_the_window_is_held(shaken: str, tmp_path: Path, missing: str) -> None:
    (tmp_path / "in" / "p.1005.exr").unlink()
    done = run("render", "stabilise", shaken, tmp_path / "out" / "o.####.exr", "--missing", missing)
    assert done.exit_code == 0
    assert (tmp_path / "out" / "o.1005.exr").exists() == (missing == "hold")
    assert run("render", "stabilise", shaken, tmp_path / "other" / "o.####.exr").exit_code == 3


def test_frames_are_analysed_and_only_the_file_is_written(shaken: str, tmp_path: Path) -> None:
    done = run("analyse", "stabilise", shaken, tmp_path / "p.json", "--frames", "1001-1002")
    assert "frame 1001 analysed (1/2" in done.stdout and "frame 1002 analysed (2/2" in done.stdout
    assert [line for line in done.stdout.splitlines() if "written" in line] == [
        f"openjd_status: written: {tmp_path / 'p.json'}"
    ]
