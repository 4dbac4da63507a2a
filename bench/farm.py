"""What a task of a farm takes: the peak memory of renders, by recipe and size of picture.

The host requirements of `interneg submit` are made from these figures: plugin/farm/needs.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio

from bench.table import Row
from interneg.graph import handles
from interneg.plugin.farm.needs import memory_of
from interneg.plugin.machine.sizes import GIB
from interneg.recipe import Recipe

RECIPES = ("deflicker", "stabilise", "scratch-inpaint", "grain-match:mode=remove", "denoise-sr:temporal=1")
FILM = "deflicker | scratch-inpaint | stabilise:warp=1,edges=fill | denoise-sr:temporal=1,detail=0.3"
SIZES: dict[str, tuple[int, int, tuple[str, ...]]] = {
    "960x540": (960, 540, (*RECIPES, FILM)),
    "HD": (1920, 1080, RECIPES),
    "UHD": (3840, 2160, RECIPES[-1:]),
}
"""Sizes: width, height, and the recipes that are measured in it. The film recipe in HD would take an
hour; all five nodes are measured by `python -m bench scaling`."""

MORE = 8
"""Frames of a task beyond those that the windows of its nodes see around one: frames in work, and more."""

MOST = 60
"""Frames of a task at most, some more than all windows of the film recipe see."""


def rows(out: Path) -> Iterator[Row]:
    """The peak memory of each node and of the film recipe, against what a submission asks for.

    Clips are longer than the windows: nodes keep what their neighbours will ask for again.
    """
    from interneg.nodes import NODES

    folder = out / "farm"
    folder.mkdir(parents=True, exist_ok=True)
    for size, (width, height, lines) in SIZES.items():
        recipes = {line: Recipe.from_line(line, NODES) for line in lines}
        counts = {line: min(MOST, MORE + sum(handles(r.nodes))) for line, r in recipes.items()}
        plate = _plate(folder, width, height, max(counts.values()))
        for line, recipe in recipes.items():
            asked = memory_of(recipe.nodes, width, height)
            peak = peak_memory(line, plate, folder / f"{size}.%04d.exr", counts[line])
            name = "the film recipe" if line == FILM else line
            what = f"{name}, {size}, {counts[line]} frames: peak memory of a task"
            goal = f"≤ {asked / GIB:.2f} GiB, as asked for"
            yield Row(what, goal, f"{peak / GIB:.2f} GiB", peak <= asked)


def peak_memory(recipe: str, plate: Path, target: Path, frames: int) -> int:
    """Bytes that a render of so many frames in a process of its own has resident at most."""
    command = [
        sys.executable, "-m", "interneg.plugin.cli", "render", recipe, str(plate), str(target),
        "--runtime", "openvino", "--precision", "fp32", "--overwrite", "--frames", f"1-{frames}",
    ]  # fmt: skip
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(child.pid, 0)
    assert child.stderr
    with child.stderr:
        said = child.stderr.read().decode()
    if status:
        raise RuntimeError(f"{recipe} ended with {os.waitstatus_to_exitcode(status)}: {said}")
    return usage.ru_maxrss * 1024


def _plate(folder: Path, width: int, height: int, frames: int) -> Path:
    """Frames of half float RGB that move, flicker and have grain."""
    rng = np.random.default_rng(1)
    base = cv2.resize(rng.uniform(0.05, 0.8, (height // 20, width // 20, 3)), (width, height))
    path = folder / f"plate{width}.%04d.exr"
    for number in range(1, frames + 1):
        moved = np.roll(base, number, axis=1) * (1 + 0.05 * (number % 3))
        grainy = (moved + rng.normal(0, 0.02, moved.shape)).astype(np.float32)
        file = oiio.ImageOutput.create("plate.exr")
        assert file
        if not (
            file.open(str(path) % number, oiio.ImageSpec(width, height, 3, "half"))
            and file.write_image(grainy)
            and file.close()
        ):
            raise OSError(file.geterror())
    return path
