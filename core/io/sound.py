"""The sound of a movie, copied as it is: packets are moved in time, never decoded."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from interneg.texts import from_latin

__all__ = ["Sound"]


class Sound:
    """The sound of a movie file from `start` on, in seconds of that file's own time.

    A packet belongs to the moment when it begins; so up to one packet (20 to 40 ms of most codecs) at the
    start of a range is silent. What is kept stays in step with the picture.
    """

    def __init__(self, path: Path, start: Fraction) -> None:
        self._path = path
        self._start = start
        self._file: Any = None
        self._to: dict[int, Any] = {}
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None

    def add_to(self, out: Any) -> list[str]:
        """Make a stream of `out` (an output container) for each of sound that it can hold.

        Returns the names of the codecs that it cannot hold. Raises av.error.FFmpegError.
        """
        self._file = av.open(str(self._path), metadata_errors="surrogateescape")
        left = []
        for stream in self._file.streams.audio:
            codec = stream.codec_context.codec.canonical_name
            if codec in out.supported_codecs:
                self._to[stream.index] = made = out.add_stream_from_template(stream)
                tags = {k: from_latin(v) for k, v in stream.metadata.items() if k in ("language", "title")}
                made.metadata.update(tags)
            else:
                left.append(codec)
        if self._to:
            first = next(s for s in self._file.streams.audio if s.index in self._to)
            self._file.seek(int(self._start / first.time_base), stream=first, backward=True)
            self._packets = self._file.demux([s for s in self._file.streams.audio if s.index in self._to])
            self._next = next(self._packets, None)
        return left

    def until(self, end: Fraction) -> Iterator[Any]:
        """The packets up to `end` seconds after the start that were not given yet, moved and ready to mux."""
        while self._next is not None:
            packet = self._next
            if packet.pts is not None:
                time = packet.pts * packet.time_base - self._start
                if time >= end:
                    return
                if time >= 0:
                    shift = round(self._start / packet.time_base)
                    packet.pts -= shift
                    packet.dts = packet.pts if packet.dts is None else packet.dts - shift
                    packet.stream = self._to[packet.stream.index]
                    yield packet
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
