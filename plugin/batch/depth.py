"""How the samples of the output are stored, where that was asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from interneg.errors import UsageError
from interneg.frame import Frame
from interneg.io.formats import image_format


def require_depth(path: Path, depth: str) -> None:
    """Raise UsageError where files like this one cannot store samples exactly so; an image or a movie."""
    kind = image_format(path)
    if kind is None:
        label, known = "movies of this type", _MOVIES.get(path.suffix.lower(), ())
    else:
        label, known = kind.label, tuple(d for d, stored in kind.depths.items() if d == stored)
    if depth not in known:
        raise UsageError(f"{path}: {label} cannot store {depth}; possible are {', '.join(known)}")


_MOVIES = {
    ".mov": ("uint10",),
    ".mp4": ("uint8", "uint10"),
    ".m4v": ("uint8", "uint10"),
    ".mkv": ("uint8", "uint10", "uint12", "uint16"),
}


def at_depth(frame: Frame, depth: str, path: Path) -> Frame:
    """The frame to be stored so at `path`: colour and alpha; in EXR all other layers keep their own depth."""
    kind = image_format(path)
    if kind is not None and kind.name == "openexr":
        picture = {*frame.colour_channels, *(i for i, n in enumerate(frame.channels) if n == "A")}
        depths = (depth if i in picture else d for i, d in enumerate(frame.depth))
        return replace(frame, depth=tuple(depths))
    parts = tuple(at_depth(p, depth, path) for p in frame.parts)
    return replace(frame, depth=(depth,) * len(frame.channels), parts=parts)
