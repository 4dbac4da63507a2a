"""A job as any render manager takes it: steps of one command each, and the paths that hosts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from interneg.errors import UsageError
from interneg.io import format_frames


@dataclass(frozen=True)
class FarmPath:
    """A path that another host may see elsewhere.

    name: an identifier, "Input". path: absolute. tail: the name in that folder, which may be a pattern of a
    sequence; empty where `path` itself is meant. writes: whether the job writes there. is_file: whether
    `path` is a file.
    """

    name: str
    path: Path
    tail: str = ""
    writes: bool = False
    is_file: bool = False

    def __str__(self) -> str:
        return str(self.path / self.tail)


class Frames(Enum):
    """Stands for frames, as 1001-1020: those of a task, or those of the whole job."""

    TASK = "task"
    JOB = "job"


Piece = str | FarmPath | Frames
Argument = Piece | tuple[Piece, ...]
"""One argument of a command: pieces that follow each other without a blank."""


@dataclass(frozen=True)
class Needs:
    """What a host must have. memory: bytes. gpu_memory: bytes, None where any GPU does."""

    cores: int
    memory: int
    gpus: int = 0
    gpu_memory: int | None = None


@dataclass(frozen=True)
class FarmStep:
    """One command of the job, for all frames at once or, where it is chunked, for some at a time.

    after: names of the steps that must have ended well before.
    """

    name: str
    says: str
    command: str
    arguments: Sequence[Argument]
    needs: Needs
    chunked: bool = False
    after: tuple[str, ...] = ()

    def words(self, written: Callable[[Piece], str]) -> list[str]:
        """The arguments as texts, each piece written by `written`."""
        pieces = (a if isinstance(a, tuple) else (a,) for a in self.arguments)
        return ["".join(map(written, argument)) for argument in pieces]


@dataclass(frozen=True)
class FarmJob:
    """A job. frames: sorted numbers. chunk: frames of a task. environment: variables of all commands.

    reads: files that the frames are made from, for managers that bring them to their hosts.
    """

    name: str
    steps: Sequence[FarmStep]
    frames: tuple[int, ...]
    chunk: int
    environment: Mapping[str, Piece] = field(default_factory=dict)
    reads: Sequence[Path] = ()

    @property
    def is_gapless(self) -> bool:
        """Whether the frames are one range."""
        return len(self.frames) == self.frames[-1] - self.frames[0] + 1

    @property
    def range(self) -> str:
        """All frames, as in --frames."""
        return format_frames(self.frames)

    @property
    def chunks(self) -> list[str]:
        """The frames of each task, as in --frames; one without gaps is always "a-b"."""
        parts = [self.frames[i : i + self.chunk] for i in range(0, len(self.frames), self.chunk)]
        return [f"{p[0]}-{p[-1]}" if p[-1] - p[0] == len(p) - 1 else format_frames(p) for p in parts]

    @property
    def paths(self) -> list[FarmPath]:
        """The paths of all steps and variables, each once."""
        found = {p.name: p for p in self._pieces() if isinstance(p, FarmPath)}
        return list(found.values())

    def _pieces(self) -> Iterator[Piece]:
        yield from self.environment.values()
        for step in self.steps:
            for argument in step.arguments:
                yield from argument if isinstance(argument, tuple) else (argument,)


def require_ranges(job: FarmJob, manager: str) -> None:
    """Raise UsageError where the manager cannot cut the frames into chunks without including others."""
    if not job.is_gapless and job.chunk > 1:
        raise UsageError(
            f"{manager} cuts frames into ranges without gaps, and {job.range} has some; submit each range by "
            "itself, or with --chunk 1"
        )
