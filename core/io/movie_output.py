"""Movies out: ProRes, H.264 and FFV1, with colour tags, rate, time code and the sound of a movie source."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fractions import Fraction
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import Any

import av
import av.error

from interneg.errors import OutputError
from interneg.frame import Frame
from interneg.io import timecode
from interneg.io.digests import outline_digest
from interneg.io.hdr import LIGHT, MASTERING
from interneg.io.movie_file import BYTES_KEPT
from interneg.io.movie_formats import coding_of, layout_of, movie_format
from interneg.io.movie_pixels import FULL_RANGE, UNSPECIFIED, to_picture
from interneg.io.movie_track import SoundTrack
from interneg.io.pixels import once
from interneg.io.rates import rate_in
from interneg.io.sidecar import kept_frames, write_sidecar
from interneg.io.sound import Sound
from interneg.io.timing import Timing
from interneg.publish import claim, publish, refusal, remove_abandoned, temporary_name
from interneg.texts import from_latin, is_utf8

__all__ = ["MovieOutput"]

log = logging.getLogger("interneg.io")

DEFAULT_RATE = Fraction(24)


class MovieOutput:
    """A movie that is written in order under a temporary name and gets its own when it is closed.

    .mov is ProRes 422 HQ, or 4444 for frames with alpha or from a 4:4:4 movie; .mp4 and .m4v are H.264 at
    crf 14; .mkv is FFV1, lossless. H.264 and FFV1 keep the pixel format of a movie source where they can;
    else 8-bit sources stay 8 bit, deeper ones become 10 bit 4:2:0 in H.264, and R'G'B' of up to 16 bits
    in FFV1. `depth` ("uint8", "uint10", ...) overrides. Colour tags, pixel aspect, rate and start time
    code follow the first frame; matrix and range are always tagged. FFV1 does not keep the pixel aspect,
    which is logged. What a movie source says about itself (title, comment, ...) is kept as far as the
    container knows such entries, in UTF-8: other text is read as Latin-1, and logged. R'G'B' outside 0..1 is
    kept as far as the codes reach, then clipped and logged.
    """

    is_movie = True

    def __init__(
        self,
        path: Path,
        *,
        overwrite: bool,
        rate: Fraction | None,
        depth: str | None,
        timing: Timing | None = None,
        sound: Sound | None = None,
        convert: bool = False,
    ) -> None:
        """timing: when frames are shown; by default one after another at `rate`. sound: what goes with them.

        convert: whether sound that the container cannot hold is coded anew, else left out.
        """
        self._format = movie_format(path)
        self._path = path
        self._overwrite = overwrite
        self._depth = depth
        self._rate = rate or DEFAULT_RATE
        if rate is None:
            log.info("%s: the input has no frame rate; written at %s frames per second", path, DEFAULT_RATE)
        self._temporary = temporary_name(path)
        self._made: dict[int, dict[str, str]] = {}
        self._took: dict[int, float] = {}
        self._kept: dict[int, dict[str, str]] | None = None
        self._ours = True
        self._last: int | None = None
        self._tell = once()
        self._timing = timing
        self._track = SoundTrack(path, sound, self._format.sound, self._format.rare_sound, convert=convert)
        self._durations: dict[int, int] = {}
        self._ended = False
        self._raw: Any = None
        self._file: Any = None
        self._stream: Any = None

    def path_of(self, number: int) -> Path:
        """The movie, for every frame."""
        return self._path

    def provenance(self, number: int) -> dict[str, str] | None:
        """What the frame in the movie that is there was made from; see `Output.provenance`."""
        if self._kept is None:
            self._kept, self._ours = kept_frames(self._path)
        return self._kept.get(number) if self._ours else {}

    def write(self, frame: Frame, provenance: Mapping[str, str], seconds: float | None = None) -> Path:
        """Encode one frame, each with a higher number than the one before.

        Raises OutputError where it is not like the first, comes out of order or cannot be written; the
        unfinished movie is then gone.
        """
        if self._ended:
            raise OutputError(f"{self._path}: the movie is closed; frame {frame.number} came too late")
        with self._guarded():
            if self._stream is None:
                self._start(frame)
            self._check(frame)
            picture = self._picture(frame)
            self._mux(self._stream.encode(picture))
            self._track.write((picture.pts + self._durations[picture.pts]) * self._unit)
        self._last = frame.number
        self._made[frame.number] = dict(provenance)
        if seconds is not None:
            self._took[frame.number] = seconds
        return self._path

    def close(self) -> None:
        """Finish the movie and give it its name. Raises OutputError."""
        if self._stream is None:
            return
        self._ended = True
        with self._guarded():
            self._mux(self._stream.encode(None))
            self._track.write(None)
            self._file.close()
            self._raw.close()
            self._track.close()
            digest = outline_digest(self._temporary)
            write_sidecar(self._path, self._temporary, digest, self._made, self._took)
            publish(self._temporary, self._path)
        self._stream = None

    def abort(self) -> None:
        """Give up: the unfinished movie goes, one that was there before stays."""
        self._ended = True
        self._track.close()
        if self._raw is not None:
            with suppress(av.error.FFmpegError, OSError, ValueError):
                self._file.close()
            with suppress(OSError):
                self._raw.close()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)
        self._stream = self._raw = self._file = None

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            packet.duration = self._durations.get(packet.pts, 1)
            self._file.mux(packet)

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
        if not self._overwrite and self.provenance(frame.number) == {}:
            raise OutputError(
                f"{path}: the file exists and is not a movie of ours, or was changed since; remove it or "
                "allow overwriting"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = self._format
        layout = layout_of(frame, kind, path, self._depth)
        remove_abandoned(path)
        self._raw = BufferedWriter(FileIO(self._temporary, "wb"))
        with suppress(OSError):  # some file systems have no locks
            claim(self._raw)
        self._file = av.open(self._raw, "w", format=kind.container, **BYTES_KEPT)
        options = {**layout.options, **self._light(frame)}
        stream = self._file.add_stream(kind.codec, rate=self._rate, options=options)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, layout.name
        self._unit = self._timing.unit if self._timing else 1 / self._rate
        stream.time_base = stream.codec_context.time_base = self._unit
        stream.codec_context.thread_type = "AUTO"
        tags = frame.metadata
        self._coding = coding_of(frame, kind, layout.name)
        self._tags = (
            int(tags.get("cicp:primaries", UNSPECIFIED)),
            int(tags.get("cicp:transfer", UNSPECIFIED)),
            self._coding.matrix,
            FULL_RANGE if self._coding.full else 1,
        )
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = self._tags
        context.sample_aspect_ratio = Fraction(frame.pixel_aspect).limit_denominator(1000)
        if frame.pixel_aspect != 1 and not kind.pixel_aspect:
            log.warning("%s: %s movies do not keep the pixel aspect %g", path, kind.label, frame.pixel_aspect)
        start = tags.get("smpte:TimeCode")
        if isinstance(start, tuple) and start:
            stream.metadata["timecode"] = timecode.unpack(int(start[0]), rate_in(tags) or self._rate)
        for key, value in tags.items():
            if key.startswith("movie:") and key != "movie:pixel_format":
                self._file.metadata[key.removeprefix("movie:")] = self._utf8(key, str(value))
        self._track.open(self._file)
        self._stream, self._layout, self._shape = stream, layout.name, frame.pixels.shape
        self._channels = frame.channels
        log.info("%s: written as %s, %s, %s frames per second", path, kind.codec, layout.name, self._rate)

    def _utf8(self, key: str, text: str) -> str:
        """The text as movies hold it: theirs is UTF-8, which that of an AVI may not be."""
        if is_utf8(text):
            return text
        log.warning("%s: %s was not UTF-8 text, and is written as Latin-1 reads it", self._path, key)
        return from_latin(text)

    def _light(self, frame: Frame) -> dict[str, str]:
        """The option of the encoder that keeps what the source says of its display and light."""
        names = {MASTERING: "mastering-display", LIGHT: "cll"}
        said = {names[k]: v for k, v in frame.metadata.items() if k in names}
        if said and self._format.light:
            return {self._format.light: ":".join(f"{k}={v}" for k, v in said.items())}
        if said:
            log.warning(
                "%s: %s movies written here do not keep the source's mastering display and light levels (%s)",
                self._path, self._format.label, ", ".join(said.values()),
            )  # fmt: skip
        return {}

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
        """The frame as the encoder takes it, with its tags and its time."""

        def warn(kind: str, sentence: str) -> None:
            self._tell(self._path, frame.number, kind, sentence)

        picture = to_picture(frame, self._layout, self._coding, warn)
        picture.color_primaries, picture.color_trc, picture.colorspace, picture.color_range = self._tags
        start, end = len(self._made), len(self._made) + 1
        if self._timing is not None:
            start, end = self._timing.starts[frame.number], self._timing.ends[frame.number]
        picture.pts, picture.time_base, picture.duration = start, self._unit, end - start
        self._durations[start] = end - start
        return picture
