"""A render on several GPUs: a process for each, which renders its part of the frames."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

from interneg.errors import UsageError
from interneg.io import format_frames, open_clip
from interneg.io.formats import is_movie
from interneg.plugin.batch.interrupt import on_interrupt
from interneg.plugin.batch.job import Job, frames_of

VISIBLE = "CUDA_VISIBLE_DEVICES"
_PROGRESS = re.compile(r"openjd_progress: ([\d.]+)\s*")
_WORDS = {"settings": "set"}
"""Options that are called otherwise than their parameters."""


def devices_of(text: str) -> list[str]:
    """The GPUs of --devices as CUDA_VISIBLE_DEVICES names them, out of those that it shows already.

    Raises UsageError.
    """
    shown = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() for word in words) or len(set(words)) < len(words):
        raise UsageError(f"--devices '{text}': expected numbers of GPUs, each once, as 0,1")
    if shown and (lost := [word for word in words if int(word) >= len(shown)]):
        raise UsageError(
            f"--devices {lost[0]}: ${VISIBLE} shows {len(shown)} of them ({','.join(shown)}), counted from 0"
        )
    return [shown[int(word)] for word in words] if shown else words


def render_on(devices: Sequence[str], job: Job, options: Mapping[str, object]) -> int:
    """Render the job by a process for each device; the exit code of the first that failed, else 0.

    options: the command line by parameter, but for devices and frames. Each process tells its lines here;
    progress is that of all. Raises UsageError for a movie, KeyboardInterrupt once all are stopped.
    """
    if is_movie(Path(job.output)):
        raise UsageError("--devices: a movie is written as a whole, by one process; render a sequence")
    with closing(open_clip(job.input)) as clip:
        frames = frames_of(job, clip)
    count = min(len(devices), len(frames))
    bounds = [len(frames) * k // count for k in range(count + 1)]
    parts = [frames[a:b] for a, b in pairwise(bounds)]
    command = [sys.executable, "-m", "interneg.plugin.cli", "render", *words_of(options)]
    children = [
        subprocess.Popen(
            [*command, "--frames", format_frames(part)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, VISIBLE: device},
        )
        for device, part in zip(devices, parts, strict=False)
    ]
    stopped = threading.Event()

    def stop() -> None:
        stopped.set()
        for child in children:
            with suppress(OSError):
                child.terminate()

    shares = dict.fromkeys(range(count), 0.0)
    with on_interrupt(stop):
        tellers = [
            threading.Thread(target=_tell, args=(k, child, devices[k], shares))
            for k, child in enumerate(children)
        ]
        for teller in tellers:
            teller.start()
        for teller in tellers:
            teller.join()
        codes = [child.wait() for child in children]
    if stopped.is_set():
        raise KeyboardInterrupt
    return next((code if code > 0 else 128 - code for code in codes if code), 0)


def words_of(options: Mapping[str, object]) -> list[str]:
    """A command line that says these parameters of `interneg render`; None and False are left out."""
    words = [str(options[name]) for name in ("recipe", "input", "output") if options[name] is not None]
    for name, value in options.items():
        option = f"--{_WORDS.get(name, name).replace('_', '-')}"
        if name in ("recipe", "input", "output") or value is None or value is False:
            continue
        if value is True:
            words.append(option)
        elif isinstance(value, list):
            words += [word for each in value for word in (option, str(each))]
        else:
            words += [option, str(value)]
    return words


def _tell(k: int, child: subprocess.Popen[str], device: str, shares: dict[int, float]) -> None:
    """Print what a process prints, with the name of its device; its progress as a part of that of all."""
    assert child.stdout
    for line in child.stdout:
        found = _PROGRESS.fullmatch(line)
        if found:
            shares[k] = float(found[1])
            line = f"openjd_progress: {sum(shares.values()) / len(shares):.1f}\n"
        elif not line.startswith("openjd_"):
            line = f"GPU {device}: {line}"
        with suppress(BrokenPipeError):
            print(line, end="", flush=True)
