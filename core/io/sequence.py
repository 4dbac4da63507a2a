"""Names of frames: frame ranges, sequence patterns, and what lies in a folder. Opens no file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from interneg.errors import InputError, UsageError
from interneg.io.formats import image_format, is_movie

__all__ = [
    "Pattern",
    "folder_pattern",
    "format_frames",
    "number_in",
    "paddings",
    "parse_frames",
    "pattern_like",
]

MOST_FRAMES = 10_000_000
_RANGE = re.compile(r"(-?\d+)(?:-(-?\d+)(?:x(\d+))?)?", re.ASCII)
_WILD = re.compile(r"%(0?)(\d+)d|%d(?![A-Za-z0-9])|##+|@@+|[#@](?![A-Za-z0-9])", re.ASCII)
"""A frame number in a name. A sign before a letter or digit stands for itself, as in photo@2x.png."""
_LONE = ("#", "@")
"""Signs that may stand for themselves beside a longer one, as in C#.####.exr."""
_IN_FOLDER = re.compile(r"%0?\d+d|##+|@@+", re.ASCII)
_VIEW = re.compile(r"%[Vv](?![A-Za-z0-9])")
_NUMBERED = re.compile(r"(.*?)((?:(?<![^._-])-)?\d+)(\.[^.]+)", re.ASCII)
"""A name that ends in a number. A hyphen behind ".", "_", "-" or nothing is its sign, as in a.-1.exr; in
plate-0001.exr it is none."""
_MOST_DIGITS = 32


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
    """The names of a sequence: `prefix`, the frame number of at least `digits` digits, `suffix`.

    wide: whether a negative number has as many digits, and its sign before them ("-0003"), in place of being
    as wide with its sign ("-003", as C and Nuke write it). Both are found.
    """

    folder: Path
    prefix: str
    digits: int
    suffix: str
    wide: bool = False

    @classmethod
    def parse(cls, path: str | Path) -> Pattern | None:
        """Read plate.%04d.exr, plate.####.exr or plate.@@@@.exr (a sign for each digit).

        None where the name has no wildcard or is that of an existing file. A single # or @ before a letter or
        digit stands for itself, and so does one beside a longer wildcard. Raises UsageError for more than one
        wildcard, one in the folder's name, and %V, which stands for views.
        """
        path = Path(path)
        if path.exists():
            return None
        there = path.parent.exists()
        if _VIEW.search(path.name) or (not there and _VIEW.search(str(path.parent))):
            raise UsageError(
                f"{path}: %V and %v stand for views, of which one is treated at a time; write the view's own "
                "name, such as left or right"
            )
        if not there and _IN_FOLDER.search(str(path.parent)):
            raise UsageError(f"{path}: the frame number must stand in the file's name, not in the folder's")
        found = list(_WILD.finditer(path.name))
        if len(found) > 1:
            found = [m for m in found if m[0] not in _LONE] or found
        if not found:
            return None
        if len(found) > 1:
            raise UsageError(f"{path}: the name has {len(found)} wildcards; one frame number was expected")
        m = found[0]
        if m[2] and not m[1]:
            raise UsageError(f"{path}: '{m[0]}' would pad with blanks; write %0{m[2]}d")
        digits = int(m[2] or 1) if m[0].startswith("%") else len(m[0])
        if digits > _MOST_DIGITS:
            raise UsageError(f"{path}: a frame number has at most {_MOST_DIGITS} digits, not {digits}")
        return cls(path.parent, path.name[: m.start()], digits, path.name[m.end() :])

    def path(self, number: int) -> Path:
        """The file of a frame."""
        width = self.digits + (self.wide and number < 0)
        return self.folder / f"{self.prefix}{number:0{width}d}{self.suffix}"

    def number(self, name: str) -> int | None:
        """The frame number of a file name, None for a name that is not of this pattern."""
        middle = name[len(self.prefix) : len(name) - len(self.suffix)]
        if not re.fullmatch(r"-?\d+", middle, re.ASCII):
            return None
        number = int(middle)
        ways = (replace(self, wide=wide).path(number).name for wide in (False, True))
        return number if name in ways else None

    def find(self) -> dict[int, Path]:
        """The frames that exist, in order, and their files.

        Raises InputError where the folder cannot be read, and where two files are one frame.
        """
        try:
            names = [entry.name for entry in self.folder.iterdir()]
        except OSError as e:
            raise InputError(f"{self.folder}: the folder cannot be read: {e.strerror}") from e
        found: dict[int, Path] = {}
        for name in sorted(names):
            number = self.number(name)
            if number in found:
                raise InputError(
                    f"{self}: {found[number].name} and {name} are both frame {number}; remove one"
                )
            if number is not None:
                found[number] = self.folder / name
        return dict(sorted(found.items()))

    def __str__(self) -> str:
        return str(self.folder / f"{self.prefix}{'#' * self.digits}{self.suffix}")


def number_in(path: Path) -> tuple[str, str, str] | None:
    """Split a name that ends in a number: ("plate.", "1001", ".exr"); None where it does not.

    The number has a sign where a hyphen begins the name or follows one of "._-": ("plate.", "-3", ".exr").
    """
    found = _NUMBERED.fullmatch(path.name)
    return (found[1], found[2], found[3]) if found else None


def pattern_like(folder: Path, paths: Mapping[int, Path]) -> Pattern | Path:
    """Names in `folder` that are those of `paths`, files by frame number, all of one sequence.

    One file in `folder` where the first name has no number.
    """
    first = paths[min(paths)]
    parts = number_in(first)
    if not parts:
        return folder / first.name
    prefix, number, suffix = parts
    usual = Pattern(folder, prefix, len(number), suffix)
    numbers = (split[1] for path in paths.values() if (split := number_in(path)))
    digits = min(paddings(numbers))
    for pattern in (usual, *(Pattern(folder, prefix, digits, suffix, wide) for wide in (False, True))):
        if all(pattern.path(n).name == path.name for n, path in paths.items()):
            return pattern
    return usual


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
        found += [Pattern(folder, prefix, digits, suffix) for digits in sorted(paddings(numbers))]
    if not found:
        raise InputError(f"{folder}: the folder holds no picture and no movie")
    if len(found) > 1:
        names = ", ".join(sorted(f.name if isinstance(f, Path) else Path(str(f)).name for f in found))
        raise InputError(f"{folder}: the folder holds {len(found)} sequences; name one of them: {names}")
    return found[0]


def paddings(numbers: Iterable[str]) -> set[int]:
    """To how many digits the numbers of files are padded: as those that begin with 0 are, else to the fewest.

    Of negative ones the digits are counted, where no other number tells.
    """
    texts = list(numbers)
    padded = {len(n) for n in texts if n.startswith("0")}
    padded |= {len(n) - 1 for n in texts if n.startswith("-0") and not {len(n), len(n) - 1} & padded}
    # What is too short for any of these is of a sequence of its own, as a.2.png beside a.0001.png.
    others = [n for n in texts if not padded or len(n) < min(padded)]
    return padded | ({min(len(n.lstrip("-")) for n in others)} if others else set())
