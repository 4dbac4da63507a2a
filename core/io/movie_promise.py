"""What the header of a movie file speaks of and the file does not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["what_is_missing"]

_SEGMENT = b"\x18\x53\x80\x67"  # Matroska


def what_is_missing(path: Path, file: Any, stream: Any, shown: int) -> str:
    """A sentence about what is missing at the end, empty for nothing.

    file, stream: the container and its stream, as PyAV has them, read to their end. shown: how many frames
    are there.
    """
    size = path.stat().st_size
    family = file.format.name.split(",")[0]
    if stream.frames and shown >= stream.frames:  # what is missing is behind the picture
        return ""
    if family == "mov":
        beyond = sum(e.pos + e.size > size and not e.is_discard for e in stream.index_entries)
        if beyond:
            return f"of the frames in its index, {beyond} lie{'s' * (beyond == 1)} beyond the end of the file"
    if family == "mxf":
        promised = int((stream.duration or 0) * stream.time_base * (stream.average_rate or 0))
        if shown < promised - 1:
            return f"its header speaks of {promised} frames, {shown} of which are there"
    promised = _segment_end(path) if family == "matroska" else _riff_end(path) if family == "avi" else 0
    if promised > size:
        return f"its header speaks of {promised} bytes, {size} of which are there"
    return ""


def _riff_end(path: Path) -> int:
    """Where the first RIFF of an AVI file ends; 0 where a recorder did not come to write it."""
    with open(path, "rb") as f:
        head = f.read(8)
    size = int.from_bytes(head[4:8], "little")
    return size + 8 if head[:4] == b"RIFF" and size > 8 else 0


def _segment_end(path: Path) -> int:
    """Where the segment of a Matroska file (RFC 9559, 4.5) ends; 0 where it does not say."""
    with open(path, "rb") as f:
        head = f.read(4096)
    at, header = _vint(head, 4)
    at += header or 0
    if head[at : at + 4] != _SEGMENT:
        return 0
    begin, size = _vint(head, at + 4)
    return 0 if size is None else begin + size


def _vint(data: bytes, at: int) -> tuple[int, int | None]:
    """A size of EBML (RFC 8794, 4) and the place behind it; None for an unknown one."""
    length = 9 - data[at].bit_length() if at < len(data) else 9
    if length > 8 or at + length > len(data):
        return len(data), None
    unknown = (1 << 7 * length) - 1
    value = int.from_bytes(data[at : at + length], "big") & unknown
    return at + length, None if value == unknown else value
