"""The sound of a movie: packets moved in time as they are, or coded anew for what cannot hold them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error

from interneg.io.movie_file import opened
from interneg.texts import from_latin

__all__ = ["Sound"]

_BITS_A_CHANNEL = 128_000
"""Bits a second of a channel, of a codec that asks for them."""
_USUAL = {1: "mono", 2: "stereo"}
"""Layouts of channels that need not be said."""
_SEAM = 0.03
"""Seconds by which sound may come late without a gap."""
_TRIED = 200
"""Packets among which the first of each stream is looked for, to try whether a container takes it."""


class Sound:
    """The sound of a movie file from `start` on, in seconds of that file's own time.

    onward: whether sound that goes on after the last picture belongs to it. joined: whether times begin anew
    in the file, as in recordings that were joined; they then follow each other, as those of the pictures do.
    A packet belongs to the moment when it begins; so up to one packet (20 to 40 ms of most codecs) at the
    start of a range is silent. What is kept stays in step with the picture.
    """

    def __init__(self, path: Path, start: Fraction, *, onward: bool = False, joined: bool = False) -> None:
        self._path = path
        self._joined = joined
        self._start = start
        self._onward = onward
        self._file: Any = None
        self._to: dict[int, Any] = {}
        self._coded: set[int] = set()
        self._last: dict[int, int] = {}
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None

    def add_to(
        self, out: Any, convert: str | None, rare: tuple[str, ...] = ()
    ) -> tuple[list[str], list[str], list[str]]:
        """Make a stream of `out` (an output container) for each of sound.

        convert: FFmpeg's name of the encoder for what the container cannot hold, and for codecs whose names
        begin as one of `rare`; None leaves the first out, and takes the second as they are.
        Returns the names of the codecs that were converted, of those that were left out, and of rare ones
        that were taken. Raises av.error.FFmpegError where the file cannot be read.
        """
        self._file = opened(self._path)
        converted, left, taken = [], [], []
        held = _held(self._path, out.format.name)
        for stream in self._file.streams.audio:
            codec = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
            is_rare = codec.startswith(rare) if rare else False
            if stream.index in held and not (convert and is_rare):
                made = out.add_stream_from_template(stream)
                taken += [codec] * is_rare
            elif convert and (made := _encoder(out, stream, convert)):
                self._coded.add(stream.index)
                converted.append(codec)
            else:
                left.append(codec)
                continue
            self._to[stream.index] = made
            tags = {k: from_latin(v) for k, v in stream.metadata.items() if k in ("language", "title")}
            made.metadata.update(tags)
        if self._to:
            kept = [s for s in self._file.streams.audio if s.index in self._to]
            if not self._joined:
                self._file.seek(int(self._start / kept[0].time_base), stream=kept[0], backward=True)
            self._packets = self._read(kept)
            self._next = next(self._packets, None)
        return converted, left, taken

    def until(self, end: Fraction | None) -> Iterator[Any]:
        """The packets up to `end` seconds after the start that were not given yet, moved and ready to mux.

        end: None for all that there are.
        """
        while self._next is not None:
            packet = self._next
            begin = packet.dts if packet.pts is None else packet.pts
            if begin is not None:
                time = begin * packet.time_base - self._start
                if end is not None and time >= end:
                    return
                if packet.stream.index in self._coded:
                    yield from self._recoded(packet)
                elif time >= 0:
                    yield self._moved(packet, begin)
            self._next = next(self._packets, None)

    def rest(self) -> Iterator[Any]:
        """What is to come after the last picture, and what encoders still hold."""
        if self._onward:
            yield from self.until(None)
        for index in sorted(self._coded):
            yield from self._to[index].encode(None)
        self._coded.clear()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self, streams: list[Any]) -> Iterator[Any]:
        """Packets that hold something; where the file cannot be read on, they end."""
        due: dict[int, int] = {}
        shifts: dict[int, int] = {}
        try:
            for packet in self._file.demux(streams):
                if packet.size and self._joined:
                    _continue(packet, due, shifts)
                if packet.size:
                    yield packet
        except (av.error.FFmpegError, OSError):
            return

    def _moved(self, packet: Any, begin: int) -> Any:
        """The packet at its time in the new file; packets whose times fall back go on from the last."""
        shift = round(self._start / packet.time_base)
        index = packet.stream.index
        decoded = packet.dts if packet.dts is not None else begin
        packet.dts = max(decoded - shift, self._last.get(index, decoded - shift - 1) + 1)
        packet.pts = max(begin - shift, packet.dts)
        self._last[index] = packet.dts
        packet.stream = self._to[index]
        return packet

    def _recoded(self, packet: Any) -> Iterator[Any]:
        made = self._to[packet.stream.index]
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, OSError):  # damaged: silent
            return
        for frame in frames:
            if frame.pts is None:
                continue
            time = frame.pts * frame.time_base - self._start
            if time < 0:
                continue
            unit = Fraction(1, frame.sample_rate)
            begin = round(time / unit)
            # Containers round times, to a millisecond and more; samples follow each other without a seam.
            due = self._last.get(packet.stream.index, begin)
            if begin < due + _SEAM * frame.sample_rate:
                begin = due
            self._last[packet.stream.index] = begin + frame.samples
            frame.pts, frame.time_base = begin, unit
            yield from made.encode(frame)


def _continue(packet: Any, due: dict[int, int], shifts: dict[int, int]) -> None:
    """Let a packet follow the one before of its stream, where times begin anew."""
    begin, index, length = (
        packet.dts if packet.pts is None else packet.pts,
        packet.stream.index,
        packet.duration or 0,
    )
    if begin is None:
        return
    shift = shifts.get(index, 0)
    if index in due and begin + shift < due[index] - 2 * length:
        shifts[index] = shift = due[index] - begin
    due[index] = begin + shift + length
    packet.pts = begin + shift
    packet.dts = None if packet.dts is None else packet.dts + shift


def _held(path: Path, container: str) -> set[int]:
    """The indices of the streams of sound whose header and first packet a container takes."""
    with opened(path) as file:
        waiting = {s.index: s for s in file.streams.audio if s.codec_context is not None}
        held = set()
        for count, packet in enumerate(file.demux(list(waiting.values())) if waiting else ()):
            stream = waiting.pop(packet.stream.index, None) if packet.size else None
            if stream is not None and _takes(container, stream, packet):
                held.add(stream.index)
            if not waiting or count > _TRIED:
                break
    return held


def _takes(container: str, stream: Any, packet: Any) -> bool:
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            packet.stream = trial.add_stream_from_template(stream)
            packet.pts = packet.dts = 0
            trial.mux(packet)
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def _encoder(out: Any, stream: Any, codec: str) -> Any:
    """A stream of `out` that codes this sound anew; None where its encoder does not take it."""
    source = stream.codec_context
    if source is None or not source.sample_rate:
        return None
    rates = av.codec.Codec(codec, "w").audio_rates or [source.sample_rate]
    rate = min(rates, key=lambda r: (abs(r - source.sample_rate), r))
    layout = _USUAL.get(source.layout.nb_channels, source.layout.name)
    bits = _BITS_A_CHANNEL * source.layout.nb_channels

    def set_up(context: Any) -> None:
        context.layout = layout
        if codec == "aac":
            context.bit_rate = bits

    try:
        trial = av.CodecContext.create(codec, "w")
        trial.sample_rate, trial.time_base = rate, Fraction(1, rate)
        trial.format = av.codec.Codec(codec, "w").audio_formats[0]
        set_up(trial)
        trial.open()
    except (av.error.FFmpegError, ValueError, ZeroDivisionError):
        return None
    made = out.add_stream(codec, rate=rate)
    set_up(made.codec_context)
    return made
