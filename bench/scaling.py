"""What a feature film takes, from what one core of this machine takes for a frame.

The cost of a frame is the processor time that a frame more takes on one thread: that of a long render less
that of a short one, so that starting and frames around a range are apart. It holds on a busy machine, too.
Pictures are half float EXR with grain, as scans are.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio

from bench.endurance import RECIPE
from bench.table import Row, at_least, at_most
from interneg.io import open_clip
from interneg.nodes import NODES
from interneg.plugin.farm.needs import memory_of
from interneg.plugin.machine.sizes import GIB
from interneg.recipe import Recipe

FILM = 170_000
"""Frames of a feature film, of 118 minutes at 24 frames per second."""

HOUR = 24 * 3600
UHD = (3840, 2160)
SMALL, MIDDLE = (320, 180), (640, 360)
CORES = 2
"""Of each machine, as of the one that is measured."""

CHUNK, LONG_CHUNK = 20, 100
"""Frames of a task: by default, and as such a recipe wants it."""

MACHINES = (1, 10, 500)
WATTS = 10.0
"""Assumed: what a core of a server takes at the wall, with its share of memory, fans and supply."""

TRADE_GPU_HOURS, TRADE_WATTS = 500.0, 450.0
"""Assumed: GPU-hours that trade press quotes for an hour of 4K, and what such a GPU and its host take."""

MARGINAL = 10
"""Frames by which the long render is longer."""


@dataclass(frozen=True)
class Cost:
    """Processor seconds: of a frame more, and of a task beside its frames. memory: bytes at most."""

    frame: float
    task: float
    memory: int = 0


def rows(out: Path) -> Iterator[Row]:
    """Measure, and reckon up a film."""
    folder = out / "scaling"
    shutil.rmtree(folder, ignore_errors=True)
    costs = {}
    for size in (SMALL, MIDDLE):
        costs[size] = cost(folder, RECIPE, size)
        what = f"all five nodes, {_name(size)}: processor time of a frame, and of a task beside its frames"
        yield _fact(what, f"{costs[size].frame:.2f} s, {costs[size].task:.1f} s")
        asked = memory_of(Recipe.from_line(RECIPE, NODES).nodes, *size) / GIB
        what = f"all five nodes, {_name(size)}: peak memory of a task, GiB"
        yield at_most(what, asked, costs[size].memory / GIB)
    growth = math.log(costs[MIDDLE].frame / costs[SMALL].frame) / math.log(_pixels(MIDDLE) / _pixels(SMALL))
    yield _fact("power of the number of pixels by which that grows", f"{growth:.2f}")
    read, write, weight = traffic(folder)
    what = "UHD half float EXR with grain: processor time to read and to write, size"
    yield _fact(what, f"{read:.2f} s, {write:.2f} s, {weight / 1e6:.0f} MB")
    many = _pixels(UHD) / _pixels(MIDDLE)
    uhd = Cost(costs[MIDDLE].frame * many, costs[MIDDLE].task * many)
    yield from film(uhd, weight)
    yield from energy(uhd)
    what = f"a folder of {FILM} frames: processor time to find them, in every task"
    yield _fact(what, f"{crowd(folder / 'crowd'):.1f} s")
    shutil.rmtree(folder)


def crowd(folder: Path) -> float:
    """Processor seconds to open a clip of all frames of a film, as each task does."""
    folder.mkdir(parents=True)
    for number in range(FILM):
        (folder / f"scan.{number:06d}.exr").touch()
    began = time.process_time()
    open_clip(folder / "scan.%06d.exr")
    return time.process_time() - began


def film(cost: Cost, size: float) -> Iterator[Row]:
    """A film on so many machines. cost: of UHD. size: bytes of a frame, of input and of output."""
    recipe = Recipe.from_line(RECIPE, NODES)
    asked = memory_of(recipe.nodes, *UHD) / GIB
    seconds = FILM * (cost.frame + cost.task / LONG_CHUNK)
    yield _fact("memory that a task of UHD is to have", f"{asked:.1f} GiB")
    files = f"{2 * FILM * size / 1e12:.1f} TB, {2 * FILM} files and {FILM} side files"
    yield _fact("storage, input and output", files)
    for chunk in (CHUNK, LONG_CHUNK):
        share = cost.task / (cost.task + chunk * cost.frame)
        yield _fact(f"in tasks of {chunk} frames: share of starting and of frames around", f"{share:.0%}")
    for count in MACHINES:
        wall = seconds / (count * CORES)
        rate = 2 * FILM * size / wall
        machines = f"{count} machine{'s' * (count > 1)} of {CORES} cores"
        what = f"{FILM} frames of UHD on {machines}, in tasks of {LONG_CHUNK}"
        yield _fact(what, f"{wall / 86400:.3g} days, {rate / 1e6:.3g} MB/s to and from the storage")


def energy(cost: Cost) -> Iterator[Row]:
    """An hour of film, against what trade press quotes."""
    hours = HOUR * (cost.frame + cost.task / LONG_CHUNK) / 3600
    yield _fact("an hour of UHD: core-hours", f"{hours:.0f}")
    ours, theirs = hours * WATTS / 1000, TRADE_GPU_HOURS * TRADE_WATTS / 1000
    what = f"an hour of UHD: energy, at {WATTS:g} W a core (assumed)"
    yield _fact(what, f"{ours:.3g} kWh, {ours * 3.6:.3g} MJ")
    what = f"{TRADE_GPU_HOURS:g} GPU-hours at {TRADE_WATTS:g} W (both assumed)"
    yield _fact(what, f"{theirs:.3g} kWh, {theirs * 3.6:.3g} MJ")


def _fact(what: str, figure: str) -> Row:
    return Row(what, "", figure, None)


def two_processes(out: Path, frames: int = 48) -> Iterator[Row]:
    """The same range on one process and on two, of one thread each."""
    folder = out / "two"
    shutil.rmtree(folder, ignore_errors=True)
    source, recipe = plate(folder, MIDDLE, frames), "denoise-sr:temporal=1,noise=10"
    half = frames // 2
    one = _wall([(f"1-{frames}", 0)], recipe, source, folder / "one")
    two = _wall([(f"1-{half}", 0), (f"{half + 1}-{frames}", 1)], recipe, source, folder / "two")
    what = f"{frames} frames of {_name(MIDDLE)} through {recipe} on two processes of one thread each over one"
    yield at_least(what, 1.9, one / two, "times")
    shutil.rmtree(folder)


def _wall(parts: list[tuple[str, int]], recipe: str, source: Path, target: Path) -> float:
    began = time.monotonic()
    children = [_started(recipe, source, target / "r.%04d.exr", part, core) for part, core in parts]
    if any(child.wait() for child in children):
        raise RuntimeError("a render failed")
    return time.monotonic() - began


def cost(folder: Path, recipe: str, size: tuple[int, int]) -> Cost:
    """What a frame more costs, and a task beside its frames, in the middle of a clip."""
    reach = sum(max(n.reach) for n in Recipe.from_line(recipe, NODES).nodes)
    source = plate(folder, size, 2 * reach + CHUNK + MARGINAL)
    long, short = (
        _processor(recipe, source, folder / f"{count}" / "r.%04d.exr", f"{reach + 1}-{reach + count}")
        for count in (CHUNK + MARGINAL, CHUNK)
    )
    frame = (long[0] - short[0]) / MARGINAL
    return Cost(frame, max(0.0, short[0] - CHUNK * frame), max(long[1], short[1]))


def traffic(folder: Path) -> tuple[float, float, int]:
    """Processor seconds to read and to write a frame of UHD, and its bytes."""
    path = Path(str(plate(folder, UHD, 1)) % 1)
    pixels, times = None, []
    for _ in range(3):
        began = time.process_time()
        pixels = oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)
        middle = time.process_time()
        _write(folder / "again.exr", np.asarray(pixels))
        times.append((middle - began, time.process_time() - middle))
    return min(t[0] for t in times), min(t[1] for t in times), path.stat().st_size


def plate(folder: Path, size: tuple[int, int], frames: int) -> Path:
    """Frames that pan, weave and flicker, with grain, as half float EXR; their pattern."""
    width, height = size
    name = f"plate{width}.%04d.exr"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    base = cv2.resize(rng.uniform(0.05, 0.8, (height // 12, width // 6, 3)), (2 * width, height))
    for number in range(1, frames + 1):
        y, x = int(rng.integers(-2, 3)), 2 * number % width
        seen = np.roll(base, (y, -x), axis=(0, 1))[:, :width] * rng.uniform(0.95, 1.05)
        grain = cv2.GaussianBlur(rng.normal(0, 0.03, seen.shape), (0, 0), 0.8)
        _write(folder / (name % number), (seen + grain).astype(np.float32))
    return folder / name


def _write(path: Path, pixels: np.ndarray) -> None:
    file = oiio.ImageOutput.create("plate.exr")
    assert file
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], 3, "half")
    spec.attribute("compression", "zip")
    if not (file.open(str(path), spec) and file.write_image(pixels) and file.close()):
        raise OSError(file.geterror())


def _started(recipe: str, source: Path, target: Path, frames: str, core: int) -> subprocess.Popen[bytes]:
    line = ["render", recipe, str(source), str(target), "--frames", frames, "--jobs", "1",
            "--input-space", "ACEScg", "--runtime", "openvino", "--precision", "fp32"]  # fmt: skip
    core = sorted(os.sched_getaffinity(0))[core]
    return subprocess.Popen(
        [sys.executable, "-m", "interneg.plugin.cli", *line],
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )


def _processor(recipe: str, source: Path, target: Path, frames: str) -> tuple[float, int]:
    """Processor seconds of a render on one core, and the bytes that it had resident at most."""
    child = _started(recipe, source, target, frames, 0)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise RuntimeError(f"the render of {frames} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def _name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _pixels(size: tuple[int, int]) -> int:
    return size[0] * size[1]
