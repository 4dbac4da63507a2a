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
from interneg.plugin.farm.needs import memory_of
from interneg.plugin.machine.sizes import GIB
from interneg.recipe import Recipe

RECIPES = ("deflicker", "stabilise", "scratch-inpaint", "grain-match:mode=remove", "denoise-sr:temporal=1")
FILM = "deflicker | scratch-inpaint | stabilise:warp=1,edges=fill | denoise-sr:temporal=1,detail=0.3"
SIZES = {"960x540": (960, 540), "HD": (1920, 1080), "UHD": (3840, 2160)}
FRAMES = 6
"""Frames of a task: as many as are in the pipeline at once."""


def rows(out: Path) -> Iterator[Row]:
    """The peak memory of each node and of the film recipe, against what a submission asks for."""
    from interneg.nodes import NODES

    folder = out / "farm"
    folder.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        plate = _plate(folder, width, height)
        for line in (*RECIPES, FILM) if size != "UHD" else RECIPES[-1:]:  # the film recipe takes over 20 GiB
            recipe = Recipe.from_line(line, NODES)
            asked = memory_of(recipe.nodes, width, height)
            peak = peak_memory(line, plate, folder / f"{size}.%04d.exr")
            name = "the film recipe" if line == FILM else line
            goal = f"≤ {asked / GIB:.1f} GiB, as asked for"
            yield Row(f"{name}, {size}: peak memory of a task", goal, f"{peak / GIB:.2f} GiB", peak <= asked)


def peak_memory(recipe: str, plate: Path, target: Path) -> int:
    """Bytes that a render of FRAMES frames in a process of its own has resident at most."""
    command = [
        sys.executable, "-m", "interneg.plugin.cli", "render", recipe, str(plate), str(target),
        "--runtime", "openvino", "--precision", "fp32", "--overwrite",
    ]  # fmt: skip
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(child.pid, 0)
    assert child.stderr
    with child.stderr:
        said = child.stderr.read().decode()
    if status:
        raise RuntimeError(f"{recipe} ended with {os.waitstatus_to_exitcode(status)}: {said}")
    return usage.ru_maxrss * 1024


def _plate(folder: Path, width: int, height: int) -> Path:
    """FRAMES frames of half float RGB that move, flicker and have grain."""
    rng = np.random.default_rng(1)
    base = cv2.resize(rng.uniform(0.05, 0.8, (height // 20, width // 20, 3)), (width, height))
    path = folder / f"plate{width}.%04d.exr"
    for number in range(1, FRAMES + 1):
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
