"""The sound of a movie that is written: whatever becomes of it is told, and the picture goes on."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path
from typing import Any

import av.error

from interneg.io.sound import Sound

__all__ = ["SoundTrack"]

log = logging.getLogger("interneg.io")


class SoundTrack:
    """The sound of a movie source on its way into the movie `path`; None for none.

    encoder: FFmpeg's name of what codes sound that the container cannot hold, and sound whose codec's name
    begins as one of `rare`, which few players know in it. convert: whether it does; else the first is left
    out, and the second kept. Each is logged.
    """

    def __init__(
        self, path: Path, sound: Sound | None, encoder: str, rare: tuple[str, ...], *, convert: bool
    ) -> None:
        self._path = path
        self._sound = sound
        self._encoder = encoder
        self._rare = rare
        self._convert = convert
        self._file: Any = None

    def open(self, file: Any) -> None:
        """Make streams for it in `file`, an output container of PyAV, before its header is written."""
        if self._sound is None:
            return
        try:
            converted, left, rare = self._sound.add_to(
                file, self._encoder if self._convert else None, self._rare
            )
        except (av.error.FFmpegError, OSError, ValueError) as e:
            log.warning("%s: the sound cannot be read and is left out: %s", self._path, e)
            return
        self._file = file
        if converted:
            log.warning(
                "%s: the sound (%s) is written as %s", self._path, ", ".join(converted), self._encoder
            )
        if rare:
            log.warning(
                "%s: few players know this sound (%s) in %s movies; --sound convert makes it %s",
                self._path, ", ".join(rare), self._path.suffix, self._encoder,
            )  # fmt: skip
        if left:
            log.warning(
                "%s: %s movies cannot hold this sound (%s), which is left out; --sound convert makes it %s",
                self._path, self._path.suffix, ", ".join(left), self._encoder,
            )  # fmt: skip

    def write(self, end: Fraction | None) -> None:
        """Add the sound up to `end` seconds of the new movie; None for what encoders still hold."""
        if self._file is None or self._sound is None:
            return
        try:
            for packet in self._sound.rest() if end is None else self._sound.until(end):
                self._file.mux(packet)
        except (av.error.FFmpegError, ValueError) as e:
            log.warning("%s: the sound ends early, since it could not be written: %s", self._path, e)
            self.close()

    def close(self) -> None:
        """Let go of the source."""
        self._file = None
        if self._sound is not None:
            self._sound.close()
