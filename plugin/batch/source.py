"""A clip as a graph's source: one colour space, one format, and a rule for gaps."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress

from interneg.colour import Colour, FileSpace
from interneg.errors import InputError
from interneg.frame import Box, Frame
from interneg.grey import in_colour, is_grey_among
from interneg.io import Clip
from interneg.io.coloured import in_colour_of
from interneg.plugin.batch.gaps import Missing, advice_for, damaged, unreadable
from interneg.plugin.batch.notices import notices

log = logging.getLogger("interneg")


class ClipSource:
    """The frames of a clip, without gaps from its first to its last frame.

    space, reason: the colour space of all frames, and where it was found. frame_bytes: what one takes.

    A frame that is missing or cannot be read stops the work ("error"), or stands still: the nearest earlier
    frame that can be read (else the nearest later one) is shown in its place. With "hold" that still is
    written too; with "skip" only its neighbours' windows see it. Safe to use from several threads.
    """

    def __init__(
        self,
        clip: Clip,
        name: str,
        wanted: Sequence[int],
        *,
        colour: Colour,
        space: str | None = None,
        missing: Missing = "error",
        advice: str | None = None,
        alike: bool = False,
        picture: bool = True,
    ) -> None:
        """Read the first frame that is wanted; it settles colour space and format.

        name: of the clip, for messages. wanted: the frames that will be written, within the clip. space:
        the colour space, where the user knows better than the files. advice: what a message ends with where
        a frame stops the work. alike: whether data windows may not change either. picture: whether the frames
        are pictures: grey ones are then made R = G = B where others of the clip have colour, and it is told
        where their space is taken by default.
        Raises InputError where that frame cannot be read, ColourError for an unknown space.
        """
        self._clip = clip
        self._name = name
        self._there = clip.numbers
        self._missing = missing
        self._advice = advice_for(clip) if advice is None else advice
        self._colour = colour
        self._override = space
        self._alike = alike
        self._unreadable: set[int] = set()
        self._digests: dict[int, str] = {}
        self._wanted = wanted
        self.numbers: Sequence[int] = range(self._there[0], self._there[-1] + 1)
        self._first: Frame | None = None
        self._told_of_grey = False
        frame = self._read(wanted[0])
        self._like = in_colour_of(clip, frame) if picture else frame
        self.space, self.reason, by_default = self._choose(self._like)
        self._display, self._data = frame.display_window, frame.data_window
        shown = in_colour(frame, self._like) if is_grey_among(frame, self._like) else frame
        self.frame_bytes = sum(f.pixels.nbytes for f in (shown, *shown.parts))
        self._first = frame
        for notice in notices(self._like, self.space, by_default and picture, colour):
            log.warning("%s: %s", name, notice)

    def frame(self, number: int) -> Frame:
        """The frame of that number. Raises InputError, also where the format changes within the clip."""
        first, self._first = self._first, None
        frame = first if first is not None and first.number == number else self._read(number)
        self._check(frame)
        if is_grey_among(frame, self._like):
            return self._in_colour(frame)
        self._check_space(frame)
        return frame.with_pixels(frame.pixels, colour_space=self.space)

    def _in_colour(self, frame: Frame) -> Frame:
        """A grey frame among colour ones, in their space: R = G = B stays so in any of them."""
        made = in_colour(frame, self._like)
        if not self._told_of_grey:
            self._told_of_grey = True
            log.info("%s: frame %d is grey among colour ones: taken as R = G = B", self._name, frame.number)
        found = self._choose(frame).space
        if found != self.space:
            planes, pixels = list(made.colour_channels), made.pixels.copy(order="K")
            pixels[planes] = self._colour.transform(found, self.space)(made.pixels[planes])
            made = made.with_pixels(pixels)
        return made.with_pixels(made.pixels, colour_space=self.space)

    def left_out(self, number: int) -> bool:
        """Whether the frame is not to be written (for one that cannot be read: once it was asked for)."""
        gap = number in self._unreadable or self._clip.path_of(number) is None
        return gap and self._missing == "skip"

    def digest(self, number: int) -> str:
        """A hash of the file that the frame comes from, as it was before it was read. Raises InputError."""
        if self._clip.path_of(number) is not None:
            try:
                return self._before(number)
            except InputError:  # a broken link, or a file without rights
                if self._missing == "error":
                    raise
        others = (n for n in self._candidates(number) if n != number)
        return "still of " + self._before(next(others, number))

    def changed(self) -> list[int]:
        """The frames whose files are there, and no longer as they were before they were read."""
        numbers = sorted(self._digests)
        found = []
        for number in numbers[:1] if self._clip.is_movie else numbers:
            with suppress(InputError):
                if self._clip.digest(number) != self._digests[number]:
                    found.append(number)
        return found

    def _before(self, number: int) -> str:
        """The hash of a frame's file, for the whole run as it was at first.

        A file may be replaced meanwhile, and neighbours may have seen it before: by what it was, all that was
        made of it is known to be out of date.
        """
        if number not in self._digests:
            self._digests.setdefault(number, self._clip.digest(number))
        return self._digests[number]

    def _read(self, number: int) -> Frame:
        reason = ""
        for candidate in self._candidates(number):
            try:
                self._before(candidate)
                frame = self._clip.read(candidate)
            except InputError as error:
                if self._missing == "error":
                    others = damaged(self._clip, (n for n in self._wanted if n != candidate))
                    raise unreadable(self._name, {candidate: str(error), **others}, self._advice) from error
                reason = reason or f": {error}"
                if candidate not in self._unreadable:
                    self._unreadable.add(candidate)
                    log.warning("frame %d cannot be read: %s", candidate, error)
                continue
            return frame.with_pixels(frame.pixels, number=number) if candidate != number else frame
        raise InputError(f"{self._name}: none of its frames can be read{reason}")

    def _candidates(self, number: int) -> Iterator[int]:
        at = bisect_right(self._there, number)
        yield from (n for n in reversed(self._there[:at]) if n not in self._unreadable)
        yield from (n for n in self._there[at:] if n not in self._unreadable)

    def _choose(self, frame: Frame) -> FileSpace:
        # a frame that stands in for a missing one comes from a file of the same kind
        path = self._clip.path_of(frame.number) or self._clip.path_of(self._there[0])
        return self._colour.space_of(str(path), frame.metadata, frame.depth[0], self._override)

    def _check(self, frame: Frame) -> None:
        if frame.display_window != self._display:
            raise InputError(
                f"{self._name}: frame {frame.number} is {_format(frame.display_window)}, the clip began with "
                f"{_format(self._display)}; render each format as a range of its own (--frames)"
            )
        if self._alike and frame.data_window != self._data:
            raise InputError(
                f"{self._name}: the data window of frame {frame.number} is {tuple(frame.data_window)}, the "
                f"clip began with {tuple(self._data)}; an analysis needs them alike"
            )

    def _check_space(self, frame: Frame) -> None:
        if self._override is None and (found := self._choose(frame)).space != self.space:
            raise InputError(
                f"{self._name}: frame {frame.number} is in '{found.space}' ({found.reason}), the clip began "
                f"in '{self.space}'; say which one holds with --input-space"
            )


class StillSource:
    """One frame for every time: a mask that does not move."""

    def __init__(self, source: ClipSource, numbers: Sequence[int]) -> None:
        self.numbers = numbers
        self.changed = source.changed
        self._digest = source.digest(source.numbers[0])
        self._frame = source.frame(source.numbers[0])

    def frame(self, number: int) -> Frame:
        """The frame."""
        return self._frame

    def digest(self, number: int) -> str:
        """A hash of its file."""
        return self._digest


def _format(box: Box) -> str:
    return f"{box.width}x{box.height}" + (f" at {box.x0},{box.y0}" if box.x0 or box.y0 else "")
