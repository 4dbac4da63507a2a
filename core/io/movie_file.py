"""Movie files opened: which stream is the picture, and everything that its decoder gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import av.error
from av.stream import Disposition

from interneg.errors import InputError

BYTES_KEPT: dict[str, Any] = (
    {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}
)
"""What PyAV is told, so that text that is not UTF-8 comes through; from version 19 on it always does."""

__all__ = ["Movie", "address", "opened"]

_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Codecs whose alpha lies beside the picture, and the decoders that give it; FFmpeg's own leave it out."""


def address(path: Path) -> str:
    """The name by which FFmpeg opens a file: a colon in it is no protocol, nor is a percent sign a number."""
    return f"file:{path}"


class Movie:
    """An open movie file: `file` and `stream`, as PyAV has them, and `decoder`, which decodes the stream.

    The stream is the default one, of several such (or none) the largest; cover pictures are none.
    Raises InputError where the file is missing, empty or no movie that FFmpeg reads.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty (0 bytes)")
        try:
            self.file = opened(path)
        except (av.error.FFmpegError, OSError, ValueError) as e:
            reason = getattr(e, "strerror", None) or e
            raise InputError(f"{path}: not a readable movie: {reason}") from e
        try:
            self.stream = self._picture(path)
            self.decoder = self._decoder()
        except BaseException:
            self.file.close()
            raise

    @property
    def codec(self) -> str:
        """FFmpeg's name of what the pictures are coded in."""
        return str(self.stream.codec_context.codec.canonical_name)

    def packets(self) -> Iterator[Any]:
        """The coded pictures, from where the file stands; where reading fails, they end.

        Empty packets, which stand for frames that were dropped, are passed over: a decoder would take one
        for the end.
        """
        try:
            yield from (p for p in self.file.demux(self.stream) if p.size)
        except (av.error.FFmpegError, OSError):
            return

    def pictures(self, lost: list[Any] | None = None) -> Iterator[Any]:
        """The decoded pictures, av.VideoFrame, from where the file stands, in the order of showing.

        Packets that cannot be decoded are passed over, and added to `lost`.
        """
        for packet in self.packets():
            yield from self._decoded(packet, lost)
        yield from self._decoded(None, None)

    def seek(self, time: int) -> bool:
        """Go to the last place to start from that the file knows before `time`; whether it could."""
        try:
            self.file.seek(time, stream=self.stream, backward=True)
        except (av.error.FFmpegError, OSError, OverflowError):
            return False
        self.decoder.flush_buffers()
        return True

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    def _decoded(self, packet: Any, lost: list[Any] | None) -> list[Any]:
        try:
            return list(self.decoder.decode(packet))
        except (av.error.FFmpegError, OSError):
            if lost is not None:
                lost.append(packet)
            return []

    def _picture(self, path: Path) -> Any:
        moving = [s for s in self.file.streams.video if not s.disposition & Disposition.attached_pic]
        if not moving:
            raise InputError(f"{path}: the file holds no moving picture")
        known = [s for s in moving if s.codec_context is not None]
        if not known:
            raise InputError(f"{path}: the coding of the picture is not known to FFmpeg")

        def rank(stream: Any) -> tuple[bool, int]:
            context = stream.codec_context
            return bool(stream.disposition & Disposition.default), context.width * context.height

        return max(known, key=rank)  # the first of equals

    def _decoder(self) -> Any:
        context = self.stream.codec_context
        name = _ALPHA.get(context.codec.canonical_name)
        tags = {key.casefold(): value for key, value in self.stream.metadata.items()}
        if name and tags.get("alpha_mode") == "1":
            context = av.CodecContext.create(name, "r")
            context.extradata = self.stream.codec_context.extradata
        context.thread_type = "AUTO"
        return context


def opened(path: Path) -> Any:
    """The container of a file, as PyAV has it. Raises av.error.FFmpegError, OSError."""
    try:
        return av.open(address(path), **BYTES_KEPT)
    except UnicodeEncodeError:  # a name that is no text
        return av.open(open(path, "rb"), **BYTES_KEPT)
