"""A job for Thinkbox Deadline 10: each step a job of its CommandLine plugin that waits for the one before."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from interneg.errors import UsageError
from interneg.plugin.farm.job import FarmJob, FarmStep, Frames, Piece, require_ranges

TASK = "<STARTFRAME>-<ENDFRAME>"
"""What the CommandLine plugin replaces by the first and last frame of a task."""


def job_files(job: FarmJob) -> dict[str, bytes]:
    """The job and plugin info files of each step by name, in the order in which the steps run.

    Raises UsageError for frames with gaps.
    """
    require_ranges(job, "Deadline")
    files: dict[str, bytes] = {}
    for number, step in enumerate(job.steps, 1):
        stem = f"{number:02d}_{step.name.replace(' ', '_')}"
        files[f"{stem}.job_info"] = _lines(_job_info(job, step))
        files[f"{stem}.plugin_info"] = _lines(_plugin_info(job, step))
    return files


def submission(files: list[Path]) -> list[str]:
    """The command line that sends the files of `job_files`, each job depending on the one before it."""
    line = ["deadlinecommand", "-SubmitMultipleJobs", "-dependent"]
    for job, plugin in zip(files[::2], files[1::2], strict=True):
        line += ["-job", str(job), str(plugin)]
    return line


def _job_info(job: FarmJob, step: FarmStep) -> dict[str, str]:
    info = {
        "Plugin": "CommandLine",
        "Name": f"{job.name}: {step.name}",
        "BatchName": job.name,
        "Comment": step.says,
        "Frames": job.range if step.chunked else str(job.frames[0]),
        "ChunkSize": str(job.chunk if step.chunked else 1),
    }
    for number, path in enumerate(p for p in job.paths if p.writes and not p.is_file):
        info[f"OutputDirectory{number}"] = str(path.path)
    for number, (name, value) in enumerate(job.environment.items()):
        info[f"EnvironmentKeyValue{number}"] = f"{name}={_text(job, value)}"
    return info


def _plugin_info(job: FarmJob, step: FarmStep) -> dict[str, str]:
    # The plugin starts the program without a shell and reads quotes as Windows does.
    return {
        "Executable": step.command,
        "Arguments": " ".join(_quoted(word) for word in step.words(partial(_text, job))),
        "StartupDirectory": "",
        "ShellExecute": "False",
        "SingleFramesOnly": "False",
    }


def _quoted(word: str) -> str:
    if '"' in word or "\n" in word:
        raise UsageError(
            f"{word!r} cannot stand in a command line of Deadline: leave out quotes and line breaks"
        )
    return f"<QUOTE>{word}<QUOTE>" if not word or set(word) & set(" |;&'()") else word


def _text(job: FarmJob, piece: Piece) -> str:
    return TASK if piece is Frames.TASK else job.range if piece is Frames.JOB else str(piece)


def _lines(values: dict[str, str]) -> bytes:
    if bad := [value for value in values.values() if "\n" in value]:
        raise UsageError(f"{bad[0]!r} has a line break, which Deadline's files cannot hold")
    return "".join(f"{name}={value}\n" for name, value in values.items()).encode()
