"""Movies in: ProRes, H.264, FFV1 and what else FFmpeg decodes, without losing codes or tags.

Reading keeps what lies outside the nominal range (overshoot, sub-black): nothing is clipped. The matrix and
the range come from the tags; an untagged movie is taken as BT.709 from 720 lines on, else BT.601, in limited
range, and this is logged. What a frame's metadata then holds is
said at `interneg.io.movie_metadata`.

Pictures are turned and mirrored as the movie asks for. Interlaced pictures are treated as progressive
(logged). Frames at uneven times are numbered on (logged); their times go to another movie
(`MovieClip.timing`), as sound does (`MovieClip.sound`); subtitles, data and other pictures do not.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av.error
from av.stream import Disposition

from interneg.errors import InputError
from interneg.frame import Box, Frame
from interneg.io.attributes import ORIENTATION, STRAIGHT
from interneg.io.digests import outline_digest
from interneg.io.hdr import not_carried
from interneg.io.movie_index import read_index
from interneg.io.movie_metadata import is_timecode, metadata_of
from interneg.io.movie_orientation import TURNS, orientation_of
from interneg.io.movie_pixels import from_picture
from interneg.io.movie_reader import MovieReader
from interneg.io.orientation import upright
from interneg.io.sequence import format_frames
from interneg.io.sound import Sound
from interneg.io.timing import Timing

__all__ = ["MovieClip"]

log = logging.getLogger("interneg.io")

_EARLY = 0.1
"""Seconds by which sound may begin before the picture unsaid; an encoder's delay is less."""


class MovieClip:
    """The frames of a movie file, numbered on from `first`; read fastest in order.

    See `interneg.io.clip.Clip`. Raises InputError for a file that is no movie or holds no frame.
    """

    is_movie = True

    def __init__(self, path: Path, first: int) -> None:
        self._path = path
        self._first = first
        self._lock = threading.Lock()
        self._index = read_index(path)
        self._reader = MovieReader(path, self._index)
        self._told: set[str] = set()
        self._asked: int | None = None
        self._looked = False

    @property
    def numbers(self) -> tuple[int, ...]:
        """The frames that exist, from `first` on."""
        return tuple(range(self._first, self._first + len(self._index.times)))

    @property
    def rate(self) -> Fraction | None:
        """Frames per second, None where the file does not say. Frames that are held do not lower it."""
        return self._index.rate

    @property
    def cut_short(self) -> str:
        """What the file's header speaks of and the file lacks, as a sentence; empty for nothing."""
        return self._index.missing

    @property
    def others(self) -> tuple[str, ...]:
        """What else the file holds, as "audio (aac)"."""
        picture = self._reader.movie.stream
        streams = [s for s in self._reader.movie.file.streams if s.index != picture.index]
        count = len(self._reader.movie.file.chapters())
        return (
            *(
                f"{'cover picture' if s.disposition & Disposition.attached_pic else s.type} "
                f"({s.codec_context.name if s.codec_context else 'unknown'})"
                for s in streams
                if not is_timecode(s)
            ),
            *([f"{count} chapter{'s' * (count > 1)}"] if count else []),
        )

    def timing(self, numbers: Sequence[int], rate: Fraction | None) -> Timing | None:
        """When these frames are shown, in a movie of this rate.

        None where frames are left out, the rate is another or none: they are then shown one after another.
        """
        index = self._index
        places = [n - self._first for n in numbers]
        whole = places == list(range(places[0], places[0] + len(places)))
        if not (whole and places[0] >= 0 and places[-1] < len(index.times) and rate and rate == index.rate):
            return None
        times = (*index.times, index.end)[places[0] : places[-1] + 2]
        return Timing.of(numbers, times, index.unit, rate if index.even else None)

    def sound(self, numbers: Sequence[int], rate: Fraction | None) -> Sound | None:
        """The sound that goes with these frames, shown at this rate.

        None where there is none, frames are left out, or the file's times are not to be had.
        """
        movie, index = self._reader.movie, self._index
        if not (movie.file.streams.audio and index.unit == movie.stream.time_base):
            return None
        if self.timing(numbers, rate) is None:
            return None
        start = index.times[numbers[0] - self._first] * index.unit
        if numbers[0] == self._first:
            self._tell_early_sound(start)
        return Sound(self._path, start, onward=numbers[-1] == self.numbers[-1], joined=not index.own)

    def path_of(self, number: int) -> Path | None:
        """The movie, None for a frame that it does not have."""
        return self._path if self._first <= number < self._first + len(self._index.times) else None

    def digest(self, number: int) -> str:
        """A hash of the movie's ends, its date and the frame's time. Raises InputError."""
        place = self._place(number)
        try:
            return (
                f"{outline_digest(self._path)}-{self._path.stat().st_mtime_ns:x}-{self._index.times[place]}"
            )
        except OSError as e:
            raise InputError(f"{self._path}: the file cannot be read: {e.strerror}") from e

    def read(self, number: int) -> Frame:
        """Decode a frame. Raises InputError for one that is missing or damaged."""
        place = self._place(number)
        with self._lock:
            try:
                if place and not self._looked:
                    with suppress(av.error.FFmpegError, OSError):  # it alone may be damaged
                        self._look(self._reader.picture(0))
                picture = self._reader.picture(place)
                self._look(picture)
            except (av.error.FFmpegError, OSError) as e:
                raise InputError(f"{self._path}: frame {number} cannot be decoded: {e.strerror or e}") from e
        if picture is None:
            raise InputError(f"{self._path}: frame {number} cannot be decoded: the movie is damaged there")
        return self._frame(picture, number, place)

    def close(self) -> None:
        """Let go of the file; reading again is an error."""
        with self._lock:
            self._reader.close()

    def __str__(self) -> str:
        return str(self._path)

    def _place(self, number: int) -> int:
        place = number - self._first
        if not 0 <= place < len(self._index.times):
            raise InputError(
                f"{self._path}: frame {number} is missing; the movie has {format_frames(self.numbers)}"
            )
        return place

    def _frame(self, picture: Any, number: int, place: int) -> Frame:
        if picture.interlaced_frame:
            self._tell("interlaced", "the pictures are interlaced and treated as progressive")
        movie = self._reader.movie
        if beside := not_carried(picture):
            self._tell("beside", f"not carried: {', '.join(beside)}")
        try:
            pixels, channels, depth = from_picture(picture, movie.codec, self._tell)
        except InputError as e:
            raise InputError(f"{self._path}: {e}") from e
        metadata = metadata_of(picture, movie, self.rate, place)
        if "A" in channels:
            metadata[STRAIGHT] = 1
        aspect = float(movie.stream.sample_aspect_ratio or 1)
        turn = self._asked
        if turn is None:
            self._tell("turn", f"the movie asks for a turn by {picture.rotation} degrees, which is not done")
        elif turn in TURNS:
            self._tell("turn", f"the pictures are {TURNS[turn]}, as the movie asks for")
            metadata[ORIENTATION] = turn
        box = Box(0, 0, pixels.shape[2], pixels.shape[1])
        frame = Frame(
            pixels,
            channels,
            box,
            box,
            (depth,) * len(channels),
            pixel_aspect=aspect,
            number=number,
            metadata=metadata,
        )
        return upright(frame) if turn in TURNS else frame

    def _look(self, first: Any) -> None:
        """Note how the first picture asks to be shown, as all are then: some encoders ask in it alone."""
        if not self._looked and first is not None:
            self._asked, self._looked = orientation_of(first), True

    def _tell_early_sound(self, start: Fraction) -> None:
        """Say what is lost of sound that begins before the first picture, which a movie of ours does not."""
        tracks = [s for s in self._reader.movie.file.streams.audio if s.start_time is not None]
        early = float(start) - min((float(s.start_time * s.time_base) for s in tracks), default=float(start))
        if early >= _EARLY:
            self._tell(
                "early", f"the sound begins {early:.2f} s before the picture; that part is not carried"
            )

    def _tell(self, kind: str, sentence: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            log.info("%s: %s", self._path, sentence)
