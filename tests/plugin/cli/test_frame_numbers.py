"""Names and numbers of frames through the command: signs, negative numbers, dates."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interneg.plugin.cli.main import app

COPY = "grain-match:strength=0"
Plate = Callable[..., str]


def render(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["render", *map(str, arguments)])


@pytest.fixture
def still(plate: Plate) -> Path:
    return Path(plate([7], ".png", depth=("uint8",) * 3).replace("####", "0007"))


@pytest.mark.parametrize("name", ["photo@2x.png", "C#/50%.png", "@home/take#1.png"])
def test_a_name_is_written_as_it_was_given(still: Path, tmp_path: Path, name: str) -> None:
    made = render(COPY, still, tmp_path / name)
    assert made.exit_code == 0, made.output
    assert (tmp_path / name).is_file()
    assert render(COPY, tmp_path / name, tmp_path / "again.png").exit_code == 0


def test_a_view_s_place_is_refused(still: Path, tmp_path: Path) -> None:
    for arguments in ((still, tmp_path / "out.%V.png"), (tmp_path / "%v.####.exr", tmp_path / "out.exr")):
        made = render(COPY, *arguments)
        assert made.exit_code == 2 and "stand for views" in made.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]


@pytest.mark.parametrize("text", ["-3", "-003", "-0003"])
def test_frames_before_zero_keep_order_and_names(still: Path, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "before"
    folder.mkdir()
    names = [f"a.{text.replace('3', n)}.png" for n in "321"]
    for name in names:
        shutil.copy(still, folder / name)
    made = render(COPY, folder, tmp_path / "out", "--frames", "-3--1")
    assert made.exit_code == 0, made.output
    assert [line.split()[1] for line in made.stdout.splitlines() if " written (" in line] == [
        "-3",
        "-2",
        "-1",
    ]
    assert sorted(p.name for p in (tmp_path / "out").glob("*.png")) == sorted(names)


def test_dates_are_refused_as_frame_numbers_and_one_of_them_is_rendered(still: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "dates", tmp_path / "out"
    folder.mkdir()
    for number in (1672531200, 1672617600, 20240131120000):
        shutil.copy(still, folder / f"img_{number}.png")
    made = render("deflicker", folder, out)
    assert made.exit_code == 3
    assert "3 frames are numbered 1672531200 to 20240131120000" in made.stderr
    assert "rename the files" in made.stderr
    made = render("deflicker", folder, out, "--frames", "1672617600", "--missing", "skip")
    assert made.exit_code == 0, made.output
    assert [p.name for p in out.glob("*.png")] == ["img_1672617600.png"]
