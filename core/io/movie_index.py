"""Which frames a movie file holds, in what order and at what times: those that FFmpeg decodes and presents.

A movie is decoded once for that. Where its packets are proven to tell the same, they are read undecoded: each
is one picture, shown at a time of its own.
"""

from __future__ import annotations

import logging
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from interneg.errors import InputError
from interneg.io.h264 import may_hold_fields
from interneg.io.movie_file import Movie
from interneg.io.movie_promise import what_is_missing
from interneg.io.movie_times import in_order, is_even, rate_of, steps_of

__all__ = ["Index", "look", "read_index"]

log = logging.getLogger("interneg.io")

_WHOLE = ("av1", "cfhd", "ffv1", "h264", "hevc", "png", "qtrle", "vp9")
"""Codecs of which QuickTime, MP4 and Matroska hold one picture a packet, with its time; so the more of all
that have no prediction between pictures. H.264 counts where its header rules out fields."""

_LARGE = 2**25
"""Bytes from which on decoding takes long enough to be told of."""


class Index(NamedTuple):
    """The frames of a movie in the order in which they are shown.

    times: of each, increasing, in units of `unit` seconds. end: when the last one ends. rate: frames per
    second that the times stand for, None where nothing says it. even: whether they keep to it. own: whether
    the times are the file's own, all through; else they were made to follow each other.
    keys: the places that decoding can start from, none where the file cannot be entered but at its start.
    looks: what the frames at keys look like, where the movie was decoded; see `look`. lost: the places of
    frames that cannot be decoded. decoded: whether the movie was; else a frame is known by its time alone.
    missing: a sentence about what the header speaks of and the file lacks; empty for nothing.
    """

    times: tuple[int, ...]
    end: int
    unit: Fraction
    rate: Fraction | None
    even: bool
    own: bool
    keys: tuple[int, ...]
    looks: dict[int, int]
    lost: frozenset[int]
    decoded: bool
    missing: str


class _Shown(NamedTuple):
    """A frame: its time and how long it lasts, where they are known; whether decoding can start from it.

    decoding: the time of decoding that goes with it, where the movie was decoded.
    """

    time: int | None
    duration: int
    key: bool
    decoding: int | None = None
    look: int = 0
    lost: bool = False


def read_index(path: Path) -> Index:
    """Find the frames of a movie.

    Logs a movie that is cut short, frames that cannot be decoded and frames at uneven times. Raises
    InputError for a file that is no movie or holds no frame.
    """
    for way in (_by_table, _by_packets, _by_decoding):
        movie = Movie(path)
        try:
            found = way(movie, path)
            if found:
                missing = what_is_missing(path, movie.file, movie.stream, len(found))
                index = _index(found, movie.stream, way is _by_decoding, missing)
                _tell(index, path)
                return index
        finally:
            movie.close()
    raise InputError(f"{path}: the movie holds no frame that can be decoded")


def look(picture: Any) -> int:
    """A number that tells decoded pictures apart: the CRC-32 of the first plane.

    picture: an av.VideoFrame.
    """
    plane = picture.planes[0]
    used = picture.format.components[0].bits > 8
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    width = plane.width * (1 + used) if picture.format.is_planar else plane.line_size
    return zlib.crc32(rows[:, :width].tobytes())


def _by_table(movie: Movie, path: Path) -> list[_Shown] | None:
    """All frames from the table of a QuickTime file whose pictures all stand alone, as ProRes."""
    stream = movie.stream
    entries = stream.index_entries
    alone = stream.codec_context.codec.intra_only and movie.file.format.name.startswith("mov")
    if not (alone and stream.frames and len(entries) == stream.frames):
        return None
    first = next(movie.packets(), None)
    size = path.stat().st_size
    table = [(e.timestamp, e.is_discard or not e.size) for e in entries if e.pos + e.size <= size]
    times = [t for t, _ in table]
    begin = None if first is None else first.pts
    if begin is None or times[:1] != [begin] or any(hidden for _, hidden in table):
        return None
    if times != sorted(set(times)):
        return None
    last = (stream.start_time or 0) + (stream.duration or 0) - times[-1] if len(times) == len(entries) else 0
    return [_Shown(t, 0, True) for t in times[:-1]] + [_Shown(times[-1], max(0, last), True)]


def _by_packets(movie: Movie, path: Path) -> list[_Shown] | None:
    """All frames from packets, where each is proven to be one frame; else None."""
    codec = movie.stream.codec_context.codec
    if not codec.intra_only:
        family = movie.file.format.name.split(",")[0]
        fields = movie.codec == "h264" and may_hold_fields(movie.stream.codec_context.extradata)
        if movie.codec not in _WHOLE or family not in ("mov", "matroska") or fields:
            return None
    found = []
    times: list[int] = []
    for packet in movie.packets():
        if packet.pts is None or packet.is_discard or packet.is_corrupt:
            return None
        times.append(packet.pts)
        found.append(_Shown(packet.pts, packet.duration or 0, packet.is_keyframe))
    if not found or len(set(times)) != len(found) or not found[0].key or times[0] != min(times):
        return None
    return sorted(found, key=lambda shown: shown.time or 0)


def _by_decoding(movie: Movie, path: Path) -> list[_Shown]:
    """All frames that the decoder gives, and the places of those that it could not."""
    if path.stat().st_size > _LARGE:
        log.info("%s: decoded once to find its frames, which its packets do not tell", path)
    lost: list[Any] = []
    found = _decoded(movie, lost)
    if not lost:
        return found
    # Several threads tell of a damaged packet when the next ones have gone by.
    again = Movie(path)
    try:
        again.decoder.thread_count = 1
        lost.clear()
        found = _decoded(again, lost)
    finally:
        again.close()
    there = {shown.time for shown in found}
    if None in there or len(there) != len(found):
        log.warning("%s: %d pieces of the movie are damaged and left out", path, len(lost))
        return found
    gone = {p.pts for p in lost if not p.is_discard} - there - {None}
    found += [_Shown(time, 0, False, lost=True) for time in gone]
    return sorted(found, key=lambda shown: shown.time or 0)


def _decoded(movie: Movie, lost: list[Any]) -> list[_Shown]:
    return [
        _Shown(p.pts, p.duration or 0, p.key_frame, p.dts, look(p) if p.key_frame else 0)
        for p in movie.pictures(lost)
    ]


def _index(found: list[_Shown], stream: Any, decoded: bool, missing: str) -> Index:
    said = [Fraction(r) for r in (stream.guessed_rate, stream.base_rate, stream.average_rate) if r]
    unit = Fraction(stream.time_base)
    ordered = in_order([f.time for f in found], [f.decoding for f in found], [f.duration for f in found])
    if ordered is None:
        unit = 1 / said[0] if said else Fraction(1, 24)
        ordered = tuple(range(len(found))), False
    times, own = ordered
    rate = rate_of(times, unit, said)
    last = found[-1].duration if own else 0
    if last <= 0:
        last = round(1 / (rate * unit)) if rate else 1
    keys = tuple(k for k, f in enumerate(found) if f.key and not f.lost and own and f.time == times[k])
    return Index(
        times=times,
        end=times[-1] + max(1, last),
        unit=unit,
        rate=rate,
        even=is_even(times, unit, rate),
        own=own,
        keys=keys,
        looks={k: found[k].look for k in keys} if decoded else {},
        lost=frozenset(k for k, f in enumerate(found) if f.lost),
        decoded=decoded,
        missing=missing,
    )


def _tell(index: Index, path: Path) -> None:
    if index.missing:
        log.warning("%s: the movie is cut short: %s", path, index.missing)
    steps = steps_of(index.times)
    if index.even or not len(steps):
        return
    uneven = int((np.abs(steps - np.median(steps)) >= 0.5 * np.median(steps)).sum())
    log.warning(
        "%s: the frame rate varies (%d of %d frames last longer or shorter than the rest); frames are "
        "numbered on, and a movie made of them keeps their times",
        path, uneven, len(steps),
    )  # fmt: skip
