"""Clips: frames by number, from a sequence, a folder, one image or a movie."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Protocol

from interneg.errors import InputError, unreachable
from interneg.frame import Frame
from interneg.io.formats import image_format, is_movie, unknown_extension
from interneg.io.image_clip import ImageClip
from interneg.io.sequence import Pattern, folder_pattern, number_in
from interneg.io.suggestions import meant_sequence

__all__ = ["Clip", "open_clip"]


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
    def cut_short(self) -> str:
        """What a movie's header speaks of and the file lacks, as a sentence; empty for nothing."""

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
        paths = pattern.find()
        if not paths:
            raise InputError(f"{pattern}: no frame of this sequence exists{meant_sequence(path)}")
        return ImageClip(paths, str(pattern))
    if not path.exists():
        raise InputError(f"{path}: no such file or folder{meant_sequence(path)}")
    if is_movie(path):
        from interneg.io.movie_clip import MovieClip

        return MovieClip(path, first)
    if image_format(path) is None:
        raise unknown_extension(path)
    named = number_in(path)
    return ImageClip({int(named[1]) if named else first: path}, str(path))
