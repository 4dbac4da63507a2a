"""Movies in: ProRes, H.264, FFV1 and what else FFmpeg decodes, without losing codes or tags.

Reading keeps what lies outside the nominal range (overshoot, sub-black): nothing is clipped. The matrix and
the range come from the tags; an untagged movie is taken as BT.709 from 720 lines on, else BT.601, in limited
range, and this is logged. Each frame's metadata holds:

===================  ==========================================================================
cicp:primaries       ITU-T H.273 code, only where tagged; so too cicp:transfer, cicp:matrix
cicp:range           0 limited, 1 full; only where tagged
movie:pixel_format   FFmpeg's name, such as yuv422p10le
FramesPerSecond      rational
movie:KEY            what the file says about itself under KEY: title, comment, ...
smpte:TimeCode       of this frame, where the movie has a start time code and up to 60 frames a second
===================  ==========================================================================

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

import av
import av.error
import numpy as np
import numpy.typing as npt

from interneg.errors import InputError
from interneg.frame import Box, Frame
from interneg.io import timecode
from interneg.io.attributes import Typed
from interneg.io.clip import nominal_rate, outline_digest
from interneg.io.sequence import format_frames
from interneg.io.sound import Sound
from interneg.io.ycbcr import Coding, raise_to, to_rgb

__all__ = ["MovieClip"]

log = logging.getLogger("interneg.io")

UNSPECIFIED = 2
_TECHNICAL = ("major_brand", "minor_version", "compatible_brands", "encoder", "timecode", "duration")
"""What containers say of how they were made, which is not so of another file."""

_CENTRED = ("mjpeg", "mpeg1video")
_REORDERED = ("h264", "hevc")
"""Codecs whose times FFmpeg does not find out where the container has none."""
_DISCARDED = 2  # AVINDEX_DISCARD_FRAME
FULL_RANGE = 2  # AVCOL_RANGE_JPEG

# Packed and half-packed layouts, and the planar one that holds the same samples.
PLANAR = {
    "nv12": "yuv420p",
    "nv16": "yuv422p",
    "p010le": "yuv420p10le",
    "p210le": "yuv422p10le",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "y210le": "yuv422p10le",
    "rgb24": "gbrp",
    "bgr24": "gbrp",
    "0rgb": "gbrp",
    "rgb0": "gbrp",
    "0bgr": "gbrp",
    "bgr0": "gbrp",
    "rgba": "gbrap",
    "bgra": "gbrap",
    "argb": "gbrap",
    "abgr": "gbrap",
    "pal8": "gbrap",
    "rgb48le": "gbrp16le",
    "rgb48be": "gbrp16le",
    "rgba64le": "gbrap16le",
    "rgba64be": "gbrap16le",
}


class MovieClip:
    """The frames of a movie file, numbered on from `first`; read fastest in order."""

    is_movie = True

    def __init__(self, path: Path, first: int) -> None:
        self._path = path
        self._first = first
        self._lock = threading.Lock()
        self.cut_short = 0
        self._open()
        self._times, self._keys = self._index()
        self._starts = frozenset(self._keys)
        self._places = {t: k for k, t in enumerate(self._times)}
        if not self._times:
            raise InputError(f"{path}: the movie holds no frame that can be decoded")
        self._frames: Iterator[Any] = iter(())
        self._next: int | None = None
        self._hurt = False
        self._told: set[str] = set()
        self._check_times()

    def _open(self) -> None:
        path = self._path
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty (0 bytes)")
        try:
            self._file = av.open(str(path))
        except (av.error.FFmpegError, OSError) as e:
            raise InputError(f"{path}: not a readable movie: {e.strerror or e}") from e
        if not self._file.streams.video:
            self._file.close()
            raise InputError(f"{path}: the file holds no moving picture")
        self._stream = self._file.streams.video[0]
        self._stream.thread_type = "AUTO"

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(range(self._first, self._first + len(self._times)))

    @property
    def rate(self) -> Fraction | None:
        rate = self._stream.average_rate or self._stream.guessed_rate
        return nominal_rate(Fraction(rate)) if rate else None

    @property
    def others(self) -> tuple[str, ...]:
        """What else the file holds, as "audio (aac)"."""
        streams = [s for s in self._file.streams if s.index != self._stream.index and not _is_timecode(s)]
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
        return self._path if self._first <= number < self._first + len(self._times) else None

    def digest(self, number: int) -> str:
        try:
            return f"{outline_digest(self._path)}-{self._path.stat().st_mtime_ns:x}-{self._place(number)}"
        except OSError as e:
            raise InputError(f"{self._path}: the file cannot be read: {e.strerror}") from e

    def read(self, number: int) -> Frame:
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

    def _index(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The times of all frames in order, and the places of those that decoding can start from.

        Files with a table of frames that all stand alone (ProRes in QuickTime) give it at once; others are
        read through once, undecoded. Where packets have no times, frames are counted, and only the first
        is a start.
        """
        stream = self._stream
        entries = stream.index_entries
        if stream.codec_context.codec.intra_only and stream.frames and len(entries) == stream.frames:
            times = sorted(e.timestamp for e in entries if not e.flags & _DISCARDED)
            return tuple(times), tuple(range(len(times)))
        # AVI has the order of decoding alone; where a codec's pictures come in another, it means nothing.
        timeless = self._file.format.name == "avi" and stream.codec_context.name in _REORDERED
        times, keys, passed_over = [], set(), 0
        try:
            for packet in self._file.demux(stream):
                if packet.size == 0 or packet.is_discard:
                    passed_over += packet.size > 0
                    continue
                timeless = timeless or packet.pts is None
                times.append(packet.pts or 0)
                if packet.is_keyframe:
                    keys.add(packet.pts)
        except av.error.FFmpegError as e:
            raise InputError(f"{self._path}: the movie is damaged: {e.strerror or e}") from e
        self._check_length(len(times) + passed_over, 0 if timeless else max(times, default=0))
        self._file.close()
        self._open()
        if timeless or len(set(times)) != len(times):
            return tuple(range(len(times))), ()
        start = min(keys, default=0)
        times = sorted(t for t in times if t >= start)
        return tuple(times), tuple(k for k, t in enumerate(times) if t in keys)

    def _check_length(self, frames: int, last: int) -> None:
        """Find out whether the movie ends before its header says, and tell of it.

        frames: how many there are; last: the time of the last one, in the stream's units, 0 without times.
        """
        promised = self._stream.frames
        if not promised:
            rate = float(self.rate or 0)
            begin = self._stream.start_time or 0
            shown = float((last - begin) * self._stream.time_base) * rate + 1 if last else frames
            promised = frames + round(max(0.0, self._promised_seconds() * rate - shown))
        if frames < promised - 1:
            self.cut_short = promised - frames
            log.warning(
                "%s: the movie is cut short: %d frames are there, its header says %d",
                self._path, frames, promised,
            )  # fmt: skip

    def _promised_seconds(self) -> float:
        """How long the header says that the pictures last; 0 where it does not."""
        stream = self._stream
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        if said := stream.metadata.get("DURATION"):  # Matroska
            hours, minutes, seconds = (float(part) for part in said.split(":"))
            return hours * 3600 + minutes * 60 + seconds
        alone = len(self._file.streams) == 1  # else the sound may be what lasts longer
        return self._file.duration / 1e6 if alone and self._file.duration else 0.0

    def _check_times(self) -> None:
        """Tell of frames at uneven times: half a frame off and more, which no rounding explains."""
        self._even = True
        steps = np.diff(np.array(self._times, np.float64)) if self._keys else np.zeros(0)
        if not len(steps):
            return
        usual = float(np.median(steps))
        uneven = int((np.abs(steps - usual) > 0.5 * usual).sum())
        if uneven:
            self._even = False
            log.warning(
                "%s: the frame rate varies (%d of %d frames last longer or shorter than the rest); "
                "frames are numbered on, and their times are not kept",
                self._path, uneven, len(steps),
            )  # fmt: skip

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
        self._open()
        self._frames = self._file.decode(self._stream)
        self._next = 0
        self._hurt = False

    def _frame(self, picture: Any, number: int, place: int) -> Frame:
        if picture.interlaced_frame:
            self._tell("interlaced", "the pictures are interlaced and treated as progressive")
        name = picture.format.name
        shuffled = picture.reformat(format=PLANAR[name]) if name in PLANAR else picture
        pixels, channels, depth = self._pixels(picture, shuffled)
        metadata: dict[str, Any] = {
            f"movie:{k}": v for k, v in self._file.metadata.items() if k.lower() not in _TECHNICAL
        }
        metadata["movie:pixel_format"] = name
        for key, value in (
            ("primaries", picture.color_primaries),
            ("transfer", picture.color_trc),
            ("matrix", picture.colorspace),
        ):
            if int(value) != UNSPECIFIED:
                metadata[f"cicp:{key}"] = int(value)
        if int(picture.color_range) or name.startswith("yuvj"):
            metadata["cicp:range"] = int(int(picture.color_range) == FULL_RANGE or name.startswith("yuvj"))
        if "A" in channels:
            metadata["oiio:UnassociatedAlpha"] = 1
        if self.rate:
            metadata["FramesPerSecond"] = Typed("rational", (self.rate.numerator, self.rate.denominator))
            start = self._start_timecode()
            now = timecode.advance(start, place, self.rate) if start else None
            packed = timecode.pack(now, self.rate) if now else None
            if packed is not None:
                metadata["smpte:TimeCode"] = Typed("timecode", (packed, 0))
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

    def _pixels(self, picture: Any, shuffled: Any) -> tuple[npt.NDArray[np.float32], tuple[str, ...], str]:
        layout = shuffled.format
        parts = layout.components
        bits = parts[0].bits
        if (not layout.is_planar and len(parts) > 1) or bits not in (8, 9, 10, 12, 14, 16) or layout.is_bayer:
            raise InputError(f"{self._path}: pictures of the format {picture.format.name} are not supported")
        planes = [_plane(shuffled, c) for c in parts]
        has_alpha = parts[-1].is_alpha
        colour = planes[:-1] if has_alpha else planes
        height, width = picture.height, picture.width
        full = int(picture.color_range) == FULL_RANGE or layout.name.startswith("yuvj")
        if layout.is_rgb:
            out = np.stack(colour)
            out /= 2**bits - 1
        else:
            matrix = int(picture.colorspace)
            if matrix == UNSPECIFIED:
                matrix = usual_matrix(height)
                if len(colour) > 1:
                    self._tell(
                        "matrix",
                        f"no colour matrix is tagged; taken as {'BT.709' if matrix == 1 else 'BT.601'}",
                    )
            coding = Coding(matrix, full, bits)
            if len(colour) == 1:
                zero, one = coding.luma
                out = ((colour[0] - np.float32(zero)) / np.float32(one))[None]
            else:
                centred = self._stream.codec_context.codec.name in _CENTRED
                cb, cr = (raise_to(c, height, width, centred=centred) for c in colour[1:])
                out = to_rgb(colour[0], cb, cr, coding)
        names: tuple[str, ...] = ("Y",) if len(out) == 1 else ("R", "G", "B")
        if has_alpha:
            out = np.concatenate([out, planes[-1][None] / np.float32(2 ** parts[-1].bits - 1)])
            names += ("A",)
        return out, names, {9: "uint10", 14: "uint16"}.get(bits, f"uint{bits}")

    def _start_timecode(self) -> str | None:
        for tags in (self._stream.metadata, self._file.metadata):
            for key, value in tags.items():
                if key.lower() == "timecode":
                    return str(value)
        return None

    def _tell(self, kind: str, sentence: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            log.info("%s: %s", self._path, sentence)


def _is_timecode(stream: Any) -> bool:
    """Whether a stream is QuickTime's track for the time code, which each frame has."""
    return stream.type == "data" and "timecode" in stream.metadata


def _plane(picture: Any, component: Any) -> npt.NDArray[np.float32]:
    """The codes of one component as float32, (H, W)."""
    plane = picture.planes[component.plane]
    kind = np.dtype(np.uint8 if component.bits == 8 else np.uint16)
    if picture.format.is_big_endian:
        kind = kind.newbyteorder(">")
    rows = np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind.itemsize)
    return rows[: component.height, : component.width].astype(np.float32)


def usual_matrix(height: int) -> int:
    """The matrix of pictures that do not say: BT.709 from 720 lines on, else BT.601."""
    return 1 if height >= 720 else 6
