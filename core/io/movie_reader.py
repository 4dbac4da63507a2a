"""Any frame of a movie, decoded; fastest in order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interneg.io.movie_file import Movie
from interneg.io.movie_index import Index, look

__all__ = ["MovieReader"]

_ATTEMPTS = 3
"""Key frames from which a frame is looked for, each before the last, until decoding begins at the start."""
_ASTRAY = -1


class MovieReader:
    """Decodes the frames of an index, in any order. Not safe to use from several threads at once.

    Raises InputError where the file cannot be opened.
    """

    def __init__(self, path: Path, index: Index) -> None:
        self._path = path
        self._index = index
        self._places = {} if index.decoded else {t: k for k, t in enumerate(index.times)}
        self._starts = frozenset(index.keys)
        self.movie = Movie(path)
        self._pictures: Iterator[Any] = iter(())
        self._next: int | None = None
        self._entered: int | None = None
        self._landed = False
        self._hurt = False

    def picture(self, place: int) -> Any:
        """The av.VideoFrame at a place of the index, from 0; None where it is damaged or does not come."""
        if place in self._index.lost:
            return None
        before = bisect_right(self._index.keys, place)
        keys = [k for k in self._index.keys[max(0, before - _ATTEMPTS) : before][::-1] if k]
        # Decoding on is cheaper than entering anew, up to the next key frame.
        if self._next is not None and self._next <= place and not (keys and keys[0] > self._next):
            found = self._advance(place)
            if found is not None or self._hurt:
                return found
        # Some files are entered behind the key frame that was asked for, or give other times there.
        for start in keys:
            if self._enter(start):
                found = self._advance(place)
                if self._landed:
                    return found
        self._rewind()
        return self._advance(place)

    def close(self) -> None:
        """Let go of the file."""
        self.movie.close()

    def _enter(self, start: int) -> bool:
        self._next, self._hurt = None, False
        if not self.movie.seek(self._index.times[start]):
            return False
        self._pictures = self.movie.pictures()
        self._entered, self._landed = start, False
        return True

    def _rewind(self) -> None:
        self.movie.close()
        self.movie = Movie(self._path)
        self._pictures = self.movie.pictures()
        self._next, self._entered, self._landed, self._hurt = 0, None, True, False

    def _advance(self, place: int) -> Any:
        for picture in self._pictures:
            at = self._counted(picture) if self._index.decoded else self._places.get(picture.pts)
            if at is None:
                continue
            if at == _ASTRAY:
                break
            self._landed = self._landed or at == self._entered
            self._next = at + 1
            # What is predicted from a damaged picture is damaged too, until the next key frame.
            self._hurt = bool(picture.is_corrupt) or (self._hurt and at not in self._starts)
            if at >= place:
                return picture if at == place and not self._hurt else None
        self._next = None
        return None

    def _counted(self, picture: Any) -> int | None:
        """The place of a picture that follows the last one, None for what comes before the first."""
        index = self._index
        if not self._landed and self._entered is not None:
            time = index.times[self._entered]
            if picture.pts == time and look(picture) == index.looks[self._entered]:
                return self._entered
            return _ASTRAY if picture.pts is None or picture.pts >= time else None
        at = self._next or 0
        while at in index.lost:
            at += 1
        known = at < len(index.times) and (
            self._entered is None or picture.pts is None or picture.pts == index.times[at]
        )
        return at if known else _ASTRAY
