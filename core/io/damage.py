"""Image files that cannot be read, found without decoding them whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import OpenImageIO as oiio

from interneg.errors import InputError
from interneg.io.formats import image_format
from interneg.io.images import read_attributes

__all__ = ["damage"]


def damage(path: Path) -> str | None:
    """What makes an image file unreadable, as far as its header and its first and last rows tell.

    None where nothing is found. PNG and JPEG, whose last rows cost as much as the whole picture, are judged
    by their headers alone.
    """
    try:
        read_attributes(path)
    except InputError as error:
        return str(error)
    kind = image_format(path)
    if kind is not None and kind.name in ("png", "jpeg"):
        return None
    file: Any = oiio.ImageInput.open(str(path))
    if file is None:
        return f"{path}: the file cannot be opened: {oiio.geterror() or 'no reason given'}"
    try:
        part = 0
        while file.seek_subimage(part, 0):
            spec = file.spec()
            if not spec.deep and not _ends(file, part, spec):
                return f"{path}: the file is damaged or truncated: {file.geterror() or 'no reason given'}"
            part += 1
        file.geterror()
    finally:
        file.close()
    return None


def _ends(file: Any, part: int, spec: Any) -> bool:
    """Whether the first and last rows (of tiles, where there are tiles) can be read."""
    height = spec.tile_height or 1
    bottom = spec.y + spec.height
    for y in {spec.y, spec.y + (spec.height - 1) // height * height}:
        end = min(y + height, bottom)
        if spec.tile_width:
            got = file.read_tiles(
                part,
                0,
                spec.x,
                spec.x + spec.width,
                y,
                end,
                spec.z,
                spec.z + 1,
                0,
                spec.nchannels,
                oiio.FLOAT,
            )
        else:
            got = file.read_scanlines(part, 0, y, end, spec.z, 0, spec.nchannels, oiio.FLOAT)
        if got is None or file.has_error:
            return False
    return True
