"""Names of frames: frame ranges, sequence patterns, and what lies in a folder. Opens no file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from interneg.errors import InputError, UsageError
from interneg.io.formats import image_format, is_movie

__all__ = ["Pattern", "folder_pattern", "format_frames", "number_in", "parse_frames"]

MOST_FRAMES = 10_000_000
_RANGE = re.compile(r"(-?\d+)(?:-(-?\d+)(?:x(\d+))?)?")
_WILD = re.compile(r"%(0?)(\d*)d|#+|@+")
_NUMBERED = re.compile(r"(.*?)(\d+)(\.[^.]+)")


def parse_frames(text: str) -> tuple[int, ...]:
    """Read "1001", "1001-1100", "1001-1100x2" (every second), or several of them with commas between.

    Returns the numbers sorted, each once. Raises UsageError for anything else.
    """
    numbers: set[int] = set()
    for item in text.split(","):
        found = _RANGE.fullmatch(item.strip())
        if not found:
            raise UsageError(f"'{item}' is no frame range; write 1001, 1001-1100 or 1001-1100x2")
        first = int(found[1])
        last = int(found[2]) if found[2] else first
        step = int(found[3]) if found[3] else 1
        if last < first or step < 1:
            raise UsageError(f"'{item}' is empty; write the lower frame first and a step of at least 1")
        if (last - first) // step >= MOST_FRAMES:
            raise UsageError(f"'{item}' has more than {MOST_FRAMES} frames")
        numbers.update(range(first, last + 1, step))
    return tuple(sorted(numbers))


def format_frames(numbers: Iterable[int]) -> str:
    """The numbers as ranges, "1001-1003,1005"; "none" for no number."""
    runs: list[list[int]] = []
    for n in sorted(set(numbers)):
        if runs and runs[-1][1] == n - 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs) or "none"


@dataclass(frozen=True)
class Pattern:
    """The names of a sequence: `prefix`, the frame number of at least `digits` digits, `suffix`."""

    folder: Path
    prefix: str
    digits: int
    suffix: str

    @classmethod
    def parse(cls, path: str | Path) -> Pattern | None:
        """Read plate.%04d.exr, plate.####.exr or plate.@@@@.exr (a sign for each digit).

        None where the name has no wildcard or is that of an existing file. Raises UsageError for more than
        one wildcard, or one in the folder's name.
        """
        path = Path(path)
        found = list(_WILD.finditer(path.name))
        if path.exists():
            return None
        if _WILD.search(str(path.parent)) and not path.parent.exists():
            raise UsageError(f"{path}: the frame number must stand in the file's name, not in the folder's")
        if not found:
            return None
        if len(found) > 1:
            raise UsageError(f"{path}: the name has {len(found)} wildcards; one frame number was expected")
        m = found[0]
        if not m[0].startswith("%"):
            digits = len(m[0])
        elif m[2] and not m[1]:
            raise UsageError(f"{path}: '{m[0]}' would pad with blanks; write %0{m[2]}d")
        else:
            digits = int(m[2] or 1)
        return cls(path.parent, path.name[: m.start()], digits, path.name[m.end() :])

    def path(self, number: int) -> Path:
        """The file of a frame."""
        return self.folder / f"{self.prefix}{number:0{self.digits}d}{self.suffix}"

    def number(self, name: str) -> int | None:
        """The frame number of a file name, None for a name that is not of this pattern."""
        middle = name[len(self.prefix) : len(name) - len(self.suffix)]
        if not re.fullmatch(r"-?\d+", middle, re.ASCII) or self.path(int(middle)).name != name:
            return None
        return int(middle)

    def find(self) -> tuple[int, ...]:
        """The numbers of the frames that exist, sorted. Raises InputError where the folder does not exist."""
        try:
            names = [entry.name for entry in self.folder.iterdir()]
        except OSError as e:
            raise InputError(f"{self.folder}: the folder cannot be read: {e.strerror}") from e
        return tuple(sorted(n for n in map(self.number, names) if n is not None))

    def __str__(self) -> str:
        return str(self.folder / f"{self.prefix}{'#' * self.digits}{self.suffix}")


def number_in(path: Path) -> tuple[str, str, str] | None:
    """Split a name that ends in a number: ("plate.", "1001", ".exr"); None where it does not."""
    found = _NUMBERED.fullmatch(path.name)
    return (found[1], found[2], found[3]) if found else None


def folder_pattern(folder: Path) -> Pattern | Path:
    """What a folder holds: the pattern of its one sequence, or its one unnumbered picture or movie.

    Hidden files and other kinds of files are passed over. Raises InputError for an empty folder, and for
    one that holds several sequences, naming them.
    """
    try:
        paths = [
            p for p in folder.iterdir() if not p.name.startswith(".") and (image_format(p) or is_movie(p))
        ]
    except OSError as e:
        raise InputError(f"{folder}: the folder cannot be read: {e.strerror}") from e
    found: list[Pattern | Path] = []
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for p in sorted(paths):
        parts = None if is_movie(p) else number_in(p)
        if parts:
            groups[parts[0], parts[2]].append(parts[1])
        else:
            found.append(p)
    for (prefix, suffix), numbers in groups.items():
        padded = {len(n) for n in numbers if n.startswith("0")} or {min(map(len, numbers))}
        found += [Pattern(folder, prefix, digits, suffix) for digits in sorted(padded)]
    if not found:
        raise InputError(f"{folder}: the folder holds no picture and no movie")
    if len(found) > 1:
        names = ", ".join(sorted(f.name if isinstance(f, Path) else Path(str(f)).name for f in found))
        raise InputError(f"{folder}: the folder holds {len(found)} sequences; name one of them: {names}")
    return found[0]
