"""What a frame that is there was made from, as its file or its side file says."""

from __future__ import annotations

from pathlib import Path

from interneg.errors import InputError
from interneg.io.formats import is_movie
from interneg.io.sidecar import read_sidecar

__all__ = ["PREFIX", "SPACE", "made_from", "seconds_of"]

PREFIX = "interneg:"
SPACE = "interneg:colourspace"


def made_from(path: Path, number: int) -> dict[str, str]:
    """The provenance of a frame of Interneg's by name, without the prefix; empty where nothing says it.

    Whether the file was changed since is not looked at.
    """
    kept = read_sidecar(path)
    if kept is not None and number in kept.frames:
        return kept.frames[number]
    return {} if is_movie(path) else attributes_of_ours(path)


def seconds_of(path: Path, number: int) -> float | None:
    """What a frame of Interneg's took to render; None where its side file does not say."""
    kept = read_sidecar(path)
    return None if kept is None else kept.seconds.get(number)


def attributes_of_ours(path: Path) -> dict[str, str]:
    """The provenance that an image file holds itself; empty where it holds none or cannot be read."""
    from interneg.io.image_reader import read_attributes

    try:
        found = read_attributes(path)
    except InputError:
        return {}
    return {
        name.removeprefix(PREFIX): str(value)
        for name, value in found.items()
        if name.startswith(PREFIX) and name != SPACE
    }
