"""The machine around a render: users without a home, look-up tables, names of files in any encoding."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interneg.plugin.cli.main import app
from tests.core.colour.colour_configs import with_table, write_table

COPY = "grain-match:strength=0"
STRANGE = os.fsdecode(b"f\xfcr")
Plate = Callable[..., str]

HOMELESS = """
import pwd

def unknown(uid):
    raise KeyError(uid)

pwd.getpwuid = unknown
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "interneg.plugin.cli", *arguments],
        env={**os.environ, **environment}, capture_output=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_user_without_a_home_renders_and_is_told_once(plate: Plate, tmp_path: Path) -> None:
    """As in a container: $HOME is not set, and the list of users has no entry."""
    made = subprocess.run(
        [sys.executable, "-c", f"{HOMELESS}\nfrom interneg.plugin.cli.main import main\nmain()",
         "render", "denoise-sr:noise=10", plate(range(2)), str(tmp_path / "out" / "####.exr")],
        env={k: v for k, v in os.environ.items() if k != "HOME" and not k.startswith("XDG_")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stderr.count("this user has no home folder, so no cache is kept") == 1
    assert len(list((tmp_path / "out").glob("*.exr"))) == 2


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    config = with_table(tmp_path / "show")
    monkeypatch.setenv("OCIO", str(config))
    return config


@pytest.mark.parametrize(
    "arguments",
    [
        ("render", "denoise-sr:noise=10"),
        ("render", "deflicker"),
        ("render", "scratch-inpaint"),
        ("render", "grain-match:mode=add"),
        ("render", "stabilise"),
        ("analyse", "grain-match"),
        ("analyse", "scratch-inpaint"),
        ("analyse", "stabilise"),
    ],
)
def test_a_missing_look_up_table_is_one_line(
    plate: Plate, tmp_path: Path, show: Path, arguments: tuple[str, str]
) -> None:
    (show.parent / "luts/g.spi1d").unlink()
    out = tmp_path / ("out.####.exr" if arguments[0] == "render" else "out.json")
    made = run(*arguments, plate(range(3)), out, "--input-space", "video")
    assert made.exit_code == 2, made.output
    (line,) = [x for x in made.stderr.splitlines() if "g.spi1d" in x]
    assert line.startswith("interneg: ") and "lacks a look-up table" in line
    assert not list(tmp_path.glob("out*"))


def test_frames_are_up_to_date_by_the_content_of_look_up_tables(
    plate: Plate, tmp_path: Path, show: Path
) -> None:
    out = tmp_path / "out.####.exr"

    def rendered() -> str:
        made = run("render", COPY, plate(range(2)), out, "--input-space", "video", "--output-space", "lin")
        assert made.exit_code == 0, made.output
        return made.stdout.splitlines()[-1]

    assert "2 frames written" in rendered()
    assert "2 up to date" in rendered()
    write_table(show.parent / "luts/g.spi1d", 0.35)
    assert "2 frames written" in rendered()


def test_the_same_configuration_on_another_mount_leaves_frames_up_to_date(
    plate: Plate, tmp_path: Path, show: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("render", COPY, plate(range(1)), tmp_path / "out.####.exr", "--input-space", "video")
    assert run(*arguments).exit_code == 0
    shutil.copytree(show.parent, tmp_path / "other/mount")
    monkeypatch.setenv("OCIO", str(tmp_path / "other/mount/config.ocio"))
    assert "1 up to date" in run(*arguments).stdout


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_names_that_are_not_utf8_go_through_every_command(plate: Plate, tmp_path: Path, locale: str) -> None:
    folder = tmp_path / STRANGE
    shutil.copytree(Path(plate(range(2), ".png", depth=("uint8",) * 3)).parent, folder)
    page, out = tmp_path / f"page{STRANGE}", tmp_path / f"out{STRANGE}" / f"{STRANGE}.####.png"
    for arguments in (
        ("render", COPY, str(folder), str(out)),
        ("render", COPY, str(folder), str(out)),
        ("render", COPY, str(out), str(tmp_path / f"{STRANGE}.mkv")),
        ("analyse", "stabilise", str(folder), str(tmp_path / f"{STRANGE}.json")),
        ("qc", str(folder), str(out), "--html", str(page), "--json", str(page / "qc.json")),
    ):
        made = process(*arguments, LC_ALL=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
        assert made.returncode == 0, made.stderr
        assert b"f\xfcr" in made.stdout
    assert "für" in (page / "qc.json").read_text(encoding="utf-8")
    made = process("render", COPY, str(folder / f"none{STRANGE}.exr"), "x.exr", LC_ALL=locale)
    assert made.returncode == 3 and b"nonef\xfcr.exr: no such file" in made.stderr


@pytest.mark.parametrize(
    "words", [("render", "x" * 3000), ("analyse", "stabilise"), ("submit", "openjd", "x" * 3000)]
)
def test_what_is_too_long_for_a_name_is_usage(plate: Plate, tmp_path: Path, words: tuple[str, ...]) -> None:
    out = tmp_path / ("y" * 3000 if words[0] == "analyse" else "o.####.exr")
    made = run(*words, plate(range(2)), out)
    assert made.exit_code == 2, made.output
    assert re.search(
        r"^interneg: '.{60}\.\.\.' is no name of a file: it has \d{4} characters$", made.stderr, re.M
    )
