"""Image files that cannot be read, found without decoding them whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import OpenImageIO as oiio

from interneg.errors import InputError
from interneg.io.formats import ImageFormat
from interneg.io.image_file import opened, reason_of

__all__ = ["damage", "damaged_end"]


def damage(path: Path) -> str | None:
    """What makes an image file unreadable, as far as its header and its ends tell; None for nothing."""
    try:
        found = damaged_end(path)
    except InputError as error:
        return str(error)
    except OSError as error:
        return f"{path}: the file cannot be read: {error.strerror}"
    return None if found is None else f"{path}: the file is damaged or truncated: {found}"


def damaged_end(path: Path, by: str | None = None) -> str | None:
    """What is wrong with the first or last rows of a part (of PNG and JPEG: with the bytes that end them).

    None where all is well, and for deep parts, which are not looked at. by: see `opened`. Raises InputError
    and OSError for files without a header.
    """
    with opened(path, by) as (file, kind, specs):
        if kind.ending:
            return None if _has_ending(Path(by or path), kind) else "its last bytes are missing"
        for part, spec in enumerate(specs):
            if not spec.deep and not _has_ends(file, part, spec):
                return reason_of(file, path)
    return None


def _has_ending(path: Path, kind: ImageFormat) -> bool:
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(kind.ending)))
        if file.read() == kind.ending:
            return True
        file.seek(0)
        content = file.read()
    return content.rfind(kind.ending) >= kind.body(content)


def _has_ends(file: Any, part: int, spec: Any) -> bool:
    """Whether the first and last rows (of tiles, where there are tiles) can be read."""
    height = spec.tile_height or 1
    bottom = spec.y + spec.height
    for y in {spec.y, spec.y + (spec.height - 1) // height * height}:
        end = min(y + height, bottom)
        if spec.tile_width:
            columns = (spec.x, spec.x + spec.width)
            got = file.read_tiles(
                part, 0, *columns, y, end, spec.z, spec.z + 1, 0, spec.nchannels, oiio.FLOAT
            )
        else:
            got = file.read_scanlines(part, 0, y, end, spec.z, 0, spec.nchannels, oiio.FLOAT)
        if got is None or file.has_error:
            return False
    return True
