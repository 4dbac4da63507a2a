"""Image files opened: what is no picture, or more than memory holds, is an error before any is read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import OpenImageIO as oiio
import psutil

from interneg.errors import HostMemoryError, InputError
from interneg.io.attributes import STRAIGHT
from interneg.io.formats import ImageFormat, image_format
from interneg.io.image_attributes import texts_of
from interneg.texts import error_text, utf8_name

__all__ = ["opened", "reason_of"]

# OpenImageIO's own limit knows neither what float pixels take nor what memory is free.
oiio.attribute("limits:imagesize_MB", 0)

_ENDS = 2**14
"""Bytes at either end of a file, where headers are."""

_SMALL = 2**28
"""Bytes that any machine has."""


@contextmanager
def opened(path: Path, by: str | None = None) -> Iterator[tuple[Any, ImageFormat, list[Any]]]:
    """Open an image file: gives the OpenImageIO.ImageInput, the format, and the ImageSpec of each part.

    by: the name by which it is opened, where that is not its own. Alpha is left as the file has it. Raises
    InputError for what is missing, empty, a folder, without the right to read it, of no known extension, not
    readable, or really of another format than its name says; and HostMemoryError where the pixels would not
    fit into memory.
    """
    asked = image_format(path)
    with ExitStack() as stack:
        try:
            size = _size(Path(by or path))  # OpenImageIO does not say why it cannot
            name = by or stack.enter_context(utf8_name(path, "rb"))
        except IsADirectoryError as e:
            raise InputError(f"{path}: this is a folder; an image file was expected") from e
        except OSError as e:
            raise InputError(f"{path}: the file cannot be read: {e.strerror}") from e
        if size == 0:
            raise InputError(f"{path}: the file is empty (0 bytes)")
        if asked is None:
            raise InputError(f"{path}: '{path.suffix}' is no image type known here")
        readable, lacking = stack.enter_context(asked.readable(Path(name)))
        config = oiio.ImageSpec()
        config.attribute(STRAIGHT, 1)
        file = oiio.ImageInput.open(str(readable), config)
        if file is None:
            reason = _one_line(error_text(oiio), str(readable)) or "unknown reason"
            raise InputError(f"{path}: not a readable {asked.label} file: {reason}")
        stack.callback(file.close)
        if file.format_name() != asked.name:
            raise InputError(
                f"{path}: the name says {asked.label}, but the file is really "
                f"{file.format_name().upper()}; rename it"
            )
        specs: list[Any] = []
        while file.seek_subimage(len(specs), 0):
            specs.append(file.spec())
        error_text(file)
        _require_memory(path, specs)
        for spec in specs:
            for attribute, value in lacking.items():
                spec.attribute(attribute, value)
            for attribute in asked.absent_attributes(Path(name), texts_of(spec)):
                spec.erase_attribute(attribute)
        yield file, asked, specs


def _size(path: Path) -> int:
    """The bytes of a file, whose ends are read: OpenImageIO, which keeps Python waiting while it opens one,
    then finds them in memory, and a disk that hangs does so here, where SIGTERM is heard."""
    with path.open("rb", buffering=0) as file:
        file.read(_ENDS)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _ENDS))
        file.read(_ENDS)
    return size


def reason_of(file: Any, path: Path) -> str:
    """What an open OpenImageIO file says went wrong, on one line, without the name of the file."""
    return _one_line(error_text(file), str(path)) or "no reason given"


def _one_line(reason: str, name: str) -> str:
    """OpenImageIO has a line for each thing that failed, OpenEXR the name of the file in each of them."""
    lines = (line.replace(f"EXR Error ({name}):", "").strip() for line in reason.splitlines())
    return "; ".join(dict.fromkeys(line for line in lines if line))


def _require_memory(path: Path, specs: list[Any]) -> None:
    """Refuse before any is read what memory does not hold; OpenImageIO refuses what the file does not."""
    samples = sum(spec.image_pixels() * spec.nchannels for spec in specs if not spec.deep)
    stored = sum(spec.image_bytes(True) for spec in specs if not spec.deep)
    if 4 * samples + stored <= _SMALL:
        return
    free = psutil.virtual_memory().available
    if 4 * samples + stored <= free:
        return
    largest = max(specs, key=lambda spec: spec.image_pixels() * spec.nchannels)
    raise HostMemoryError(
        f"{path}: the header speaks of {largest.width}x{largest.height} pixels of {largest.nchannels} "
        f"channels, {4 * samples / 2**30:.1f} GiB in memory, where {free / 2**30:.1f} are free; use a "
        "machine with more memory, or smaller pictures"
    )
