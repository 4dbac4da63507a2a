"""Movies in: ProRes, H.264, FFV1 and what else FFmpeg decodes, without losing codes or tags.

Reading keeps what lies outside the nominal range (overshoot, sub-black): nothing is clipped. The matrix and
the range come from the tags; an untagged movie is taken as BT.709 from 720 lines on, else BT.601, in limited
range, and this is logged. What a frame's metadata then holds is
said at `interneg.io.movie_metadata`.

Pictures are turned as the movie asks for. Interlaced pictures are treated as progressive (logged), frames at
uneven times as if they were even (logged). Sound is copied from movie to movie (`MovieClip.sound`); subtitles
and data are not.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av.error
import numpy as np

from interneg.errors import InputError
from interneg.frame import Box, Frame
from interneg.io.attributes import STRAIGHT
from interneg.io.digests import outline_digest
from interneg.io.movie_index import open_movie, rate_of, read_index
from interneg.io.movie_metadata import is_timecode, metadata_of
from interneg.io.movie_pixels import from_picture
from interneg.io.sequence import format_frames
from interneg.io.sound import Sound

__all__ = ["MovieClip"]

log = logging.getLogger("interneg.io")


class MovieClip:
    """The frames of a movie file, numbered on from `first`; read fastest in order.

    See `interneg.io.clip.Clip`. Raises InputError for a file that is no movie or holds no frame.
    """

    is_movie = True

    def __init__(self, path: Path, first: int) -> None:
        self._path = path
        self._first = first
        self._lock = threading.Lock()
        index = read_index(path)
        self.cut_short = index.cut_short
        self._times, self._keys, self._even = index.times, index.keys, index.even
        self._starts = frozenset(self._keys)
        self._places = {t: k for k, t in enumerate(self._times)}
        self._file, self._stream = open_movie(path)
        self._frames: Iterator[Any] = iter(())
        self._next: int | None = None
        self._hurt = False
        self._told: set[str] = set()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The frames that exist, from `first` on."""
        return tuple(range(self._first, self._first + len(self._times)))

    @property
    def rate(self) -> Fraction | None:
        """Frames per second, None where the file does not say."""
        return rate_of(self._stream)

    @property
    def others(self) -> tuple[str, ...]:
        """What else the file holds, as "audio (aac)"."""
        streams = [s for s in self._file.streams if s.index != self._stream.index and not is_timecode(s)]
        return tuple(f"{s.type} ({s.codec_context.name if s.codec_context else 'unknown'})" for s in streams)

    def sound(self, numbers: Sequence[int], rate: Fraction | None) -> Sound | None:
        """The sound that goes with these frames, shown at this rate.

        None where there is none, frames are left out, or the movie's own times are others.
        """
        places = [n - self._first for n in numbers]
        whole = places == list(range(places[0], places[0] + len(places))) and places[0] >= 0
        if not (whole and self._keys and self._even and rate and rate == self.rate):
            return None
        if places[-1] >= len(self._times) or not self._file.streams.audio:
            return None
        return Sound(self._path, self._times[places[0]] * Fraction(self._stream.time_base))

    def path_of(self, number: int) -> Path | None:
        """The movie, None for a frame that it does not have."""
        return self._path if self._first <= number < self._first + len(self._times) else None

    def digest(self, number: int) -> str:
        """A hash of the movie's ends, its time and the frame's place. Raises InputError."""
        try:
            return f"{outline_digest(self._path)}-{self._path.stat().st_mtime_ns:x}-{self._place(number)}"
        except OSError as e:
            raise InputError(f"{self._path}: the file cannot be read: {e.strerror}") from e

    def read(self, number: int) -> Frame:
        """Decode a frame. Raises InputError for one that is missing or damaged."""
        place = self._place(number)
        with self._lock:
            try:
                picture = self._decode(place)
            except av.error.FFmpegError as e:
                self._next = None
                raise InputError(f"{self._path}: frame {number} cannot be decoded: {e.strerror or e}") from e
            if picture is None:
                self._next = None
                raise InputError(
                    f"{self._path}: frame {number} cannot be decoded: the movie is damaged there"
                )
        return self._frame(picture, number, place)

    def close(self) -> None:
        """Let go of the file; reading again is an error."""
        with self._lock:
            self._file.close()

    def __str__(self) -> str:
        return str(self._path)

    def _place(self, number: int) -> int:
        place = number - self._first
        if not 0 <= place < len(self._times):
            raise InputError(
                f"{self._path}: frame {number} is missing; the movie has {format_frames(self.numbers)}"
            )
        return place

    def _decode(self, place: int) -> Any:
        """The decoded picture at a place; None where the movie does not give it. Called under the lock."""
        start = self._keys[bisect_right(self._keys, place) - 1] if self._keys else 0
        if self._next is None or place < self._next or start > self._next:
            self._seek(start)
        found = self._advance(place)
        if found is None and self._keys:
            # Some containers seek by decoding time and come out behind the asked key frame, even the first.
            self._rewind()
            found = self._advance(place)
        return found

    def _advance(self, place: int) -> Any:
        for picture in self._frames:
            # After a seek the decoder may begin before the asked place; without times frames are counted.
            at = self._places.get(picture.pts) if self._keys else self._next
            if at is None:
                continue
            self._next = at + 1
            # What is predicted from a damaged picture is damaged too, until the next key frame.
            self._hurt = bool(picture.is_corrupt) or (self._hurt and at not in self._starts)
            if at >= place:
                return picture if at == place and not self._hurt else None
        return None

    def _seek(self, start: int) -> None:
        if not self._keys:
            self._rewind()
            return
        self._file.seek(self._times[start], stream=self._stream, backward=True)
        self._frames = self._file.decode(self._stream)
        self._next = start
        self._hurt = False

    def _rewind(self) -> None:
        self._file.close()
        self._file, self._stream = open_movie(self._path)
        self._frames = self._file.decode(self._stream)
        self._next = 0
        self._hurt = False

    def _frame(self, picture: Any, number: int, place: int) -> Frame:
        if picture.interlaced_frame:
            self._tell("interlaced", "the pictures are interlaced and treated as progressive")
        try:
            pixels, channels, depth = from_picture(picture, self._stream.codec_context.codec.name, self._tell)
        except InputError as e:
            raise InputError(f"{self._path}: {e}") from e
        metadata = metadata_of(picture, self._file, self._stream, place)
        if "A" in channels:
            metadata[STRAIGHT] = 1
        aspect = float(self._stream.sample_aspect_ratio or 1)
        if turn := int(picture.rotation):
            if turn % 90:
                self._tell("turn", f"the movie asks for a turn by {turn} degrees, which is not done")
            else:
                self._tell("turn", f"the pictures are turned by {turn} degrees, as the movie asks for")
                pixels = np.ascontiguousarray(np.rot90(pixels, turn // 90, (1, 2)))
                aspect = aspect if turn % 180 == 0 else 1 / aspect
        box = Box(0, 0, pixels.shape[2], pixels.shape[1])
        return Frame(
            pixels,
            channels,
            box,
            box,
            (depth,) * len(channels),
            pixel_aspect=aspect,
            number=number,
            metadata=metadata,
        )

    def _tell(self, kind: str, sentence: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            log.info("%s: %s", self._path, sentence)
