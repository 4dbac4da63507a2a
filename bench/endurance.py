"""A long render in one process: whether its memory, its open files and its threads grow.

Each quarter of the frames counts as its median, so that a moment's peak decides nothing: the last quarter is
held against the second, when everything that is kept between frames is there. Ctrl-C ends the render, and the
rows are of the frames that there were until then.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import psutil

from bench.table import Row, at_most

RECIPE = (
    "grain-match | deflicker | scratch-inpaint | stabilise:warp=1,edges=fill | "
    "denoise-sr:temporal=1,detail=0.3"
)
"""The film recipe, examples/restore_film.toml, with the grain measured before it: all five nodes."""

EVERY = 1.0
"""Seconds between two looks at the process."""


@dataclass(frozen=True)
class Look:
    """A process at one moment: frames on the disk, bytes that are its own, open files, threads."""

    frames: int
    memory: int
    files: int
    threads: int


def rows(out: Path, frames: int, size: tuple[int, int]) -> Iterator[Row]:
    """Render so many frames of that size, (W, H), through all five nodes."""
    folder = out / "endurance"
    shutil.rmtree(folder, ignore_errors=True)
    source = plate(folder / "in", frames, size)
    began = time.monotonic()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have it ignored in the background
    looks, ended = watched(source, folder / "out" / "r.%05d.jpg")
    made = len(list((folder / "out").glob("*.jpg")))
    if ended and made != frames:
        raise RuntimeError(f"{made} of {frames} frames were written")
    second, last = quarter(looks, made, 1), quarter(looks, made, 3)
    what = f"{made} frames of {size[0]}x{size[1]}, all five nodes, {time.monotonic() - began:.0f} s"
    if not ended:
        what = f"{what}, stopped before the {frames} that were asked for"
    grown = 100 * (at(last, "memory") / at(second, "memory") - 1)
    yield at_most(f"{what}: memory of the last quarter over the second", 5, grown, "%")
    yield Row("memory of the second and of the last quarter", "", " and ".join(
        f"{at(each, 'memory') / 2**30:.3f} GiB" for each in (second, last)), None)  # fmt: skip
    for word in ("files", "threads"):
        more = at(last, word) - at(second, word)
        yield at_most(f"{word} of the last quarter over the second ({at(second, word):g})", 0, more)
    shutil.rmtree(folder)


def plate(folder: Path, frames: int, size: tuple[int, int]) -> Path:
    """Frames that pan, weave and flicker, with grain and dirt, no two alike; their pattern."""
    folder.mkdir(parents=True)
    rng, (width, height) = np.random.default_rng(1), size
    cells = rng.uniform(30, 200, (height // 12, width // 6, 3))
    base = cv2.resize(cells, (2 * width, height), interpolation=cv2.INTER_CUBIC)
    for number in range(1, frames + 1):
        x, y = number * 2 % width, rng.integers(-2, 3)
        seen = np.roll(base, (int(y), -x), axis=(0, 1))[:, :width] * rng.uniform(0.94, 1.06)
        seen = seen + cv2.GaussianBlur(rng.normal(0, 12, seen.shape), (0, 0), 0.8)
        for _ in range(rng.integers(0, 4)):
            place = (int(rng.integers(width)), int(rng.integers(height)))
            cv2.circle(seen, place, int(rng.integers(2, 6)), (8.0, 8.0, 8.0), -1)
        name = str(folder / f"plate.{number:05d}.jpg")
        cv2.imwrite(name, np.clip(seen, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 95])
    return folder / "plate.%05d.jpg"


def watched(source: Path, target: Path) -> tuple[list[Look], bool]:
    """Render, and look at the process every now and then; and whether it came to its end by itself."""
    line = ["render", RECIPE, str(source), str(target)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(
        [sys.executable, "-m", "interneg.plugin.cli", *line],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment,
    )  # fmt: skip
    seen, looks, ended = psutil.Process(child.pid), [], True
    try:
        while child.poll() is None:
            with suppress(psutil.Error):  # it may end meanwhile
                looks.append(look_at(seen, target.parent))
            time.sleep(EVERY)
    except KeyboardInterrupt:
        ended = False
        child.terminate()
    _, said = child.communicate()
    if ended and child.returncode:
        raise RuntimeError(f"the render ended with {child.returncode}: {said.decode()}")
    return looks, ended


def look_at(process: psutil.Process, folder: Path) -> Look:
    """The process now, and how many frames it has made in its folder."""
    made = sum(1 for e in os.scandir(folder) if e.name[0] != ".") if folder.is_dir() else 0
    # What is shared with others, as pages of a file, is not the render's to keep.
    return Look(made, process.memory_full_info().uss, process.num_fds(), process.num_threads())


def quarter(looks: list[Look], frames: int, number: int) -> list[Look]:
    """The looks within a quarter of the frames, 0 to 3."""
    return [look for look in looks if number / 4 <= look.frames / frames < (number + 1) / 4]


def at(looks: list[Look], word: str) -> float:
    """The median of a figure."""
    if not looks:
        raise RuntimeError("the render was too short to be looked at in every quarter: more --frames")
    return median(getattr(look, word) for look in looks)
