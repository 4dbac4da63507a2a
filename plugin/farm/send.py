"""The files of a job for one render manager: shown, written to a folder, and sent."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from interneg.errors import OutputError, UsageError, unreachable
from interneg.plugin.farm import deadline, opencue, openjd
from interneg.plugin.farm.job import FarmJob
from interneg.publish import replacing

Manager = Literal["openjd", "opencue", "deadline"]


@dataclass(frozen=True)
class Submission:
    """A job as one render manager takes it. files: by name, of `folder`, all that belongs to the job."""

    manager: Manager
    job: FarmJob
    folder: Path
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The files as one text, for people."""
        parts = (f"--- {self.folder / name}\n{data.decode()}" for name, data in self.files.items())
        return "\n".join(part.rstrip("\n") for part in parts)

    @property
    def line(self) -> list[str]:
        """The command line that sends the files."""
        if self.manager == "openjd":
            return ["deadline", "bundle", "submit", "--yes", str(self.folder)]
        named = [self.folder / name for name in self.files if name.endswith("_info")]
        return deadline.submission(named)

    @property
    def advice(self) -> str:
        """How to send the files that were written, in a sentence."""
        if self.manager == "opencue":
            return "what OpenCue would get is in job.xml; send it by the same command without --dest"
        return f"send it by: {shlex.join(self.line)}"


def submission(manager: Manager, job: FarmJob, folder: Path, further: Mapping[str, bytes]) -> Submission:
    """Make the files of a job. further: of the folder, that its commands read. Raises UsageError."""
    if manager == "openjd":
        files = openjd.bundle(job)
    elif manager == "opencue":
        files = {"job.xml": opencue.specification(job).encode()}
    else:
        files = deadline.job_files(job)
    return Submission(manager, job, folder, {**files, **further})


@unreachable(OutputError)
def write(made: Submission) -> None:
    """Write the files into their folder. Raises OutputError."""
    made.folder.mkdir(parents=True, exist_ok=True)
    for name, data in made.files.items():
        with replacing(made.folder / name) as temporary:
            temporary.write_bytes(data)


def send(made: Submission) -> str:
    """Send a job whose files are written; what the manager answered.

    Raises UsageError where its client is not installed, OutputError where it does not take the job.
    """
    if made.manager == "opencue":
        return f"sent: {opencue.send(made.job)}"
    program = shutil.which(made.line[0])
    if program is None:
        client = "the client of AWS Deadline Cloud" if made.manager == "openjd" else "Deadline's client"
        raise UsageError(
            f"{made.line[0]}, {client}, is not in the PATH; install it, or send {made.folder} in your own way"
        )
    done = subprocess.run([program, *made.line[1:]], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    answer = (done.stdout + done.stderr).strip()
    if done.returncode:
        raise OutputError(f"{made.line[0]} did not take the job (exit {done.returncode}): {answer}")
    return answer
