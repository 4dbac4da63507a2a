"""Shots that weave, and `interneg analyse` and `interneg render` run on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio
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


def pictures(folder: Path) -> dict[str, bytes]:
    """Of each file its pixels."""
    found = {path.name: oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT) for path in folder.glob("*.exr")}
    return {name: picture.tobytes() for name, picture in found.items() if picture is not None}


def manifest(folder: Path) -> Any:
    return json.loads((folder / "analysis.json").read_text())
