"""A job for OpenCue, through its own pyoutline: a layer for each step, which runs the command as it is.

pyoutline's wrapper of frames (pycuerun) is left out: it turns every exit code into 1, and Cuebot raises the
memory of a layer and tries again where a frame ends with 33.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

from interneg.errors import OutputError, UsageError
from interneg.plugin.farm.job import FarmJob, FarmStep, Frames, Piece, require_ranges
from interneg.plugin.machine.sizes import MIB

TASK = "#FRAME_START#-#FRAME_END#"
"""What Cuebot replaces by the first and last frame of a task."""

RETRIES = 3
"""How often Cuebot tries a frame again that failed; where it ended with 33 that is not counted."""


def specification(job: FarmJob) -> str:
    """The job as Cuebot's XML, a line for each element. Raises UsageError where pyoutline is absent."""
    with _launcher(job) as launcher:
        head, mark, text = str(launcher.serialize(use_pycuerun=False)).partition("<spec>")
    root = ElementTree.fromstring(mark + text)
    ElementTree.indent(root)
    return f"{head}\n{ElementTree.tostring(root, 'unicode')}\n"


def send(job: FarmJob) -> str:
    """Launch the job on the Cuebot that OpenCue is set up for; its name there. Raises OutputError."""
    with _launcher(job) as launcher:
        try:
            made = launcher.launch(use_pycuerun=False)
        except Exception as error:
            raise OutputError(f"OpenCue did not take the job: {error}") from error
    return ", ".join(str(job.data.name) for job in made)


def layer_name(step: str) -> str:
    """The name of a step as OpenCue's names are: letters, digits and underscores."""
    return re.sub(r"\W", "_", step)


@contextmanager
def _launcher(job: FarmJob) -> Iterator[Any]:
    """What serializes and launches the job, while the context lasts."""
    require_ranges(job, "OpenCue")
    try:
        import outline
        import outline.cuerun
        import outline.modules.shell
    except ImportError as error:
        raise UsageError(f"OpenCue's pyoutline is missing ({error}): pip install 'interneg[farm]'") from error
    # pyoutline keeps a copy of each job, by default in the home, for its wrapper, which is not used here.
    with TemporaryDirectory(prefix="interneg-outline-") as session:
        outline.config.set("outline", "session_dir", session)
        made = _outline(job, outline)
        yield outline.cuerun.OutlineLauncher(made, maxretries=RETRIES, nomail=True)


def _outline(job: FarmJob, outline: Any) -> Any:
    name = re.sub(r"\W", "_", job.name)
    made = outline.Outline(name, frame_range=job.range)
    layers: dict[str, Any] = {}
    for step in job.steps:
        layer = outline.modules.shell.Shell(
            layer_name(step.name),
            command=shlex.join([step.command, *step.words(partial(_text, job))]),
            range=job.range if step.chunked else str(job.frames[0]),
            chunk=job.chunk if step.chunked else 1,
            threadable=True,
            **_needs(step),
        )
        for variable, value in job.environment.items():
            layer.set_env(variable, _text(job, value))
        made.add_layer(layer)
        for before in step.after:
            layer.depend_all(layers[before])
        layers[step.name] = layer
    return made


def _needs(step: FarmStep) -> dict[str, Any]:
    needs = step.needs
    asked: dict[str, Any] = {"cores": needs.cores, "memory": f"{-(-needs.memory // MIB)}m"}
    if needs.gpus:
        asked["gpus"] = needs.gpus
    if needs.tag is not None:
        asked["tags"] = [needs.tag]
    if needs.gpu_memory is not None:
        asked["gpu_memory"] = f"{-(-needs.gpu_memory // MIB)}m"
    return asked


def _text(job: FarmJob, piece: Piece) -> str:
    return TASK if piece is Frames.TASK else job.range if piece is Frames.JOB else str(piece)
