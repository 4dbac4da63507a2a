"""What is on the page for review, and what stops it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from interneg.plugin.cli.main import app


def run(*words: object, exit_code: int = 0) -> str:
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == exit_code, done.output
    return done.output


def review(folder: Path, *words: object) -> str:
    run("review", *words, "--html", folder)
    return (folder / "review.html").read_text()


def shown(page: str) -> Any:
    block = re.search(r'<script type="application/json" id="shot">(.*?)</script>', page)
    assert block
    return json.loads(block[1])


@pytest.fixture
def rendered(plate: Callable[..., str], tmp_path: Path) -> tuple[str, str]:
    given, output = plate(), str(tmp_path / "out" / "p.####.exr")
    run("render", "deflicker:window=3", given, output, "--frames", "1001-1004")
    return given, output


def test_the_time_of_each_frame_is_drawn(rendered: tuple[str, str], tmp_path: Path) -> None:
    page = review(tmp_path / "r", *rendered, "--frames", "1001-1004")
    assert "<b>time per frame</b>" in page
    for kept in (tmp_path / "out" / ".interneg").iterdir():
        kept.unlink()
    assert "time per frame" not in review(tmp_path / "r", *rendered, "--frames", "1001-1004")


def test_the_recipe_is_that_of_the_frames(rendered: tuple[str, str], tmp_path: Path) -> None:
    page = review(tmp_path / "r", *rendered, "--frames", "1001-1004")
    assert "<b>window = 3</b>" in page
    assert "Not all frames were made alike" not in page
    run("render", "deflicker:window=5", *rendered, "--frames", "1003-1004")
    page = review(tmp_path / "r", *rendered, "--frames", "1001-1004")
    assert "Not all frames were made alike: 1001-1002; 1003-1004." in page
    assert "<b>window = 5</b>" in page


def test_frames_that_were_not_rendered_are_named(rendered: tuple[str, str], tmp_path: Path) -> None:
    page = review(tmp_path / "r", *rendered)
    assert [frame["number"] for frame in shown(page)["frames"]] == [1001, 1002, 1003, 1004]
    assert "<dt>Not rendered</dt><dd>1005-1006</dd>" in page
    assert "Not rendered" not in review(tmp_path / "r", *rendered, "--frames", "1001-1002")


def test_frames_of_a_movie_stand_beside_those_that_they_were_made_from(
    plate: Callable[..., str], tmp_path: Path
) -> None:
    """The movie counts from 1, as the input does; it was made from frames 3 to 5."""
    given, movie = plate(range(1, 7)), tmp_path / "out.mov"
    run("render", "deflicker:window=3", given, movie, "--frames", "3-5", "--output-space", "ACEScct")
    page = review(tmp_path / "r", given, movie)
    assert [frame["number"] for frame in shown(page)["frames"]] == [3, 4, 5]
    assert "paired by provenance" in page
    assert "<b>window = 3</b>" in page and "<b>time per frame</b>" in page
    assert [f["number"] for f in shown(review(tmp_path / "r", given, movie, "--frames", "4"))["frames"]] == [
        4
    ]


def test_the_input_is_seen_in_the_space_that_it_was_rendered_in(
    plate: Callable[..., str], tmp_path: Path
) -> None:
    given, output = plate(), tmp_path / "out" / "p.####.exr"
    run("render", "deflicker:strength=0", given, output, "--input-space", "ACEScg", "--frames", "1001-1002")
    page = review(tmp_path / "r", given, output, "--frames", "1001-1002")
    assert all("mean difference 0.0000" in frame["says"] for frame in shown(page)["frames"])


def test_a_page_is_kept_small(plate: Callable[..., str], tmp_path: Path) -> None:
    given = plate(height=480, width=960)
    copy = Path(given).parent.rename(tmp_path / "after")
    before = plate(height=480, width=960)
    page = review(tmp_path / "r", before, copy / "plate.####.exr", "--megabytes", 6)
    assert len(page) < 6.2e6
    frames = shown(page)["frames"]
    assert {frame["full"] for frame in frames} == {True, False}
    assert "Left out of the pictures" in page or len(frames) == 6


def test_an_enlarged_render_is_shown_at_its_size(plate: Callable[..., str], tmp_path: Path) -> None:
    given, output = plate(), tmp_path / "out" / "p.####.exr"
    run("render", "denoise-sr:scale=2", given, output, "--frames", "1001")
    data = shown(review(tmp_path / "r", given, output, "--frames", "1001"))
    assert (data["size"], data["enlarged"]) == ([64, 48], 2.0)


def test_a_path_is_drawn(rendered: tuple[str, str], tmp_path: Path) -> None:
    frames = {
        n: {"correction": {"dx": n / 10, "dy": 0, "rotation": 0, "scale": 1}} for n in range(1001, 1005)
    }
    path = tmp_path / "path.json"
    path.write_text(json.dumps({"format": "interneg path 1", "size": [32, 24], "frames": frames}))
    page = review(tmp_path / "r", *rendered, "--frames", "1001-1004", "--path", path)
    assert 'aria-label="path, dx, 1001 to 1004, from 100.1 to 100.4"' in page


def test_names_cannot_break_out_of_the_page(plate: Callable[..., str], tmp_path: Path) -> None:
    folder = Path(plate()).parent.rename(tmp_path / "<script>x&")
    page = review(tmp_path / "r", folder, folder)
    assert "<script>x" not in page
    assert "&lt;script&gt;x&amp;" in page


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--frames", "1001-1099"), 3, "lacks"),
        (("--defects", "none.json"), 3, "none.json cannot be read"),
        (("--path", "none.json"), 3, "none.json cannot be read"),
        (("--analysis", "none"), 3, "is no folder of an analysis"),
    ],
)
def test_what_is_lacking_is_named(
    plate: Callable[..., str], tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    given = plate()
    said = run("review", given, given, "--html", tmp_path / "r", *words, exit_code=code)
    assert says in said
    assert not (tmp_path / "r").exists()


def test_pictures_of_another_shape_are_no_render_of_it(plate: Callable[..., str], tmp_path: Path) -> None:
    given = plate()
    other = Path(given).parent.rename(tmp_path / "other")
    said = run("review", other, plate(height=24, width=48), "--html", tmp_path / "r", exit_code=3)
    assert "frame 1001 is 32x24, and rendered 48x24" in said
