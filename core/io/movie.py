"""Movies: ProRes, H.264, FFV1 and what else FFmpeg decodes, in and out, without losing codes or tags.

Reading keeps what lies outside the nominal range (overshoot, sub-black): nothing is clipped. The matrix and
the range come from the tags; an untagged movie is taken as BT.709 from 720 lines on, else BT.601, in limited
range, and this is logged. Each frame's metadata holds:

===================  ==========================================================================
cicp:primaries       ITU-T H.273 code, only where tagged; so too cicp:transfer, cicp:matrix
cicp:range           0 limited, 1 full; only where tagged
movie:pixel_format   FFmpeg's name, such as yuv422p10le
FramesPerSecond      rational
smpte:TimeCode       of this frame, where the movie has a start time code and up to 30 frames a second
===================  ==========================================================================

Interlaced pictures are treated as progressive (logged). Audio, subtitles and data are not carried.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from fractions import Fraction
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
import numpy.typing as npt

from interneg.errors import InputError, OutputError, UsageError
from interneg.frame import DEPTHS, Box, Frame
from interneg.io import timecode
from interneg.io.attributes import Typed
from interneg.io.clip import nominal_rate, outline_digest
from interneg.io.output import publish, read_sidecar, refusal, temporary_name, write_sidecar
from interneg.io.pixels import integers, once, unassociated
from interneg.io.sequence import format_frames
from interneg.io.ycbcr import MATRICES, Coding, lower, raise_to, to_codes, to_rgb

__all__ = ["MovieClip", "MovieOutput"]

log = logging.getLogger("interneg.io")

UNSPECIFIED = 2
DEFAULT_RATE = Fraction(24)
H264_QUALITY = 14
_CENTRED = ("mjpeg", "mpeg1video")
_DISCARDED = 2  # AVINDEX_DISCARD_FRAME
_FULL = 2  # AVCOL_RANGE_JPEG

# Packed and half-packed layouts, and the planar one that holds the same samples.
_PLANAR = {
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
        times, keys, timeless = [], set(), False
        try:
            for packet in self._file.demux(stream):
                if packet.size == 0 or packet.is_discard:
                    continue
                timeless = timeless or packet.pts is None
                times.append(packet.pts or 0)
                if packet.is_keyframe:
                    keys.add(packet.pts)
        except av.error.FFmpegError as e:
            raise InputError(f"{self._path}: the movie is damaged: {e.strerror or e}") from e
        self._check_length(len(times))
        self._file.close()
        self._open()
        if timeless or len(set(times)) != len(times):
            return tuple(range(len(times))), ()
        start = min(keys, default=0)
        times = sorted(t for t in times if t >= start)
        return tuple(times), tuple(k for k, t in enumerate(times) if t in keys)

    def _check_length(self, frames: int) -> None:
        """Tell of a movie without sound that ends before the time that its header says."""
        length, rate = self._file.duration, self.rate
        if length and rate and len(self._file.streams) == 1 and frames < round(rate * length / 10**6) - 1:
            log.warning(
                "%s: the movie is cut short: %d frames are there, its header says %d",
                self._path,
                frames,
                round(rate * length / 10**6),
            )

    def _decode(self, place: int) -> Any:
        """The decoded picture at a place; None where the movie does not give it. Called under the lock."""
        start = self._keys[bisect_right(self._keys, place) - 1] if self._keys else 0
        if self._next is None or place < self._next or start > self._next:
            self._seek(start)
        found = self._advance(place)
        if found is None and start > 0:
            # Some containers seek by decoding time and come out behind the asked key frame.
            self._seek(0)
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
        if self._keys:
            self._file.seek(self._times[start], stream=self._stream, backward=True)
        else:
            self._file.close()
            self._open()
        self._frames = self._file.decode(self._stream)
        self._next = start
        self._hurt = False

    def _frame(self, picture: Any, number: int, place: int) -> Frame:
        if picture.interlaced_frame:
            self._tell("interlaced", "the pictures are interlaced and treated as progressive")
        name = picture.format.name
        shuffled = picture.reformat(format=_PLANAR[name]) if name in _PLANAR else picture
        pixels, channels, depth = self._pixels(picture, shuffled)
        metadata: dict[str, Any] = {"movie:pixel_format": name}
        for key, value in (
            ("primaries", picture.color_primaries),
            ("transfer", picture.color_trc),
            ("matrix", picture.colorspace),
        ):
            if int(value) != UNSPECIFIED:
                metadata[f"cicp:{key}"] = int(value)
        if int(picture.color_range) or name.startswith("yuvj"):
            metadata["cicp:range"] = int(int(picture.color_range) == _FULL or name.startswith("yuvj"))
        if "A" in channels:
            metadata["oiio:UnassociatedAlpha"] = 1
        if self.rate:
            metadata["FramesPerSecond"] = Typed("rational", (self.rate.numerator, self.rate.denominator))
            start = self._start_timecode()
            now = timecode.advance(start, place, self.rate) if start else None
            packed = timecode.pack(now) if now else None
            if packed is not None:
                metadata["smpte:TimeCode"] = Typed("timecode", (packed, 0))
        box = Box(0, 0, picture.width, picture.height)
        aspect = self._stream.sample_aspect_ratio
        return Frame(
            pixels,
            channels,
            box,
            box,
            (depth,) * len(channels),
            pixel_aspect=float(aspect) if aspect else 1.0,
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
        full = int(picture.color_range) == _FULL or layout.name.startswith("yuvj")
        if layout.is_rgb:
            out = np.stack(colour)
            out /= 2**bits - 1
        else:
            matrix = int(picture.colorspace)
            if matrix == UNSPECIFIED:
                matrix = _usual(height)
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


def _plane(picture: Any, component: Any) -> npt.NDArray[np.float32]:
    """The codes of one component as float32, (H, W)."""
    plane = picture.planes[component.plane]
    kind = np.dtype(np.uint8 if component.bits == 8 else np.uint16)
    if picture.format.is_big_endian:
        kind = kind.newbyteorder(">")
    rows = np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind.itemsize)
    return rows[: component.height, : component.width].astype(np.float32)


class MovieOutput:
    """A movie that is written in order under a temporary name and gets its own when it is closed.

    .mov is ProRes 422 HQ, or 4444 for frames with alpha or from a 4:4:4 movie; .mp4 and .m4v are H.264 at
    crf 14; .mkv is FFV1, lossless. H.264 and FFV1 keep the pixel format of a movie source where they can;
    else 8-bit sources stay 8 bit, deeper ones become 10 bit 4:2:0 in H.264, and R'G'B' of up to 16 bits
    in FFV1. `depth` ("uint8", "uint10", ...) overrides. Colour tags, pixel aspect, rate and start time
    code follow the first frame; matrix and range are always tagged. FFV1 does not keep the pixel aspect,
    which is logged. R'G'B' outside 0..1 is kept as far as the codes reach, then clipped and logged.
    """

    is_movie = True

    def __init__(self, path: Path, *, overwrite: bool, rate: Fraction | None, depth: str | None) -> None:
        if path.suffix.lower() not in (".mov", ".mp4", ".m4v", ".mkv"):
            raise UsageError(f"{path}: movies are written as .mov (ProRes), .mp4 (H.264) or .mkv (FFV1)")
        self._path = path
        self._overwrite = overwrite
        self._depth = depth
        self._rate = rate or DEFAULT_RATE
        if rate is None:
            log.info("%s: the input has no frame rate; written at %s frames per second", path, DEFAULT_RATE)
        self._temporary = temporary_name(path)
        self._made: dict[int, dict[str, str]] = {}
        self._kept: dict[int, dict[str, str]] | None = None
        self._last: int | None = None
        self._tell = once()
        self._ended = False
        self._raw: Any = None
        self._file: Any = None
        self._stream: Any = None

    def path_of(self, number: int) -> Path:
        return self._path

    def provenance(self, number: int) -> dict[str, str] | None:
        if not self._path.is_file():
            return None
        if self._kept is None:
            self._kept = read_sidecar(self._path, outline_digest(self._path))
        return self._kept.get(number)

    def write(self, frame: Frame, provenance: Mapping[str, str]) -> Path:
        if self._ended:
            raise OutputError(f"{self._path}: the movie is closed; frame {frame.number} came too late")
        with self._guarded():
            if self._stream is None:
                self._start(frame)
            self._check(frame)
            for packet in self._stream.encode(self._picture(frame)):
                self._file.mux(packet)
        self._last = frame.number
        self._made[frame.number] = dict(provenance)
        return self._path

    def close(self) -> None:
        if self._stream is None:
            return
        self._ended = True
        with self._guarded():
            for packet in self._stream.encode(None):
                self._file.mux(packet)
            self._file.close()
            self._raw.close()
            publish(self._temporary, self._path)
        self._stream = None
        write_sidecar(self._path, outline_digest(self._path), self._made)

    def abort(self) -> None:
        self._ended = True
        if self._raw is not None:
            with suppress(av.error.FFmpegError, OSError, ValueError):
                self._file.close()
            with suppress(OSError):
                self._raw.close()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)
        self._stream = self._raw = self._file = None

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OutputError:
            self.abort()
            raise
        except OSError as e:
            self.abort()
            raise OutputError(f"{self._path}: {refusal(e)}") from e
        except (av.error.FFmpegError, ValueError) as e:
            self.abort()
            raise OutputError(f"{self._path}: the movie could not be written: {e}") from e

    def _start(self, frame: Frame) -> None:
        path = self._path
        if path.exists() and not self._overwrite and self.provenance(frame.number) is None:
            raise OutputError(
                f"{path}: the file exists and is not a movie of ours; remove it or allow overwriting"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        codec, name, options = self._encoder(frame)
        self._raw = BufferedWriter(FileIO(self._temporary, "wb"))
        container = {".mkv": "matroska", ".mov": "mov"}.get(path.suffix.lower(), "mp4")
        self._file = av.open(self._raw, "w", format=container)
        stream = self._file.add_stream(codec, rate=self._rate, options=options)
        layout = av.VideoFormat(name, frame.width, frame.height)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, name
        stream.time_base = 1 / self._rate
        stream.codec_context.thread_type = "AUTO"
        tags = frame.metadata
        matrix = int(tags.get("cicp:matrix", 0))
        # ProRes has no way to say full range, and the range of an R'G'B' source is not that of Y'CbCr
        coded = codec != "prores_ks" and matrix in MATRICES
        full = coded and int(tags.get("cicp:range", 0)) == 1
        bits = av.VideoFormat(_PLANAR.get(name, name), 2, 2).components[0].bits
        if layout.is_rgb:
            self._coding = Coding(0, True, bits)
        else:
            self._coding = Coding(matrix if matrix in MATRICES else _usual(frame.height), full, bits)
        context = stream.codec_context
        self._tags = (
            int(tags.get("cicp:primaries", UNSPECIFIED)),
            int(tags.get("cicp:transfer", UNSPECIFIED)),
            self._coding.matrix,
            _FULL if self._coding.full else 1,
        )
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = self._tags
        context.sample_aspect_ratio = Fraction(frame.pixel_aspect).limit_denominator(1000)
        if codec == "ffv1" and frame.pixel_aspect != 1:
            log.warning("%s: FFV1 movies do not keep the pixel aspect %g", path, frame.pixel_aspect)
        start = tags.get("smpte:TimeCode")
        if isinstance(start, tuple) and start:
            stream.metadata["timecode"] = timecode.unpack(int(start[0]))
        self._stream, self._layout, self._shape = stream, name, frame.pixels.shape
        self._channels = frame.channels
        log.info("%s: written as %s, %s, %s frames per second", path, codec, name, self._rate)

    def _encoder(self, frame: Frame) -> tuple[str, str, dict[str, str]]:
        """The codec, its pixel format and options for frames like this one."""
        names = frame.channels
        if set(names) not in ({"Y"}, {"R", "G", "B"}, {"R", "G", "B", "A"}) or frame.parts:
            extra = [n for n in names if n not in "RGBA"] + [
                p.metadata.get("name", "part") for p in frame.parts
            ]
            raise OutputError(
                f"{self._path}: a movie holds Y, RGB or RGBA, not {', '.join(map(str, extra or names))}; "
                "write EXR"
            )
        if frame.data_window != frame.display_window:
            raise OutputError(
                f"{self._path}: a movie cannot hold the data window {tuple(frame.data_window)} in the format "
                f"{tuple(frame.display_window)}; write EXR, or crop the picture first"
            )
        alpha, grey = "A" in names, names == ("Y",)
        bits = {"uint8": 8, "uint10": 10, "uint12": 12}.get(
            self._depth or max(frame.depth, key=DEPTHS.index), 16
        )
        source = str(frame.metadata.get("movie:pixel_format", ""))
        source = _PLANAR.get(source, source).replace("yuvj", "yuv") if self._depth is None else ""
        if source and ("a" in source.removeprefix("gray").partition("p")[0]) != alpha:
            source = ""
        kind = self._path.suffix.lower()
        if kind == ".mov":
            if alpha or source.startswith("yuv444"):
                return (
                    "prores_ks",
                    "yuva444p10le" if alpha else "yuv444p10le",
                    {"profile": "4", "vendor": "apl0"},
                )
            return "prores_ks", "yuv422p10le", {"profile": "3", "vendor": "apl0"}
        deep = "" if bits == 8 else f"{bits}le"
        if kind == ".mkv":
            fallback = f"gray{deep}" if grey else f"gbr{'a' * alpha}p{deep}"
            fallback = {"gbrp": "bgr0", "gbrap": "bgra"}.get(fallback, fallback)
            known = {f.name for f in av.codec.Codec("ffv1", "w").video_formats or ()}
            options = {"level": "3", "slicecrc": "1", "g": "1"}
            return "ffv1", source if source in known else fallback, options
        if alpha:
            raise OutputError(
                f"{self._path}: H.264 cannot hold alpha; write .mov (ProRes 4444) or .mkv (FFV1)"
            )
        even = frame.width % 2 == 0 and frame.height % 2 == 0
        deep = "" if bits == 8 else "10le"
        fallback = f"yuv4{'20' if even else '44'}p{deep}"
        known = {f.name for f in av.codec.Codec("libx264", "w").video_formats or ()}
        return "libx264", source if source in known and even else fallback, {"crf": str(H264_QUALITY)}

    def _check(self, frame: Frame) -> None:
        if frame.pixels.shape != self._shape or frame.channels != self._channels:
            raise OutputError(
                f"{self._path}: frame {frame.number} has {frame.width}x{frame.height} {frame.channels}, the "
                f"movie {self._shape[2]}x{self._shape[1]} {self._channels}; all frames must be alike"
            )
        if self._last is not None and frame.number <= self._last:
            raise OutputError(
                f"{self._path}: frame {frame.number} came after {self._last}; movies are written in order"
            )

    def _picture(self, frame: Frame) -> Any:
        """The frame as FFmpeg has it, coded, rounded and in the encoder's pixel format."""
        planar = _PLANAR.get(self._layout, self._layout)
        picture = av.VideoFrame(frame.width, frame.height, planar)
        parts = picture.format.components

        def warn(kind: str, sentence: str) -> None:
            self._tell(self._path, frame.number, kind, sentence)

        pixels = frame.pixels[
            [frame.channels.index(n) for n in ("R", "G", "B", "A", "Y") if n in frame.channels]
        ]
        if "A" in frame.channels and not frame.metadata.get("oiio:UnassociatedAlpha", 0):
            pixels = unassociated(pixels.transpose(1, 2, 0), warn).transpose(2, 0, 1)
        coding, top = self._coding, np.float32(2**self._coding.bits - 1)
        colour = np.repeat(pixels, 3, 0) if len(pixels) == 1 and len(parts) > 1 else pixels[:3]
        if picture.format.is_rgb:
            planes = list(colour * top)
        elif len(parts) == 1:
            zero, one = coding.luma
            planes = [colour[0] * np.float32(one) + np.float32(zero)]
        else:
            y, cb, cr = to_codes(colour, coding)
            planes = [y, *(lower(c, parts[1].height, parts[1].width, centred=False) for c in (cb, cr))]
        if "A" in frame.channels:
            planes.append(pixels[3] * top)
        for component, plane in zip(parts, planes, strict=True):
            codes = integers(plane, component.bits, warn)
            target = picture.planes[component.plane]
            rows = np.zeros((target.height, target.line_size // codes.itemsize), codes.dtype)
            rows[: component.height, : component.width] = codes
            target.update(rows.tobytes())
        picture = picture.reformat(format=self._layout) if planar != self._layout else picture
        picture.color_primaries, picture.color_trc, picture.colorspace, picture.color_range = self._tags
        picture.pts, picture.time_base = len(self._made), 1 / self._rate
        return picture


def _usual(height: int) -> int:
    """The matrix of pictures that do not say: BT.709 from 720 lines on, else BT.601."""
    return 1 if height >= 720 else 6
