"""The exceptions of Interneg, one tree, each class with the exit code of the command line.

InternegError
├── UsageError            2   usage, recipe or knob
│   ├── KnobError         2   a knob's value, or a knob that does not exist
│   ├── RecipeError       2   a recipe that cannot be read or names what does not exist
│   └── ColourError       2   a colour space or configuration that does not exist
├── InputError            3   input missing or unreadable
├── GpuMemoryError        4   GPU memory, after smaller tiles were tried
├── EngineError           5   no qualified engine for the asked runtime and precision
├── OutputError           6   output could not be written
└── HostMemoryError      33   host memory

A message says what came, what was expected and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

__all__ = [
    "ColourError",
    "EngineError",
    "GpuMemoryError",
    "HostMemoryError",
    "InputError",
    "InternegError",
    "KnobError",
    "OutputError",
    "RecipeError",
    "UsageError",
    "near",
    "unreachable",
]


class InternegError(Exception):
    """Anything that stops the work; `exit_code` is what the command line returns for it."""

    exit_code = 1


class UsageError(InternegError):
    """The command, the recipe or a knob asks for what cannot be."""

    exit_code = 2


class KnobError(UsageError):
    """A knob does not exist, or its value is of the wrong kind or out of its hard limits."""


class RecipeError(UsageError):
    """A recipe cannot be read, or names a node or an input that does not exist."""


class ColourError(UsageError):
    """A colour space, role or configuration does not exist."""


class InputError(InternegError):
    """An input is missing, unreadable or of a kind that cannot be treated."""

    exit_code = 3


class GpuMemoryError(InternegError):
    """The device ran out of memory at the smallest tile."""

    exit_code = 4


class EngineError(InternegError):
    """No qualified engine for what was asked, or a runtime that cannot be opened."""

    exit_code = 5


class OutputError(InternegError):
    """The output could not be written; nothing half-written is left."""

    exit_code = 6


class HostMemoryError(InternegError):
    """The host ran out of memory."""

    exit_code = 33


def near(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x' or 'y'?)" for the known words nearest to `word`, or an empty string."""
    folded = {k.casefold(): k for k in known}
    found = [folded[m] for m in difflib.get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)]
    if not found:
        found = [k for f, k in folded.items() if len(word) > 2 and word.casefold() in f][:3]
    return " (did you mean " + " or ".join(f"'{m}'" for m in found) + "?)" if found else ""


@contextmanager
def unreachable(kind: type[InternegError]) -> Iterator[None]:
    """Raise `kind` where the system refuses a path: in a folder that may not be searched, or too long."""
    try:
        yield
    except OSError as error:
        raise kind(
            f"{error.filename}: {error.strerror}; check the name, and the rights to the folder"
        ) from error
