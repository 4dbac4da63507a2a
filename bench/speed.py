"""Speed and memory, each against a named alternative in the same run.

The noise of the machine is met by taking the best of several rounds of both sides, taken in turn.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio

from bench.table import Row, at_least, at_most, render
from bench.timing import processor_times
from interneg.engines.source import Engines

FRAMES = 24
RECIPE = "denoise-sr:model=lite"
SIZES = {"HD": (1920, 1080), "2K": (2048, 1556), "UHD": (3840, 2160)}
"""The frames that are timed; 2K is a film scan of the full aperture."""


def rows(out: Path) -> Iterator[Row]:
    """Measure everything."""
    yield start_up()
    for depth in ("half", "float"):
        yield pipeline(out, depth)
    yield from runtimes()
    yield peak_memory(out)


def start_up() -> Row:
    """`interneg nodes`, best of five."""
    command = [sys.executable, "-m", "interneg.plugin.cli", "nodes"]
    best = min(_seconds(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(5))
    return at_most("`interneg nodes`, wall time", 0.5, best, "s")


def pipeline(out: Path, depth: str) -> Row:
    """`interneg render` of 1080p EXR over the bare engine plus bare OpenImageIO on the same frames.

    The frames are a noisy plate with highlights at 8.
    Both sides open the engine within their time. What Python takes to start and import is taken off the
    command's, timed in a process that does only that.
    """
    source, target = out / f"hd_{depth}.%04d.exr", out / f"hd_{depth}_restored.%04d.exr"
    rng = np.random.default_rng(1)
    light, tint = rng.random((135, 240, 1)) ** 3, 0.6 + 0.4 * rng.random((135, 240, 3))
    base = cv2.resize((light * tint).astype(np.float32), (1920, 1080), interpolation=cv2.INTER_LINEAR)
    base[:120] *= 8  # a sky
    for number in range(1, FRAMES + 1):
        noisy = base + rng.normal(0, 0.003, base.shape).astype(np.float32)
        _write(Path(str(source) % number), noisy, depth)
    paths = [Path(str(source) % n) for n in range(1, FRAMES + 1)]
    planes = np.zeros((6, 1080, 1920), np.float32)
    planes[0] = base[..., 0]

    def bare() -> None:
        engine = Engines().open("denoise-sr-lite-x1")
        for path in paths:
            file = oiio.ImageInput.open(str(path))
            assert file
            pixels = np.asarray(file.read_image("float"))
            engine.run(planes)
            _write(out / f"bare_{depth}.exr", pixels, depth)

    imports = partial(subprocess.run, [sys.executable, "-c", _IMPORTS], check=True)
    rounds = [
        (_seconds(bare), _seconds(lambda: render(RECIPE, source, target)), _seconds(imports))
        for _ in range(3)
    ]
    alone, ours, start = (min(times) for times in zip(*rounds, strict=True))
    ratio = (ours - start) / alone
    return at_most(f"1080p {depth} EXR, lite 1x: pipeline ÷ (bare engine + bare OpenImageIO)", 1.15, ratio)


def seconds_per_frame(out: Path) -> Iterator[Row]:
    """`interneg render` of half-float EXR through Denoise-SR lite, by frames; best of three.

    What Python takes to start and import is taken off, timed in a process that does only that.
    """
    imports = partial(subprocess.run, [sys.executable, "-c", _IMPORTS], check=True)
    start = min(_seconds(imports) for _ in range(3))
    for recipe, count in (("denoise-sr:noise=10", 8), ("denoise-sr:noise=10,scale=2", 4)):
        times = []
        for name, (width, height) in SIZES.items():
            source, target = out / f"{name}.%04d.exr", out / f"{name}_restored.%04d.exr"
            rng = np.random.default_rng(4)
            for number in range(1, count + 1):
                _write(Path(str(source) % number), rng.random((height, width, 3), np.float32), "half")
            asked = partial(render, recipe, source, target, "--frames", f"1-{count}")
            times.append((min(_seconds(asked) for _ in range(3)) - start) / count)
        figure = ", ".join(f"{t:.2g}" for t in times)
        yield Row(f"seconds per frame, `{recipe}`, {', '.join(SIZES)}", "", f"{figure} s", None)


_IMPORTS = (
    "import interneg.plugin.cli.render, interneg.io, interneg.colour, interneg.engines.source, cv2, openvino"
)


def runtimes() -> Iterator[Row]:
    """The default CPU runtime against torch eager fp32 on the same network and picture, one thread each."""
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError:
        yield Row("default CPU runtime over torch eager fp32", "≥ 4 times", "torch is not installed", None)
        return
    planes = np.random.default_rng(2).random((6, 540, 960), np.float32)
    reference = Engines(runtime="torch", precision="fp32", threads=1)
    ours = Engines(runtime="openvino", threads=1)
    for model in ours.models:
        runs = {"torch": reference.open(model), "default": ours.open(model)}
        spent = processor_times({name: partial(engine.run, planes) for name, engine in runs.items()}, 4)
        what = f"{model}, 960x540, one thread: default CPU runtime over torch eager fp32"
        yield at_least(what, 4, spent["torch"] / spent["default"], "times")


def peak_memory(out: Path) -> Row:
    """Peak resident memory of a whole `interneg render` of one UHD float RGBA frame, standard 1x."""
    path = out / "uhd.0001.exr"
    pixels = np.random.default_rng(3).random((2160, 3840, 4), np.float32)
    _write(path, pixels, "float")
    options = (
        "denoise-sr:model=standard,noise=10",
        str(path),
        str(out / "uhd_restored.0001.exr"),
        "--overwrite",
    )
    child = subprocess.Popen([sys.executable, "-m", "interneg.plugin.cli", "render", *options])
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(f"the UHD render ended with {os.waitstatus_to_exitcode(status)}")
    return at_most(
        "peak memory, one 3840x2160 float RGBA frame, standard 1x", 3.0, usage.ru_maxrss / 2**20, "GiB"
    )


def _write(path: Path, pixels: np.ndarray, depth: str) -> None:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], depth)
    spec.attribute("compression", "zip")
    file = oiio.ImageOutput.create(str(path))
    assert file
    file.open(str(path), spec)
    if not (file.write_image(pixels) and file.close()):
        raise OSError(file.geterror())


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
