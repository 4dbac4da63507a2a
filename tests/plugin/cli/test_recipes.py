from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interneg.nodes import NODES
from interneg.plugin.cli.main import app


def failure(*arguments: object) -> str:
    """What a command that fails with a wrong usage says; it says nothing else, but to farms once more."""
    made = CliRunner().invoke(app, [str(a) for a in arguments])
    assert made.exit_code == 2, made.output
    said = made.stderr.strip().removeprefix("interneg: ")
    assert made.stderr.count("\n") == 1, made.output
    assert made.stdout in ("", f"openjd_fail: {said}\n")
    return made.stderr.strip()


@pytest.mark.parametrize(
    "arguments",
    [("in.####.exr", "deflicker:strength=1", "out.mov"), ("in.####.exr", "out.mov", "deflicker:strength=1")],
)
def test_a_recipe_that_does_not_come_first_is_put_there(arguments: tuple[str, ...]) -> None:
    meant = "did you mean interneg render deflicker:strength=1 'in.####.exr' out.mov?"
    assert failure("render", *arguments).endswith(meant)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("denoise-sr:scale=2;deflicker", "denoise-sr:scale=2 | deflicker"),
        ("scale=2;deflicker", "denoise-sr:scale=2 | deflicker"),
        ("denoise-sr:scale=2;noise=5", "denoise-sr:scale=2,noise=5"),
        ("scale=2", "denoise-sr:scale=2"),
    ],
)
def test_a_line_with_other_signs_is_understood(line: str, meant: str) -> None:
    assert failure("render", line, "in.exr", "out.exr").endswith(f'; did you mean "{meant}"?')


def test_a_setting_without_its_node_is_understood() -> None:
    message = failure("render", "denoise-sr | deflicker", "in.exr", "out.exr", "--set", "scale=2")
    assert message.endswith("expected NODE.KNOB=VALUE (did you mean 'denoise-sr.scale=2'?)")
    message = failure("render", "denoise-sr", "in.exr", "out.exr", "--set", "nothing=2")
    assert message.endswith("expected NODE.KNOB=VALUE")


def test_the_depth_of_a_movie_is_refused_before_anything_is_told(
    plate: Callable[..., str], tmp_path: Path
) -> None:
    message = failure("render", "denoise-sr:noise=5", plate(), tmp_path / "a.mov", "--depth", "half")
    assert "cannot store half" in message


def test_the_option_for_a_reference_is_shown_once_a_node_looks_at_one() -> None:
    shown = "--reference" in CliRunner().invoke(app, ["render", "--help"], env={"COLUMNS": "200"}).stdout
    assert shown == any(node.reference for node in NODES.values()), "see `hidden` in plugin/cli/render.py"
