"""Clips: frames by number, from a sequence, a folder, one image or a movie."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from interneg.errors import InputError, UsageError, unreachable
from interneg.frame import Frame
from interneg.io.formats import image_format, is_movie, unknown_extension
from interneg.io.sequence import Pattern, folder_pattern, format_frames, number_in
from interneg.io.suggestions import meant_sequence

__all__ = ["Clip", "ImageClip", "content_digest", "open_clip"]


class Clip(Protocol):
    """Frames of one origin, by number. Safe to read from several threads."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The frames that exist, sorted."""

    @property
    def is_movie(self) -> bool:
        """Whether the frames lie in one movie file."""

    @property
    def rate(self) -> Fraction | None:
        """Frames per second, None where the files do not say."""

    @property
    def cut_short(self) -> int:
        """How many frames a movie's header speaks of that are not there after the last."""

    def path_of(self, number: int) -> Path | None:
        """The file that holds the frame, None for a frame that does not exist."""

    def read(self, number: int) -> Frame:
        """Decode a frame. Raises InputError for one that is missing or unreadable."""

    def digest(self, number: int) -> str:
        """A hash of what the frame is read from; changes when the file does. Raises InputError."""

    def close(self) -> None:
        """Give back files and decoders; reading again is an error for movies only."""


@unreachable(InputError)
def open_clip(path: str | Path, *, first: int = 1) -> Clip:
    """Open a sequence, a folder that holds one sequence, one image, or a movie.

    path: plate.%04d.exr, plate.####.exr, plate.@@@@.exr, a folder, plate.1001.exr or plate.mov. One image
        is a clip of one frame, with the number that its name ends in, else `first`.
    first: the number of a movie's first frame.
    Raises InputError where nothing is there, UsageError for a name that cannot be one of these.
    """
    path = Path(path)
    pattern = Pattern.parse(path)
    if pattern is None and path.is_dir():
        held = folder_pattern(path)
        if isinstance(held, Path):
            path = held
        else:
            pattern = held
    if pattern:
        if image_format(pattern.path(0)) is None:
            raise unknown_extension(pattern.path(0))
        numbers = pattern.find()
        if not numbers:
            raise InputError(f"{pattern}: no frame of this sequence exists{meant_sequence(path)}")
        return ImageClip({n: pattern.path(n) for n in numbers}, str(pattern))
    if not path.exists():
        raise InputError(f"{path}: no such file or folder{meant_sequence(path)}")
    if is_movie(path):
        from interneg.io.movie import MovieClip

        return MovieClip(path, first)
    if image_format(path) is None:
        raise unknown_extension(path)
    named = number_in(path)
    return ImageClip({int(named[1]) if named else first: path}, str(path))


class ImageClip:
    """A clip of image files."""

    is_movie = False
    cut_short = 0

    def __init__(self, paths: dict[int, Path], name: str) -> None:
        self._paths = paths
        self._numbers = tuple(sorted(paths))
        self._name = name
        self._digests: dict[int, tuple[tuple[int, int], str]] = {}
        self._lock = threading.Lock()

    @property
    def numbers(self) -> tuple[int, ...]:
        return self._numbers

    @property
    def rate(self) -> Fraction | None:
        from interneg.io.images import read_attributes

        return rate_in(read_attributes(self._paths[self.numbers[0]]))

    def path_of(self, number: int) -> Path | None:
        return self._paths.get(number)

    def read(self, number: int) -> Frame:
        from interneg.io.images import read_image

        return read_image(self._path(number), number)

    def digest(self, number: int) -> str:
        path = self._path(number)
        try:
            state = path.stat()
            key = (state.st_size, state.st_mtime_ns)
            with self._lock:
                known = self._digests.get(number)
            if known and known[0] == key:
                return known[1]
            found = content_digest(path)
        except OSError as e:
            raise InputError(f"{path}: the file cannot be read: {e.strerror}") from e
        with self._lock:
            self._digests[number] = (key, found)
        return found

    def close(self) -> None:
        """Nothing is held open between frames."""

    def _path(self, number: int) -> Path:
        if number not in self._paths:
            raise InputError(
                f"{self._name}: frame {number} is missing; there {'is' if len(self._paths) == 1 else 'are'} "
                f"{format_frames(self._paths)}"
            )
        return self._paths[number]

    def __str__(self) -> str:
        return self._name


def content_digest(path: Path) -> str:
    """The SHA-256 hash of a file's bytes, 64 hex digits. Raises OSError.

    CPUs have instructions for it: it took 0.4 of the time of hashlib's BLAKE2b.
    """
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def outline_digest(path: Path) -> str:
    """A hash of a large file's size, first and last MiB, 32 hex digits. Raises OSError."""
    with open(path, "rb") as f:
        size = f.seek(0, os.SEEK_END)
        found = hashlib.blake2b(str(size).encode(), digest_size=16)
        for at in (0, max(0, size - 2**20)):
            f.seek(at)
            found.update(f.read(2**20))
    return found.hexdigest()


def rate_in(metadata: Mapping[str, Any]) -> Fraction | None:
    """Frames per second as the metadata of a file says it, None where it does not."""
    for name in ("FramesPerSecond", "framesPerSecond", "dpx:FrameRate", "dpx:TemporalFrameRate"):
        value = metadata.get(name)
        if isinstance(value, tuple) and len(value) == 2 and value[0] > 0 and value[1] > 0:
            return Fraction(value[0], value[1])
        if isinstance(value, (int, float)) and 0 < value < 1000:
            return nominal_rate(Fraction(value))
    return None


def nominal_rate(rate: Fraction) -> Fraction:
    """The rate that a rounded number stands for: 23.976 is 24000/1001."""
    for whole in (24, 30, 48, 60, 120):
        if abs(float(rate) - whole * 1000 / 1001) < 2e-3:
            return Fraction(whole * 1000, 1001)
    return rate.limit_denominator(1001)


def same_file(a: Path, b: Path) -> bool:
    """Whether two names lead to one file, through symbolic and hard links too; either may not exist yet."""
    if os.path.realpath(a) == os.path.realpath(b):
        return True
    try:
        return os.path.samefile(a, b)
    except OSError:
        return False


def refuse_same(clip: Clip, outputs: dict[int, Path]) -> None:
    """Raise UsageError where writing `outputs` would touch a file that the clip is read from."""
    inputs: dict[object, Path] = {}
    for path in {p for n in clip.numbers if (p := clip.path_of(n))}:
        inputs[os.path.realpath(path)] = path
        try:
            state = path.stat()
        except OSError:
            continue
        inputs[state.st_dev, state.st_ino] = path
    for out in outputs.values():
        keys: list[object] = [os.path.realpath(out)]
        try:
            state = out.stat()
            keys.append((state.st_dev, state.st_ino))
        except OSError:
            pass
        hit = next((inputs[k] for k in keys if k in inputs), None)
        if hit:
            raise UsageError(
                f"{out}: the output would overwrite the input {hit}; choose another folder or name"
            )
