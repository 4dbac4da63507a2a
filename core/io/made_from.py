"""What a frame that is there was made from, as its file or its side file says."""

from __future__ import annotations

from pathlib import Path

from interneg.errors import InputError
from interneg.io.formats import is_movie
from interneg.io.sidecar import read_sidecar

__all__ = ["PREFIX", "SPACE", "frames_of_movie", "made_from", "seconds_of"]

PREFIX = "interneg:"
SPACE = "interneg:colourspace"


def made_from(path: Path, number: int) -> dict[str, str]:
    """The provenance of a frame of Interneg's by name, without the prefix; empty where nothing says it.

    number: of the frame that it was made from, which in movies is not the one that it has there. Whether the
    file was changed since is not looked at.
    """
    kept = read_sidecar(path)
    if kept is not None and number in kept.frames:
        return kept.frames[number]
    return {} if is_movie(path) else attributes_of_ours(path)


def frames_of_movie(path: Path) -> tuple[int, ...]:
    """The numbers of the frames that those of a movie of Interneg's were made from, in their order.

    Empty for what is no movie, and where its side file is not there.
    """
    kept = read_sidecar(path) if is_movie(path) else None
    return () if kept is None else tuple(sorted(kept.frames))


def seconds_of(path: Path, number: int) -> float | None:
    """What a frame of Interneg's took to render, see `made_from`; None where its side file does not say."""
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
