"""A clip of image files, one a frame."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

from interneg.errors import InputError
from interneg.frame import Frame
from interneg.io.digests import content_digest
from interneg.io.rates import rate_in
from interneg.io.sequence import format_frames

# The reader loads OpenImageIO, which what only names files does without: it is imported where it is used.

__all__ = ["ImageClip"]


class ImageClip:
    """A clip of image files; see `interneg.io.clip.Clip`.

    paths: the file of each frame, by number. name: what errors call the clip.
    """

    is_movie = False
    cut_short = ""

    def __init__(self, paths: dict[int, Path], name: str) -> None:
        self._paths = paths
        self._numbers = tuple(sorted(paths))
        self._name = name
        self._digests: dict[int, tuple[tuple[int, int, int], str]] = {}
        self._lock = threading.Lock()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The frames that exist, sorted."""
        return self._numbers

    @property
    def rate(self) -> Fraction | None:
        """Frames per second as the first frame's header says it. Raises InputError for a bad header."""
        from interneg.io.image_reader import read_attributes

        return rate_in(read_attributes(self._paths[self.numbers[0]]))

    def path_of(self, number: int) -> Path | None:
        """The file of a frame, None for one that does not exist."""
        return self._paths.get(number)

    def read(self, number: int) -> Frame:
        """Decode a frame; see `read_image`. Raises InputError for one that is missing or unreadable."""
        from interneg.io.image_reader import read_image

        return read_image(self._path(number), number)

    def digest(self, number: int) -> str:
        """The hash of the frame's file, computed again when that changes. Raises InputError."""
        path = self._path(number)
        try:
            state = path.stat()
            key = (state.st_ino, state.st_size, state.st_mtime_ns)
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
