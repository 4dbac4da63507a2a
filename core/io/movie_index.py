"""Where the frames of a movie file lie: their times, where decoding can start, and what is missing."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import av.error
import numpy as np

from interneg.errors import InputError
from interneg.io.rates import nominal_rate

__all__ = ["Index", "open_movie", "rate_of", "read_index"]

log = logging.getLogger("interneg.io")

_REORDERED = ("h264", "hevc")
"""Codecs whose times FFmpeg does not find out where the container has none."""
_DISCARDED = 2  # AVINDEX_DISCARD_FRAME


class Index(NamedTuple):
    """The frames of a movie in the order in which they are shown.

    times: of each, in the stream's units; where the file has none they count from 0. keys: the places of
    those that decoding can start from, none where the file has no times. even: whether all last equally
    long. cut_short: how many frames the header speaks of that are not there after the last.
    """

    times: tuple[int, ...]
    keys: tuple[int, ...]
    even: bool
    cut_short: int


def open_movie(path: Path) -> tuple[Any, Any]:
    """Open a movie file: its container and its first stream of pictures, as PyAV has them.

    Raises InputError where it is missing, empty or no movie that FFmpeg reads.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes)")
    try:
        file = av.open(str(path), metadata_errors="surrogateescape")
    except (av.error.FFmpegError, OSError) as e:
        raise InputError(f"{path}: not a readable movie: {e.strerror or e}") from e
    if not file.streams.video:
        file.close()
        raise InputError(f"{path}: the file holds no moving picture")
    stream = file.streams.video[0]
    stream.thread_type = "AUTO"
    return file, stream


def rate_of(stream: Any) -> Fraction | None:
    """Frames per second of a stream of pictures, None where the file does not say."""
    rate = stream.average_rate or stream.guessed_rate
    return nominal_rate(Fraction(rate)) if rate else None


def read_index(path: Path) -> Index:
    """Find the frames of a movie.

    Files with a table of frames that all stand alone (ProRes in QuickTime) give it at once; others are read
    through once, undecoded. Where packets have no times, frames are counted, and only the first is a start.
    Logs a movie that is cut short, and frames at uneven times. Raises InputError for a damaged movie and for
    one without a frame.
    """
    file, stream = open_movie(path)
    try:
        times, keys, cut_short = _table(stream) or _read_through(file, stream, path)
    finally:
        file.close()
    if not times:
        raise InputError(f"{path}: the movie holds no frame that can be decoded")
    return Index(times, keys, _is_even(times if keys else (), path), cut_short)


def _table(stream: Any) -> tuple[tuple[int, ...], tuple[int, ...], int] | None:
    """Times, keys and missing frames from the file's own table, where that is to be had and enough."""
    entries = stream.index_entries
    if not (stream.codec_context.codec.intra_only and stream.frames and len(entries) == stream.frames):
        return None
    times = sorted(e.timestamp for e in entries if not e.flags & _DISCARDED)
    return tuple(times), tuple(range(len(times))), 0


def _read_through(file: Any, stream: Any, path: Path) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Times, keys and missing frames from all packets of a movie."""
    # AVI has the order of decoding alone; where a codec's pictures come in another, it means nothing.
    timeless = file.format.name == "avi" and stream.codec_context.name in _REORDERED
    times, keys, passed_over = [], set(), 0
    try:
        for packet in file.demux(stream):
            if packet.size == 0 or packet.is_discard:
                passed_over += packet.size > 0
                continue
            timeless = timeless or packet.pts is None
            times.append(packet.pts or 0)
            if packet.is_keyframe:
                keys.add(packet.pts)
    except av.error.FFmpegError as e:
        raise InputError(f"{path}: the movie is damaged: {e.strerror or e}") from e
    last = 0 if timeless else max(times, default=0)
    cut_short = _missing(file, stream, len(times) + passed_over, last, path)
    if timeless or len(set(times)) != len(times):
        return tuple(range(len(times))), (), cut_short
    start = min(keys, default=0)
    times = sorted(t for t in times if t >= start)
    return tuple(times), tuple(k for k, t in enumerate(times) if t in keys), cut_short


def _missing(file: Any, stream: Any, frames: int, last: int, path: Path) -> int:
    """How many frames the header speaks of that are not there, which is logged; one may be its rounding.

    frames: how many there are; last: the time of the last one, in the stream's units, 0 without times.
    """
    promised = int(stream.frames)
    if not promised:
        rate = float(rate_of(stream) or 0)
        begin = stream.start_time or 0
        shown = float((last - begin) * stream.time_base) * rate + 1 if last else frames
        promised = frames + round(max(0.0, _promised_seconds(file, stream) * rate - shown))
    if frames >= promised - 1:
        return 0
    log.warning("%s: the movie is cut short: %d frames are there, its header says %d", path, frames, promised)
    return promised - frames


def _promised_seconds(file: Any, stream: Any) -> float:
    """How long the header says that the pictures last; 0 where it does not."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if duration := stream.metadata.get("DURATION"):  # Matroska
        hours, minutes, seconds = (float(part) for part in duration.split(":"))
        return hours * 3600 + minutes * 60 + seconds
    alone = len(file.streams) == 1  # else the sound may be what lasts longer
    return file.duration / 1e6 if alone and file.duration else 0.0


def _is_even(times: tuple[int, ...], path: Path) -> bool:
    """Whether frames last equally long, to half a frame, beyond what rounding explains; else it is logged."""
    steps = np.diff(np.array(times, np.float64))
    if not len(steps):
        return True
    usual = float(np.median(steps))
    uneven = int((np.abs(steps - usual) > 0.5 * usual).sum())
    if uneven:
        log.warning(
            "%s: the frame rate varies (%d of %d frames last longer or shorter than the rest); "
            "frames are numbered on, and their times are not kept",
            path, uneven, len(steps),
        )  # fmt: skip
    return not uneven
