"""`interneg render` run on plates, and what it wrote."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interneg.engines.models import load_catalogue
from interneg.frame import Frame
from interneg.io import open_clip
from interneg.plugin.cli.main import app

COPY = "denoise-sr:strength=0"
LITE = "denoise-sr:noise=10"

needs_lite = pytest.mark.skipif(
    "denoise-sr-lite-x1" not in load_catalogue(), reason="no lite model trained yet"
)

Plate = Callable[..., str]


def render(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["render", *map(str, arguments)])


def failed(code: int, says: str, *arguments: object) -> Result:
    made = render(*arguments)
    assert made.exit_code == code, made.output
    lines = made.stderr.splitlines()
    assert re.search(says, lines[-1]), made.stderr
    assert lines[-1].startswith("interneg: ")
    assert "Traceback" not in made.output
    return made


def written(out: str) -> dict[int, Frame]:
    folder = Path(out).parent
    assert not [p for p in folder.rglob("*") if ".tmp" in p.name]
    clip = open_clip(out)
    return {n: clip.read(n) for n in clip.numbers}


def at(pattern: str, number: int) -> Path:
    return Path(pattern.replace("####", f"{number:04d}"))


def spoil(pattern: str, number: int, content: bytes | None) -> Path:
    path = at(pattern, number)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    return path


def truncate(pattern: str, number: int) -> Path:
    path = at(pattern, number)
    return spoil(pattern, number, path.read_bytes()[: path.stat().st_size * 2 // 3])


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "interneg.plugin.cli", "render", *map(str, arguments)]
