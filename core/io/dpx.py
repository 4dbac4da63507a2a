"""The parts of a DPX header that OpenImageIO does not treat right (SMPTE ST 268-1)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["absent_attributes", "put_file_name"]

_FILM = (
    "smpte:KeyCode",
    "dpx:FilmEdgeCode",
    "dpx:Format",
    "dpx:FramePosition",
    "dpx:SequenceLength",
    "dpx:HeldCount",
    "dpx:FrameRate",
    "dpx:ShutterAngle",
    "dpx:FrameId",
    "dpx:SlateInfo",
)
"""What the header for film says, bytes 1664 to 1919."""

_VIDEO = (
    "smpte:TimeCode",
    "dpx:TimeCode",
    "dpx:UserBits",
    "dpx:Interlace",
    "dpx:FieldNumber",
    "dpx:Signal",
    "dpx:HorizontalSampleRate",
    "dpx:VerticalSampleRate",
    "dpx:TemporalFrameRate",
    "dpx:TimeOffset",
    "dpx:Gamma",
    "dpx:BlackLevel",
    "dpx:BlackGain",
    "dpx:BreakPoint",
    "dpx:WhiteLevel",
    "dpx:IntegrationTimes",
)
"""What the header for television says, bytes 1920 to 2047."""

_UNDEFINED = {"\udcff", " ", ":"}
"""What a text of bytes 0xFF becomes; OpenImageIO puts blanks and colons into dates."""


def absent_attributes(path: Path, texts: Mapping[str, str]) -> tuple[str, ...]:
    """The attributes that OpenImageIO finds in a DPX and that are not there.

    texts: those that are text. One of 0xFF alone is undefined. The headers for film and for television may be
    left out; OpenImageIO takes the bytes of the picture there for them all the same. Raises OSError.
    """
    undefined = (name for name, text in texts.items() if set(text) <= _UNDEFINED and "\udcff" in text)
    with path.open("rb") as file:
        magic, begin = file.read(4), file.read(4)
    start = int.from_bytes(begin, "big" if magic == b"SDPX" else "little")
    return (*undefined, *(_FILM if start < 1920 else ()), *(_VIDEO if start < 2048 else ()))


def put_file_name(path: Path, name: str) -> None:
    """Put a name into the header's field for the file's own, where OpenImageIO put that of `path`.

    The field is 100 bytes at offset 36 (generic file information); a longer name is cut. Raises OSError.
    """
    with open(path, "r+b") as file:
        file.seek(36)
        file.write(os.fsencode(name)[:99].ljust(100, b"\0"))
