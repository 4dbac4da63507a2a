"""A shot measured, solved and rendered in chunks by three processes at once, against one run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.endurance import plate
from bench.faults import frames
from bench.table import Row, at_most
from interneg.plugin.cli.order import SubmitRequest, farm_job
from interneg.plugin.farm.job import FarmJob, FarmStep, Frames, Piece

RECIPE = "grain-match | deflicker | scratch-inpaint | stabilise | denoise-sr:temporal=1,deblock=0.4"
FRAMES, SIZE = 30, (320, 240)
CHUNK, PROCESSES = 10, 3


def rows(out: Path) -> Iterator[Row]:
    """How many frames of a plate with weave, flicker, dirt and grain differ between the two ways."""
    folder = out / "shared_out"
    shutil.rmtree(folder, ignore_errors=True)
    scan = str(plate(folder / "in", FRAMES, SIZE))
    job = job_of(scan, str(folder / "chunks" / "r.%04d.exr"))
    tasks = run(job)
    line = ["render", RECIPE, scan, str(folder / "one" / "r.%04d.exr"), "--analyse"]
    _interneg([*line, "--runtime", "openvino", "--precision", "fp32"])
    one, chunks = frames(folder / "one"), frames(folder / "chunks")
    different = sum(chunks.get(name) != pixels for name, pixels in one.items())
    shared = f"{tasks} tasks on {PROCESSES} processes in chunks of {CHUNK}"
    what = f"{len(one)} frames, all five nodes, {shared} against one run"
    yield at_most(f"{what}: frames that differ", 0, different)


def job_of(scan: str, output: str) -> FarmJob:
    """The job of `interneg submit openjd --analyse`."""
    request = SubmitRequest(
        RECIPE, None, scan, output, None, CHUNK, (), None, None, None, None, "error", None, None, None,
        None, True, False, None, "openvino", "fp32", 2, None, None, None, "interneg", None,
    )  # fmt: skip
    return farm_job(request)[0]


def run(job: FarmJob) -> int:
    """Run the job's steps one after the other, the tasks of each at once; how many there were."""
    count = 0
    with ThreadPoolExecutor(PROCESSES) as pool:
        for step in job.steps:
            tasks = job.chunks if step.chunked else [job.range]
            list(pool.map(lambda chunk, step=step: _interneg(_words(job, step, chunk)), tasks))
            count += len(tasks)
    return count


def _words(job: FarmJob, step: FarmStep, chunk: str) -> list[str]:
    def written(piece: Piece) -> str:
        return chunk if piece is Frames.TASK else job.range if piece is Frames.JOB else str(piece)

    return step.words(written)


def _interneg(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "interneg.plugin.cli", *words], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
