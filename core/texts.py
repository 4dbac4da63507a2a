"""Text and names that are not UTF-8, through libraries that take UTF-8 alone.

Such bytes are kept as Python keeps those of file names: each as a lone surrogate, "\\udc80" to "\\udcff" (PEP
383), so that they come out as they went in.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = ["error_text", "from_latin", "is_utf8", "raw", "text_of", "utf8_name"]


def is_utf8(text: str) -> bool:
    """Whether a text came from bytes that are UTF-8."""
    return not any("\udc80" <= c <= "\udcff" for c in text)


def raw(text: str) -> bytes:
    """The bytes that a text came from."""
    return text.encode("utf-8", "surrogateescape")


def from_latin(text: str) -> str:
    """A text whose bytes are not UTF-8 as Windows-1252, where they are that, else as Latin-1."""
    if is_utf8(text):
        return text
    for encoding in ("utf-8", "cp1252"):  # UTF-8 in the names of files where the locale is ASCII
        with suppress(UnicodeDecodeError):
            return raw(text).decode(encoding)
    return raw(text).decode("latin-1")


def text_of(data: bytes) -> str:
    """A text in UTF-8, UTF-16 with its mark, or else Windows-1252 or Latin-1, as other tools write it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return from_latin(data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape"))


def error_text(library: Any) -> str:
    """What OpenImageIO, or a file that it has open, says went wrong; empty where nothing did.

    It quotes damaged files, whose bytes may be anything. library: what has the method `geterror`.
    """
    try:
        return str(library.geterror())
    except UnicodeDecodeError as error:
        return bytes(error.object).decode("utf-8", "backslashreplace")


@contextmanager
def utf8_name(path: Path, mode: str) -> Iterator[str]:
    """Give a name in UTF-8 by which a file can be opened for as long as the context lasts.

    That is its own where it is UTF-8, else the one of a handle to it. mode: "rb", or "ab" for a file to be
    written, which is made. Raises OSError.
    """
    name = str(path)
    if is_utf8(name):
        yield name
        return
    with open(path, mode) as file:
        yield f"/proc/{os.getpid()}/fd/{file.fileno()}"
