"""Image files that cannot be read, found without decoding them whole."""

from __future__ import annotations

from pathlib import Path

from interneg.errors import InputError
from interneg.io.images import damaged_end

__all__ = ["damage"]


def damage(path: Path) -> str | None:
    """What makes an image file unreadable, as far as its header and its ends tell; None for nothing."""
    try:
        found = damaged_end(path)
    except InputError as error:
        return str(error)
    except OSError as error:
        return f"{path}: the file cannot be read: {error.strerror}"
    return None if found is None else f"{path}: the file is damaged or truncated: {found}"
