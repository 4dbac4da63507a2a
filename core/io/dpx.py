"""The parts of a DPX header that OpenImageIO does not treat right (SMPTE ST 268-1)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from interneg.io.attributes import ORIENTATION

__all__ = ["absent_attributes", "in_rows", "put_file_name"]

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


_COLUMNS = {4: 5, 5: 6, 6: 8, 7: 7}
"""EXIF's numbers for the orientations of a picture whose lines are columns (image information, field 17)."""


@contextmanager
def in_rows(path: Path) -> Iterator[tuple[Path, dict[str, int]]]:
    """Give a DPX that OpenImageIO reads as it is stored, and the attributes that this one lacks then.

    Of one whose lines are columns OpenImageIO swaps width and height, and takes the lines for rows all the
    same; it gets a temporary copy that says rows. Any other is given as it is. Raises OSError.
    """
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(768)
        orientation = _COLUMNS.get(int.from_bytes(file.read(2), "big" if magic == b"SDPX" else "little"))
        if magic not in (b"SDPX", b"XPDS") or orientation is None:
            yield path, {}
            return
        file.seek(0)
        with tempfile.NamedTemporaryFile(suffix=".dpx") as rows:
            shutil.copyfileobj(file, rows)
            rows.seek(768)
            rows.write(bytes(2))
            rows.flush()
            yield Path(rows.name), {ORIENTATION: orientation}


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
