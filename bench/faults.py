"""A renderer that is killed, again and again: what it leaves, and whether going on makes the same frames."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio

from bench.table import Row, at_most

NUMBERS = range(1001, 1025)
RECIPE = "deflicker | stabilise"
KILLS = 50


def rows(out: Path) -> Iterator[Row]:
    """Kill a render KILLS times at random moments."""
    folder = out / "faults"
    shutil.rmtree(folder, ignore_errors=True)
    found = killed(folder, KILLS, random.Random(1))
    yield at_most(
        f"kill -9 at random moments, {found.caught} times while it rendered: torn frames", 0, found.torn
    )
    yield at_most("frames that differ from an undisturbed run", 0, found.different)


@dataclass
class Found:
    """What came of kills. caught: those that met a running render. torn: files under a final name that were
    not the frame, looked at after each kill. different: frames that in the end are not those of a run that
    nobody disturbed."""

    caught: int = 0
    torn: int = 0
    different: int = 0


def plate(folder: Path, numbers: Sequence[int] = NUMBERS, width: int = 160, height: int = 120) -> Path:
    """Small frames that flicker and weave; their pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    base = cv2.resize(rng.uniform(0.05, 0.8, (height // 8, width // 8, 3)), (width, height))
    for number in numbers:
        moved = np.roll(base, number % 3, axis=1) * (1 + 0.05 * (number % 4))
        pixels = (moved + rng.normal(0, 0.01, moved.shape)).astype(np.float32)
        file = oiio.ImageOutput.create("plate.exr")
        assert file
        file.open(str(folder / f"plate.{number}.exr"), oiio.ImageSpec(width, height, 3, "half"))
        if not (file.write_image(pixels) and file.close()):
            raise OSError(file.geterror())
    return folder / "plate.%04d.exr"


def render_command(source: Path, target: Path, *options: str) -> list[str]:
    """The command line of a render of these frames."""
    line = ["render", RECIPE, str(source), str(target), "--precision", "fp32", "--runtime", "openvino"]
    return [sys.executable, "-m", "interneg.plugin.cli", *line, *options]


def frames(folder: Path) -> dict[str, bytes | None]:
    """The pixels of each file under a final name; None for one that cannot be read whole."""
    found: dict[str, bytes | None] = {}
    for path in sorted(folder.glob("[!.]*.exr")):
        image = oiio.ImageBuf(str(path))
        pixels = image.get_pixels(oiio.FLOAT) if image.read(force=True) else None
        found[path.name] = None if pixels is None or image.has_error else np.asarray(pixels).tobytes()
    return found


def killed(folder: Path, times: int, dice: random.Random) -> Found:
    """Render, and kill -9 at random moments, until that met a running render so many times; then to the end.

    Frames that are there are taken away now and then, so that each render has some to make.
    """
    source = plate(folder / "in")
    started = time.monotonic()
    subprocess.run(render_command(source, folder / "whole" / "r.%04d.exr"), check=True, capture_output=True)
    whole, length = frames(folder / "whole"), time.monotonic() - started
    target, found = folder / "killed" / "r.%04d.exr", Found()
    while found.caught < times:
        process = subprocess.Popen(
            render_command(source, target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(timeout=dice.uniform(0.1 * length, length))
        except subprocess.TimeoutExpired:
            found.caught += 1
            process.send_signal(signal.SIGKILL)
            process.wait()
        there = frames(target.parent)
        found.torn += sum(pixels != whole[name] for name, pixels in there.items())
        for name in there:
            if dice.random() < 0.5:
                (target.parent / name).unlink()
    subprocess.run(render_command(source, target), check=True, capture_output=True)
    last = frames(target.parent)
    found.different = sum(last.get(name) != pixels for name, pixels in whole.items())
    return found
